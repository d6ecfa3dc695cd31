import * as fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_UNITS_MAX, LineOutput } from "./line_output.ts";

function linesOf(chunks: readonly (string | readonly number[])[], lineUnitsMax = LINE_UNITS_MAX): string[] {
  const lines: string[] = [];
  const output = new LineOutput((line) => lines.push(line), { lineUnitsMax });
  for (const chunk of chunks) {
    output.write(typeof chunk === "string" ? new TextEncoder().encode(chunk) : Uint8Array.from(chunk));
  }
  output.end();
  return lines;
}

interface Row {
  readonly name: string;
  readonly chunks: readonly (string | readonly number[])[];
  readonly lines: readonly string[];
  readonly lineUnitsMax?: number;
}

const ROWS: readonly Row[] = [
  { name: "nothing", chunks: [], lines: [] },
  { name: "empty writes", chunks: ["", ""], lines: [] },
  { name: "terminal control", chunks: ["a\u001b[2Jb\u0007\n"], lines: ["a\\u{1b}[2Jb\\u{7}"] },
  { name: "a forged line by CR", chunks: ["real\rforged\n"], lines: ["real\\rforged"] },
  { name: "a forged line by a Unicode separator", chunks: ["a\u2028b\u0085c\n"], lines: ["a\\u{2028}b\\u{85}c"] },
  { name: "reordered text", chunks: ["a\u202eb\n"], lines: ["a\\u{202e}b"] },
  { name: "a byte order mark", chunks: ["\ufeffa\n"], lines: ["\\u{feff}a"] },
  { name: "invalid UTF-8", chunks: [[0xff, 0x61, 0xc0, 0x0a]], lines: ["\ufffda\ufffd"] },
  { name: "an unfinished character at the end", chunks: [[0x61, 0xe2, 0x82]], lines: ["a\ufffd"] },
  { name: "a character over two writes", chunks: [[0xe2, 0x82], [0xac, 0x0a]], lines: ["\u20ac"] },
  { name: "a tab, a backslash and JSON stay", chunks: ['{"a":\t"b\\n"}\n'], lines: ['{"a":\t"b\\n"}'] },
  {
    name: "lines, CR LF and a last line without newline",
    chunks: ["one\ntwo\r\n\nthree"],
    lines: ["one", "two", "", "three"],
  },
  { name: "CR and LF in two writes", chunks: ["one\r", "\ntwo"], lines: ["one", "two"] },
  { name: "a line in pieces", chunks: ["o", "n", "e\nt", "wo\n"], lines: ["one", "two"] },
  { name: "too long", chunks: ["abcdefgh\ni"], lines: ["abc", "def", "gh", "i"], lineUnitsMax: 3 },
  { name: "too long in pieces", chunks: ["ab", "cd", "e", "\n"], lines: ["abc", "de"], lineUnitsMax: 3 },
  { name: "exactly as long", chunks: ["abc\nabc\r\nabc"], lines: ["abc", "abc", "abc"], lineUnitsMax: 3 },
  { name: "exactly as long, CR and LF in two writes", chunks: ["abc\r", "\n"], lines: ["abc"], lineUnitsMax: 3 },
  { name: "a CR at the limit that ends nothing", chunks: ["abc\r", "d\n"], lines: ["abc", "\\rd"], lineUnitsMax: 3 },
  {
    name: "too long within a surrogate pair",
    chunks: ["ab\u{1f600}c\n"],
    lines: ["ab", "\u{1f600}c"],
    lineUnitsMax: 3,
  },
];
for (const { name, chunks, lines, lineUnitsMax } of ROWS) {
  test(`LineOutput: ${name}`, () => {
    assert.deepEqual(linesOf(chunks, lineUnitsMax), lines);
  });
}

test("LineOutput goes on after its end", () => {
  const lines: string[] = [];
  const output = new LineOutput((line) => lines.push(line));
  output.write(Uint8Array.of(0x61, 0xe2));
  output.end();
  output.write(Uint8Array.of(0x62));
  output.end();
  output.end();
  assert.deepEqual(lines, ["a\ufffd", "b"]);
});

test("LineOutput keeps no reference to what it was given", () => {
  const lines: string[] = [];
  const output = new LineOutput((line) => lines.push(line));
  const bytes = new TextEncoder().encode("abc");
  output.write(bytes);
  bytes.fill(0x7a);
  output.end();
  assert.deepEqual(lines, ["abc"]);
});

test("LineOutput: the same lines however the bytes are cut, none over the limit, and none with a control character", () => {
  const bytesOf = fc.array(
    fc.oneof(
      fc.constantFrom(0x0a, 0x0d, 0x1b, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(bytesOf, fc.array(fc.nat({ max: 60 })), fc.integer({ min: 2, max: 9 }), (bytes, cuts, lineUnitsMax) => {
      const whole = linesOf([bytes], lineUnitsMax);
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
      const chunks = places.slice(1).map((place, index) => bytes.slice(places[index] ?? 0, place));
      assert.deepEqual(linesOf(chunks, lineUnitsMax), whole);
      for (const line of whole) {
        assert.doesNotMatch(line, /[\0-\x08\x0a-\x1f\x7f-\x9f]/);
        assert.ok(line.replace(/\\(r|u\{[0-9a-f]+\})/g, "x").length <= lineUnitsMax, line);
      }
    }),
    { numRuns: 500 },
  );
});
