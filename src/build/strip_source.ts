/**
 * Takes a guest's source text out of its component. QuickJS keeps the text of each function for `toString`, those of the
 * functions inside again, and what its compiler freed is still there when the memory is saved: five copies of
 * every line, more than half of what is saved. Nothing needs them: names and positions in stacks are kept elsewhere.
 */
import { Buffer } from "node:buffer";
import { parseSync } from "rolldown/utils";
import { clearFreed } from "./freed_memory.ts";
import { leb, sleb, WASM_HEADER_BYTES, WasmReader } from "./wasm_reader.ts";

/** Sections of a component that hold a module, or another component. */
const CORE_MODULE = 1;
const COMPONENT = 4;
/** Of a module. */
const DATA_COUNT = 12;
const DATA = 11;
const I32_CONST = 0x41;
const END = 0x0b;

/** Text is looked for by pieces of this length. */
const WINDOW_BYTES = 16;
/**
 * A running program may have the text of a literal, a name or (by what it names) a comment as a value of its own. Of what
 * is in none of them it has none: text with so many bytes of that is source.
 */
const SYNTAX_BYTES_MIN = 16;
/** Equal pieces of a source (indentation, mostly) that are tried. */
const CANDIDATES_MAX = 32;
/** Fewer zeros than this are cheaper to store than to leave out. */
const GAP_BYTES_MIN = 12;
/** What every host takes. */
const SEGMENTS_MAX = 10_000;
/** What a function has before the address of its text, in words: the length of the text, and its table of positions. */
const TEXT_LENGTH_BEFORE = 3;
const TABLE_LENGTH_BEFORE = 2;
const TABLE_BEFORE = 1;
/** Where QuickJS's allocator puts things. */
const ALIGNMENT = 8;

/** The component without the text of `source`, which is what its JavaScript was compiled from. */
export function stripSource(component: Uint8Array, source: string): Buffer {
  const text = new SourceText(source);
  return rewrite(Buffer.from(component.buffer, component.byteOffset, component.byteLength), true, text);
}

/** The component without what was freed before its memory was saved (see `freed_memory.ts`); text of sources stays. */
export function dropFreed(component: Buffer): Buffer {
  return rewrite(component, true, undefined);
}

/** A component or module, with other data sections. */
function rewrite(bytes: Buffer, isComponent: boolean, text: SourceText | undefined): Buffer {
  const reader = new WasmReader(bytes);
  const header = reader.bytes(WASM_HEADER_BYTES);
  const sections: Section[] = [];
  while (!reader.isAtEnd()) {
    const id = reader.u8();
    const content = reader.bytes(reader.u32());
    const isNested = isComponent && (id === CORE_MODULE || id === COMPONENT);
    sections.push({ id, content: isNested ? rewrite(content, id === COMPONENT, text) : content });
  }
  if (isComponent) return join(header, sections);
  const data = sections.find(({ id }) => id === DATA);
  if (data !== undefined) data.content = rewriteData(data.content, text);
  const count = sections.find(({ id }) => id === DATA_COUNT);
  if (count === undefined || data === undefined) return join(header, sections);
  count.content = Buffer.from(leb(new WasmReader(data.content).u32()));
  const rewritten = join(header, sections);
  // All are copied once and gone when code runs; what it may say of their numbers holds for others, but not past the last.
  return WebAssembly.validate(Uint8Array.from(rewritten)) ? rewritten : bytes;
}

/** Of a component or module. */
interface Section {
  readonly id: number;
  content: Buffer;
}

function join(header: Uint8Array, sections: readonly Section[]): Buffer {
  return Buffer.concat([
    header,
    ...sections.flatMap(({ id, content }) => [Uint8Array.of(id, ...leb(content.length)), content]),
  ]);
}

/** The saved memory without the text, and without the zeros that are then there. */
function rewriteData(section: Buffer, text: SourceText | undefined): Buffer {
  const segments = readSegments(section);
  if (segments === undefined || segments.length < 2) return section;
  const end = Math.max(...segments.map(({ at, bytes }) => at + bytes.length));
  const memory = Buffer.alloc(Math.ceil(end / 4) * 4);
  for (const { at, bytes } of segments) bytes.copy(memory, at);
  clearFreed(memory);
  if (text !== undefined) forget(memory, text.findIn(memory));
  return writeSegments(memory);
}

/** A piece of memory as it is saved. */
interface Segment {
  readonly at: number;
  readonly bytes: Buffer;
}

/** Undefined where a segment is not at a constant place of the one memory. */
function readSegments(section: Buffer): readonly Segment[] | undefined {
  const reader = new WasmReader(section);
  const segments: Segment[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    if (reader.u8() !== 0 || reader.u8() !== I32_CONST) return undefined;
    const at = reader.s32() >>> 0;
    if (reader.u8() !== END) return undefined;
    segments.push({ at, bytes: reader.bytes(reader.u32()) });
  }
  return segments;
}

function writeSegments(memory: Buffer): Buffer {
  for (let gap = GAP_BYTES_MIN;; gap += 4) {
    const ranges = rangesOf(memory, gap);
    if (ranges.length > SEGMENTS_MAX) continue;
    const parts: Uint8Array[] = [Uint8Array.from(leb(ranges.length))];
    for (const { at, end } of ranges) {
      parts.push(Uint8Array.of(0, I32_CONST, ...sleb(at | 0), END, ...leb(end - at)), memory.subarray(at, end));
    }
    return Buffer.concat(parts);
  }
}

/** From a byte to another. */
interface Range {
  readonly at: number;
  readonly end: number;
}

/** What is not zero; fewer zeros than `gap` do not end a range. */
function rangesOf(memory: Buffer, gap: number): readonly Range[] {
  const ranges: Range[] = [];
  let at = -1;
  let end = 0;
  for (let place = 0; place < memory.length; place++) {
    if (memory[place] === 0) continue;
    if (at >= 0 && place - end >= gap) {
      ranges.push({ at, end });
      at = -1;
    }
    if (at < 0) at = place;
    end = place + 1;
  }
  if (at >= 0) ranges.push({ at, end });
  return ranges;
}

/**
 * Clears the text. A function that refers to it is made one without, as the engine's own functions are: its `toString` says
 * `[native code]`. Other words can be as large as an address, those of code among them; cleared, they would end the guest.
 */
function forget(memory: Buffer, found: readonly Range[]): void {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / 4);
  const ends = new Map(found.map(({ at, end }) => [at, end]));
  for (let index = TEXT_LENGTH_BEFORE; index < words.length; index++) {
    const at = words[index] ?? 0;
    const end = ends.get(at);
    if (end !== undefined && isTextOfFunction(words, index, end - at)) words[index] = 0;
  }
  for (const { at, end } of found) memory.fill(0, at, end);
}

/** Whether the word is where a function has the address of its text, which is so long. */
function isTextOfFunction(words: Uint32Array, index: number, length: number): boolean {
  const table = words[index - TABLE_BEFORE] ?? 0;
  const tableEnd = table + (words[index - TABLE_LENGTH_BEFORE] ?? 0);
  return words[index - TEXT_LENGTH_BEFORE] === length && table % ALIGNMENT === 0 && tableEnd <= words.length * 4;
}

/** The source, and where its pieces are. */
class SourceText {
  readonly #bytes: Buffer;
  /** How many bytes before a place are of keywords, operators and brackets. */
  readonly #syntaxBefore: Uint32Array;
  /** The last place of each hash of a piece, plus 1; and for each place the one before with the same hash. */
  readonly #last = new Uint32Array(1 << 16);
  readonly #previous: Uint32Array;

  constructor(source: string) {
    this.#bytes = Buffer.from(source);
    this.#syntaxBefore = countSyntax(source, this.#bytes.length);
    this.#previous = new Uint32Array(this.#bytes.length + 1);
    for (let at = 0; at + WINDOW_BYTES <= this.#bytes.length; at++) {
      const hash = hashAt(this.#bytes, at);
      this.#previous[at + 1] = this.#last[hash] ?? 0;
      this.#last[hash] = at + 1;
    }
  }

  /** Where `memory` has text of the source; each as long as it can be. */
  findIn(memory: Buffer): readonly Range[] {
    const found: Range[] = [];
    for (let at = 0; at + WINDOW_BYTES <= memory.length; at += WINDOW_BYTES) {
      if (memory[at] === 0) continue;
      const range = this.#longestAt(memory, at);
      if (range === undefined) continue;
      found.push(range);
      at = Math.max(at, range.end - (range.end % WINDOW_BYTES) - WINDOW_BYTES);
    }
    return found;
  }

  #longestAt(memory: Buffer, at: number): Range | undefined {
    let longest: Range | undefined;
    let next = this.#last[hashAt(memory, at)] ?? 0;
    for (let tried = 0; next !== 0 && tried < CANDIDATES_MAX; tried++, next = this.#previous[next] ?? 0) {
      const range = this.#extend(memory, at, next - 1);
      if (range !== undefined && (longest === undefined || range.end - range.at > longest.end - longest.at)) {
        longest = range;
      }
    }
    return longest;
  }

  #extend(memory: Buffer, at: number, from: number): Range | undefined {
    const bytes = this.#bytes;
    let length = 0;
    while (from + length < bytes.length && memory[at + length] === bytes[from + length]) length++;
    if (length < WINDOW_BYTES) return undefined;
    let before = 0;
    while (before < from && before < at && memory[at - before - 1] === bytes[from - before - 1]) before++;
    const syntax = (this.#syntaxBefore[from + length] ?? 0) - (this.#syntaxBefore[from - before] ?? 0);
    return syntax < SYNTAX_BYTES_MIN ? undefined : { at: at - before, end: at + length };
  }
}

/** Of one piece. */
function hashAt(bytes: Buffer, at: number): number {
  let hash = 0;
  for (let index = at; index < at + WINDOW_BYTES; index++) hash = (Math.imul(hash, 31) + (bytes[index] ?? 0)) | 0;
  return (hash ^ (hash >>> 16)) & 0xffff;
}

function countSyntax(source: string, length: number): Uint32Array {
  const isSyntax = new Uint8Array(length).fill(1);
  const byteOf = byteOffsets(source);
  const { program, comments } = parseSync("guest.js", source);
  const clear = ({ start, end }: Span): void => void isSyntax.fill(0, byteOf(start), byteOf(end));
  eachText(program, clear);
  comments.forEach(clear);
  for (const { index } of source.matchAll(/\s/g)) clear({ start: index, end: index + 1 });
  const before = new Uint32Array(length + 1);
  for (let at = 0; at < length; at++) before[at + 1] = (before[at] ?? 0) + (isSyntax[at] ?? 0);
  return before;
}

/** Where a character of the source is in its UTF-8. */
function byteOffsets(source: string): (character: number) => number {
  const offsets = new Uint32Array(source.length + 1);
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at);
    const isHalf = code >= 0xd800 && code <= 0xdfff;
    offsets[at + 1] = (offsets[at] ?? 0) + (code < 0x80 ? 1 : code < 0x800 || isHalf ? 2 : 3);
  }
  return (character) => offsets[character] ?? 0;
}

/** Where something is in a source. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Calls `visit` with each literal and name. */
function eachText(value: unknown, visit: (span: Span) => void): void {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value && /^(?:Literal|TemplateElement|Identifier|PrivateIdentifier)$/.test(String(value.type))) {
    visit(value as unknown as Span);
    return;
  }
  for (const child of Object.values(value)) eachText(child, visit);
}
