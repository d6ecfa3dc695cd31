/** Reads and writes the binary format of WebAssembly, as far as builds need it. */
import { Buffer } from "node:buffer";

/** What stands before every module and component: the magic number, and a version of four bytes. */
export const WASM_HEADER_BYTES = 8;

/** Reads from the front. */
export class WasmReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** How much has been read. */
  get at(): number {
    return this.#at;
  }

  u8(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw tooEarly();
    return byte;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** An address, in the form of `i32.const`. */
  s32(): number {
    let value = 0;
    for (let shift = 0;;) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte >= 0x80) continue;
      return shift < 32 && (byte & 0x40) !== 0 ? value | (-1 << shift) : value;
    }
  }

  /** A view, not a copy. */
  bytes(length: number): Buffer {
    this.#at += length;
    if (this.#at > this.#bytes.length) throw tooEarly();
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** What has not been read yet: a view, not a copy. */
  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at);
  }

  name(): string {
    return this.bytes(this.u32()).toString("utf8");
  }

  limits(): void {
    const hasMaximum = (this.u8() & 1) === 1;
    this.u32();
    if (hasMaximum) this.u32();
  }
}

/** An unsigned number. */
export function leb(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** A signed number. */
export function sleb(value: number): readonly number[] {
  const isLast = value >= -0x40 && value < 0x40;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...sleb(value >> 7)];
}

function tooEarly(): Error {
  return new Error("Cannot read the component: a part of it ends too early");
}
