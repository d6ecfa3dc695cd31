import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClock } from "./test_clock.ts";
import { TestTime } from "./test_time.ts";

test("TestClock: timers fire alone, in the order of their time, and a cancelled one never", () => {
  const clock = new TestClock(1_000);
  const fired: string[] = [];
  clock.startTimer(20, () => fired.push("late"));
  clock.startTimer(10, () => fired.push("early"));
  const cancel = clock.startTimer(5, () => fired.push("never"));
  cancel();
  assert.equal(clock.step(), true);
  assert.deepEqual([fired, clock.wallMs()], [["early"], 1_010]);
  assert.equal(clock.step(clock.monotonicNs()), false);
  assert.equal(clock.step(), true);
  assert.equal(clock.step(), false);
  assert.deepEqual([fired, clock.wallMs()], [["early", "late"], 1_020]);
  clock.moveTo(0n);
  assert.equal(clock.wallMs(), 1_020, "never back");
});

test("TestTime: it jumps while somebody waits, and stands when nobody does", async () => {
  const time = new TestTime({ mode: "jumps", wallMs: 0 });
  await time.during(new Promise<void>((resolve) => void time.clock.startTimer(60_000, resolve)));
  assert.equal(time.clock.wallMs(), 60_000);
  let isFired = false;
  time.clock.startTimer(1, () => {
    isFired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(isFired, false);
});

test("TestTime: what a test does by itself is waited for before time jumps", async () => {
  const time = new TestTime({ mode: "jumps", wallMs: 0 });
  const order: string[] = [];
  const leave = time.enter();
  setTimeout(() => {
    order.push("the test's step");
    leave();
  }, 5);
  await time.during(
    new Promise<void>((resolve) => void time.clock.startTimer(1, resolve)).then(() => order.push("a timer")),
  );
  assert.deepEqual(order, ["the test's step", "a timer"]);
});

test("TestTime: a guest that sleeps for ever does not keep the test for ever", async () => {
  const time = new TestTime({ mode: "jumps", wallMs: 0 });
  let cancel = (): void => {};
  const sleep = (): void => {
    cancel = time.clock.startTimer(1, sleep);
  };
  sleep();
  await assert.rejects(time.during(new Promise(() => {})), { name: "ScriptError", message: /has slept/ });
  cancel();
});
