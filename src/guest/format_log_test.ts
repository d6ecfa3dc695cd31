import assert from "node:assert/strict";
import { test } from "node:test";
import { formatError, formatLog } from "./format_log.ts";

class Point {
  readonly x = 1;
}
const circle: Record<string, unknown> = { name: "c" };
circle["self"] = circle;

const ROWS: readonly (readonly [values: readonly unknown[], line: string])[] = [
  [["plain text", 1, true, null, undefined], "plain text 1 true null undefined"],
  [[{ a: "text", "b-c": [1, 2] }], '{ a: "text", "b-c": [1, 2] }'],
  [[[]], "[]"],
  [[{}], "{}"],
  [[10n, Symbol("s")], "10n Symbol(s)"],
  [[new Map([["a", 1]]), new Set([1])], 'Map(1) { "a" => 1 } Set(1) { 1 }'],
  [[Uint8Array.of(1, 2)], "Uint8Array(2) [ 1, 2 ]"],
  [[new Point()], "Point { x: 1 }"],
  [[circle], '{ name: "c", self: [Circular] }'],
  [[{ a: { b: { c: { d: { e: 1 } } } } }], "{ a: { b: { c: { d: [Object] } } } }"],
  [[new Date(0), /x/g], "1970-01-01T00:00:00.000Z /x/g"],
  [[Object.create(null)], "[Object: null prototype] {}"],
  [[() => 1, Point], "[Function: (anonymous)] [Function: Point]"],
];

for (const [values, line] of ROWS) {
  test(`formatLog: ${line}`, () => assert.equal(formatLog(values), line));
}

test("formatLog: a long list is cut", () => {
  assert.match(formatLog([Array.from({ length: 150 }, () => 0)]), /^\[(?:0, ){100}\.\.\. 50 more\]$/);
});

test("formatError: message, stack and causes; an engine's stack without the message too", () => {
  const error = new RangeError("outer", { cause: new TypeError("inner", { cause: { tag: "connection-refused" } }) });
  assert.match(
    formatError(error),
    /^RangeError: outer\n +at [^]*caused by TypeError: inner\n[^]*caused by \{ tag: "connection-refused" \}$/,
  );
  error.stack = "    at run (file.js:1:2)\n";
  assert.match(formatError(error), /^RangeError: outer\n {4}at run \(file\.js:1:2\)\n  caused by/);
  assert.equal(formatError("text"), '"text"');
});
