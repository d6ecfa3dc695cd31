/** Writes the wasm binary format: a buffer that grows, LEB128 integers, sizes that are filled in later. */

/** Bytes of a size that is reserved before what it measures is written: LEB128 may be longer than it has to be. */
const RESERVED_BYTES = 5;

/** A growing run of bytes. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(byte: number): this {
    this.#reserve(1);
    this.#bytes[this.#length] = byte;
    this.#length += 1;
    return this;
  }

  /** An unsigned LEB128 integer of 32 bits. */
  u32(value: number): this {
    let rest = value >>> 0;
    this.#reserve(RESERVED_BYTES);
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** A signed LEB128 integer of 32 bits. */
  s32(value: number): this {
    let rest = value | 0;
    this.#reserve(RESERVED_BYTES);
    for (;;) {
      const byte = rest & 0x7f;
      rest >>= 7;
      const isLast = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
      this.#bytes[this.#length++] = isLast ? byte : byte | 0x80;
      if (isLast) return this;
    }
  }

  /** A signed LEB128 integer of 64 bits, of a value that is a safe integer. */
  s64(value: number): this {
    let rest = BigInt(value);
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      const isLast = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
      this.u8(isLast ? byte : byte | 0x80);
      if (isLast) return this;
    }
  }

  /** A length-prefixed name; ours are ASCII. */
  name(text: string): this {
    const encoded = new TextEncoder().encode(text);
    return this.u32(encoded.length).copy(encoded, 0, encoded.length);
  }

  bytes(...values: readonly number[]): this {
    for (const value of values) this.u8(value);
    return this;
  }

  copy(source: Uint8Array, start: number, end: number): this {
    const length = end - start;
    this.#reserve(length);
    // For the short runs between two edits a loop is cheaper than `set` with a view of its own.
    if (length < 48) {
      for (let at = 0; at < length; at += 1) this.#bytes[this.#length + at] = source[start + at] ?? 0;
    } else {
      this.#bytes.set(source.subarray(start, end), this.#length);
    }
    this.#length += length;
    return this;
  }

  append(other: ByteWriter): this {
    return this.copy(other.written(), 0, other.length);
  }

  /** Leaves room for a size; `endSized` fills it in. */
  beginSized(): number {
    this.#reserve(RESERVED_BYTES);
    this.#length += RESERVED_BYTES;
    return this.#length;
  }

  /** Fills in the size of all that was written since `beginSized` gave `start`, which is returned. */
  endSized(start: number): number {
    const size = this.#length - start;
    for (let at = 0; at < RESERVED_BYTES; at += 1) {
      const more = at < RESERVED_BYTES - 1 ? 0x80 : 0;
      this.#bytes[start - RESERVED_BYTES + at] = ((size >>> (7 * at)) & 0x7f) | more;
    }
    return size;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.written());
    this.#bytes = grown;
  }
}
