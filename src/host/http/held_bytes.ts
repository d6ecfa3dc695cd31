/** A bounded first-in first-out store of bytes; many small writes cost no object each. */

import type { HeldBudget } from "./held_budget.ts";

/** What the first write gets; most bodies that wait are small. */
const FIRST_BYTES = 1_024;

const NO_BYTES = new Uint8Array(0);

/** Bytes on hold. */
export class HeldBytes {
  readonly #lengthMax: number;
  readonly #budget: HeldBudget | undefined;
  #buffer: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;

  /** `budget` is charged with what is held. */
  constructor(lengthMax: number, budget?: HeldBudget) {
    this.#lengthMax = lengthMax;
    this.#budget = budget;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** How many bytes the next `push` may have. */
  get room(): number {
    return this.#lengthMax - this.length;
  }

  /** Copies `bytes` behind the others. */
  push(bytes: Uint8Array): void {
    if (bytes.length > this.room) {
      throw new RangeError(`Cannot hold ${bytes.length} bytes: there is room for ${this.room}, expected no more`);
    }
    this.#budget?.change(bytes.length);
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** A view of the first bytes, at most `lengthMax`; valid until the next call. */
  peek(lengthMax: number): Uint8Array {
    return this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + lengthMax));
  }

  /** Forgets the first bytes, at most `length`. */
  drop(length: number): void {
    const dropped = Math.min(length, this.length);
    this.#budget?.change(-dropped);
    this.#start += dropped;
    if (this.#start === this.#end) this.clear();
  }

  clear(): void {
    this.#budget?.change(-this.length);
    this.#buffer = NO_BYTES;
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(added: number): void {
    const needed = this.length + added;
    const grown = new Uint8Array(Math.min(this.#lengthMax, Math.max(FIRST_BYTES, 2 * needed)));
    grown.set(this.#buffer.subarray(this.#start, this.#end));
    this.#end = this.length;
    this.#start = 0;
    this.#buffer = grown;
  }
}
