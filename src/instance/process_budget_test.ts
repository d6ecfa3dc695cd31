import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FakeClock } from "../../test/support/fake_clock.ts";
import { IDLE_MS_MAX, IdleInstance, placesOf, ProcessBudget, type WorkloadBudget } from "./process_budget.ts";

const PAGE = 65_536;

function open(
  limits: Partial<{ instancesMax: number; stacksMax: number; memoryBytesMax: number }> = {},
  options: { readonly hostBytesMax?: number } = {},
) {
  const clock = new FakeClock();
  const process = { instancesMax: 100, stacksMax: 100, memoryBytesMax: 100 * PAGE, ...limits };
  return { clock, budget: new ProcessBudget(process, { clock, ...options }) };
}

/** An idle instance of the workload that holds pages. */
function idle(workload: WorkloadBudget, options: { readonly pages?: number; readonly onEvict?: () => void } = {}) {
  assert.equal(workload.takeInstance(), undefined);
  const pages = workload.openPages({ memoryBytesMax: 1e12, onLimit: () => {} });
  assert.ok(pages.take(options.pages ?? 0));
  const instance = new IdleInstance(() => {
    workload.removeIdle(instance);
    pages.close();
    workload.giveInstance();
    options.onEvict?.();
  });
  workload.addIdle(instance);
  return instance;
}

test("ProcessBudget: past a workload's instances its own idle ones go first, then it is refused; others are not", () => {
  const { budget } = open();
  const workload = budget.openWorkload(3);
  const other = budget.openWorkload(3);
  const evicted: string[] = [];
  idle(other, { onEvict: () => evicted.push("other") });
  idle(workload, { onEvict: () => evicted.push("first") });
  idle(workload, { onEvict: () => evicted.push("second") });
  for (let count = 0; count < 3; count++) assert.equal(workload.takeInstance(), undefined);
  assert.deepEqual(evicted, ["first", "second"]);
  assert.equal(workload.takeInstance(), "instances");
  assert.equal(other.takeInstance(), undefined);
});

test("ProcessBudget: past the process's instances the longest idle of all workloads goes first, then 503", () => {
  const { budget } = open({ instancesMax: 3 });
  const [a, b] = [budget.openWorkload(10), budget.openWorkload(10)];
  const evicted: string[] = [];
  idle(a, { onEvict: () => evicted.push("a1") });
  idle(b, { onEvict: () => evicted.push("b1") });
  idle(a, { onEvict: () => evicted.push("a2") });
  for (let count = 0; count < 3; count++) assert.equal(a.takeInstance(), undefined);
  assert.deepEqual(evicted, ["a1", "b1", "a2"]);
  assert.equal(b.takeInstance(), "processInstances");
  a.giveInstance();
  assert.equal(b.takeInstance(), undefined);
  assert.equal(budget.usage.instances, 3);
});

test("ProcessBudget: as many stacks as there may be, and no idle instance has one", () => {
  const { budget } = open({ stacksMax: 2 });
  const workload = budget.openWorkload(10);
  idle(workload);
  assert.deepEqual([workload.takeStack(), workload.takeStack(), workload.takeStack()], [
    undefined,
    undefined,
    "stacks",
  ]);
  workload.giveStack();
  assert.equal(workload.takeStack(), undefined);
});

test("ProcessBudget: calls between components have the stacks that other workloads leave, and no more than 1,024 beyond a workload's instances", () => {
  const { budget } = open({ stacksMax: 5_000 });
  const workload = budget.openWorkload(10);
  const host = workload.openHost({ onLimit: () => {} });
  let count = 0;
  while (host.takeStack()) count++;
  assert.deepEqual([count, budget.openWorkload(10).takeStack()], [1_034, undefined]);
  for (; count > 0; count--) host.giveStack();
  assert.equal(workload.takeStack(), undefined);
});

test("ProcessBudget: an instance with many memories takes many places", () => {
  const { budget } = open({ instancesMax: 10 });
  const workload = budget.openWorkload(8);
  assert.deepEqual([0, 1, 4, 5, 30].map((memoryCount) => placesOf({ memoryCount })), [1, 1, 1, 2, 8]);
  assert.deepEqual([workload.takeInstance(9), workload.takeInstance(5)], ["instances", undefined]);
  const other = budget.openWorkload(100);
  assert.deepEqual([other.takeInstance(11), other.takeInstance(6)], ["processInstances", "processInstances"]);
  idle(workload);
  assert.equal(other.takeInstance(5), undefined, "the idle one of the other workload has gone");
  workload.giveInstance(5);
  other.giveInstance(5);
  assert.equal(budget.usage.instances, 0);
});

test("InstanceHost: 64 KiB of an instance are free, a workload has a quarter, and idle instances go for it", () => {
  const { budget } = open({}, { hostBytesMax: 1_000_000 });
  const [greedy, modest] = [budget.openWorkload(10), budget.openWorkload(10)];
  const limits: string[] = [];
  const onLimit = (limit: string): void => void limits.push(limit);
  const [first, second] = [greedy.openHost({ onLimit }), greedy.openHost({ onLimit })];
  assert.deepEqual([first.hold(65_536), budget.usage.hostBytes], [true, 0]);
  assert.deepEqual([first.hold(250_000), budget.usage.hostBytes], [true, 250_000]);
  assert.deepEqual([second.hold(65_536), second.hold(1), limits], [true, false, ["processMemory"]]);
  assert.equal(modest.openHost({ onLimit }).hold(300_000), true, "its neighbour notices nothing");
  first.letGo(1_000);
  assert.equal(second.hold(1_000), true);
  first.close();
  second.close();
  assert.deepEqual([second.hold(1e9), budget.usage.hostBytes], [true, 300_000 - 65_536]);
});

test("InstancePages: its own limit, over all memories; nothing is taken when it is refused", () => {
  const { budget } = open();
  const limits: string[] = [];
  const pages = budget.openWorkload(1).openPages({
    memoryBytesMax: 10 * PAGE + 1,
    onLimit: (limit) => limits.push(limit),
  });
  assert.deepEqual([pages.take(6), pages.take(5), pages.take(4), pages.take(1)], [true, false, true, false]);
  assert.deepEqual([limits, budget.usage.pages], [["memory", "memory"], 10]);
  pages.giveBack(3);
  assert.equal(pages.take(3), true);
  pages.close();
  pages.close();
  pages.giveBack(5);
  assert.equal(budget.usage.pages, 0);
});

test("InstancePages: past the process's memory idle instances go, the longest first, and then it is refused", () => {
  const { budget } = open();
  const [a, b] = [budget.openWorkload(10), budget.openWorkload(10)];
  const evicted: string[] = [];
  idle(a, { pages: 40, onEvict: () => evicted.push("a") });
  idle(b, { pages: 40, onEvict: () => evicted.push("b") });
  const limits: string[] = [];
  const pages = b.openPages({ memoryBytesMax: 1e12, onLimit: (limit) => limits.push(limit) });
  assert.equal(pages.take(101), false);
  assert.deepEqual(evicted, [], "what can never fit evicts nobody");
  assert.equal(pages.take(30), true);
  assert.deepEqual(evicted, ["a"]);
  assert.equal(pages.take(71), false);
  assert.deepEqual([evicted, limits], [["a", "b"], ["processMemory", "processMemory"]]);
});

test("ProcessBudget: who is idle for a minute goes, with one timer for all", async () => {
  const { clock, budget } = open();
  const workload = budget.openWorkload(100);
  const evicted: number[] = [];
  for (let index = 0; index < 10; index++) {
    idle(workload, { onEvict: () => evicted.push(index) });
    await clock.advanceMs(IDLE_MS_MAX / 20);
  }
  assert.equal(clock.timersArmed, 1);
  await clock.advanceMs(IDLE_MS_MAX / 2);
  assert.deepEqual(evicted, [0]);
  await clock.advanceMs(IDLE_MS_MAX);
  assert.deepEqual([evicted.length, clock.timersArmed, budget.usage.instances], [10, 0, 0]);
});

test("ProcessBudget: no timer after a turn that leaves nobody idle, nor after the last instance", async () => {
  const { clock, budget } = open();
  const workload = budget.openWorkload(1);
  const instance = idle(workload);
  workload.removeIdle(instance);
  assert.equal(clock.timersArmed, 1, "it may be idle again in this turn");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(clock.timersArmed, 0);
  workload.addIdle(instance);
  assert.equal(clock.timersArmed, 1);
  workload.removeIdle(instance);
  workload.giveInstance();
  assert.equal(clock.timersArmed, 0);
});

test("ProcessBudget: 1,000 workloads that all ask for their maximum stay within the process's", () => {
  const limits = { instancesMax: 4_000, stacksMax: 3_000, memoryBytesMax: 4 * 1024 ** 3 };
  const { budget } = open(limits);
  const refused: Record<string, number> = {};
  const held: { workload: WorkloadBudget; pages: ReturnType<WorkloadBudget["openPages"]>; hasStack: boolean }[] = [];
  const workloads = Array.from({ length: 1_000 }, () => budget.openWorkload(1_024));
  for (let round = 0; round < 8; round++) {
    for (const workload of workloads) {
      const refusal = workload.takeInstance();
      if (refusal !== undefined) {
        refused[refusal] = (refused[refusal] ?? 0) + 1;
        continue;
      }
      const hasStack = workload.takeStack() === undefined;
      const onLimit = (limit: string): void => void (refused[limit] = (refused[limit] ?? 0) + 1);
      const pages = workload.openPages({ memoryBytesMax: 128 * 1024 ** 2, onLimit });
      for (let ask = 0; ask < 4; ask++) pages.take(512);
      held.push({ workload, pages, hasStack });
    }
    const { instances, stacks, pages } = budget.usage;
    assert.ok(instances <= limits.instancesMax && stacks <= limits.stacksMax && pages <= limits.memoryBytesMax / PAGE);
  }
  assert.deepEqual({ ...budget.usage }, { instances: 4_000, stacks: 3_000, pages: 65_536, hostBytes: 0, idle: 0 });
  assert.deepEqual(refused, { processInstances: 4_000, processMemory: 4_000 * 4 - 128 });
  for (const { workload, pages, hasStack } of held) {
    pages.close();
    workload.giveInstance();
    if (hasStack) workload.giveStack();
  }
  assert.deepEqual({ ...budget.usage }, { instances: 0, stacks: 0, pages: 0, hostBytes: 0, idle: 0 });
});

test("ProcessBudget: whatever is taken, given and left idle, no limit is passed and everything comes back", () => {
  const action = fc.record({
    what: fc.constantFrom("take", "give", "rest", "wake", "grow"),
    workload: fc.nat(2),
    pages: fc.nat(60),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const { clock, budget } = open({ instancesMax: 5 });
      const workloads = [1, 3, 9].map((max) => budget.openWorkload(max));
      type Busy = { workload: WorkloadBudget; pages: ReturnType<WorkloadBudget["openPages"]> };
      const busy: Busy[] = [];
      const resting = new Map<IdleInstance, Busy>();
      const end = ({ workload, pages }: Busy): void => {
        pages.close();
        workload.giveInstance();
      };
      for (const { what, workload: at, pages: count } of actions) {
        const workload = workloads[at];
        assert.ok(workload !== undefined);
        const first = busy[0];
        const [idleFirst] = resting;
        if (what === "take" && workload.takeInstance() === undefined) {
          busy.push({ workload, pages: workload.openPages({ memoryBytesMax: 50 * PAGE, onLimit: () => {} }) });
        } else if (what === "give" && first !== undefined) {
          busy.shift();
          end(first);
        } else if (what === "rest" && first !== undefined) {
          busy.shift();
          const instance = new IdleInstance(() => {
            resting.delete(instance);
            first.workload.removeIdle(instance);
            end(first);
          });
          resting.set(instance, first);
          first.workload.addIdle(instance);
        } else if (what === "wake" && idleFirst !== undefined) {
          const [instance, woken] = idleFirst;
          resting.delete(instance);
          woken.workload.removeIdle(instance);
          busy.push(woken);
        } else if (what === "grow" && first !== undefined) first.pages.take(count);
        const { instances, pages, idle: idleCount } = budget.usage;
        assert.ok(instances <= 5 && pages <= 100);
        assert.equal(instances, busy.length + resting.size);
        assert.equal(idleCount, resting.size);
      }
      for (const each of busy) end(each);
      for (const instance of resting.keys()) instance.evict("closed");
      assert.deepEqual({ ...budget.usage }, { instances: 0, stacks: 0, pages: 0, hostBytes: 0, idle: 0 });
      assert.equal(clock.timersArmed, 0);
    }),
  );
});

const FIRST = { places: 1, stacks: 1, pages: 10 };

test("ProcessBudget: a workload's first instance can be had whatever its neighbours hold, idle or busy", () => {
  const { budget } = open({ instancesMax: 10, stacksMax: 10, memoryBytesMax: 100 * PAGE });
  const greedy = budget.openWorkload(100);
  const modest = budget.openWorkload(100, FIRST);
  const evicted: string[] = [];
  idle(modest, { pages: 10, onEvict: () => evicted.push("modest") });
  while (greedy.takeInstance() === undefined);
  while (greedy.takeStack() === undefined);
  const pages = greedy.openPages({ memoryBytesMax: 1e12, onLimit: () => {} });
  while (pages.take(1));
  assert.deepEqual(evicted, [], "what is its own stays");
  assert.deepEqual(budget.usage, { instances: 10, stacks: 9, pages: 100, hostBytes: 0, idle: 1 });
  // Another component of it needs the place: its own idle one goes.
  assert.equal(modest.takeInstance(), undefined);
  assert.equal(modest.takeStack(), undefined);
  const own = modest.openPages({ memoryBytesMax: 1e12, onLimit: () => {} });
  assert.ok(own.take(10));
  assert.deepEqual(evicted, ["modest"]);
  // More is for those that are quick.
  assert.equal(modest.takeInstance(), "processInstances");
  assert.equal(modest.takeStack(), "stacks");
  assert.equal(own.take(1), false);
});

test("ProcessBudget: idle instances beyond what is a workload's own are given up for others, the longest idle first", () => {
  const { budget } = open({ instancesMax: 10, memoryBytesMax: 1000 * PAGE });
  const [a, b] = [budget.openWorkload(100, FIRST), budget.openWorkload(100, FIRST)];
  const evicted: string[] = [];
  idle(b, { onEvict: () => evicted.push("b1") });
  for (const name of ["a1", "a2", "a3"]) idle(a, { onEvict: () => evicted.push(name) });
  const other = budget.openWorkload(100, FIRST);
  while (other.takeInstance() === undefined);
  assert.deepEqual(evicted, ["a1", "a2"]);
  assert.equal(other.instanceCount, 8);
  a.close();
  b.close();
  assert.equal(other.takeInstance(), undefined, "nothing is kept for those that are closed");
});
