import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake_clock.ts";
import { parseAssignment, parseReport, type ReplicaAssignment, type ReplicaHandlers } from "./replica_link.ts";
import { ReplicaSet } from "./replica_set.ts";

const ADDRESS = { host: "127.0.0.1", port: 43_123 };

/** Replicas in memory, which do what the test says. */
class Bench {
  readonly clock = new FakeClock();
  readonly events: string[] = [];
  readonly faults: string[] = [];
  readonly assignments: ReplicaAssignment[] = [];
  readonly orders: string[] = [];
  /** They answer no ping. */
  readonly hung = new Set<number>();
  pings = 0;
  readonly set: ReplicaSet;
  readonly #running = new Map<number, ReplicaHandlers>();

  constructor(count: number) {
    this.set = new ReplicaSet({
      count,
      clock: this.clock,
      startReplica: (assignment, handlers) => {
        const { index } = assignment;
        assert.ok(!this.#running.has(index), `#${index} runs twice`);
        this.assignments.push(assignment);
        this.#running.set(index, handlers);
        return {
          pid: undefined,
          drain: () => void this.orders.push(`drain ${index}`),
          ping: () => {
            this.pings++;
            if (!this.hung.has(index)) handlers.onReport({ kind: "alive" });
          },
          kill: () => void this.orders.push(`kill ${index}`),
        };
      },
      onEvent: ({ index, state, detail }) =>
        this.events.push([`#${index} ${state}`, detail].filter(Boolean).join(": ")),
      onFault: (fault) => this.faults.push(typeof fault === "string" ? fault : `${fault.code} ${fault.message}`),
    });
  }

  get running(): readonly number[] {
    return [...this.#running.keys()].toSorted((a, b) => a - b);
  }

  listen(...indices: readonly number[]): void {
    for (const index of indices) this.#running.get(index)?.onReport({ kind: "listening", ...ADDRESS, drainMs: 20_000 });
  }

  /** What is killed without an end of its own: the system is slow to tell. */
  forget(index: number): ReplicaHandlers {
    const handlers = this.#running.get(index);
    assert.ok(handlers !== undefined, `#${index} does not run`);
    this.#running.delete(index);
    return handlers;
  }

  end(index: number, exitCode: number | null, fault?: string): void {
    const handlers = this.#running.get(index);
    assert.ok(handlers !== undefined, `#${index} does not run`);
    this.#running.delete(index);
    if (fault !== undefined) handlers.onReport({ kind: "fault", text: fault });
    const detail = exitCode === null ? "it was ended by SIGKILL" : `it exited with code ${exitCode}`;
    handlers.onEnd({ exitCode, detail });
  }
}

test("ReplicaSet: the first one finds the port, the others join it", async () => {
  const bench = new Bench(3);
  const done = bench.set.run();
  assert.deepEqual(bench.assignments, [{ index: 1, listen: undefined, isTableShown: true }]);
  bench.listen(1);
  assert.deepEqual(
    bench.assignments.slice(1),
    [2, 3].map((index) => ({ index, listen: ADDRESS, isTableShown: false })),
  );
  bench.listen(3, 2);
  assert.deepEqual(bench.events, ["#1 listening", "#3 listening", "#2 listening"]);
  bench.set.drain();
  assert.deepEqual(bench.orders, ["drain 1", "drain 2", "drain 3"]);
  for (const index of [2, 1, 3]) bench.end(index, 0);
  assert.equal(await done, 0);
  assert.equal(bench.clock.timersArmed, 0);
});

test("ReplicaSet: one that ends is started again, later each time, and anew after a minute", async () => {
  const bench = new Bench(2);
  const done = bench.set.run();
  bench.listen(1, 2);
  const delays: number[] = [];
  for (let count = 0; count < 12; count++) {
    if (count === 10) await bench.clock.advanceMs(59_999);
    if (count === 11) await bench.clock.advanceMs(60_000);
    bench.end(1, count % 2 === 0 ? null : 1);
    assert.deepEqual(bench.running, [2]);
    const delayMs = Number(/in (\d+) ms$/.exec(bench.events.at(-1) ?? "")?.[1]);
    delays.push(delayMs);
    await bench.clock.advanceMs(delayMs - 1);
    assert.deepEqual(bench.running, [2]);
    await bench.clock.advanceMs(1);
    assert.deepEqual(bench.assignments.at(-1), { index: 1, listen: ADDRESS, isTableShown: false });
    bench.listen(1);
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 100]);
  assert.match(
    bench.events.find((event) => event.includes("restarting")) ?? "",
    /^#1 restarting: it was ended by SIGKILL; /,
  );
  bench.end(2, 0);
  assert.match(
    bench.events.at(-1) ?? "",
    /^#2 restarting: it exited with code 0/,
    "also when it ended without an order",
  );
  bench.set.drain();
  bench.end(1, 0);
  assert.equal(await done, 0);
  assert.equal(bench.clock.timersArmed, 0);
});

test("ReplicaSet: what is wrong for the first one ends all, told once, with its exit code", async () => {
  const rows = [[2, "error: the file\n", 2], [1, "error: a bug\n", 1], [null, undefined, 1], [
    0,
    undefined,
    1,
  ]] as const;
  for (const [exitCode, fault, expected] of rows) {
    const bench = new Bench(4);
    const done = bench.set.run();
    bench.end(1, exitCode, fault);
    assert.equal(await done, expected);
    assert.equal(bench.assignments.length, 1);
    assert.equal(bench.faults.length, 1);
    if (fault === undefined) assert.match(bench.faults[0] ?? "", /^LG5007 Cannot start replica 1: it /);
    else assert.deepEqual(bench.faults, [fault]);
  }
});

test("ReplicaSet: an operator's fault of the others at their first start ends all, told once", async () => {
  const bench = new Bench(3);
  const done = bench.set.run();
  bench.listen(1);
  bench.end(2, 2, "error: the file\n");
  assert.deepEqual(bench.orders, ["drain 1", "drain 3"]);
  bench.end(3, 2, "error: the file\n");
  bench.end(1, 0);
  assert.equal(await done, 2);
  assert.deepEqual(bench.faults, ["error: the file\n"]);
});

test("ReplicaSet: any other end at the first start, and an operator's fault later, leave the others serving", async () => {
  const bench = new Bench(3);
  const done = bench.set.run();
  bench.listen(1, 2);
  bench.end(3, null);
  bench.end(2, 2, "error: the file was changed\n");
  assert.deepEqual([bench.running, bench.faults], [[1], ["error: the file was changed\n"]]);
  await bench.clock.advanceMs(100);
  assert.deepEqual(bench.running, [1, 2, 3]);
  bench.set.drain();
  for (const index of [1, 2]) bench.end(index, 0);
  bench.end(3, null);
  assert.equal(await done, 1, "one did not end well");
});

test("ReplicaSet.drain and kill, in every phase", async () => {
  const early = new Bench(2);
  const earlyDone = early.set.run();
  early.set.drain();
  early.listen(1);
  assert.deepEqual(early.assignments.length, 1, "no second one is started any more");
  early.end(1, 0);
  assert.equal(await earlyDone, 0);
  assert.deepEqual(early.faults, []);

  const waiting = new Bench(2);
  const waitingDone = waiting.set.run();
  waiting.listen(1, 2);
  waiting.end(1, null);
  waiting.end(2, null);
  waiting.set.drain();
  assert.equal(await waitingDone, 0);
  assert.equal(waiting.clock.timersArmed, 0);

  const late = new Bench(2);
  const lateDone = late.set.run();
  late.listen(1, 2);
  late.set.drain();
  late.set.kill();
  assert.deepEqual(late.orders.filter((order) => order.startsWith("kill")), ["kill 1", "kill 2"]);
  for (const index of [1, 2]) late.end(index, null);
  assert.equal(await lateDone, 1);
});

test("ReplicaSet: one that does not answer is killed and started again, and its late end is nobody's", async () => {
  const bench = new Bench(2);
  const done = bench.set.run();
  bench.listen(1, 2);
  await bench.clock.advanceMs(600_000);
  assert.ok(bench.pings >= 200);
  assert.deepEqual(bench.orders, [], "those that answer are left alone");
  bench.hung.add(2);
  await bench.clock.advanceMs(30_000);
  assert.deepEqual(bench.orders, []);
  const late = bench.forget(2);
  await bench.clock.advanceMs(5_000);
  assert.deepEqual(bench.orders, ["kill 2"]);
  assert.deepEqual(bench.events.slice(2), [
    "#2 killed: it did not answer for 30000 ms",
    "#2 restarting: it did not answer for 30000 ms; the next start is in 100 ms",
  ]);
  bench.hung.clear();
  await bench.clock.advanceMs(100);
  bench.listen(2);
  late.onReport({ kind: "fault", text: "late" });
  late.onEnd({ exitCode: null, detail: "it was ended by SIGKILL" });
  assert.deepEqual(bench.running, [1, 2]);
  assert.equal(bench.events.length, 5);
  bench.set.drain();
  for (const index of [1, 2]) bench.end(index, 0);
  assert.equal(await done, 0);
  assert.equal(bench.clock.timersArmed, 0);
});

test("ReplicaSet.drain: one that has not gone by its limit is killed, and counts as gone", async () => {
  const bench = new Bench(3);
  const done = bench.set.run();
  bench.listen(1, 2);
  bench.set.drain();
  bench.end(1, 0);
  await bench.clock.advanceMs(14_999);
  bench.set.drain();
  assert.deepEqual(bench.orders.filter((order) => order.startsWith("kill")), []);
  await bench.clock.advanceMs(1);
  assert.equal(bench.events.at(-1), "#3 killed: it had not ended 15000 ms after it was told to", "it never listened");
  await bench.clock.advanceMs(10_000);
  assert.deepEqual(bench.orders.filter((order) => order.startsWith("kill")), ["kill 3", "kill 2"]);
  assert.equal(await done, 1);
  assert.equal(bench.clock.timersArmed, 0);
});

test("parseAssignment and parseReport: what is none is refused", () => {
  for (const good of [{ index: 2, listen: ADDRESS, isTableShown: false }, { index: 1, isTableShown: true }]) {
    assert.deepEqual(parseAssignment(JSON.stringify(good)), { listen: undefined, ...good });
  }
  const bad = [undefined, null, 1, [], {}, { index: "1" }, { index: 1 }, { index: 1, isTableShown: true, listen: 1 }];
  for (const value of bad) assert.equal(parseAssignment(JSON.stringify(value) ?? ""), undefined);
  assert.equal(parseAssignment("{"), undefined);
  assert.deepEqual(parseReport({ kind: "listening", ...ADDRESS, drainMs: 1, more: 1 }), {
    kind: "listening",
    ...ADDRESS,
    drainMs: 1,
  });
  assert.deepEqual(parseReport({ kind: "alive" }), { kind: "alive" });
  assert.equal(parseReport({ kind: "listening", ...ADDRESS }), undefined);
  assert.deepEqual(parseReport({ kind: "fault", text: "x" }), { kind: "fault", text: "x" });
  for (const value of [undefined, null, "x", {}, { kind: "fault" }, { kind: "listening", host: "a" }, { kind: "y" }]) {
    assert.equal(parseReport(value), undefined);
  }
});
