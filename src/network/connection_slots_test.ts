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
