/** Bytes of a guest's stdout or stderr into lines that are safe in a log and on a terminal. */
import { escapeText } from "../../base/escape_text.ts";

/**
 * The longest line in UTF-16 units before escaping; what is longer goes on in the next line. A guest that never writes
 * a newline must not fill the memory, and log collectors cut at 16 KiB.
 */
export const LINE_UNITS_MAX = 16_384;

/** For outputs whose lines have another bound. */
export interface LineOutputOptions {
  /** In UTF-16 units, at least 2; the default is `LINE_UNITS_MAX`. */
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
  /** Made by the first write: most guests print nothing, and every request has two of these outputs. */
  #decoder: TextDecoder | undefined;
  /** The line under way; never longer than the limit and one CR. */
  #partial = "";

  constructor(emitLine: (line: string) => void, options: LineOutputOptions = {}) {
    this.#emitLine = emitLine;
    this.#lineUnitsMax = options.lineUnitsMax ?? LINE_UNITS_MAX;
  }

  /** Gives every line that is whole now. Keeps no reference to `bytes`. */
  write(bytes: Uint8Array): void {
    this.#decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
    this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** Gives the last line if it has no newline. The output can be written to again after that. */
  end(): void {
    if (this.#decoder === undefined) return;
    this.#take(this.#decoder.decode());
    const rest = this.#partial.slice(this.#lineUnitsMax);
    this.#partial = this.#partial.slice(0, this.#lineUnitsMax);
    if (this.#partial !== "") this.#emitPartial();
    if (rest !== "") this.#emitLine(escapeText(rest));
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
    this.#emitLine(escapeText(line));
  }
}
