import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeLatin1, decodeUtf8, decodeUtf8Lossy, encodeLatin1, encodeUtf8 } from "./utf8.ts";

const reference = new TextDecoder("utf-8", { ignoreBOM: true });
/** Bytes at the edges of what UTF-8 allows. */
const EDGES = "41 7f 80 8f 90 9f a0 bf c0 c1 c2 e0 ed ef f0 f4 f5 ff".split(" ").map((byte) =>
  Number.parseInt(byte, 16)
);
const someBytes = fc.oneof(fc.array(fc.constantFrom(...EDGES)), fc.array(fc.nat(255))).map((list) =>
  Uint8Array.from(list)
);

test("encodeUtf8: every text as TextEncoder has it, lone surrogates too", () => {
  const units = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd700, max: 0xe0ff }), fc.nat(0x7f)));
  fc.assert(fc.property(units, (list) => {
    const text = String.fromCharCode(...list);
    assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
  }));
});

test("decodeUtf8: takes and refuses what TextDecoder does, and puts U+FFFD where it does", () => {
  fc.assert(fc.property(someBytes, (bytes) => {
    const text = reference.decode(bytes);
    assert.equal(decodeUtf8Lossy(bytes), text);
    const isWhole = Buffer.from(text).equals(Buffer.from(bytes));
    assert.equal(decodeUtf8(bytes), isWhole ? text : null);
  }));
});

test("latin1: every byte, there and back", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  assert.deepEqual(encodeLatin1(decodeLatin1(bytes)), bytes);
  assert.equal(decodeLatin1(bytes).charCodeAt(255), 255);
});
