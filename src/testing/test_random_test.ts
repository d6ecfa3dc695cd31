import assert from "node:assert/strict";
import { test } from "node:test";
import { seededBytes } from "./test_random.ts";

test("seededBytes: the same seed gives the same bytes, however they are asked for", () => {
  const [one, two] = [seededBytes(7), seededBytes(7)];
  const whole = one(64);
  assert.deepEqual(new Uint8Array([...two(1), ...two(30), ...two(0), ...two(33)]), whole);
});

test("seededBytes: seeds differ, 7 and the text of it too", () => {
  const texts = [0, 1, 7, "7", "", "a", "b"].map((seed) => seededBytes(seed)(16).toHex());
  assert.equal(new Set(texts).size, texts.length);
});

test("seededBytes: bytes are spread evenly", () => {
  const counts = new Uint32Array(256);
  for (const byte of seededBytes("spread")(256 * 256)) counts[byte] = (counts[byte] ?? 0) + 1;
  // 256 on the average, with a deviation of 16: six of them away is one in 500 million.
  assert.ok(counts.every((count) => count > 256 - 96 && count < 256 + 96), counts.join());
});
