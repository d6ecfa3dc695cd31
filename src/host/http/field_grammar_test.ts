import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isFieldValue, isForbiddenField, isForbiddenTrailer, isToken } from "./field_grammar.ts";

const NOT_TOKENS: readonly (readonly [why: string, text: string])[] = [
  ["empty", ""],
  ["a space inside", "x y"],
  ["a space after", "x "],
  ["a colon", "x:"],
  ["a slash", "a/b"],
  ["parentheses", "a(b)"],
  ["a quote", 'a"b'],
  ["CR", "x\r"],
  ["LF", "x\ny"],
  ["LF at the end, where $ of a regular expression would match", "x\n"],
  ["NUL", "x\0"],
  ["DEL", "x\x7f"],
  ["latin-1", "caf\u00e9"],
  ["a letter whose lower case is ASCII", "\u212aeep"],
];

const NOT_VALUES: readonly (readonly [why: string, bytes: readonly number[]])[] = [
  ["CR", [0x61, 0x0d, 0x62]],
  ["LF", [0x61, 0x0a, 0x62]],
  ["CR LF and a field", Array.from("a\r\nx: y", (character) => character.charCodeAt(0))],
  ["NUL", [0x61, 0x00]],
  ["DEL", [0x7f]],
  ["ESC", [0x1b, 0x61]],
  ["a space before", [0x20, 0x61]],
  ["a space after", [0x61, 0x20]],
  ["a tab before", [0x09, 0x61]],
  ["a tab after", [0x61, 0x09]],
  ["nothing but a space", [0x20]],
];

const VALUES: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["empty", []],
  ["space and tab inside", [0x61, 0x20, 0x09, 0x62]],
  ["obs-text", [0x80, 0xff]],
  ["all of visible ASCII", Array.from({ length: 94 }, (_, index) => 0x21 + index)],
];

for (const [why, text] of NOT_TOKENS) {
  test(`isToken refuses ${why}`, () => {
    assert.equal(isToken(text), false);
  });
}

for (const [why, bytes] of NOT_VALUES) {
  test(`isFieldValue refuses ${why}`, () => {
    assert.equal(isFieldValue(Uint8Array.from(bytes)), false);
  });
}

for (const [what, bytes] of VALUES) {
  test(`isFieldValue takes ${what}`, () => {
    assert.equal(isFieldValue(Uint8Array.from(bytes)), true);
  });
}

test("isForbiddenField is wasmtime's list, without te", () => {
  const names = ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"];
  for (const name of [...names, "transfer-encoding", "upgrade", "host", "http2-settings"]) {
    assert.equal(isForbiddenField(name), true, name);
  }
  for (const name of ["te", "trailer", "content-length", "expect", "x-host"]) {
    assert.equal(isForbiddenField(name), false, name);
  }
});

test("isForbiddenTrailer bans framing and format", () => {
  for (const name of ["content-length", "content-encoding", "content-type", "content-range", "trailer"]) {
    assert.equal(isForbiddenTrailer(name), true, name);
  }
  assert.equal(isForbiddenTrailer("grpc-status"), false);
});

test("isToken agrees with the characters of RFC 9110 for any text", () => {
  const tchar = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(...tchar.split("")) }));
  fc.assert(fc.property(text, (name) => {
    assert.equal(isToken(name), name !== "" && name.split("").every((character) => tchar.includes(character)));
  }));
});

test("isFieldValue agrees with the grammar of RFC 9110 for any bytes", () => {
  const grammar = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
  const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x09, 0x20, 0x61, 0x0a, 0x7f, 0x80));
  fc.assert(fc.property(fc.array(byte, { maxLength: 12 }), (bytes) => {
    assert.equal(isFieldValue(Uint8Array.from(bytes)), grammar.test(String.fromCharCode(...bytes)));
  }));
});
