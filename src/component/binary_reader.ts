/** Reads the primitive values of the wasm binary formats: bytes, LEB128 integers, names, vector headers, sub-ranges. */
import { malformed, pastLimit } from "./parse_faults.ts";

/**
 * Longest name in bytes. Guards against a file that is one long name which then travels through messages and maps;
 * 100,000 is what the validators of other engines take.
 */
const NAME_BYTES_MAX = 100_000;

/**
 * What a component may consist of, all nested ones together: a function of a core module counts one, anything else
 * (definitions, fields, arguments, signatures) `ITEM_WEIGHT`. A file of one-byte definitions would otherwise cost
 * hundreds of bytes of heap for each of its bytes; so it stays under 100 MB. A handler with a whole JavaScript engine
 * has about 20,000.
 */
export const ITEMS_MAX = 1_000_000;

/** Most items become an object or two, a function of a core module only a number. */
export const ITEM_WEIGHT = 4;

/** Counts items over all readers of one component. */
export class ItemBudget {
  #left = ITEMS_MAX;

  spend(count: number, offset: number): void {
    this.#left -= count;
    if (this.#left < 0) throw pastLimit(offset, "items", ITEMS_MAX);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cursor over `bytes` from `start` to `end`; every offset it reports is absolute. */
export class BinaryReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly budget: ItemBudget;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number, budget: ItemBudget) {
    this.bytes = bytes;
    this.end = end;
    this.budget = budget;
    this.#at = start;
  }

  /** Where the next byte is. */
  get offset(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.end;
  }

  u8(what: string): number {
    const byte = this.#at < this.end ? this.bytes[this.#at] : undefined;
    if (byte === undefined) throw malformed(this.#at, `${what} is cut off`, "more bytes");
    this.#at += 1;
    return byte;
  }

  /** The next byte, which stays unread; undefined at the end. */
  peek(): number | undefined {
    return this.#at < this.end ? this.bytes[this.#at] : undefined;
  }

  /** An unsigned LEB128 integer of 32 bits. */
  u32(what: string): number {
    const first = this.peek();
    if (first !== undefined && first < 0x80) {
      this.#at += 1;
      return first;
    }
    const start = this.#at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8(what);
      if (shift === 28 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed(start, `${what} does not fit 32 bits`, "an unsigned LEB128 integer of at most 32 bits");
  }

  /** An unsigned LEB128 integer of 64 bits (limits of 64-bit memories and tables). */
  u64(what: string): bigint {
    const start = this.#at;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8(what);
      if (shift === 63n && byte > 1) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed(start, `${what} does not fit 64 bits`, "an unsigned LEB128 integer of at most 64 bits");
  }

  /** A signed LEB128 integer of 33 bits: type indices are its non-negative values. */
  s33(what: string): number {
    const start = this.#at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8(what);
      if (shift === 28) {
        // Five bits are left of 33; the two above repeat the sign.
        const top = byte & 0x70;
        if (byte >= 0x80 || (top !== 0 && top !== 0x70)) break;
        value += (byte & 0x0f) * 2 ** 28;
        return top === 0 ? value : value - 2 ** 32;
      }
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value;
    }
    throw malformed(start, `${what} does not fit 33 bits`, "a signed LEB128 integer of at most 33 bits");
  }

  /** Passes over a LEB128 integer of at most `bitsMax` bits whose value is of no interest. */
  skipInteger(bitsMax: 32 | 64, what: string): void {
    const start = this.#at;
    for (let left = Math.ceil(bitsMax / 7); left > 0; left -= 1) {
      if (this.u8(what) < 0x80) return;
    }
    throw malformed(start, `${what} does not fit ${bitsMax} bits`, "a LEB128 integer");
  }

  skip(length: number, what: string): void {
    if (length > this.end - this.#at) throw malformed(this.#at, `${what} is cut off`, `${length} bytes`);
    this.#at += length;
  }

  /** A vector's length, in `unit`s. Elements take a byte at least, so a length past the end is refused before anything is allocated. */
  count(what: string, countMax = ITEMS_MAX, weight = ITEM_WEIGHT): number {
    const start = this.#at;
    const count = this.u32(`the number of ${what}`);
    if (count > this.end - this.#at) {
      throw malformed(
        start,
        `${count} ${what} are announced`,
        `at most ${this.end - this.#at}, one per byte that is left`,
      );
    }
    if (count > countMax) throw pastLimit(start, what, countMax);
    this.budget.spend(count * weight, start);
    return count;
  }

  /** Reads a vector: its length, then `element` as often. */
  vec<T>(what: string, element: () => T, countMax?: number): T[] {
    const items: T[] = [];
    for (let left = this.count(what, countMax); left > 0; left -= 1) items.push(element());
    return items;
  }

  /** A length-prefixed UTF-8 string. */
  name(what: string): string {
    const start = this.#at;
    const length = this.u32(`the length of ${what}`);
    if (length > this.end - this.#at) throw malformed(start, `${what} of ${length} bytes is cut off`, "more bytes");
    if (length > NAME_BYTES_MAX) throw pastLimit(start, `bytes in ${what}`, NAME_BYTES_MAX);
    const range = this.bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    try {
      return utf8.decode(range);
    } catch {
      throw malformed(start, `${what} is not UTF-8`, "a UTF-8 string");
    }
  }

  /** A reader for the next `length` bytes, which this one passes over. */
  sub(length: number, what: string): BinaryReader {
    const start = this.#at;
    this.skip(length, what);
    return new BinaryReader(this.bytes, start, start + length, this.budget);
  }

  /** Refuses bytes that nobody read. */
  expectEnd(what: string): void {
    if (this.#at < this.end) {
      throw malformed(this.#at, `${this.end - this.#at} bytes follow ${what}`, "the end of the section");
    }
  }
}
