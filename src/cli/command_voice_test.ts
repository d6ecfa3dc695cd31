/** With a log of JSON every line that the command writes is JSON, whenever and wherever it is written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeProcess } from "../../test/support/fake_process.ts";
import { LoopgateError } from "../base/errors.ts";
import { type CliTools, runCli } from "./cli.ts";
import { CommandVoice } from "./command_voice.ts";
import type { TerminalFault } from "./terminal.ts";

type Line = Readonly<Record<string, unknown>>;

function linesOf({ out, err }: FakeProcess): readonly Line[] {
  return `${out}${err}`.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Line);
}

const DIAGNOSTIC = { file: "w/a.jsonc", line: 2, column: 3, message: "Cannot use it", fix: "write it", source: "x" };

const ROWS: readonly (readonly [
  name: string,
  argv: readonly string[],
  overrides: Partial<CliTools>,
  stopped: readonly Line[],
  variables?: Readonly<Record<string, string>>,
])[] = [
  ["faults of files, a line each", ["serve", "w", "--log", "json"], {
    startGateway: () => {
      const diagnostics = [{ code: "LG1104", ...DIAGNOSTIC }, { code: "LG1003", ...DIAGNOSTIC }] as const;
      return Promise.reject(new LoopgateError("LG1000", "Cannot serve", { diagnostics }));
    },
  }, [{ code: "LG1104", ...DIAGNOSTIC }, { code: "LG1003", ...DIAGNOSTIC }]],
  ["a port that is taken, with what to do", ["serve", "w", "--log=json"], {
    startGateway: () => {
      const cause = Object.assign(new Error("no"), { code: "EACCES" });
      return Promise.reject(new LoopgateError("LG5001", "Cannot listen\nthere", { cause }));
    },
  }, [{
    code: "LG5001",
    message: "Cannot listen\nthere",
    fix: "ports below 1024 need rights that this user does not have; choose another, like --listen 127.0.0.1:8080",
  }]],
  ["a flag that is none", ["serve", "w", "--log", "json", "--lisen", "x"], {}, [{ code: "LG4001" }]],
  ["a variable that cannot be used", ["serve", "w"], {}, [{ code: "LG4005" }], {
    LOOPGATE_LOG: "json",
    LOOPGATE_LISTEN: "x",
  }],
];

for (const [name, argv, overrides, stopped, variables = {}] of ROWS) {
  test(`runCli: with a log of JSON: ${name}`, async () => {
    const fake = new FakeProcess();
    Object.assign(fake.variables, variables);
    assert.equal(await runCli(fake.tools(argv, overrides)), 2);
    const lines = linesOf(fake);
    assert.equal(lines.length, stopped.length);
    for (const [index, expected] of stopped.entries()) {
      const { time, level, event, ...fields } = lines[index] ?? assert.fail();
      assert.deepEqual([typeof time, level, event], ["string", "error", "stopped"]);
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, fields[key]])), expected);
    }
  });
}

test("runCli: with a log of JSON a warning and the drain are lines of it too", async () => {
  const fake = new FakeProcess();
  Object.assign(fake.variables, { LOOPGATE_LISTNE: "x" });
  const ended = runCli(fake.tools(["serve", "w", "--log", "json"]));
  await new Promise((resolve) => setImmediate(resolve));
  fake.signal();
  assert.equal(await ended, 0);
  const lines = linesOf(fake).map(({ level, event }) => [level, event]);
  assert.deepEqual(lines, [["info", "listening"], ["warn", "warning"], ["info", "draining"]]);
});

test("runCli: a log for people has words for people", async () => {
  const fake = new FakeProcess();
  assert.equal(await runCli(fake.tools(["serve", "w", "--lisen"])), 2);
  assert.match(fake.err, /^error\[LG4001\]: /);
});

test("CommandVoice: what the runtime has to say is taken over in JSON alone", () => {
  const fake = new FakeProcess();
  const { terminal } = fake.tools(["serve"]);
  const takers: (((fault: TerminalFault) => void) | undefined)[] = [];
  const takeFaults = (tell: (typeof takers)[number]) => void takers.push(tell);
  const voice = new CommandVoice({ terminal: { ...terminal, takeFaults }, clock: fake.clock });
  assert.equal(takers.length, 0);
  voice.use("json");
  takers[0]?.({ level: "warn", message: "MaxListenersExceededWarning: \u001b[2J" });
  takers[0]?.({ level: "error", code: "LG9001", message: "Error: no", stack: "Error: no\n  at x" });
  voice.fault({ code: "LG5007", message: "Cannot start replica 1" });
  assert.deepEqual(linesOf(fake).map(({ event, code, message }) => [event, code, message]), [
    ["warning", undefined, "MaxListenersExceededWarning: \u001b[2J"],
    ["stopped", "LG9001", "Error: no"],
    ["stopped", "LG5007", "Cannot start replica 1"],
  ]);
  assert.ok(!fake.err.includes("\u001b"));
  voice.use("pretty");
  assert.deepEqual(takers.slice(1), [undefined]);
});
