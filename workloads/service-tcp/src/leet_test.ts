import assert from "node:assert/strict";
import { test } from "node:test";
import { leet } from "./leet.ts";

const TABLE: readonly (readonly [text: string, answer: string])[] = [
  ["", ""],
  ["aeiostl", "4310571"],
  ["AEIOSTL", "4310571"],
  ["bcdfghjkmnpqruvwxyz BCDFGHJKMNPQRUVWXYZ", "bcdfghjkmnpqruvwxyz BCDFGHJKMNPQRUVWXYZ"],
  ["Hello from Loopgate", "H3110 fr0m 100pg473"],
  ["0123456789 !?\r\n\t", "0123456789 !?\r\n\t"],
  ["à la carte, İıſ, 文字, 😀", "à 14 c4r73, İıſ, 文字, 😀"],
];

for (const [text, answer] of TABLE) {
  test(`leet: ${JSON.stringify(text)}`, () => {
    assert.equal(new TextDecoder().decode(leet(new TextEncoder().encode(text))), answer);
  });
}

test("leet: bytes that are no text stay what they are", () => {
  const bytes = Uint8Array.from({ length: 128 }, (_, index) => 128 + index);
  assert.deepEqual(leet(bytes), bytes);
});
