import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeSource } from "../../../test/support/fake_streams.ts";
import { settle } from "../../../test/support/fake_clock.ts";
import { HostTrap } from "../../base/errors.ts";
import { ALWAYS_READY } from "../../base/waitable.ts";
import { LiveCounters } from "../../telemetry/live_counters.ts";
import { poll, POLL_LIST_MAX, Pollable } from "./poll.ts";
import { ReadyWait } from "./wait.ts";

interface Bench {
  readonly counters: LiveCounters;
  readonly sources: readonly FakeSource[];
  readonly pollables: readonly Pollable[];
}

/** Pollables on sources that are not ready until something is pushed. */
function openPollables(count: number): Bench {
  const counters = new LiveCounters();
  const sources = Array.from({ length: count }, () => new FakeSource());
  return { counters, sources, pollables: sources.map((source) => new Pollable(source, { counters })) };
}

function drop(bench: Bench): void {
  for (const pollable of bench.pollables) pollable[Symbol.dispose]();
  assert.equal(bench.counters.get("pollables"), 0);
  for (const source of bench.sources) assert.equal(source.waiting, 0);
}

test("poll traps on an empty list", () => {
  assert.throws(() => poll([]), HostTrap);
});

test("poll traps on a list over its limit, and takes one at it", () => {
  const pollable = new Pollable(ALWAYS_READY, { counters: new LiveCounters() });
  const longest = Array.from({ length: POLL_LIST_MAX }, () => pollable);
  assert.throws(() => poll([...longest, pollable]), HostTrap);
  assert.equal((poll(longest) as Uint32Array).length, POLL_LIST_MAX);
});

test("poll answers at once with all that are ready, in order, duplicates included", () => {
  const bench = openPollables(3);
  const [a, b, c] = bench.pollables as [Pollable, Pollable, Pollable];
  bench.sources[0]?.push("x");
  bench.sources[2]?.end();
  assert.deepEqual(poll([c, b, a, c]), Uint32Array.of(0, 2, 3));
  drop(bench);
});

test("poll waits until one is ready, and leaves no waiter behind", async () => {
  const bench = openPollables(3);
  const [a, b] = bench.pollables as [Pollable, Pollable];
  const answer = poll([...bench.pollables, b, a]);
  assert.ok(answer instanceof ReadyWait);
  assert.deepEqual(bench.sources.map((source) => source.waiting), [1, 1, 1], "duplicates wait once");
  bench.sources[1]?.push("x");
  assert.deepEqual(await answer, Uint32Array.of(1, 3));
  assert.deepEqual(bench.sources.map((source) => source.waiting), [0, 0, 0]);
  drop(bench);
});

test("poll and block do not see wake-ups for nothing", async () => {
  const bench = openPollables(2);
  const [a, b] = bench.pollables as [Pollable, Pollable];
  const seen: string[] = [];
  const polled = Promise.resolve(poll([a, b])).then((ready) => seen.push(`poll ${ready.join()}`));
  const blocked = Promise.resolve(b.block()).then(() => seen.push("block"));
  for (const source of bench.sources) source.wakeForNothing();
  await settle();
  assert.deepEqual(seen, []);
  bench.sources[1]?.push("x");
  await Promise.all([polled, blocked]);
  assert.deepEqual(new Set(seen), new Set(["block", "poll 1"]));
  drop(bench);
});

test("poll looks again when what woke it is over by then", async () => {
  const bench = openPollables(1);
  const [source] = bench.sources as [FakeSource];
  const answer = poll(bench.pollables);
  let isAnswered = false;
  const done = Promise.resolve(answer).then(() => {
    isAnswered = true;
  });
  // Another reader is faster, before the wake-up arrives.
  queueMicrotask(() => source.read(1));
  source.push("x");
  await settle();
  assert.equal(isAnswered, false);
  source.push("y");
  await done;
  drop(bench);
});

test("ready and block answer at once when the thing is ready", () => {
  const pollable = new Pollable(ALWAYS_READY, { counters: new LiveCounters() });
  assert.equal(pollable.ready(), true);
  assert.equal(pollable.block(), undefined);
});

test("a pollable that is dropped during a wait ends it and withdraws from everything", async () => {
  const bench = openPollables(2);
  const [a, b] = bench.pollables as [Pollable, Pollable];
  const polled = poll([a, b]);
  const blocked = b.block();
  b[Symbol.dispose]();
  await assert.rejects(Promise.resolve(polled), HostTrap);
  await assert.rejects(Promise.resolve(blocked), HostTrap);
  drop(bench);
});

test("a resource with a live pollable cannot be dropped", () => {
  const counters = new LiveCounters();
  const parent = new Pollable(ALWAYS_READY, { counters });
  const child = new Pollable(ALWAYS_READY, { counters, parent });
  assert.throws(() => parent[Symbol.dispose](), HostTrap);
  assert.equal(parent.isDropped, false);
  child[Symbol.dispose]();
  child[Symbol.dispose]();
  parent[Symbol.dispose]();
  assert.equal(counters.get("pollables"), 0);
});
