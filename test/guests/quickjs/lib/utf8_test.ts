import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const reference = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeByReference(bytes: Uint8Array): string | null {
  try {
    return reference.decode(bytes);
  } catch {
    return null;
  }
}

test("encodeUtf8: every text as TextEncoder has it, lone surrogates too", () => {
  const units = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd700, max: 0xe0ff }), fc.nat(0x7f)));
  fc.assert(fc.property(units, (list) => {
    const text = String.fromCharCode(...list);
    assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
  }));
});

test("decodeUtf8: text comes back", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
    assert.equal(decodeUtf8(encodeUtf8(text)), text);
  }));
});

test("decodeUtf8: takes and refuses what TextDecoder does", () => {
  const nearby = fc.array(
    fc.constantFrom(0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff),
  );
  fc.assert(fc.property(fc.oneof(nearby, fc.array(fc.nat(255))), (list) => {
    const bytes = Uint8Array.from(list);
    assert.equal(decodeUtf8(bytes), decodeByReference(bytes));
  }));
});

test("decodeUtf8: a text longer than one part", () => {
  const text = "é😀a".repeat(5000);
  assert.equal(decodeUtf8(encodeUtf8(text)), text);
});
