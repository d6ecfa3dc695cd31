import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { redirectCalls } from "./redirect_calls.ts";

const TARGETS = new Map([[0x1b, 2349]]);
/** 2349 as a number of the binary format. */
const NEW = [0xad, 0x12];

const ROWS: readonly (readonly [name: string, body: readonly number[], expected: readonly number[] | undefined])[] = [
  ["a call", [0, 0x20, 0, 0x10, 0x1b, 0x0b], [0, 0x20, 0, 0x10, ...NEW, 0x0b]],
  ["two calls", [0, 0x10, 0x1b, 0x01, 0x10, 0x1b, 0x0b], [0, 0x10, ...NEW, 0x01, 0x10, ...NEW, 0x0b]],
  ["another function", [0, 0x10, 0x1c, 0x0b], undefined],
  ["behind locals", [1, 0x90, 0x1b, 0x7f, 0x10, 0x1b, 0x0b], [1, 0x90, 0x1b, 0x7f, 0x10, ...NEW, 0x0b]],
  ["the bytes of a call in a constant", [0, 0x44, 0x10, 0x1b, 0x10, 0x1b, 0, 0, 0, 0, 0x1a, 0x0b], undefined],
  ["the bytes of a call as a label and an end", [0, 0x02, 0x40, 0x0c, 0x10, 0x1b, 0x0b, 0x0b], undefined],
  ["in the arguments of an access", [0, 0x20, 0, 0x28, 0x10, 0x1b, 0x1a, 0x0b], undefined],
  ["behind a table of branches", [0, 0x0e, 2, 0, 0x10, 0x1b, 0x10, 0x1b, 0x0b], [
    0,
    0x0e,
    2,
    0,
    0x10,
    0x1b,
    0x10,
    ...NEW,
    0x0b,
  ]],
  ["behind a copy of memory", [0, 0xfc, 10, 0, 0, 0x10, 0x1b, 0x0b], [0, 0xfc, 10, 0, 0, 0x10, ...NEW, 0x0b]],
  ["behind an access to another memory", [0, 0x28, 0x42, 0x10, 0x1b, 0x10, 0x1b, 0x0b], [
    0,
    0x28,
    0x42,
    0x10,
    0x1b,
    0x10,
    ...NEW,
    0x0b,
  ]],
];

for (const [name, body, expected] of ROWS) {
  test(`redirectCalls: ${name}`, () => {
    assert.deepEqual(
      redirectCalls(Buffer.from(body), TARGETS),
      expected === undefined ? undefined : Buffer.from(expected),
    );
  });
}

test("redirectCalls: an instruction that nobody expects is no accident", () => {
  assert.throws(() => redirectCalls(Buffer.from([0, 0xfb, 0, 0, 0x10, 0x1b, 0x0b]), TARGETS), /instruction 0xfb/);
});
