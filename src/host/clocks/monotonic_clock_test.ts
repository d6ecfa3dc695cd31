import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../../test/support/fake_clock.ts";
import { fakeContext } from "../../../test/support/host_context.ts";
import { HostTrap } from "../../base/errors.ts";
import { poll, type Pollable } from "../io/poll.ts";
import { monotonicClockInterface } from "./monotonic_clock.ts";

const U64_MAX = 0xffff_ffff_ffff_ffffn;
const MS = 1_000_000n;

function open() {
  const context = fakeContext();
  const { clock, counters } = context;
  return { clock, counters, monotonic: monotonicClockInterface(context) };
}

function drop(...pollables: readonly Pollable[]): void {
  for (const pollable of pollables) pollable[Symbol.dispose]();
}

test("monotonic-clock.now is the clock's time and goes on", async () => {
  const { clock, monotonic } = open();
  const start = monotonic.now();
  await clock.advanceMs(1.5);
  assert.equal(monotonic.now() - start, 1_500_000n);
  assert.equal(monotonic.resolution(), 1n);
});

test("monotonic-clock.subscribe-* starts no timer until somebody waits, and stops it at the drop", async () => {
  const { clock, counters, monotonic } = open();
  const pollables = [
    monotonic.subscribeDuration(5n * MS),
    monotonic.subscribeDuration(U64_MAX),
    monotonic.subscribeInstant(U64_MAX),
  ];
  assert.equal(clock.timersArmed, 0);
  assert.deepEqual(pollables.map((pollable) => pollable.ready()), [false, false, false]);
  const waits = pollables.map((pollable) => assert.rejects(Promise.resolve(pollable.block()), HostTrap));
  assert.equal(clock.timersArmed, 3);
  drop(...pollables);
  await Promise.all(waits);
  assert.equal(clock.timersArmed, 0);
  assert.equal(counters.get("pollables"), 0);
});

const DUE: readonly (readonly [name: string, dueInNs: bigint, readyAfterMs: number])[] = [
  ["a whole number of milliseconds", 7n * MS, 7],
  ["a fraction of a millisecond", 1n, 1],
  ["a millisecond and a bit", MS + 1n, 2],
];
for (const [name, dueInNs, readyAfterMs] of DUE) {
  test(`monotonic-clock.subscribe-duration of ${name} is never ready too early`, async () => {
    const { clock, monotonic } = open();
    const pollable = monotonic.subscribeDuration(dueInNs);
    let isOver = false;
    const blocked = Promise.resolve(pollable.block()).then(() => {
      isOver = true;
    });
    await clock.advanceMs(Number(dueInNs - 1n) / 1e6);
    assert.deepEqual([isOver, pollable.ready()], [false, false]);
    await clock.advanceMs(readyAfterMs);
    await blocked;
    assert.equal(pollable.ready(), true);
    assert.equal(pollable.block(), undefined);
    assert.equal(clock.timersArmed, 0);
    drop(pollable);
  });
}

test("monotonic-clock.subscribe-* of what is past is ready at once", () => {
  const { clock, monotonic } = open();
  const pollables = [
    monotonic.subscribeDuration(0n),
    monotonic.subscribeInstant(0n),
    monotonic.subscribeInstant(monotonic.now()),
  ];
  assert.deepEqual(poll(pollables), Uint32Array.of(0, 1, 2));
  assert.equal(clock.timersArmed, 0);
  drop(...pollables);
});

test("poll over timers wakes for the first, and withdraws the others", async () => {
  const { clock, monotonic } = open();
  const late = monotonic.subscribeDuration(9n * MS);
  const early = monotonic.subscribeInstant(monotonic.now() + 3n * MS);
  const answer = poll([late, early, late]);
  assert.equal(clock.timersArmed, 2, "the one that is in the list twice has one timer");
  await clock.advanceMs(3);
  assert.deepEqual(await answer, Uint32Array.of(1));
  assert.equal(clock.timersArmed, 0);
  drop(late, early);
});

test("a timer that fires early wakes nobody", async () => {
  const { clock, monotonic } = open();
  const pollable = monotonic.subscribeDuration(10n * MS);
  const start = clock.startTimer.bind(clock);
  clock.startTimer = (delayMs, fire) => start(delayMs / 2, fire);
  let isOver = false;
  const blocked = Promise.resolve(pollable.block()).then(() => {
    isOver = true;
  });
  await clock.advanceMs(9);
  await settle();
  assert.equal(isOver, false);
  assert.equal(clock.timersArmed, 1);
  await clock.advanceMs(1);
  await blocked;
  drop(pollable);
});
