import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { frameMessage, FrameReader } from "./dns_framing.ts";
import { MESSAGE_BYTES_MAX } from "./dns_message.ts";

test("FrameReader puts a framed message together from any pieces", () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 5 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), cuts, (message, cuts) => {
    const framed = frameMessage(message);
    const reader = new FrameReader();
    let found: ReturnType<FrameReader["push"]>;
    let start = 0;
    for (const end of [...cuts.sort((one, other) => one - other), framed.length]) {
      if (end < start) continue;
      assert.equal(found, undefined, "not before the last byte");
      found = reader.push(framed.subarray(start, end));
      start = Math.min(end, framed.length);
      if (start === framed.length) break;
    }
    assert.deepEqual(found, message);
  }));
});

test("FrameReader does not look at what follows the message", () => {
  const reader = new FrameReader();
  assert.deepEqual(reader.push(Uint8Array.of(0, 1, 7, 255, 255, 255)), Uint8Array.of(7));
});

test("FrameReader refuses a message by its length, before any of it came", () => {
  assert.equal(new FrameReader().push(Uint8Array.of(0xff, 0xff)), "too-long");
  const over = MESSAGE_BYTES_MAX + 1;
  assert.equal(new FrameReader().push(Uint8Array.of(over >> 8, over & 0xff)), "too-long");
  const most = new FrameReader();
  assert.equal(most.push(Uint8Array.of(MESSAGE_BYTES_MAX >> 8, MESSAGE_BYTES_MAX & 0xff)), undefined);
  assert.equal(most.push(new Uint8Array(MESSAGE_BYTES_MAX - 1)), undefined);
  assert.deepEqual(most.push(new Uint8Array(1)), new Uint8Array(MESSAGE_BYTES_MAX));
});
