import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionSlots } from "./connection_slots.ts";

test("ConnectionSlots: no more than there are, each released once", () => {
  const slots = new ConnectionSlots(2);
  const [first, second] = [slots.take(), slots.take()];
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(slots.take(), undefined);
  first();
  first();
  assert.equal(slots.taken, 1);
  assert.ok(slots.take() !== undefined);
  assert.equal(slots.take(), undefined);
});

test("ConnectionSlots: workloads share a total; the longest idle one of all goes for whoever needs a slot, once", () => {
  const total = new ConnectionSlots(3);
  const [one, other] = [new ConnectionSlots(3, total), new ConnectionSlots(3, total)];
  const evicted: string[] = [];
  const open = (slots: ConnectionSlots, name: string): void => {
    const release = slots.take() ?? assert.fail(name);
    const withdraw = slots.offer(() => {
      evicted.push(name);
      // As the pool does: the connection ends, and is idle no more.
      withdraw();
      release();
    });
  };
  open(one, "one's first");
  open(other, "other's");
  open(one, "one's second");
  const busy = [other.take(), other.take()];
  assert.deepEqual([evicted, busy.includes(undefined)], [["one's first", "other's"], false]);
  assert.deepEqual([one.taken, other.taken, total.taken], [1, 2, 3]);
  const last = other.take();
  assert.ok(last !== undefined);
  assert.deepEqual([evicted.at(-1), one.taken, one.take()], ["one's second", 0, undefined]);
  assert.deepEqual([one.isFull, total.isFull], [false, true]);
  for (const release of [...busy, last]) release?.();
  assert.deepEqual([other.taken, total.taken], [0, 0]);
});

test("ConnectionSlots: the longest idle one goes first, and none that is busy again", () => {
  const slots = new ConnectionSlots(3);
  const evicted: string[] = [];
  const withdraws = ["a", "b", "c"].map((name) => {
    const release = slots.take();
    assert.ok(release !== undefined);
    return slots.offer(() => {
      evicted.push(name);
      release();
    });
  });
  withdraws[0]?.();
  assert.ok(slots.take() !== undefined);
  assert.ok(slots.take() !== undefined);
  assert.equal(slots.take(), undefined);
  assert.deepEqual(evicted, ["b", "c"]);
  assert.equal(slots.taken, 3);
});
