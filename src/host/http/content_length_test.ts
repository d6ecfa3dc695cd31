import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { fieldEntries } from "../../../test/support/fake_exchange.ts";
import { declaredLength } from "./content_length.ts";

type Row = readonly [
  what: string,
  lines: readonly (readonly [string, string])[],
  declared: number | undefined | "invalid",
];

const ROWS: readonly Row[] = [
  ["two that differ", [["content-length", "5"], ["content-length", "6"]], "invalid"],
  ["one good and one bad", [["content-length", "5"], ["content-length", "five"]], "invalid"],
  ["a list", [["content-length", "5, 5"]], "invalid"],
  ["nothing", [["content-length", ""]], "invalid"],
  ["a sign", [["content-length", "+5"]], "invalid"],
  ["a negative", [["content-length", "-1"]], "invalid"],
  ["a fraction", [["content-length", "5.0"]], "invalid"],
  ["hexadecimal", [["content-length", "0x5"]], "invalid"],
  ["an exponent", [["content-length", "1e3"]], "invalid"],
  ["a digit that is not ASCII", [["content-length", "\xb2"]], "invalid"],
  ["more than a double holds", [["content-length", "9007199254740993"]], "invalid"],
  ["zeros without end", [["content-length", `${"0".repeat(100)}5`]], "invalid"],
  ["no such field", [["content-lengthy", "5"], ["x-content-length", "6"]], undefined],
  ["no field", [], undefined],
  ["zero", [["content-length", "0"]], 0],
  ["leading zeros", [["content-length", "007"]], 7],
  ["any case", [["Content-LENGTH", "12"]], 12],
  ["the same twice, in other spellings", [["content-length", "5"], ["Content-Length", "05"]], 5],
  ["the most", [["content-length", "999999999999999"]], 999_999_999_999_999],
];

for (const [what, lines, declared] of ROWS) {
  test(`declaredLength of ${what}`, () => {
    assert.equal(declaredLength(fieldEntries(lines)), declared);
  });
}

test("declaredLength gives a number only for digits, and then that number", () => {
  const text = fc.oneof(fc.string({ maxLength: 20 }), fc.nat().map(String));
  fc.assert(fc.property(text, (value) => {
    const bytes = new TextEncoder().encode(value);
    const declared = declaredLength([["content-length", bytes]]);
    if (typeof declared === "number") assert.equal(BigInt(value), BigInt(declared));
    else assert.ok(!/^[0-9]{1,15}$/.test(value), value);
  }));
});
