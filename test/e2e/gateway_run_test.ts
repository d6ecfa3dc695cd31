/** `runCommand`: exit codes, output as bytes, and the rights of a service. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopgateError } from "../../src/base/errors.ts";
import { runCommand } from "../../src/gateway/run_command.ts";
import { componentBytes, type ComponentName, memoryFiles } from "../support/gateway_harness.ts";

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(component: ComponentName, mode: string): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const decoder = new TextDecoder();
  const exitCode = await runCommand({
    component: "w/command.wasm",
    env: [["MODE", mode], ["NAME", "it"]],
    args: [],
    stdout: (bytes) => (written.stdout += decoder.decode(bytes)),
    stderr: (bytes) => (written.stderr += decoder.decode(bytes)),
    files: memoryFiles({ "command.wasm": await componentBytes(component) }),
  });
  return { exitCode, ...written };
}

test("runCommand gives 0 for a run that returns", async () => {
  assert.deepEqual(await run("greeter", "return"), { exitCode: 0, stdout: "", stderr: "" });
});

test("runCommand gives 1 for a run that returns its error, and says so", async () => {
  const { exitCode, stderr } = await run("greeter", "fail");
  assert.equal(exitCode, 1);
  assert.match(stderr, /^loopgate: the guest failed/);
});

test("runCommand gives 134 for a trap, and says so after what the guest wrote", async () => {
  const { exitCode, stderr } = await run("greeter", "trap");
  assert.equal(exitCode, 134);
  assert.match(stderr, /^it listens\n[^]*\nloopgate: the guest trapped: /);
});

const REFUSED: readonly (readonly [name: string, files: () => Promise<Record<string, unknown>>, message: RegExp])[] = [
  [
    "a file that is not there",
    () => Promise.resolve({ "x.wasm": "" }),
    /^Cannot run "w\/command\.wasm": it is not there/,
  ],
  [
    "a file that is no component",
    () => Promise.resolve({ "command.wasm": "text" }),
    /^Cannot run "w\/command\.wasm": the file is not WebAssembly/,
  ],
  [
    "a component of another role",
    async () => ({ "command.wasm": await componentBytes("probe") }),
    /it exports .*incoming-handler.*, expected wasi:cli\/run/,
  ],
];

for (const [name, files, message] of REFUSED) {
  test(`runCommand refuses ${name}`, async () => {
    const options = { component: "w/command.wasm", env: [], args: [], stdout: () => {}, stderr: () => {} };
    await assert.rejects(runCommand({ ...options, files: memoryFiles(await files()) }), (error) => {
      assert.ok(error instanceof LoopgateError);
      assert.equal(error.code, "ERR_COMPONENT");
      assert.match(error.message, message);
      return true;
    });
  });
}
