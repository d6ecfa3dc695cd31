import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeContext } from "../../../test/support/host_context.ts";
import { GuestExit, HostTrap, WitError } from "../../base/errors.ts";
import { environmentInterface } from "./environment.ts";
import { EXIT_INTERFACE } from "./exit.ts";
import { OUTPUT_PERMIT_BYTES, stderrInterface, stdinInterface, stdoutInterface } from "./stdio.ts";
import { TERMINAL_STDERR_INTERFACE, TERMINAL_STDIN_INTERFACE, TERMINAL_STDOUT_INTERFACE } from "./terminal.ts";

test("environment gives variables and arguments in order, and no directory", () => {
  const context = fakeContext({ env: [["B", "2"], ["A", ""]], args: ["demo", "--x"] });
  const environment = environmentInterface(context);
  assert.deepEqual(environment.getEnvironment(), [["B", "2"], ["A", ""]]);
  assert.deepEqual(environment.getArguments(), ["demo", "--x"]);
  assert.equal(environment.initialCwd(), undefined);
});

const EXITS: readonly (readonly [name: string, exit: () => never, code: number])[] = [
  ["exit(ok)", () => EXIT_INTERFACE.exit({ tag: "ok" }), 0],
  ["exit(err)", () => EXIT_INTERFACE.exit({ tag: "err" }), 1],
  ["exit-with-code(0)", () => EXIT_INTERFACE.exitWithCode(0), 0],
  ["exit-with-code(255)", () => EXIT_INTERFACE.exitWithCode(255), 255],
];
for (const [name, exit, code] of EXITS) {
  test(`exit: ${name} ends the guest with ${code}`, () => {
    assert.throws(exit, (error) => error instanceof GuestExit && error.exitCode === code);
  });
}

test("stdin is at its end, and its pollable is ready", async () => {
  const context = fakeContext();
  const input = stdinInterface(context).getStdin();
  const pollable = input.subscribe();
  assert.equal(pollable.ready(), true);
  for (const read of [() => input.read(1n), () => input.blockingRead(1n), () => input.skip(1n)]) {
    await assert.rejects(
      async () => await read(),
      (error) => error instanceof WitError && error.payload.tag === "closed",
    );
  }
  pollable[Symbol.dispose]();
  input[Symbol.dispose]();
  assert.equal(context.counters.get("streams"), 0);
});

test("stdout and stderr take a bounded number of bytes at once, never wait, and are two", () => {
  const context = fakeContext();
  const out = stdoutInterface(context).getStdout();
  const error = stderrInterface(context).getStderr();
  assert.throws(() => out.write(Uint8Array.of(0x61)), HostTrap, "no permit yet");
  assert.equal(out.checkWrite(), BigInt(OUTPUT_PERMIT_BYTES));
  assert.throws(() => out.write(new Uint8Array(OUTPUT_PERMIT_BYTES + 1)), HostTrap);
  out.write(new TextEncoder().encode("to out"));
  out.flush();
  assert.equal(out.checkWrite(), BigInt(OUTPUT_PERMIT_BYTES));
  assert.equal(error.blockingWriteAndFlush(new TextEncoder().encode("to err")), undefined);
  assert.deepEqual(context.printed, { stdout: "to out", stderr: "to err" });
  out[Symbol.dispose]();
  const again = stdoutInterface(context).getStdout();
  assert.equal(again.blockingWriteAndFlush(new TextEncoder().encode("!")), undefined);
  assert.equal(context.printed.stdout, "to out!");
  again[Symbol.dispose]();
  error[Symbol.dispose]();
  assert.equal(context.counters.get("streams"), 0);
});

test("terminals are absent", () => {
  assert.equal(TERMINAL_STDIN_INTERFACE.getTerminalStdin(), undefined);
  assert.equal(TERMINAL_STDOUT_INTERFACE.getTerminalStdout(), undefined);
  assert.equal(TERMINAL_STDERR_INTERFACE.getTerminalStderr(), undefined);
});
