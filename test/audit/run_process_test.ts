/** `loopgate run` as a process: its exit code is the guest's, and all output has passed through by then. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { componentPath, hasComponent } from "./components.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUN = process.versions["deno"] === undefined ? ["--disable-warning=ExperimentalWarning"] : ["run", "-A", "-q"];

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function loopgateRun(guest: string, words: readonly string[]): Promise<Ran> {
  const args = [...RUN, join(ROOT, "src/cli/main.ts"), "run", await componentPath(guest), ...words];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const parts = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  child.stdout.on("data", (bytes: Uint8Array) => parts.stdout.push(bytes));
  child.stderr.on("data", (bytes: Uint8Array) => parts.stderr.push(bytes));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const text = (list: readonly Uint8Array[]): string => Buffer.concat(list).toString();
  return { code, stdout: text(parts.stdout), stderr: text(parts.stderr) };
}

const LINES = Array.from({ length: 20_000 }, (_, number) => `line ${number}\n`).join("");

const ROWS: readonly {
  readonly guest: string;
  readonly words: readonly string[];
  readonly code: number;
  readonly stdout: string | RegExp;
  readonly stderr: RegExp;
}[] = [
  { guest: "greeter", words: ["--env", "MODE=return"], code: 0, stdout: "", stderr: /^$/ },
  { guest: "greeter", words: ["--env", "MODE=fail"], code: 1, stdout: "", stderr: /^loopgate: the guest failed/ },
  {
    guest: "greeter",
    words: ["--env", "MODE=trap", "--env", "NAME=it"],
    code: 134,
    stdout: "",
    // It has the rights of a service: it could bind and listen.
    stderr: /^it listens\n[^]*\nloopgate: the guest trapped: /,
  },
  { guest: "rust_std_cli", words: ["--arg", "long"], code: 0, stdout: LINES, stderr: /^$/ },
  { guest: "rust_std_cli", words: ["--arg", "exit", "--arg", "3"], code: 1, stdout: "", stderr: /^$/ },
  {
    guest: "rust_std_cli",
    words: ["--env", "NAME=a=b", "--arg", "x", "--arg=--y"],
    code: 0,
    stdout: /^args \["x", "--y"\]\nNAME Ok\("a=b"\)\n/,
    stderr: /^$/,
  },
];

for (const { guest, words, code, stdout, stderr } of ROWS.filter((row) => hasComponent(row.guest))) {
  test(`loopgate run ${guest} ${words.join(" ")}: ${code}`, async () => {
    const ran = await loopgateRun(guest, words);
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stderr, stderr);
    if (typeof stdout === "string") assert.equal(ran.stdout, stdout);
    else assert.match(ran.stdout, stdout);
  });
}
