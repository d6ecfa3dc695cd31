import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes } from "./random_bytes.ts";

test("randomBytes: as many as were asked for, in memory of their own, and none twice", () => {
  const seen = new Set<string>();
  let asked = 0;
  for (let round = 0; round < 2_000; round++) {
    for (const length of [16, 24, 64, 65, 1_000]) {
      const bytes = randomBytes(length);
      assert.equal(bytes.length, length);
      assert.equal(bytes.buffer.byteLength, length);
      seen.add(bytes.subarray(0, 16).toString());
      asked++;
    }
  }
  assert.equal(seen.size, asked);
  assert.deepEqual([randomBytes(0).length, randomBytes(200_000).length], [0, 200_000]);
  assert.ok(randomBytes(200_000).subarray(-64).some((byte) => byte !== 0), "the last of several chunks is filled");
});
