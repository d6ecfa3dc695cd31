/**
 * Which stores need a mark of their own. A mark sets the byte of the page where a store begins; since it also stands for
 * the begin of the next page (`WRITTEN_SPILL_BYTES`), one mark serves all stores near it.
 *
 * A store whose address is a local (as it was read, not set since) plus a constant needs no scratch local, and is left out
 * when a little less than that was marked before on every way that leads there: in the same block, or before it in those
 * around it up to the next loop. That is proven from the bytes by following what `local.get` left on the stack. All that is not followed
 * (most of control, most of SIMD) makes the stack unknown. Marks are only taken back between calls of the guest, so they
 * last for the function.
 */
import { IntList } from "./int_list.ts";
import { WRITTEN_PAGE_BYTES, WRITTEN_SPILL_BYTES } from "./instrumented_module.ts";
import { Scratch } from "./scratch_locals.ts";

/** The widest store. */
const STORE_BYTES_MAX = 16;
/** A mark for an address covers the stores up to so many bytes behind it. */
const BUCKET_BYTES = WRITTEN_SPILL_BYTES - STORE_BYTES_MAX;
/** Bits of an address that a map's byte depends on: 12 of the page, 16 of its number. */
const ADDRESS_MASK = 0x0fff_ffff;

/** Entries of the stack that are followed, and marks that are remembered: more would not pay. */
const FOLLOWED_MAX = 64;
const REMEMBERED_MAX = 32;

/** What stands for a local's number where the address is not in one. */
export const UNKNOWN_ADDRESS = -1;
/** The address is a constant: what has a fixed place. */
export const CONSTANT_ADDRESS = -2;
const FORGOTTEN = -3;

const UNKNOWN = UNKNOWN_ADDRESS;

/** Follows the stack of one function at a time. */
export class StoreMarks {
  readonly marks: IntList = new IntList();
  /** Bits of the scratch locals that the current function needs. */
  scratch = 0;
  /** What is known of the top of the stack: locals, CONSTANT_ADDRESS or UNKNOWN, */
  readonly #stack = new Int32Array(FOLLOWED_MAX);
  /** and what is added to them. */
  readonly #added = new Int32Array(FOLLOWED_MAX);
  #depth = 0;
  /** Triples of memory, local, what is added to it (of constants: the page), those of blocks behind those of the blocks around them. */
  readonly #marked: number[] = [];
  /** The first of them that holds in the current loop. */
  #firstValid = 0;
  /** Per open block: what `#marked.length` and `#firstValid` were at its begin. */
  readonly #blocks: number[] = [];

  beginFunction(): void {
    this.scratch = 0;
    this.#depth = 0;
    this.#marked.length = 0;
    this.#firstValid = 0;
    this.#blocks.length = 0;
  }

  /** What was marked before the block holds in it, but not in a loop: it comes back after it has set locals. */
  beginBlock(isLoop: boolean): void {
    this.#blocks.push(this.#marked.length, this.#firstValid);
    if (isLoop) this.#firstValid = this.#marked.length;
  }

  /** `else` and `catch`: as at the begin of the block. */
  beginBranch(): void {
    this.#marked.length = Math.min(this.#marked.length, this.#blocks.at(-2) ?? 0);
  }

  /** What was marked in the block may have been jumped over. */
  endBlock(): void {
    this.beginBranch();
    this.#firstValid = this.#blocks.at(-1) ?? 0;
    this.#blocks.length -= Math.min(2, this.#blocks.length);
  }

  forget(): void {
    this.#depth = 0;
  }

  push(local = UNKNOWN): void {
    if (this.#depth === FOLLOWED_MAX) this.#depth = 0;
    this.#stack[this.#depth] = local;
    this.#added[this.#depth] = 0;
    this.#depth += 1;
  }

  /** `i32.const`. */
  constant(value: number): void {
    this.push(CONSTANT_ADDRESS);
    this.#added[this.#depth - 1] = value;
  }

  /** `i32.add`. */
  add(): void {
    const [one, other] = [this.#depth - 2, this.#depth - 1];
    const [first = UNKNOWN, second = UNKNOWN] = one < 0 ? [] : [this.#stack[one], this.#stack[other]];
    const sum = (this.#added[one] ?? 0) + (this.#added[other] ?? 0);
    this.pop(2);
    if (second === CONSTANT_ADDRESS) this.push(first);
    else this.push(first === CONSTANT_ADDRESS ? second : UNKNOWN);
    this.#added[this.#depth - 1] = sum;
  }

  pop(count: number): void {
    this.#depth = count < this.#depth ? this.#depth - count : 0;
  }

  setLocal(local: number): void {
    const stack = this.#stack;
    for (let at = 0; at < this.#depth; at += 1) if (stack[at] === local) stack[at] = UNKNOWN;
    const marked = this.#marked;
    for (let at = 1; at < marked.length; at += 3) if (marked[at] === local) marked[at] = FORGOTTEN;
  }

  /**
   * A store of `values` (scratch locals that hold them) at the address below; pops them all. Gives the mark that it
   * needs, or null. `offset` is the lower 28 bits, `isFar` says that there are more.
   */
  store(
    memory: number,
    at: {
      readonly offset: number;
      readonly isFar: boolean;
      readonly is64: boolean;
      readonly values: readonly number[];
    },
  ): number | null {
    const place = this.#depth - 1 - at.values.length;
    let local = place < 0 ? UNKNOWN : this.#stack[place] ?? UNKNOWN;
    let added = place < 0 ? 0 : this.#added[place] ?? 0;
    this.pop(1 + at.values.length);
    if (at.isFar && (local === CONSTANT_ADDRESS || added !== 0)) local = UNKNOWN;
    // What was kept of an unknown address is all of it.
    if (local === UNKNOWN) added = 0;
    const base = baseOf(local, added, at.offset);
    if (local !== UNKNOWN && !at.isFar) {
      const sum = local === CONSTANT_ADDRESS ? base : added + at.offset;
      if (this.#isMarked(memory, local, sum)) return null;
      if (this.#marked.length < 3 * REMEMBERED_MAX) this.#marked.push(memory, local, base);
    }
    if (local === UNKNOWN) {
      this.scratch |= 1 << (at.is64 ? Scratch.ADDRESS_64 : Scratch.ADDRESS_32);
      for (const value of at.values) this.scratch |= 1 << value;
    }
    const mark = this.marks.length;
    for (const field of [memory, base & ADDRESS_MASK, local, at.values[0] ?? -1, at.values[1] ?? -1]) {
      this.marks.push(field);
    }
    return mark;
  }

  /** Whether a mark for at most so much less was made, of a constant for the same page. */
  #isMarked(memory: number, local: number, sum: number): boolean {
    const reach = local === CONSTANT_ADDRESS ? 0 : BUCKET_BYTES;
    const marked = this.#marked;
    for (let at = this.#firstValid; at < marked.length; at += 3) {
      const ahead = sum - (marked[at + 2] ?? 0);
      if (marked[at] === memory && marked[at + 1] === local && ahead >= 0 && ahead <= reach) return true;
    }
    return false;
  }
}

/**
 * What is added to a local where a store is marked: a place a little before the store serves those that come, whatever their
 * order. What the guest adds may wrap around, and then the place a little before is at the end of all addresses: its mark stands for
 * the memory's begin as well. Of constants: the begin of the page.
 */
function baseOf(local: number, added: number, offset: number): number {
  if (local === CONSTANT_ADDRESS) return Math.floor(((added >>> 0) + offset) / WRITTEN_PAGE_BYTES) * WRITTEN_PAGE_BYTES;
  return Math.floor((added + offset) / BUCKET_BYTES) * BUCKET_BYTES;
}
