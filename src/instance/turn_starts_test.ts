/** Who waits to begin: `TurnScheduler.untilQuiet`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled, TurnBench } from "../../test/support/turn_bench.ts";
import { CROWDED_STARTS_MS_MAX, STARTS_MS_MAX } from "./turn_scheduler.ts";

test("TurnScheduler: who waits for quiet goes on one after the other, each when the one before has ended", async () => {
  const bench = new TurnBench();
  const { scheduler } = bench;
  const guest = scheduler.openGuest("a");
  const began: number[] = [];
  guest.computes(true);
  assert.equal(scheduler.isBusy, true);
  for (let index = 0; index < 3; index++) {
    void scheduler.untilQuiet("a").then(() => {
      began.push(index);
      guest.computes(true);
    });
  }
  await settled();
  assert.deepEqual(began, []);
  for (let ended = 1; ended <= 3; ended++) {
    guest.computes(false);
    await settled();
    assert.equal(began.length, ended);
  }
  assert.deepEqual(began, [0, 1, 2]);
  guest.computes(false);
  assert.equal(scheduler.isBusy, false);
});

test("TurnScheduler: who waits for quiet goes on in a later turn all the same, one in each", async () => {
  const bench = new TurnBench();
  const { scheduler } = bench;
  scheduler.openGuest("a").computes(true);
  let began = 0;
  for (let index = 0; index < 3; index++) void scheduler.untilQuiet("a").then(() => began++);
  for (let turn = 1; turn <= 3; turn++) {
    await bench.turn();
    assert.equal(began, turn);
  }
  assert.equal(bench.turns.length, 0);
});

test("TurnScheduler: a workload with a thousand requests that wait for quiet leaves its neighbours every second beginning", async () => {
  const bench = new TurnBench();
  const { scheduler } = bench;
  const guest = scheduler.openGuest("a");
  guest.computes(true);
  const began: string[] = [];
  const begin = (workload: string): void => {
    void scheduler.untilQuiet(workload).then(() => {
      began.push(workload);
      guest.computes(true);
      if (began.length > 1) guest.computes(false);
    });
  };
  for (let index = 0; index < 1_000; index++) begin("flooding");
  for (let index = 0; index < 3; index++) begin("neighbour");
  // One in a turn while somebody computes, the others each when the one before has ended: it is one queue.
  await bench.turnOfAll();
  guest.computes(false);
  guest.computes(false);
  await settled();
  assert.equal(began.length, 1_003);
  assert.deepEqual(began.slice(0, 6), ["flooding", "neighbour", "flooding", "neighbour", "flooding", "neighbour"]);
  assert.ok(began.slice(6).every((workload) => workload === "flooding"));
});

test("TurnScheduler: while connections come, requests begin for a part of each turn; all do once none came", async () => {
  const bench = new TurnBench();
  const { scheduler, clock } = bench;
  const guest = scheduler.openGuest("a");
  let began = 0;
  const begin = (): void => {
    void scheduler.untilQuiet("a").then(() => {
      began++;
      guest.computes(true);
      clock.computeMs(CROWDED_STARTS_MS_MAX / 2);
      guest.computes(false);
    });
  };
  assert.equal(scheduler.isBusy, false);
  for (let turn = 1; turn <= 5; turn++) {
    scheduler.connectionCame();
    assert.equal(scheduler.isBusy, true);
    for (let index = 0; index < 10; index++) begin();
    await bench.turnOfAll();
    assert.equal(began, 2 * turn);
  }
  await bench.turnOfAll();
  assert.equal(began, 50, "the turn without a connection begins all that wait");
  await bench.turnOfAll();
  assert.equal(scheduler.isBusy, false);
  assert.equal(bench.turns.length, 0);
});

test("TurnScheduler: a guest that computes for longer than that still leaves each turn one beginning", async () => {
  const bench = new TurnBench();
  const { scheduler, clock } = bench;
  const guest = scheduler.openGuest("a");
  let began = 0;
  for (let turn = 1; turn <= 5; turn++) {
    scheduler.connectionCame();
    void scheduler.untilQuiet("a").then(() => {
      began++;
      guest.computes(true);
      clock.computeMs(100);
      guest.computes(false);
    });
    await bench.turnOfAll();
    assert.equal(began, turn);
  }
});

test("TurnScheduler: where guests have had a job for long enough, who comes waits; in the next job or turn it does not", async () => {
  const bench = new TurnBench();
  const { scheduler, clock } = bench;
  const guest = scheduler.openGuest("a");
  const compute = (ms: number): void => {
    guest.computes(true);
    guest.heldMs(clock.monotonicMs());
    clock.computeMs(ms);
    guest.computes(false);
  };
  compute(STARTS_MS_MAX / 2);
  assert.equal(scheduler.isBusy, false);
  compute(STARTS_MS_MAX / 2);
  assert.equal(scheduler.isBusy, true);
  scheduler.beginJob();
  assert.equal(scheduler.isBusy, false);
  compute(STARTS_MS_MAX);
  assert.equal(scheduler.isBusy, true);
  await bench.turnOfAll();
  assert.equal(scheduler.isBusy, false);
});

test("TurnScheduler: of many that wait for quiet so many begin in a turn as do not hold it for too long, and none goes before them", async () => {
  const bench = new TurnBench();
  const { scheduler, clock } = bench;
  const guest = scheduler.openGuest("a");
  const began: number[] = [];
  guest.computes(true);
  for (let index = 0; index < 7; index++) {
    void scheduler.untilQuiet("a").then(() => {
      began.push(index);
      guest.computes(true);
      guest.heldMs(clock.monotonicMs());
      clock.computeMs(STARTS_MS_MAX / 3);
      guest.computes(false);
    });
  }
  guest.computes(false);
  await settled();
  assert.deepEqual(began, [0, 1, 2]);
  assert.equal(scheduler.isBusy, true);
  await bench.turnOfAll();
  assert.deepEqual(began, [0, 1, 2, 3, 4, 5]);
  scheduler.beginJob();
  assert.equal(scheduler.isBusy, true, "one still waits");
  await bench.turnOfAll();
  assert.deepEqual(began, [0, 1, 2, 3, 4, 5, 6]);
  await bench.turnOfAll();
  assert.equal(scheduler.isBusy, false);
});
