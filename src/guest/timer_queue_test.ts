import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { TimerQueue } from "./timer_queue.ts";

function queue(): {
  readonly timers: TimerQueue;
  readonly fired: string[];
  readonly add: (name: string, dueMs: number, everyMs?: number) => number;
} {
  const timers = new TimerQueue();
  const fired: string[] = [];
  return {
    timers,
    fired,
    add: (name, dueMs, everyMs) =>
      timers.add({ dueMs, ...(everyMs === undefined ? {} : { everyMs }), run: () => fired.push(name) }),
  };
}

/** Fires until nothing is due, as turns of the loop do. */
function fireAll(timers: TimerQueue, nowMs: number): void {
  for (let left = 100; left > 0 && (timers.nextDueMs() ?? Infinity) <= nowMs; left--) timers.fireOne(nowMs);
}

test("TimerQueue: by the time they are due, and by age where that is the same", () => {
  const { timers, fired, add } = queue();
  add("late", 30);
  add("first", 10);
  add("second", 10);
  add("between", 20);
  assert.equal(timers.nextDueMs(), 10);
  fireAll(timers, 30);
  assert.deepEqual(fired, ["first", "second", "between", "late"]);
  assert.equal(timers.nextDueMs(), undefined);
});

test("TimerQueue: one at a time, and none before it is due", () => {
  const { timers, fired, add } = queue();
  add("a", 10);
  add("b", 10);
  timers.fireOne(9.9);
  assert.deepEqual(fired, []);
  timers.fireOne(10);
  assert.deepEqual(fired, ["a"]);
});

test("TimerQueue: one that repeats takes its turn among the others", () => {
  const { timers, fired, add } = queue();
  const id = add("tick", 10, 10);
  add("once", 20);
  fireAll(timers, 20);
  // The interval counts from when it ran, so a late loop does not run it twice in a row.
  assert.deepEqual(fired, ["tick", "once"]);
  fireAll(timers, 30);
  assert.deepEqual(fired, ["tick", "once", "tick"]);
  timers.clear(id);
  assert.equal(timers.size, 0);
});

test("TimerQueue: clearing from within, twice, and what is not there", () => {
  const timers = new TimerQueue();
  let count = 0;
  const id = timers.add({
    dueMs: 1,
    everyMs: 1,
    run: () => {
      count += 1;
      timers.clear(id);
      timers.clear(id);
      timers.clear(99);
    },
  });
  fireAll(timers, 10);
  assert.deepEqual([count, timers.size], [1, 0]);
});

test("TimerQueue: whatever is added and cleared, the rest fires by its time and then by its age", () => {
  const step = fc.record({ dueMs: fc.nat(20), cleared: fc.option(fc.nat(40), { nil: undefined }) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const { timers, fired, add } = queue();
    let left: { readonly id: number; readonly name: string; readonly dueMs: number }[] = [];
    for (const [at, { dueMs, cleared }] of steps.entries()) {
      left.push({ id: add(String(at), dueMs), name: String(at), dueMs });
      if (cleared === undefined) continue;
      timers.clear(cleared);
      left = left.filter(({ id }) => id !== cleared);
    }
    assert.equal(timers.size, left.length);
    fireAll(timers, 20);
    assert.deepEqual(fired, left.toSorted((a, b) => a.dueMs - b.dueMs).map(({ name }) => name));
  }));
});
