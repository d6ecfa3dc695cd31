import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { diagnosticsText, diagnosticText } from "./diagnostics_text.ts";
import { blankUnsafe, escapeText } from "./escape_text.ts";
import { nearestWord } from "./nearest_word.ts";

test("diagnosticText: sentence, place, frame, fix", () => {
  const text = diagnosticText({
    code: "LG1104",
    file: "workloads/a/b.route.jsonc",
    line: 12,
    column: 4,
    message: 'Cannot use "x": it is wrong',
    fix: 'write "y"',
    source: '\t  "x"',
  });
  assert.equal(
    text,
    [
      'error[LG1104]: Cannot use "x": it is wrong',
      "   --> workloads/a/b.route.jsonc:12:4",
      "   |",
      '12 |    "x"',
      "   |    ^",
      '   = fix: write "y"',
    ].join("\n"),
  );
});

test("diagnosticText: a long line is cut around its fault, and the mark stays under it", () => {
  for (const position of [0, 10, 500, 995, 999]) {
    const source = `${"a".repeat(position)}X${"b".repeat(999 - position)}`;
    const lines = diagnosticText({ code: "LG1104", file: "f", line: 1, column: position + 1, message: "m", source })
      .split("\n");
    const frame = lines[3] ?? "";
    assert.ok(frame.length < 130);
    assert.equal(frame[(lines[4] ?? "").indexOf("^")], "X", `column ${position}`);
  }
});

test("diagnosticText: what a file holds cannot steer the terminal", () => {
  const text = diagnosticText({
    code: "LG1104",
    file: "a\u001b[2J",
    line: 1,
    column: 3,
    message: "m\r\nerror: fake",
    source: "\u001b[2J\u202e",
  });
  assert.ok(!/[\u001b\r\u202e]/.test(text));
  assert.equal(text.split("\n").length, 5);
  assert.ok(text.includes("m\\r\\nerror: fake"));
});

test("diagnosticText: a sentence with a very long value keeps what is expected", () => {
  const long = "x".repeat(200_000);
  const [message, fix] = [`Cannot use "${long}": it is long, expected a word`, `did you mean "${long}"?`];
  const text = diagnosticText({ code: "LG1104", file: `w/${long}`, line: 1, column: 1, message, fix, source: long });
  assert.ok(text.length < 4_000, `${text.length}`);
  assert.match(text, /^error\[LG1104\]: Cannot use "x+\.\.\.x+": it is long, expected a word\n/);
});

test("diagnosticText: whatever a file and its faults hold, the frame is short, safe, and marks its place", () => {
  const sign = fc.oneof(
    fc.constantFrom("a", " ", "\t", "\n", "\r", "\u001b", "\u009b", "\u202e", "\u2028", "\ud83d", "\ude00", "😀"),
    fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
  );
  const wild = fc.array(sign, { maxLength: 40 }).map((signs) => signs.join(""));
  const line = fc.tuple(wild, fc.nat({ max: 60 })).map(([part, times]) => part.repeat(times));
  const faults = fc.record({
    file: wild,
    message: wild,
    fix: wild,
    source: line,
    line: fc.nat(),
    column: fc.nat(3_000),
  });
  fc.assert(fc.property(faults, (fault) => {
    const { source, column } = fault;
    const lines = diagnosticText({ code: "LG1104", ...fault, line: fault.line + 1, column: column + 1 }).split("\n");
    assert.ok(lines.length <= 6, "no line break comes from outside");
    for (const each of lines) {
      assert.ok(each.length < 1_100, `${each.length}`);
      assert.equal(escapeText(each), each, "nothing steers the terminal");
    }
    const marked = blankUnsafe(source).trimEnd()[column] ?? " ";
    // Half of a character that is cut away is no longer what it was.
    if (source.trim() === "" || /[\ud800-\udfff]/.test(marked)) return;
    const [, , , frame = "", marks = ""] = lines;
    assert.equal(frame[marks.indexOf("^")] ?? " ", marked);
  }));
});

test("diagnosticsText: sorted by place, and counted", () => {
  const at = (file: string, line: number, column: number) => ({
    code: "LG1104" as const,
    file,
    line,
    column,
    message: `${file}${line}${column}`,
  });
  const text = diagnosticsText([at("b", 1, 1), at("a", 10, 1), at("a", 2, 9), at("a", 2, 3)]);
  assert.deepEqual(text.match(/\]: \w+/g), ["]: a23", "]: a29", "]: a101", "]: b11"]);
  assert.ok(text.endsWith("\n\n4 faults in 2 files\n"));
  assert.ok(diagnosticsText([at("a", 1, 1)]).endsWith("1 fault in 1 file\n"));
});

const ESCAPES: readonly (readonly [text: string, escaped: string])[] = [
  ["plain text, ünïcödé, 😀\t.", "plain text, ünïcödé, 😀\t."],
  ["a\nb\r", "a\\nb\\r"],
  ["\u001b[31m", "\\u{1b}[31m"],
  ["\u0000\u007f\u009b", "\\u{0}\\u{7f}\\u{9b}"],
  ["\u202e\u2066\u200b\ufeff\u2028", "\\u{202e}\\u{2066}\\u{200b}\\u{feff}\\u{2028}"],
  ["\ud800x\udc00", "\\u{d800}x\\u{dc00}"],
  ["\u{e0041}", "\\u{e0041}"],
];
for (const [text, escaped] of ESCAPES) {
  test(`escapeText: ${escaped}`, () => {
    assert.equal(escapeText(text), escaped);
    assert.equal(blankUnsafe(text).length, text.length);
  });
}

const WORDS = ["component", "match", "env", "args", "net"];
const NEAREST: readonly (readonly [word: string, nearest: string | undefined])[] = [
  ["compnent", "component"],
  ["Component", "component"],
  ["ocmponent", "component"],
  ["metch", "match"],
  ["envs", "env"],
  ["nte", "net"],
  ["e", undefined],
  ["limits", undefined],
  ["", undefined],
  ["component".repeat(10), undefined],
];
for (const [word, nearest] of NEAREST) {
  test(`nearestWord: "${word.slice(0, 20)}"`, () => assert.equal(nearestWord(word, WORDS), nearest));
}
