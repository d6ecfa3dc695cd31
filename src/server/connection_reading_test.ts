import assert from "node:assert/strict";
import { test } from "node:test";
import { CHEAP_PARTS_MAX, ConnectionReading, SMALL_PART_BYTES } from "./connection_reading.ts";
import type { ReadTurns } from "./read_turns.ts";

/** A connection whose turns come when a test says so. */
class Bench {
  readonly asked: string[] = [];
  readonly waiting = new Set<() => void>();
  readonly reading: ConnectionReading;

  constructor() {
    const wait = (read: () => void): () => void => {
      this.waiting.add(read);
      return () => void this.waiting.delete(read);
    };
    this.reading = new ConnectionReading({
      turns: { wait } as ReadTurns,
      stop: () => void this.asked.push("stop"),
      goOn: () => void this.asked.push("go on"),
    });
  }

  /** So many parts of a body. */
  come(count: number, bytes = 1): void {
    for (let part = 0; part < count; part++) this.reading.count(bytes);
  }

  /** One turn; returns how many waited for it. */
  turn(): number {
    const due = [...this.waiting];
    this.waiting.clear();
    for (const read of due) read();
    return due.length;
  }
}

test("ConnectionReading: after many small parts nothing is read before a turn, and the rest of a piece asks for no other", () => {
  const bench = new Bench();
  bench.come(CHEAP_PARTS_MAX - 1, SMALL_PART_BYTES - 1);
  bench.come(10_000, SMALL_PART_BYTES);
  assert.deepEqual(bench.asked, [], "larger ones are as cheap as any");
  bench.come(1);
  assert.deepEqual(bench.asked, ["stop"]);
  bench.come(10_000);
  assert.deepEqual(bench.asked, ["stop"]);
  assert.equal(bench.turn(), 1);
  assert.deepEqual(bench.asked, ["stop", "go on"]);
  bench.come(CHEAP_PARTS_MAX - 1);
  assert.equal(bench.reading.isStopped, false);
  bench.come(1);
  assert.equal(bench.turn(), 1);
  assert.deepEqual(bench.asked, ["stop", "go on", "stop", "go on"]);
});

test("ConnectionReading: it is read on when nothing holds it any more", () => {
  const { reading, asked, waiting } = new Bench();
  reading.release("body");
  assert.deepEqual(asked, []);
  reading.hold("body");
  reading.hold("ahead");
  reading.hold("body");
  reading.release("body");
  assert.equal(reading.isStopped, true);
  reading.release("ahead");
  assert.deepEqual(asked, ["stop", "go on"]);
  assert.equal(waiting.size, 0, "what is cheap is read at once");
});

test("ConnectionReading: a dear one that was held waits for a turn when it is let go, whatever turn came before", () => {
  for (const order of ["held first", "dear first"]) {
    const bench = new Bench();
    if (order === "held first") bench.reading.hold("body");
    bench.come(CHEAP_PARTS_MAX);
    if (order !== "held first") bench.reading.hold("body");
    bench.turn();
    assert.deepEqual(bench.asked, ["stop"], order);
    bench.reading.release("body");
    assert.deepEqual(bench.asked, ["stop"], order);
    assert.equal(bench.turn(), 1, order);
    assert.deepEqual(bench.asked, ["stop", "go on"], order);
  }
});

test("ConnectionReading: at its end it is read on at once, and never stopped again", () => {
  const bench = new Bench();
  bench.come(CHEAP_PARTS_MAX);
  bench.reading.hold("body");
  bench.reading.end();
  bench.reading.end();
  assert.deepEqual(bench.asked, ["stop", "go on"]);
  assert.equal(bench.turn(), 0, "the wait was given up");
  bench.reading.hold("ahead");
  bench.come(CHEAP_PARTS_MAX);
  assert.deepEqual(bench.asked, ["stop", "go on"]);
});
