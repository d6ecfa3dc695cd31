import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { settled, TurnBench } from "../../test/support/turn_bench.ts";
import { CpuMeter, SLICE_MS } from "./cpu_meter.ts";
import { TURN_MS_MAX, TurnScheduler } from "./turn_scheduler.ts";

test("TurnScheduler: one guest goes on in each turn, and nobody asks for turns when nobody waits", async () => {
  const bench = new TurnBench();
  assert.equal(bench.turns.length, 0);
  for (let index = 0; index < 64; index++) bench.spin(`spinner ${index}`, "a", { slices: 2 });
  assert.equal(bench.scheduler.waitingCount, 64);
  for (let index = 1; index <= 128; index++) {
    await bench.turn();
    assert.equal(bench.slices.length, index);
  }
  assert.equal(new Set(bench.slices.slice(0, 64)).size, 64, "each once before one goes twice");
  assert.deepEqual([bench.scheduler.waitingCount, bench.turns.length], [0, 0]);
});

/** A guest that waits for its turn once, and computes for so long when it has it. */
function waitOnce(bench: TurnBench, name: string, computesMs: number): void {
  const guest = bench.scheduler.openGuest("a");
  guest.computes(true);
  guest.computes(false);
  void guest.wait(0).then(() => {
    guest.computes(true);
    bench.slices.push(name);
    bench.clock.computeMs(computesMs);
    guest.computes(false);
  });
}

test("TurnScheduler: guests that are soon through share a turn, and one that computes is its last", async () => {
  const bench = new TurnBench();
  const shortMs = TURN_MS_MAX / 4;
  for (let index = 0; index < 6; index++) waitOnce(bench, "short", shortMs);
  waitOnce(bench, "long", TURN_MS_MAX);
  waitOnce(bench, "long", TURN_MS_MAX);
  waitOnce(bench, "short", shortMs);
  const counts: number[] = [];
  for (let index = 0; index < 4; index++) {
    await bench.turn();
    counts.push(bench.slices.length);
  }
  // Four short ones; two and a long one; a long one; the last.
  assert.deepEqual(counts, [4, 7, 8, 9]);
  assert.deepEqual([bench.scheduler.waitingCount, bench.turns.length], [0, 0]);
});

test("TurnScheduler: who waits to have a guest has a turn of his own", async () => {
  const bench = new TurnBench();
  waitOnce(bench, "short", 0);
  void bench.scheduler.untilTurn("a").then(() => bench.slices.push("begins"));
  await bench.turn();
  assert.deepEqual(bench.slices, ["short"]);
  await bench.turn();
  assert.deepEqual(bench.slices, ["short", "begins"]);
});

test("TurnScheduler: one that waits to have a guest leaves the shared turns to others, and has its own in the round", async () => {
  const bench = new TurnBench();
  // Guests that are always soon through, and in `b` somebody before them who has none yet.
  let began = 0;
  for (const workload of ["a", "b", "c"]) {
    const guest = bench.scheduler.openGuest(workload);
    const go = (): void => {
      void guest.wait(0).then(() => {
        guest.computes(true);
        bench.slices.push(workload);
        bench.clock.computeMs(TURN_MS_MAX / 4);
        if (bench.slices.length < 100) go();
        guest.computes(false);
      });
    };
    guest.computes(true);
    guest.computes(false);
    if (workload === "b") void bench.scheduler.untilTurn("b").then(() => began++);
    go();
  }
  await bench.turn();
  assert.deepEqual(bench.slices, ["a", "c", "a", "c"], "b is passed over");
  assert.equal(began, 0);
  await bench.turn();
  assert.equal(began, 1, "its turn is the next: nobody of its workload went before it");
  await bench.turn();
  assert.ok(bench.slices.includes("b"));
});

test("TurnScheduler: one that rests shares no turn of others, and has the next when nobody else waits", async () => {
  const bench = new TurnBench();
  const service = bench.scheduler.openGuest("b", { cpuShare: 0.5 });
  service.computes(true);
  service.computes(false);
  void service.wait(100).then(() => bench.slices.push("service"));
  waitOnce(bench, "short", 0);
  await bench.turn();
  assert.deepEqual(bench.slices, ["short"]);
  await bench.turn();
  assert.deepEqual(bench.slices, ["short", "service"]);
});

test("TurnScheduler: a worker beside 64 spinners of another workload has every second slice", async () => {
  const bench = new TurnBench();
  for (let index = 0; index < 64; index++) bench.spin("spinner", "spinning");
  bench.spin("worker", "working", { slices: 10 });
  assert.deepEqual(await bench.turnTimes(21), { spinner: 11, worker: 10 });
});

test("TurnScheduler: 1 and 63 spinners of two workloads share the core", async () => {
  const bench = new TurnBench();
  bench.spin("one", "a");
  for (let index = 0; index < 63; index++) bench.spin("many", "b");
  assert.deepEqual(await bench.turnTimes(126), { one: 63, many: 63 });
});

test("TurnScheduler: a guest that was ended leaves the queue and is never resumed", async () => {
  const bench = new TurnBench();
  const ended = bench.spin("ended", "a");
  bench.spin("other", "a");
  ended.withdraw();
  ended.withdraw();
  assert.deepEqual(await bench.turnTimes(5), { other: 5 });
  assert.equal(bench.scheduler.waitingCount, 1);
});

test("TurnScheduler: a turn that was asked for by an ended guest is nobody's", async () => {
  const bench = new TurnBench();
  bench.spin("ended", "a").withdraw();
  assert.deepEqual(await bench.turnTimes(2), {});
  assert.equal(bench.turns.length, 0);
});

test("TurnScheduler: a guest asks for one turn for each slice, and the clock is read once for each tick", async () => {
  const bench = new TurnBench();
  let readings = 0;
  const clock = {
    monotonicMs: () => {
      readings++;
      return bench.clock.monotonicMs();
    },
  };
  const asked: (() => void)[] = [];
  const scheduler = new TurnScheduler({ clock, nextTurn: (fire) => void asked.push(fire) });
  const meter = new CpuMeter({ clock, turns: scheduler.openGuest("a") });
  meter.begin(Infinity);
  let [ticks, slices, turns] = [0, 0, 0];
  for (; slices < 10; slices++) {
    meter.resume();
    readings = 0;
    ticks = 0;
    do {
      bench.clock.computeMs(0.1);
      ticks++;
    } while (meter.check(true) === "continue");
    assert.equal(readings, ticks);
    meter.pause();
    let isOn = false;
    void meter.turn().then(() => (isOn = true));
    const due = asked.splice(0);
    turns += due.length;
    for (const fire of due) fire();
    await settled();
    assert.ok(isOn);
  }
  assert.equal(ticks, SLICE_MS / 0.1);
  assert.equal(turns, slices);
});

const SHARES: readonly {
  readonly name: string;
  readonly cpuShare: number;
  readonly others: number;
  readonly turns: number;
  readonly slices: number;
}[] = [
  { name: "half a core beside one", cpuShare: 0.5, others: 1, turns: 100, slices: 50 },
  // With as many as eight others its turn comes no more often than theirs.
  { name: "half a core beside eight of one workload", cpuShare: 0.5, others: 8, turns: 100, slices: 50 },
  { name: "a quarter beside one", cpuShare: 0.25, others: 1, turns: 100, slices: 25 },
  { name: "a quarter when alone: all of it", cpuShare: 0.25, others: 0, turns: 100, slices: 100 },
  { name: "nothing beside one", cpuShare: 0, others: 1, turns: 100, slices: 0 },
  { name: "nothing when alone: all of it", cpuShare: 0, others: 0, turns: 100, slices: 100 },
];

for (const { name, cpuShare, others, turns, slices } of SHARES) {
  test(`TurnScheduler: a service with a share of ${name}`, async () => {
    const bench = new TurnBench();
    for (let index = 0; index < others; index++) bench.spin("other", "b");
    bench.spin("service", "a", { cpuShare });
    assert.equal((await bench.turnTimes(turns))["service"] ?? 0, slices);
  });
}

test("TurnScheduler: whatever waits and leaves, workloads that wait all the time differ by one slice at most", async () => {
  const spinners = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(spinners, fc.integer({ min: 1, max: 40 }), async (workloads, turns) => {
      const bench = new TurnBench();
      for (const [index, count] of workloads.entries()) {
        for (let spinner = 0; spinner < count; spinner++) bench.spin(`workload ${index}`, `workload ${index}`);
      }
      const counts = await bench.turnTimes(turns);
      const each = workloads.map((_, index) => counts[`workload ${index}`] ?? 0);
      assert.equal(each.reduce((sum, count) => sum + count, 0), turns);
      assert.ok(Math.max(...each) - Math.min(...each) <= 1, JSON.stringify(each));
    }),
    { numRuns: 50 },
  );
});
