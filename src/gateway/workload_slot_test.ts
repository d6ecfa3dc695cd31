import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { settle } from "../../test/support/fake_clock.ts";
import { workloadSpec } from "../../test/support/specs.ts";
import { type SlotWorkload, WorkloadSlot } from "./workload_slot.ts";
import type { WorkloadVersion } from "./workload_version.ts";

type State = "made" | "starting" | "started" | "draining" | "closed";

/** A workload whose service starts and whose requests end when the test says so. */
class FakeWorkload implements SlotWorkload {
  readonly id: string;
  state: State = "made";
  policies: string | undefined;
  readonly #started = Promise.withResolvers<string | undefined>();
  readonly #drained = Promise.withResolvers<void>();

  constructor(id: string) {
    this.id = id;
  }

  start(): void {
    assert.equal(this.state, "made");
    this.state = "starting";
  }

  untilStarted(): Promise<string | undefined> {
    return this.#started.promise;
  }

  /** Ends the start: well, or with a reason. */
  endStart(reason?: string): void {
    if (this.state === "starting") this.state = "started";
    this.#started.resolve(reason);
  }

  endRequests(): void {
    this.#drained.resolve();
  }

  cutVolumes(): void {}

  adoptPolicies(): void {
    assert.notEqual(this.state, "closed");
    this.policies = "new";
  }

  sendAwayWaiting(): void {}

  async drain(): Promise<number> {
    this.state = "draining";
    await this.#drained.promise;
    await this.close();
    return 0;
  }

  close(): Promise<void> {
    this.state = "closed";
    this.#started.resolve("it was closed");
    this.#drained.resolve();
    return Promise.resolve();
  }
}

function version(id: string): WorkloadVersion {
  return { spec: workloadSpec([]), components: new Map(), fingerprint: id };
}

class Bench {
  readonly made: FakeWorkload[] = [];
  /** What the router knows. */
  routed: FakeWorkload | undefined;
  empties = 0;
  readonly slot: WorkloadSlot<FakeWorkload> = new WorkloadSlot<FakeWorkload>({
    make: ({ fingerprint }) => {
      const workload = new FakeWorkload(fingerprint);
      this.made.push(workload);
      return workload;
    },
    onSwapped: () => void (this.routed = this.slot.current),
    drainMs: 1_000,
    onEmpty: () => void this.empties++,
  });

  last(): FakeWorkload {
    const last = this.made.at(-1);
    assert.ok(last !== undefined);
    return last;
  }

  states(): readonly string[] {
    return this.made.map(({ id, state }) => `${id} ${state}`);
  }
}

async function served(): Promise<Bench> {
  const bench = new Bench();
  bench.slot.open(version("1")).start();
  bench.routed = bench.slot.current;
  return bench;
}

test("WorkloadSlot.replace: the router has the new one only when it is started, and the old one drains", async () => {
  const bench = await served();
  const outcome = bench.slot.replace(version("2"));
  await settle();
  assert.equal(bench.routed?.id, "1");
  bench.last().endStart();
  assert.deepEqual(await outcome, { kind: "replaced" });
  assert.equal(bench.routed?.id, "2");
  assert.deepEqual(bench.states(), ["1 draining", "2 started"]);
  assert.equal(bench.made[0]?.policies, "new");
  bench.made[0]?.endRequests();
  await settle();
  assert.deepEqual(bench.states(), ["1 closed", "2 started"]);
  assert.equal(bench.empties, 0);
});

test("WorkloadSlot.replace: the first version serves before it is started", async () => {
  const bench = new Bench();
  assert.deepEqual(await bench.slot.replace(version("1")), { kind: "added" });
  assert.deepEqual([bench.routed?.id, bench.routed?.state], ["1", "starting"]);
});

test("WorkloadSlot.replace: a version that does not start is destroyed, and the old one goes on", async () => {
  const bench = await served();
  const outcome = bench.slot.replace(version("2"));
  await settle();
  bench.last().endStart("it trapped");
  assert.deepEqual(await outcome, { kind: "kept", reason: "it trapped" });
  assert.equal(bench.routed?.id, "1");
  assert.deepEqual(bench.states(), ["1 starting", "2 closed"]);
  assert.equal(bench.made[0]?.policies, undefined);
});

test("WorkloadSlot.replace: the latest wins", async () => {
  const bench = await served();
  const outcomes = ["2", "3", "4"].map((id) => bench.slot.replace(version(id)));
  await settle();
  assert.equal(bench.slot.wanted?.fingerprint, "4");
  bench.last().endStart();
  assert.deepEqual((await Promise.all(outcomes)).map(({ kind }) => kind), ["superseded", "superseded", "replaced"]);
  assert.equal(bench.routed?.id, "4");
  assert.ok(bench.made.every(({ id, state }) => id === "1" || id === "4" || state === "closed"));
});

test("WorkloadSlot.replace: it waits while too many versions drain, and cuts none of them", async () => {
  const bench = await served();
  for (const id of ["2", "3", "4", "5"]) {
    const outcome = bench.slot.replace(version(id));
    await settle();
    bench.last().endStart();
    await outcome;
  }
  assert.equal(bench.slot.drainingCount, 4);
  const outcome = bench.slot.replace(version("6"));
  await settle();
  assert.equal(bench.last().id, "5", "not even made");
  bench.made[2]?.endRequests();
  await settle();
  bench.last().endStart();
  assert.deepEqual(await outcome, { kind: "replaced" });
  assert.deepEqual(bench.states(), ["1 draining", "2 draining", "3 closed", "4 draining", "5 draining", "6 started"]);
});

test("WorkloadSlot.remove: out of the router, drained, and then empty; a candidate goes with it", async () => {
  const bench = await served();
  const outcome = bench.slot.replace(version("2"));
  await settle();
  assert.equal(await bench.slot.remove(), true);
  assert.equal((await outcome).kind, "superseded");
  assert.equal(bench.routed, undefined);
  assert.deepEqual([bench.states(), bench.empties], [["1 draining", "2 closed"], 0]);
  bench.made[0]?.endRequests();
  await settle();
  assert.equal(bench.empties, 1);
  assert.equal(await bench.slot.remove(), false);
});

test("WorkloadSlot.close: in the middle of everything, nothing is left and nothing comes", async () => {
  const bench = await served();
  const first = bench.slot.replace(version("2"));
  await settle();
  bench.last().endStart();
  await first;
  const second = bench.slot.replace(version("3"));
  await settle();
  await bench.slot.close();
  assert.equal((await second).kind, "superseded");
  assert.equal((await bench.slot.replace(version("4"))).kind, "superseded");
  assert.deepEqual(bench.states(), ["1 closed", "2 closed", "3 closed"]);
});

test("WorkloadSlot: whatever happens, one version serves and the others end", async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("replace" as const) }),
    fc.record({ do: fc.constant("start" as const), at: fc.nat(7), isGood: fc.boolean() }),
    fc.record({ do: fc.constant("end" as const), at: fc.nat(7) }),
    fc.record({ do: fc.constant("remove" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
      const bench = new Bench();
      let nextId = 1;
      for (const each of steps) {
        if (each.do === "replace") void bench.slot.replace(version(String(nextId++)));
        else if (each.do === "remove") void bench.slot.remove();
        else if (each.do === "start") bench.made[each.at]?.endStart(each.isGood ? undefined : "no");
        else bench.made[each.at]?.endRequests();
        await settle();
        assert.equal(bench.routed, bench.slot.current, "the router knows");
        const { routed } = bench;
        assert.ok(routed === undefined || routed.state === "starting" || routed.state === "started");
        const draining = bench.made.filter(({ state }) => state === "draining");
        assert.equal(draining.length, bench.slot.drainingCount);
        assert.ok(draining.length <= 4);
        const alive = bench.made.filter((workload) => workload !== routed && workload.state.startsWith("start"));
        assert.ok(alive.length <= 1, "one candidate");
      }
      await bench.slot.close();
      assert.ok(bench.made.every(({ state }) => state === "closed"));
    }),
    { numRuns: 60 },
  );
});
