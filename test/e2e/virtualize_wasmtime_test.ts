/** Virtualized guests under another runtime, which offers them less than they import. Where there is none, these are skips. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { run } from "../../scripts/tools.ts";
import { virtualize, type VirtualizeOptions } from "../../src/virtualize/virtualize.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";

const WASMTIME = process.env["LOOPGATE_BENCH_WASMTIME"] ?? "wasmtime";
const reason = spawnSync(WASMTIME, ["--version"]).status === 0 ? undefined : "there is no wasmtime here";

const folder = await mkdtemp(join(tmpdir(), "loopgate-virtualize-"));
after(() => rm(folder, { recursive: true }));

const DENY_ALL = ["sockets", "http", "filesystem", "environment", "terminals"];

async function write(name: string, bytes: Uint8Array, options: VirtualizeOptions): Promise<string> {
  const file = join(folder, `${name}.wasm`);
  await writeFile(file, virtualize(bytes, options).bytes);
  return file;
}

const COMMANDS = [
  { name: "c_cli", line: "NAME fixed" },
  { name: "go_cli", line: "NAME fixed" },
  { name: "rust_std_cli", line: 'NAME Ok("fixed")' },
] as const;

for (const { name, line } of COMMANDS) {
  test(`virtualize: ${name} runs under wasmtime without files and arguments, with a fixed environment`, async (t) => {
    if (reason !== undefined) return t.skip(reason);
    if (!hasGuests(name)) return t.skip(`guest ${name} was not built`);
    const options = { deny: DENY_ALL, args: ["program"], env: [["NAME", "fixed"]] } as const;
    const file = await write(name, await guestBytes(name), options);
    // What wasmtime is told besides must not get through.
    const { code, output } = await run(WASMTIME, ["run", "--env", "NAME=host", "--dir", ".", file, "one"]);
    assert.equal(code, 0, output);
    assert.ok(output.split("\n").includes(line), output);
    assert.ok(!output.includes("one"), output);
  });
}

test("virtualize: a service ends under wasmtime, whose network it does not get", async (t) => {
  if (reason !== undefined) return t.skip(reason);
  if (!hasGuests("rust_service_leet")) return t.skip("guest rust_service_leet was not built");
  const file = await write("service", await guestBytes("rust_service_leet"), { deny: ["sockets"] });
  const { code, output } = await run(WASMTIME, ["run", "-S", "inherit-network=y", file]);
  assert.equal(code, 1, output);
  assert.match(output, /PermissionDenied/);
});

test("virtualize: a handler that imports sockets and more is served by wasmtime, which offers HTTP alone", async (t) => {
  if (reason !== undefined) return t.skip(reason);
  const original = await componentBytes("http_api");
  const plain = join(folder, "plain.wasm");
  await writeFile(plain, original);
  const refused = await run(WASMTIME, ["serve", "--addr", "127.0.0.1:0", plain]);
  assert.match(refused.output, /a matching implementation was not found/);
  const file = await write("handler", original, { deny: [...DENY_ALL, "exit"], randomSeed: 7n });
  const child = spawn(WASMTIME, ["serve", "--addr", "127.0.0.1:0", file], { stdio: ["ignore", "pipe", "pipe"] });
  try {
    const url = await servedAt(child);
    assert.equal((await fetch(url)).status, 200);
    const response = await fetch(`${url}task`, { method: "POST", body: '{"payload":"x"}' });
    assert.equal(response.status, 502);
    assert.match(await response.text(), /cannot be reached/);
  } finally {
    const ended = once(child, "exit");
    child.kill();
    await ended;
  }
});

/** Where it says that it listens. */
async function servedAt(child: ChildProcess): Promise<string> {
  let text = "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const read = (chunk: Buffer): void => {
    text += chunk.toString();
    const url = /http:\/\/[0-9.]+:\d+\//.exec(text)?.[0];
    if (url !== undefined) resolve(url);
  };
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  child.once("exit", () => reject(new Error(`wasmtime ended: ${text}`)));
  return await promise;
}
