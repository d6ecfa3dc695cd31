import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { stripSource } from "./strip_source.ts";
import { leb, sleb } from "./wasm_reader.ts";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const TEXT_AT = 4096;
/** Without a byte of zero, which would be left out. */
const MARK = 0x01020304;

const SOURCE = `/** Serves "wasi:http/incoming-handler", as { a: (program) } does. */
const LONG_MESSAGE_OF_THE_PROGRAM = "a message that is longer than any piece of the source";
function aNameThatIsLongerThanAnyPieceOfTheSource(first, second) { return [first, second, { first, second }]; }
const grüße = () => [1, 2, 3].map((one) => ({ one,${" ".repeat(60)}more: one + (one * 2) }));
`;

/** A component with one module, whose memory begins with what is given. */
function componentOf(segments: readonly (readonly [at: number, bytes: Uint8Array])[]): Uint8Array {
  const data = segments.flatMap(([at, bytes]) => [0, 0x41, ...sleb(at), 0x0b, ...leb(bytes.length), ...bytes]);
  const section = [...leb(segments.length), ...data];
  const module = [...HEADER, 11, ...leb(section.length), ...section];
  return Uint8Array.from([...HEADER, 1, ...leb(module.length), ...module]);
}

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function piece(from: string, to: string): Buffer {
  return Buffer.from(SOURCE.slice(SOURCE.indexOf(from), SOURCE.indexOf(to) + to.length));
}

const CASES: readonly { readonly name: string; readonly bytes: Buffer; readonly isKept: boolean }[] = [
  { name: "a string of the program", bytes: piece("a message", "the source"), isKept: true },
  { name: "a name of the program", bytes: Buffer.from("aNameThatIsLongerThanAnyPieceOfTheSource"), isKept: true },
  { name: "what a comment names", bytes: piece('"wasi', "(program) }"), isKept: true },
  { name: "a row of spaces", bytes: Buffer.from(" ".repeat(40)), isKept: true },
  { name: "text of something else", bytes: Buffer.from("(first, second) => first + second + 1"), isKept: true },
  { name: "the text of a function", bytes: piece("function aName", "}]; }"), isKept: false },
  { name: "text behind a letter of two bytes", bytes: piece("() => [1", "2) }));"), isKept: false },
  { name: "all of it", bytes: Buffer.from(SOURCE), isKept: false },
];

for (const { name, bytes, isKept } of CASES) {
  test(`stripSource, ${name} is ${isKept ? "kept" : "left out"}`, () => {
    const component = componentOf([[8, words(MARK)], [TEXT_AT + 3, bytes], [TEXT_AT * 2, words(MARK + 1)]]);
    const stripped = stripSource(component, SOURCE);
    assert.equal(stripped.includes(bytes), isKept);
    assert.ok(stripped.includes(words(MARK + 1)));
  });
}

const FUNCTION_TEXT = piece("function aName", "}]; }");
const TABLE_AT = 1024;

/** Words that end with the address of a text; only those that a function has before it make it one to clear. */
const ADDRESSES: readonly { readonly name: string; readonly before: readonly number[]; readonly isKept: boolean }[] = [
  { name: "a function", before: [FUNCTION_TEXT.length, 8, TABLE_AT], isKept: false },
  { name: "a function without positions", before: [FUNCTION_TEXT.length, 0, 0], isKept: false },
  { name: "code that has the length too", before: [FUNCTION_TEXT.length, MARK, 8, TABLE_AT], isKept: true },
  { name: "a function with another text", before: [FUNCTION_TEXT.length - 1, 8, TABLE_AT], isKept: true },
  { name: "a table that is nowhere", before: [FUNCTION_TEXT.length, 8, TEXT_AT * 2], isKept: true },
  { name: "a table past the end", before: [FUNCTION_TEXT.length, TEXT_AT * 2, TABLE_AT], isKept: true },
  { name: "a table at an odd place", before: [FUNCTION_TEXT.length, 8, TABLE_AT + 4], isKept: true },
  { name: "words that are no length", before: [5, 6, 7], isKept: true },
];

for (const { name, before, isKept } of ADDRESSES) {
  test(`stripSource, ${name} ${isKept ? "keeps" : "is left without"} the address of a text`, () => {
    const bytes = words(MARK, ...before, TEXT_AT, MARK + 1);
    const stripped = stripSource(componentOf([[16, bytes], [TEXT_AT, FUNCTION_TEXT]]), SOURCE);
    assert.equal(stripped.includes(bytes), isKept);
    // Zeros in a row are left out.
    assert.ok(stripped.includes(bytes.subarray(0, 6)) && stripped.includes(words(MARK + 1)));
    assert.ok(!stripped.includes(FUNCTION_TEXT));
  });
}

test("stripSource, segments that are not at a constant place stay as they are", () => {
  const text = piece("function aName", "}]; }");
  const passive = [1, ...leb(text.length), ...text];
  const section = [2, ...passive, ...passive];
  const module = [...HEADER, 11, ...leb(section.length), ...section];
  const component = Uint8Array.from([...HEADER, 1, ...leb(module.length), ...module]);
  assert.deepEqual(Uint8Array.from(stripSource(component, SOURCE)), component);
});
