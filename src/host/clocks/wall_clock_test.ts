import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeContext } from "../../../test/support/host_context.ts";
import { TIMEZONE_INTERFACE } from "./timezone.ts";
import { wallClockInterface } from "./wall_clock.ts";

const TIMES: readonly (readonly [name: string, wallMs: number, seconds: bigint, nanoseconds: number])[] = [
  ["before 1970", -5, 0n, 0],
  ["the epoch", 0, 0n, 0],
  ["whole seconds", 1_700_000_000_000, 1_700_000_000n, 0],
  ["milliseconds", 1_700_000_000_250, 1_700_000_000n, 250_000_000],
  ["a fraction", 1_700_000_000_000.5, 1_700_000_000n, 500_000],
  ["just below a second", 999.999_999_999_9, 0n, 999_999_999],
];
for (const [name, wallMs, seconds, nanoseconds] of TIMES) {
  test(`wall-clock.now: ${name}`, () => {
    const context = fakeContext();
    context.clock.setWallMs(wallMs);
    assert.deepEqual(wallClockInterface(context).now(), { seconds, nanoseconds });
  });
}

test("wall-clock.resolution is a microsecond", () => {
  assert.deepEqual(wallClockInterface(fakeContext()).resolution(), { seconds: 0n, nanoseconds: 1000 });
});

test("timezone is UTC", () => {
  assert.deepEqual(TIMEZONE_INTERFACE.display(), { utcOffset: 0, name: "UTC", inDaylightSavingTime: false });
  assert.equal(TIMEZONE_INTERFACE.utcOffset(), 0);
});
