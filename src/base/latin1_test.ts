import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToLatin1, latin1ToBytes } from "./latin1.ts";

test("bytesToLatin1 gives each byte its character, whatever the length, and latin1ToBytes takes it back", () => {
  for (const length of [0, 1, 255, 256, 8_191, 8_192, 8_193, 20_000]) {
    // A view into the middle: what stands around it is not of the value.
    const bytes = new Uint8Array(length + 2).map((_, index) => index % 256).subarray(1, length + 1);
    const text = bytesToLatin1(bytes);
    assert.equal(text.length, length);
    for (let index = 0; index < length; index++) assert.equal(text.charCodeAt(index), bytes[index]);
    assert.deepEqual(latin1ToBytes(text), new Uint8Array(bytes));
  }
});

test("bytesToLatin1 gives nothing of the value before", () => {
  bytesToLatin1(Uint8Array.of(0x61, 0x62, 0x63));
  assert.equal(bytesToLatin1(Uint8Array.of(0x78)), "x");
  assert.equal(bytesToLatin1(new Uint8Array()), "");
});
