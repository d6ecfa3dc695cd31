import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HeldBytes } from "./held_bytes.ts";

test("HeldBytes refuses more than it has room for, and keeps what it has", () => {
  const held = new HeldBytes(4);
  held.push(Uint8Array.of(1, 2, 3));
  assert.throws(() => held.push(Uint8Array.of(4, 5)), RangeError);
  assert.equal(held.room, 1);
  assert.deepEqual(held.peek(9), Uint8Array.of(1, 2, 3));
});

test("HeldBytes is a queue of bytes", () => {
  const step = fc.oneof(
    fc.record({ verb: fc.constant("push" as const), bytes: fc.uint8Array({ maxLength: 3_000 }) }),
    fc.record({ verb: fc.constant("drop" as const), length: fc.nat(4_000) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const held = new HeldBytes(8_192);
    let model: number[] = [];
    for (const one of steps) {
      if (one.verb === "drop") {
        held.drop(one.length);
        model = model.slice(one.length);
      } else if (one.bytes.length <= held.room) {
        held.push(one.bytes);
        model.push(...one.bytes);
      }
      assert.equal(held.length, model.length);
      assert.equal(held.room, 8_192 - model.length);
      assert.deepEqual(held.peek(100), Uint8Array.from(model.slice(0, 100)));
    }
  }));
});
