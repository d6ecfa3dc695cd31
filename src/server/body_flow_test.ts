import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";
import { ReadTurns } from "./body_flow.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => nextEventLoopTurn(resolve));

test("ReadTurns: one in each turn, in the order of asking; who gives up is passed over", async () => {
  const turns = new ReadTurns(systemClock);
  const read: string[] = [];
  const readMax: number[] = [];
  for (const name of ["a", "b", "c", "d"]) {
    const cancel = turns.wait(() => void read.push(name));
    if (name === "b") cancel();
  }
  assert.deepEqual(read, []);
  for (let turn = 0; turn < 10; turn++) {
    const before = read.length;
    await nextTurn();
    readMax.push(read.length - before);
  }
  assert.deepEqual(read, ["a", "c", "d"]);
  assert.ok(Math.max(...readMax) <= 1, readMax.join());
});

test("ReadTurns: one that asks again, or after all have given up, has its turn", async () => {
  const turns = new ReadTurns(systemClock);
  let reads = 0;
  turns.wait(assert.fail)();
  const again = (): void => {
    reads++;
    if (reads < 3) turns.wait(again);
  };
  turns.wait(again);
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.equal(reads, 3);
});

test("ReadTurns: after a turn that took long as much time is left to others", async () => {
  let nowMs = 0;
  const timers: { readonly delayMs: number; readonly fire: () => void }[] = [];
  const turns = new ReadTurns({
    monotonicMs: () => nowMs,
    startTimer: (delayMs, fire) => (timers.push({ delayMs, fire }), () => {}),
  });
  const read: string[] = [];
  // What it took is seen in the turn behind it.
  for (const [name, tookMs] of [["short", 5], ["long", 60], ["last", 1_000]] as const) {
    turns.wait(() => {
      read.push(name);
      nowMs += tookMs;
    });
  }
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.deepEqual(read, ["short", "long"]);
  assert.deepEqual(timers.map(({ delayMs }) => delayMs), [60]);
  timers[0]?.fire();
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.deepEqual(read, ["short", "long", "last"]);
  assert.deepEqual(timers.map(({ delayMs }) => delayMs), [60, 100], "not all of a long turn can be of one piece");
  // Nobody waits: whoever comes then has the next turn.
  timers[1]?.fire();
  turns.wait(() => void read.push("later"));
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  assert.equal(read.at(-1), "later");
});
