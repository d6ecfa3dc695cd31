/** DNS messages over a stream: two bytes of length before each (RFC 1035 section 4.2.2). */
import { MESSAGE_BYTES_MAX } from "./dns_message.ts";

const PREFIX_BYTES = 2;

/** The bytes of `message` for a stream. One write, or some servers answer with a reset (RFC 7766 section 8). */
export function frameMessage(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(PREFIX_BYTES + message.length);
  new DataView(framed.buffer).setUint16(0, message.length);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Puts the first message of a stream together, in whatever pieces it comes. */
export class FrameReader {
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #message: Uint8Array | undefined;
  #filled = 0;

  /** The message once it is whole; undefined until then. What follows it is not looked at. */
  push(chunk: Uint8Array): Uint8Array | "too-long" | undefined {
    let rest = chunk;
    while (this.#message === undefined) {
      if (rest.length === 0) return undefined;
      this.#prefix[this.#filled++] = rest[0] ?? 0;
      rest = rest.subarray(1);
      if (this.#filled < PREFIX_BYTES) continue;
      const length = new DataView(this.#prefix.buffer).getUint16(0);
      if (length > MESSAGE_BYTES_MAX) return "too-long";
      this.#message = new Uint8Array(length);
      this.#filled = 0;
    }
    const taken = rest.subarray(0, this.#message.length - this.#filled);
    this.#message.set(taken, this.#filled);
    this.#filled += taken.length;
    return this.#filled === this.#message.length ? this.#message : undefined;
  }
}
