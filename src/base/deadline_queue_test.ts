import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake_clock.ts";
import { type Deadline, DeadlineQueue } from "./deadline_queue.ts";
import { ListEntry } from "./linked_list.ts";

function open() {
  const clock = new FakeClock();
  const fired: string[] = [];
  const queue = new DeadlineQueue(clock, 100);
  const start = (name: string, fire = (): void => void fired.push(name), fromMs?: number): () => void => {
    const entry = new ListEntry<Deadline>({ dueMs: 0, fire });
    queue.start(entry, fromMs);
    return () => queue.cancel(entry);
  };
  return { clock, fired, queue, start };
}

test("DeadlineQueue: each fires at its own time, with one timer for all", async () => {
  const { clock, fired, start } = open();
  start("a");
  await clock.advanceMs(30);
  start("b");
  start("c");
  assert.equal(clock.timersArmed, 1);
  await clock.advanceMs(69);
  assert.deepEqual(fired, []);
  await clock.advanceMs(1);
  assert.deepEqual(fired, ["a"]);
  await clock.advanceMs(30);
  assert.deepEqual([fired, clock.timersArmed], [["a", "b", "c"], 0]);
});

test("DeadlineQueue: a cancelled one never fires, and the last one takes the timer with it", async () => {
  const { clock, fired, start } = open();
  const cancelA = start("a");
  await clock.advanceMs(50);
  const cancelB = start("b");
  cancelA();
  assert.equal(clock.timersArmed, 1, "b has it");
  await clock.advanceMs(99);
  cancelB();
  cancelB();
  assert.equal(clock.timersArmed, 1, "the next one of this turn may have it");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(clock.timersArmed, 0);
  start("c");
  cancelA();
  await clock.advanceMs(100);
  assert.deepEqual([fired, clock.timersArmed], [["c"], 0]);
});

test("DeadlineQueue: one that began before it is told fires at its own time, before and between others", async () => {
  const { clock, fired, start } = open();
  const beganMs = clock.monotonicMs();
  await clock.advanceMs(60);
  start("now");
  for (const ago of [10, 30, 20]) start(`${ago} ago`, undefined, beganMs + 60 - ago);
  start("over", undefined, beganMs - 100);
  assert.equal(clock.timersArmed, 1);
  await clock.advanceMs(1);
  assert.deepEqual(fired, ["over"]);
  await clock.advanceMs(68);
  assert.deepEqual(fired, ["over"]);
  const steps: string[][] = [];
  for (let step = 0; step < 4; step++) {
    await clock.advanceMs(step === 0 ? 1 : 10);
    steps.push(fired.splice(0));
  }
  assert.deepEqual(steps, [["over", "30 ago"], ["20 ago"], ["10 ago"], ["now"]]);
  assert.equal(clock.timersArmed, 0);
});

test("DeadlineQueue: one that fires may start and cancel others", async () => {
  const { clock, fired, start } = open();
  let cancelB = (): void => {};
  start("a", () => {
    cancelB();
    start("next");
  });
  cancelB = start("b");
  await clock.advanceMs(100);
  assert.deepEqual([fired, clock.timersArmed], [[], 1]);
  await clock.advanceMs(100);
  assert.deepEqual([fired, clock.timersArmed], [["next"], 0]);
});

test("DeadlineQueue: a closed one keeps no timer for the next deadline, and still fires", async () => {
  const { clock, fired, queue, start } = open();
  const cancelA = start("a");
  queue.close();
  assert.equal(clock.timersArmed, 1, "a is waiting");
  cancelA();
  assert.equal(clock.timersArmed, 0, "at once");
  start("b");
  await clock.advanceMs(100);
  assert.deepEqual([fired, clock.timersArmed], [["b"], 0]);
});
