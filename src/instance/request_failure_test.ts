import assert from "node:assert/strict";
import { test } from "node:test";
import { describeError } from "./request_failure.ts";

const ROWS: readonly (readonly [name: string, error: unknown, text: string])[] = [
  ["no error", "odd", "odd"],
  ["without a cause", new Error("unreachable"), "unreachable"],
  ["with one", new Error("unreachable", { cause: new Error("a panic") }), "unreachable (caused by: a panic)"],
  ["with one that says the same", new Error("It was ended", { cause: new Error("It was ended") }), "It was ended"],
  ["with one that is no error", new Error("unreachable", { cause: 7 }), "unreachable"],
];

for (const [name, error, text] of ROWS) {
  test(`describeError: ${name}`, () => assert.equal(describeError(error), text));
}
