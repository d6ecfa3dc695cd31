import assert from "node:assert/strict";
import { test } from "node:test";
import { ReadTurns } from "./read_turns.ts";

/** Turns that come when a test says so, of `tookMs` each as it says. */
class Bench {
  nowMs = 0;
  readonly timers: { readonly delayMs: number; readonly fire: () => void }[] = [];
  readonly read: string[] = [];
  readonly turns: ReadTurns;
  readonly #due: (() => void)[] = [];

  constructor() {
    const clock = {
      monotonicMs: () => this.nowMs,
      startTimer: (delayMs: number, fire: () => void) => (this.timers.push({ delayMs, fire }), () => {}),
    };
    this.turns = new ReadTurns(clock, (fire) => void this.#due.push(fire));
  }

  wait(name: string, tookMs = 0): () => void {
    return this.turns.wait(() => {
      this.read.push(name);
      this.nowMs += tookMs;
    });
  }

  /** How many are read in each of so many turns. */
  turn(times: number): readonly number[] {
    return Array.from({ length: times }, () => {
      const before = this.read.length;
      for (const fire of this.#due.splice(0)) fire();
      return this.read.length - before;
    });
  }
}

test("ReadTurns: one in each turn, in the order of asking; who gives up is passed over", () => {
  const bench = new Bench();
  for (const name of ["a", "b", "c", "d"]) {
    const cancel = bench.wait(name);
    if (name === "b") cancel();
  }
  assert.deepEqual(bench.read, []);
  assert.deepEqual(bench.turn(4), [1, 1, 1, 0]);
  assert.deepEqual(bench.read, ["a", "c", "d"]);
});

test("ReadTurns: one that asks again, or after all have given up, has its turn", () => {
  const bench = new Bench();
  let reads = 0;
  bench.turns.wait(assert.fail)();
  const again = (): void => {
    reads++;
    if (reads < 3) bench.turns.wait(again);
  };
  bench.turns.wait(again);
  bench.turn(10);
  assert.equal(reads, 3);
});

test("ReadTurns: after a turn that took long as much time is left to others", () => {
  const bench = new Bench();
  // What it took is seen in the turn behind it.
  for (const [name, tookMs] of [["short", 5], ["long", 60], ["last", 1_000]] as const) bench.wait(name, tookMs);
  bench.turn(10);
  assert.deepEqual(bench.read, ["short", "long"]);
  assert.deepEqual(bench.timers.map(({ delayMs }) => delayMs), [60]);
  bench.timers[0]?.fire();
  bench.turn(10);
  assert.deepEqual(bench.read, ["short", "long", "last"]);
  assert.deepEqual(bench.timers.map(({ delayMs }) => delayMs), [60, 100], "not all of a long turn can be of one piece");
  // Nobody waits: whoever comes then has the next turn.
  bench.timers[1]?.fire();
  bench.wait("later");
  bench.turn(3);
  assert.equal(bench.read.at(-1), "later");
});
