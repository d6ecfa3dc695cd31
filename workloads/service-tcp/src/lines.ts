/** Cuts a stream of bytes into whole lines. */

const NEWLINE = 0x0a;

/** What `Lines.push` found. */
export interface WholeLines {
  /** Everything up to the last newline, terminators as they came; empty when no line is whole yet. */
  readonly bytes: Uint8Array;
  /** A line after these is too long; nothing can be pushed any more. */
  readonly isTooLong: boolean;
}

/** Keeps what is not yet a whole line, up to a limit. */
export class Lines {
  readonly #lineBytesMax: number;
  #kept: Uint8Array[] = [];
  #keptLength = 0;

  /** @param lineBytesMax without the terminating newline */
  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Takes the next bytes and gives the lines that they complete. */
  push(chunk: Uint8Array): WholeLines {
    let start = 0;
    let lineLength = this.#keptLength;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      if (lineLength + end - start > this.#lineBytesMax) return this.#cut(chunk.subarray(0, start), true);
      start = end + 1;
      lineLength = 0;
    }
    const rest = chunk.subarray(start);
    const whole = this.#cut(chunk.subarray(0, start), lineLength + rest.length > this.#lineBytesMax);
    if (!whole.isTooLong && rest.length > 0) {
      this.#kept.push(rest);
      this.#keptLength += rest.length;
    }
    return whole;
  }

  /** The last line, when the stream ended without a newline. */
  rest(): Uint8Array {
    return this.#take(new Uint8Array(0));
  }

  /** `ending` closes what was kept, unless it is empty: then no line ended. */
  #cut(ending: Uint8Array, isTooLong: boolean): WholeLines {
    return { bytes: ending.length === 0 ? ending : this.#take(ending), isTooLong };
  }

  #take(ending: Uint8Array): Uint8Array {
    const bytes = concat([...this.#kept, ending]);
    this.#kept = [];
    this.#keptLength = 0;
    return bytes;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
