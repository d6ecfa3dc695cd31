import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake_clock.ts";
import { LINE_COST_BYTES, LogRate } from "./log_rate.ts";

/** How many of `count` lines pass now. */
function passed(rate: LogRate, line: string, count: number): number {
  let lines = 0;
  for (let index = 0; index < count; index++) if (rate.take(line)) lines++;
  return lines;
}

test("LogRate: empty lines cost too: two million of them are a second's worth", () => {
  const rate = new LogRate({ bytesPerSecond: 6400, clock: new FakeClock() });
  assert.equal(passed(rate, "", 2_000_000), 6400 / LINE_COST_BYTES);
});

test("LogRate: what is earned is one second's at most", () => {
  const clock = new FakeClock();
  const rate = new LogRate({ bytesPerSecond: 6400, clock });
  const line = "x".repeat(36);
  assert.equal(passed(rate, line, 1000), 64);
  clock.computeMs(500);
  assert.equal(passed(rate, line, 1000), 32);
  clock.computeMs(3_600_000);
  assert.equal(passed(rate, line, 1000), 64);
});

test("LogRate: a line longer than the rate passes, and is made up for", () => {
  const clock = new FakeClock();
  const rate = new LogRate({ bytesPerSecond: 100, clock });
  assert.equal(passed(rate, "x".repeat(1000), 10), 1);
  clock.computeMs(9_000);
  assert.equal(passed(rate, "", 10), 0);
  clock.computeMs(1_500);
  assert.ok(passed(rate, "", 10) > 0);
});
