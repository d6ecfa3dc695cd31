import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Lines } from "./lines.ts";

const LINE_BYTES_MAX = 8;
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const text = (list: Uint8Array): string => String.fromCharCode(...list);

/** What comes out of chunks: lines, and at the end the rest or "too long". */
function cut(chunks: readonly string[]): { readonly out: string; readonly end: string } {
  const lines = new Lines(LINE_BYTES_MAX);
  let out = "";
  for (const chunk of chunks) {
    const whole = lines.push(bytes(chunk));
    out += text(whole.bytes);
    if (whole.isTooLong) return { out, end: "too long" };
  }
  return { out, end: `rest ${text(lines.rest())}` };
}

const TABLE: readonly (readonly [name: string, chunks: readonly string[], out: string, end: string])[] = [
  ["nothing", [], "", "rest "],
  ["no newline: all of it is rest", ["ab", "c"], "", "rest abc"],
  ["a line over chunks", ["a", "b", "\n"], "ab\n", "rest "],
  ["many lines in a chunk", ["a\nb\n\nc"], "a\nb\n\n", "rest c"],
  ["a carriage return belongs to the line", ["a\r\nb\r"], "a\r\n", "rest b\r"],
  ["as long as allowed", ["12345678\n"], "12345678\n", "rest "],
  ["as long as allowed, without an end", ["1234", "5678"], "", "rest 12345678"],
  ["one too long", ["123456789\n"], "", "too long"],
  ["one too long over chunks", ["1234", "56789\n"], "", "too long"],
  ["too long before its newline came", ["12345678", "9"], "", "too long"],
  ["too long after a good one", ["ok\n123456789\nno\n"], "ok\n", "too long"],
  ["too long after a good one that was kept", ["o", "k\n123456789"], "ok\n", "too long"],
];

for (const [name, chunks, out, end] of TABLE) {
  test(`Lines: ${name}`, () => {
    assert.deepEqual(cut(chunks), { out, end });
  });
}

test("Lines: how bytes are cut into chunks changes nothing", () => {
  const part = fc.string({ unit: fc.constantFrom("a", "b", "\r", "\n"), maxLength: 12 });
  fc.assert(fc.property(fc.array(part), (chunks) => {
    const inChunks = cut(chunks);
    const lines = chunks.join("").split("\n");
    const tooLong = lines.findIndex((line) => line.length > LINE_BYTES_MAX);
    const good = tooLong < 0 ? lines.slice(0, -1) : lines.slice(0, tooLong);
    const end = tooLong < 0 ? `rest ${lines.at(-1)}` : "too long";
    assert.deepEqual(inChunks, { out: good.map((line) => `${line}\n`).join(""), end });
  }));
});
