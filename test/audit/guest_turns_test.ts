/** Guests that keep the event loop from its turns though none of them computes for long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CpuMeter, HELD_MS_MAX } from "../../src/instance/cpu_meter.ts";
import { TurnScheduler } from "../../src/instance/turn_scheduler.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** A handler and its service that wake each other by promises alone, computing 0.1 ms each time. */
class PingPong {
  readonly clock = new FakeClock();
  readonly turns: (() => void)[] = [];
  readonly scheduler = new TurnScheduler({ clock: this.clock, nextTurn: (fire) => void this.turns.push(fire) });
  readonly meters: readonly CpuMeter[];
  yields = 0;

  constructor(guests: number) {
    const { scheduler } = this;
    this.meters = Array.from({ length: guests }, () => {
      const meter = new CpuMeter({ clock: this.clock, turns: scheduler.openGuest("demo") });
      meter.begin(5000);
      return meter;
    });
  }

  /** How long they hold the loop until one of them gives way; past `limitMs` none does. */
  holdMs(limitMs: number): number {
    const since = this.clock.monotonicMs();
    for (let round = 0; this.clock.monotonicMs() - since < limitMs; round++) {
      const meter = this.meters[round % this.meters.length];
      meter?.resume();
      this.clock.computeMs(0.1);
      const verdict = meter?.check(true);
      meter?.pause();
      if (verdict === "yield") break;
    }
    return this.clock.monotonicMs() - since;
  }
}

for (const guests of [2, 3, 50]) {
  test(`${guests} guests that wake each other leave the event loop its turns`, () => {
    const bench = new PingPong(guests);
    for (let turn = 0; turn < 20; turn++) {
      const heldMs = bench.holdMs(1000);
      assert.ok(heldMs <= HELD_MS_MAX + 1, `they held the loop for ${heldMs} ms`);
      assert.equal(bench.turns.length, 1, "one turn is asked for");
      for (const fire of bench.turns.splice(0)) fire();
    }
  });
}

test("requests that were read in one turn keep theirs, each for as long as one may hold the loop; who makes instances counts the turn", () => {
  const bench = new PingPong(2);
  assert.equal(bench.scheduler.heldMs(), 0);
  for (let request = 0; request < 20; request++) {
    bench.scheduler.beginJob();
    const heldMs = bench.holdMs(HELD_MS_MAX / 2);
    assert.ok(heldMs >= HELD_MS_MAX / 2, `request ${request} gave its turn away after ${heldMs} ms`);
  }
  assert.ok(bench.scheduler.heldMs() >= 20 * HELD_MS_MAX / 2);
  bench.scheduler.beginJob();
  const heldMs = bench.holdMs(1000);
  assert.ok(heldMs <= HELD_MS_MAX + 1, `they held the loop for ${heldMs} ms`);
  assert.equal(bench.turns.length, 1, "one turn is asked for");
});
