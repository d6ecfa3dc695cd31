import assert from "node:assert/strict";
import { test } from "node:test";
import { keptBytes } from "./kept_bytes.ts";

const whole = new ArrayBuffer(100);

const CASES: readonly { name: string; bytes: Uint8Array; isCopied: boolean }[] = [
  { name: "all of a buffer", bytes: new Uint8Array(whole), isCopied: false },
  { name: "half of a buffer", bytes: new Uint8Array(whole, 50), isCopied: false },
  { name: "less than half of a buffer", bytes: new Uint8Array(whole, 51), isCopied: true },
  { name: "a piece of the pool of small buffers", bytes: Buffer.from("abc"), isCopied: true },
  { name: "none", bytes: new Uint8Array(whole, 0, 0), isCopied: true },
  { name: "shared memory", bytes: new Uint8Array(new SharedArrayBuffer(4)), isCopied: true },
  { name: "memory that can grow", bytes: new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 })), isCopied: true },
];

for (const { name, bytes, isCopied } of CASES) {
  test(`keptBytes: ${name} is ${isCopied ? "copied" : "kept"}`, () => {
    const kept = keptBytes(bytes);
    assert.equal(kept.buffer !== bytes.buffer, isCopied);
    assert.deepEqual([...kept], [...bytes]);
  });
}

test("keptBytes gives no Buffer", () => {
  const kept = keptBytes(Buffer.from(new ArrayBuffer(8)));
  assert.equal(Object.getPrototypeOf(kept), Uint8Array.prototype);
});
