import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  BYTE_SIZE_PATTERN,
  DURATION_PATTERN,
  formatByteSize,
  formatDuration,
  parseByteSize,
  parseDuration,
  roughByteSize,
} from "./quantity.ts";

const SIZES: readonly (readonly [text: string, bytes: number])[] = [
  ["0B", 0],
  ["1B", 1],
  ["64KiB", 65_536],
  ["64MiB", 67_108_864],
  ["4GiB", 4_294_967_296],
  ["1536MiB", 1_610_612_736],
  ["8388607GiB", 8_388_607 * 1024 ** 3],
];
const DURATIONS: readonly (readonly [text: string, milliseconds: number])[] = [
  ["0ms", 0],
  ["500ms", 500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["90m", 5_400_000],
  ["24h", 86_400_000],
];

test("parseByteSize, formatByteSize: what is written is what is read", () => {
  for (const [text, value] of SIZES) {
    assert.deepEqual(parseByteSize(text), { kind: "quantity", value }, text);
    assert.equal(formatByteSize(value), text);
  }
});

test("parseDuration, formatDuration: what is written is what is read", () => {
  for (const [text, value] of DURATIONS) {
    assert.deepEqual(parseDuration(text), { kind: "quantity", value }, text);
    assert.equal(formatDuration(value), text);
  }
});

/** Undefined: there is no single answer. */
const NO_SIZES: readonly (readonly [text: string, suggestion: string | undefined])[] = [
  ["64MB", "64MiB"],
  ["64M", "64MiB"],
  ["64Mi", "64MiB"],
  ["64mib", "64MiB"],
  ["64 MiB", "64MiB"],
  [" 64MiB", "64MiB"],
  ["64MiB\n", "64MiB"],
  ["064MiB", "64MiB"],
  ["1.5GiB", "1536MiB"],
  ["1TiB", "1024GiB"],
  ["100 bytes", "100B"],
  ["0.3B", undefined],
  ["64", undefined],
  ["", undefined],
  ["MiB", undefined],
  ["-1MiB", undefined],
  ["+1MiB", undefined],
  ["1e3MiB", undefined],
  ["0x10MiB", undefined],
  ["1_000KiB", undefined],
  ["1MiB2KiB", undefined],
  ["64MiB/s", undefined],
  ["64constructor", undefined],
  ["٣MiB", undefined],
  ["99999999GiB", undefined],
  ["9999999999999999999GiB", undefined],
];
const NO_DURATIONS: readonly (readonly [text: string, suggestion: string | undefined])[] = [
  ["30 s", "30s"],
  ["30sec", "30s"],
  ["30S", "30s"],
  ["5min", "5m"],
  ["1d", "24h"],
  ["1.5s", "1500ms"],
  ["0.5m", "30s"],
  ["500MS", "500ms"],
  ["00s", "0ms"],
  ["30", undefined],
  ["1h30m", undefined],
  ["500us", undefined],
  ["0.1ms", undefined],
  ["-5s", undefined],
  ["PT5S", undefined],
  ["Infinity", undefined],
  ["Infinityms", undefined],
  ["2600000000h", undefined],
];

for (
  const [name, parse, rows] of [
    ["parseByteSize", parseByteSize, NO_SIZES],
    ["parseDuration", parseDuration, NO_DURATIONS],
  ] as const
) {
  for (const [text, suggestion] of rows) {
    test(`${name}: ${JSON.stringify(text)} is none`, () => {
      const read = parse(text);
      assert.ok(read.kind === "fault");
      assert.equal(read.suggestion, suggestion);
      assert.ok(read.is.startsWith("it is "), read.is);
    });
  }
}

const FAMILIES = [
  { parse: parseByteSize, format: formatByteSize, pattern: BYTE_SIZE_PATTERN },
  { parse: parseDuration, format: formatDuration, pattern: DURATION_PATTERN },
];

test("quantities: every whole number survives being written", () => {
  for (const { parse, format } of FAMILIES) {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => {
      assert.deepEqual(parse(format(value)), { kind: "quantity", value });
    }));
  }
});

const piece = fc.constantFrom(
  ...Array.from("0123456789. _-+/eEx"),
  "ms",
  "s",
  "m",
  "h",
  "B",
  "KiB",
  "MB",
  "GiB",
  "min",
  "d",
  "\n",
);

test("quantities: any text is a quantity of the pattern, or a fault whose suggestion is a quantity", () => {
  const text = fc.oneof(
    fc.array(piece, { maxLength: 6 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }),
  );
  for (const { parse, pattern } of FAMILIES) {
    fc.assert(
      fc.property(text, (input) => {
        const read = parse(input);
        if (read.kind === "quantity") {
          assert.ok(Number.isSafeInteger(read.value) && read.value >= 0);
          assert.match(input, new RegExp(pattern, "u"));
        } else if (read.suggestion !== undefined) {
          assert.equal(parse(read.suggestion).kind, "quantity", read.suggestion);
        }
      }),
      { numRuns: 2000 },
    );
  }
});

test("roughByteSize: three digits, in the largest unit that is not below one", () => {
  const rows = [[0, "0 B"], [1023, "1023 B"], [1024, "1 KiB"], [345_965, "338 KiB"], [1_748_366, "1.67 MiB"], [
    3 * 1024 ** 3,
    "3 GiB",
  ]];
  for (const [bytes, text] of rows) assert.equal(roughByteSize(Number(bytes)), text);
});
