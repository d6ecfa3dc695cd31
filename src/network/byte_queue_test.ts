import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ByteQueue } from "./byte_queue.ts";

test("ByteQueue gives back the same bytes in the same order, whatever the sizes", () => {
  const sizes = fc.oneof(fc.nat(10), fc.nat(9000));
  const step = fc.record({ push: sizes, take: fc.option(sizes.map((size) => size + 1), { nil: undefined }) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const queue = new ByteQueue();
    let [pushed, taken] = [0, 0];
    const take = (bytesMax: number): void => {
      const bytes = queue.take(bytesMax);
      assert.ok(bytes.length <= bytesMax);
      assert.equal(bytes.length === 0, pushed === taken);
      for (const byte of bytes) assert.equal(byte, taken++ % 251);
      bytes.fill(255); // The taker owns them.
    };
    for (const step of steps) {
      const bytes = Uint8Array.from({ length: step.push }, () => pushed++ % 251);
      queue.push(bytes);
      bytes.fill(254); // The giver keeps its own.
      assert.equal(queue.length, pushed - taken);
      if (step.take !== undefined) take(step.take);
    }
    while (queue.length > 0) take(1000);
    assert.equal(taken, pushed);
  }));
});

test("ByteQueue copies a Buffer too, and can be cleared", () => {
  const queue = new ByteQueue();
  const buffer = Buffer.from("abc");
  queue.push(buffer);
  buffer.fill(0);
  assert.equal(new TextDecoder().decode(queue.take(9)), "abc");
  queue.push(Buffer.from("def"));
  queue.clear();
  assert.equal(queue.length, 0);
  assert.equal(queue.take(9).length, 0);
});

test("ByteQueue: many small writes share few blocks", () => {
  const queue = new ByteQueue();
  for (let at = 0; at < 10_000; at++) queue.push(Uint8Array.of(at));
  let takes = 0;
  while (queue.take(1_000_000).length > 0) takes++;
  assert.ok(takes < 10, `${takes} pieces`);
});
