import assert from "node:assert/strict";
import { test } from "node:test";
import { coreBytes } from "../../../test/support/instrumented.ts";
import { instrumentModule, instrumentModuleInSteps } from "./instrument.ts";
import { allSteps, STEP_BYTES, stepsInTurns } from "./steps.ts";

const FUNCTION = `(func ${"(i32.store (i32.const 0) (i32.const 1))".repeat(2000)})`;

test("rewriting a large module takes steps, and its result is the same however they are made", async () => {
  const bytes = await coreBytes(`(memory 1) ${FUNCTION.repeat(20)}`);
  const options = { tracksWrites: true };
  const expected = instrumentModule(bytes, options);
  let turns = 0;
  const stepped = await stepsInTurns(instrumentModuleInSteps(bytes, options), (fire) => {
    turns++;
    queueMicrotask(fire);
  });
  assert.deepEqual(stepped, expected);
  assert.ok(turns >= Math.floor(bytes.length / STEP_BYTES) + 2, `${turns} turns`);
  assert.deepEqual(allSteps(instrumentModuleInSteps(bytes, options)), expected);
});

test("one long function takes steps as well", async () => {
  const bytes = await coreBytes(`(func ${"(nop)".repeat(10 * STEP_BYTES)})`);
  let steps = 0;
  for (const _ of instrumentModuleInSteps(bytes, { tracksWrites: false })) steps++;
  assert.ok(steps >= 9, `${steps} steps`);
});
