/** Bytes of a guest's stdout or stderr into lines that are safe in a log and on a terminal. */

/**
 * The longest line in UTF-16 units before escaping; what is longer goes on in the next line. A guest that never writes
 * a newline must not fill the memory, and log collectors cut at 16 KiB.
 */
export const LINE_UNITS_MAX = 16_384;

/**
 * What could steer a terminal, forge a line or reorder it: control characters except the tab, line and paragraph
 * separators, bidirectional controls, and the byte order mark.
 */
const UNSAFE = /[\0-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

export interface LineOutputOptions {
  readonly lineUnitsMax?: number;
}

/**
 * Splits at LF and CR LF, decodes UTF-8 (also across writes) with replacement characters, and escapes.
 *
 * @example
 * const lines = new LineOutput((line) => console.log(line));
 * lines.write(new TextEncoder().encode("one\ntwo"));
 * lines.end(); // gives "two"
 */
export class LineOutput {
  readonly #emitLine: (line: string) => void;
  readonly #lineUnitsMax: number;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The line under way; never longer than the limit and one CR. */
  #partial = "";

  constructor(emitLine: (line: string) => void, options: LineOutputOptions = {}) {
    this.#emitLine = emitLine;
    this.#lineUnitsMax = options.lineUnitsMax ?? LINE_UNITS_MAX;
  }

  /** Gives every line that is whole now. Keeps no reference to `bytes`. */
  write(bytes: Uint8Array): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** Gives the last line if it has no newline. The output can be written to again after that. */
  end(): void {
    this.#take(this.#decoder.decode());
    if (this.#partial !== "") this.#emitPartial();
  }

  #take(text: string): void {
    let start = 0;
    for (let newline = text.indexOf("\n"); newline >= 0; newline = text.indexOf("\n", start)) {
      this.#append(text.slice(start, newline));
      if (this.#partial.endsWith("\r")) this.#partial = this.#partial.slice(0, -1);
      this.#emitPartial();
      start = newline + 1;
    }
    this.#append(text.slice(start));
  }

  /** A CR at the limit stays: the LF that makes it part of a line's end may follow. */
  #append(text: string): void {
    this.#partial += text;
    while (this.#partial.length > this.#lineUnitsMax && this.#partial !== `${this.#head()}\r`) {
      const head = this.#head();
      const rest = this.#partial.slice(head.length);
      this.#partial = head;
      this.#emitPartial();
      this.#partial = rest;
    }
  }

  /** As much of the line as fits, without half a surrogate pair. */
  #head(): string {
    const head = this.#partial.slice(0, this.#lineUnitsMax);
    return /[\ud800-\udbff]$/.test(head) && head.length > 1 ? head.slice(0, -1) : head;
  }

  #emitPartial(): void {
    const line = this.#partial;
    this.#partial = "";
    this.#emitLine(line.replace(UNSAFE, escape));
  }
}

/** `\u{1b}` as in JavaScript; the backslash itself stays, so that logged JSON stays readable. */
function escape(character: string): string {
  return `\\u{${character.charCodeAt(0).toString(16)}}`;
}
