import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake_clock.ts";
import { RequestClock, RequestDeadlines } from "./request_clock.ts";

/** A client that takes what it is given. */
const TAKING = { isReady: () => true };

function open() {
  const clock = new FakeClock();
  const over: string[] = [];
  const deadlines = new RequestDeadlines(clock, { wallMs: 1000, idleMs: 300 });
  const times = new RequestClock(deadlines, { timeOver: (which) => over.push(which) });
  return { clock, deadlines, over, times };
}

test("RequestClock: no head in time is the wall limit, once", async () => {
  const { clock, over, times } = open();
  await clock.advanceMs(999);
  assert.deepEqual(over, []);
  await clock.advanceMs(10_000);
  assert.deepEqual(over, ["wall"]);
  times.answered(TAKING);
  await clock.advanceMs(10_000);
  assert.deepEqual([over, clock.timersArmed], [["wall"], 0]);
});

test("RequestClock: a request that has waited has so much less for its head, and the whole idle limit behind it", async () => {
  const { clock, deadlines, over } = open();
  const arrivedMs = clock.monotonicMs();
  await clock.advanceMs(700);
  const late = new RequestClock(
    deadlines,
    { timeOver: (which) => over.push(`${which} of the late one`) },
    arrivedMs,
  );
  const answered = new RequestClock(
    deadlines,
    { timeOver: (which) => over.push(`${which} of the other`) },
    arrivedMs + 1,
  );
  await clock.advanceMs(299);
  assert.deepEqual(over, []);
  answered.answered(TAKING);
  await clock.advanceMs(1);
  assert.deepEqual(over, ["wall", "wall of the late one"]);
  await clock.advanceMs(298);
  assert.equal(over.length, 2);
  await clock.advanceMs(2);
  assert.deepEqual(over.at(-1), "idle of the other");
  late.end();
});

test("RequestClock: an answer that goes on lives as long as it does, one that stops is idle", async () => {
  const { clock, over, times } = open();
  await clock.advanceMs(900);
  times.answered(TAKING);
  for (let piece = 0; piece < 100; piece++) {
    await clock.advanceMs(299);
    times.progressed();
  }
  assert.deepEqual(over, []);
  await clock.advanceMs(299);
  assert.deepEqual(over, []);
  await clock.advanceMs(301);
  assert.deepEqual(over, ["idle"]);
});

test("RequestClock: a client that takes nothing is not the guest's fault, until it takes something", async () => {
  const { clock, over, times } = open();
  let isBusy = true;
  times.answered({ isReady: () => !isBusy });
  await clock.advanceMs(60_000);
  assert.deepEqual(over, []);
  isBusy = false;
  await clock.advanceMs(900);
  assert.deepEqual(over, ["idle"]);
});

test("RequestClock: after its answer a guest has the idle limit for itself, whatever its client does", async () => {
  const { clock, over, times } = open();
  times.answered({ isReady: () => false });
  times.answerEnded();
  await clock.advanceMs(299);
  assert.deepEqual(over, []);
  await clock.advanceMs(301);
  assert.deepEqual(over, ["idle"]);
});

test("RequestClock: no timer is left when the guest has ended, nor one that comes late", async () => {
  const { clock, deadlines, over, times } = open();
  times.end();
  times.answered(TAKING);
  deadlines.close();
  assert.equal(clock.timersArmed, 0);
  await clock.advanceMs(10_000);
  assert.deepEqual(over, []);
});
