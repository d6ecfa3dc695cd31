/** Bytes in order. Small pieces share a block, so that a million one-byte writes do not cost a million objects. */
import { keptBytes } from "../base/kept_bytes.ts";

/** Large enough to hold many small writes, small enough to waste little on a connection that is idle after one. */
const BLOCK_BYTES = 4096;

interface Block {
  readonly bytes: Uint8Array;
  start: number;
  end: number;
}

/** A queue of bytes, first in, first out. It has no bound of its own: its owner asks `length`. */
export class ByteQueue {
  #blocks: Block[] = [];
  /** The first block that still has bytes; consumed ones before it are cut off now and then. */
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `bytes`. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    const last = this.#blocks.at(-1);
    const room = last === undefined ? 0 : last.bytes.length - last.end;
    if (last !== undefined && room > 0) {
      const fitting = room < bytes.length ? bytes.subarray(0, room) : bytes;
      last.bytes.set(fitting, last.end);
      last.end += fitting.length;
      if (fitting.length === bytes.length) return;
      bytes = bytes.subarray(room);
    }
    // A lone message (the usual case) is copied as it is; from the second on, blocks collect them.
    const isAlone = this.#blocks.length === this.#first;
    // (`new Uint8Array(x)` and not `x.slice()`: the latter does not copy a Buffer.)
    const block = isAlone || bytes.length >= BLOCK_BYTES ? new Uint8Array(bytes) : new Uint8Array(BLOCK_BYTES);
    if (block.length > bytes.length) block.set(bytes);
    this.#blocks.push({ bytes: block, start: 0, end: bytes.length });
  }

  /** Takes `bytes` over: nobody changes them any more. Large pieces are kept as they are, small ones copied. */
  give(bytes: Uint8Array): void {
    if (bytes.length < BLOCK_BYTES) return this.push(bytes);
    const kept = keptBytes(bytes);
    this.#length += kept.length;
    this.#blocks.push({ bytes: kept, start: 0, end: kept.length });
  }

  /** Up to `bytesMax` bytes, which the caller owns; empty when there are none. */
  take(bytesMax: number): Uint8Array {
    const block = this.#blocks[this.#first];
    if (block === undefined) return new Uint8Array(0);
    const end = Math.min(block.end, block.start + bytesMax);
    const taken = block.bytes.subarray(block.start, end);
    block.start = end;
    this.#length -= taken.length;
    if (end === block.end) this.#dropFirst();
    return taken;
  }

  clear(): void {
    this.#blocks = [];
    this.#first = 0;
    this.#length = 0;
  }

  #dropFirst(): void {
    this.#first++;
    if (this.#first === this.#blocks.length) this.#blocks.length = 0;
    else if (this.#first < 64) return;
    else this.#blocks.splice(0, this.#first);
    this.#first = 0;
  }
}
