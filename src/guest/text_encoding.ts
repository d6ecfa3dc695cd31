/** `TextEncoder` and `TextDecoder`, for UTF-8. */
import { decodeUtf8, decodeUtf8Lossy, encodeUtf8, sequenceLength } from "./utf8.ts";
import { toBytes } from "./bytes.ts";
import { toText } from "./convert.ts";

const UTF8_LABELS = /^(?:unicode-1-1-utf-8|unicode11utf8|unicode20utf8|utf-?8|x-unicode20utf8)$/i;
const BOM_BYTES = 3;
const NOTHING = new Uint8Array(0);

/** Text to UTF-8. */
export class TextEncoder {
  get encoding(): string {
    return "utf-8";
  }

  encode(input = ""): Uint8Array<ArrayBuffer> {
    return encodeUtf8(toText(input));
  }

  /** As many whole characters as fit. */
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number } {
    let read = 0;
    let written = 0;
    for (const character of source) {
      const bytes = encodeUtf8(character);
      if (written + bytes.length > destination.length) break;
      destination.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

/** UTF-8 to text; `stream` keeps a character that is cut between two calls. */
export class TextDecoder {
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  #kept: Uint8Array<ArrayBuffer> = NOTHING;
  #isStarted = false;

  constructor(label = "utf-8", options: { readonly fatal?: boolean; readonly ignoreBOM?: boolean } = {}) {
    if (!UTF8_LABELS.test(label.trim())) {
      throw new RangeError(`Cannot make a TextDecoder: the encoding is "${label}", expected "utf-8"`);
    }
    this.fatal = options.fatal ?? false;
    this.ignoreBOM = options.ignoreBOM ?? false;
  }

  get encoding(): string {
    return "utf-8";
  }

  decode(input?: ArrayBuffer | ArrayBufferView, options: { readonly stream?: boolean } = {}): string {
    const isLast = options.stream !== true;
    let bytes = input === undefined ? NOTHING : toBytes(input);
    if (this.#kept.length > 0) bytes = joined(this.#kept, bytes);
    const end = isLast ? bytes.length : bytes.length - cutOffLength(bytes);
    this.#kept = bytes.slice(end);
    const text = this.#text(bytes.subarray(0, end));
    if (isLast) this.#isStarted = false;
    return text;
  }

  #text(bytes: Uint8Array): string {
    const isFirst = !this.#isStarted && bytes.length > 0;
    if (isFirst) this.#isStarted = true;
    const hasBom = isFirst && !this.ignoreBOM && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const rest = hasBom ? bytes.subarray(BOM_BYTES) : bytes;
    if (!this.fatal) return decodeUtf8Lossy(rest);
    const text = decodeUtf8(rest);
    if (text !== null) return text;
    this.#kept = NOTHING;
    this.#isStarted = false;
    throw new TypeError("Cannot decode the bytes: they are not UTF-8");
  }
}

/** How many bytes at the end may yet become a character. */
function cutOffLength(bytes: Uint8Array): number {
  for (let length = 1; length <= 3 && length <= bytes.length; length++) {
    const at = bytes.length - length;
    const first = bytes[at] ?? 0;
    if (first < 0x80) return 0;
    if (first >= 0xc0) return sequenceLength(bytes, at) === -length && isPrefix(first, length) ? length : 0;
  }
  return 0;
}

/** Whether a sequence that begins with `first` wants more than `length` bytes. */
function isPrefix(first: number, length: number): boolean {
  if (first < 0xc2 || first > 0xf4) return false;
  return length < (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
