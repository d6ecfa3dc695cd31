/** Bytes as scripts and attempts have them: text or bytes in, text out. */

/** What a script sends: text is UTF-8. */
export type Bytes = string | Uint8Array;

/** A copy, so that who changes it later changes nothing. */
export function bytesOf(data: Bytes): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
}

/** What an attempt keeps of each direction: enough for what a test compares, whatever a guest sends. */
export const TRACE_BYTES_MAX = 65_536;

/** The first bytes of one direction, as text. */
export class Trace {
  readonly #decoder = new TextDecoder();
  #room = TRACE_BYTES_MAX;
  #text = "";

  add(bytes: Uint8Array): void {
    if (this.#room === 0) return;
    const kept = bytes.subarray(0, this.#room);
    this.#room -= kept.length;
    this.#text += this.#decoder.decode(kept, { stream: true });
  }

  /** What is no UTF-8 is replaced. */
  get text(): string {
    return this.#text;
  }
}
