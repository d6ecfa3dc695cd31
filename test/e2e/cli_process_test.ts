/** The program itself, as a process: start, signals, exit codes. Runs the sample workload `hello`. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "src/cli/main.ts");
const RUN = process.versions["deno"] === undefined ? ["--disable-warning=ExperimentalWarning"] : ["run", "-A", "-q"];

/** The program with what it has written. */
class Program {
  out = "";
  err = "";
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(...words: string[]) {
    this.#child = spawn(process.execPath, [...RUN, MAIN, ...words], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.on("data", (bytes: Uint8Array) => void (this.out += new TextDecoder().decode(bytes)));
    this.#child.stderr?.on("data", (bytes: Uint8Array) => void (this.err += new TextDecoder().decode(bytes)));
    this.ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  signal(name: "SIGINT" | "SIGTERM"): void {
    // Not `child.kill`: after it, Deno reports the signal that was sent in place of the exit code.
    if (this.#child.pid !== undefined) process.kill(this.#child.pid, name);
  }

  /** The first group of a pattern, as soon as stdout and stderr have it. */
  async untilWritten(pattern: RegExp): Promise<string> {
    let isOver = false;
    void this.ended.then(() => isOver = true);
    for (;;) {
      const match = pattern.exec(this.out + this.err);
      if (match !== null) return match[1] ?? "";
      assert.ok(!isOver, `it ended without ${pattern}: ${this.out}${this.err}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function withHello(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-"));
  try {
    await cp(join(ROOT, "workloads/hello"), join(folder, "hello"), { recursive: true });
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  test(`loopgate serve: ${name}, delivered twice, drains and exits with 0`, async () => {
    await withHello(async (folder) => {
      const program = new Program("serve", folder, "--listen", "127.0.0.1:0");
      const url = await program.untilWritten(/Try: curl -i (\S+)/);
      const response = await fetch(url);
      await response.arrayBuffer();
      assert.equal(response.status, 200);
      await program.untilWritten(/GET \/hello\S* 200 /);
      program.signal(name);
      program.signal(name);
      assert.equal(await program.ended, 0, program.err);
      assert.match(program.err, /Draining/);
    });
  });
}

test("loopgate serve: a taken port ends with 2 and names the flag", async () => {
  await withHello(async (folder) => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const program = new Program("serve", folder, "--listen", `127.0.0.1:${port}`);
    assert.equal(await program.ended, 2);
    assert.match(program.err, /Cannot listen on "127\.0\.0\.1:\d+".*\nfix: something listens there already.*--listen/);
    assert.equal(program.out, "");
    await new Promise((resolve) => holder.close(resolve));
  });
});

test("loopgate: operator faults end with 2, help with 0", async () => {
  const rows: readonly (readonly [words: readonly string[], exitCode: number, text: RegExp])[] = [
    [["serve", join(ROOT, "test/config/invalid/missing-keys")], 2, /7 faults in 4 files/],
    [["run", join(ROOT, "package.json")], 2, /not WebAssembly/],
    [["servr"], 2, /Did you mean: serve/],
    [["help"], 0, /^Loopgate: /],
  ];
  for (const [words, exitCode, text] of rows) {
    const program = new Program(...words);
    assert.equal(await program.ended, exitCode, words.join(" "));
    assert.match(program.out + program.err, text);
  }
});
