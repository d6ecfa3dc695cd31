/** Reading and writing `wasi:io/streams` in a job. Both sides keep one pollable for as long as the stream lives. */
import type { Pollable } from "wasi:io/poll@0.2.10";
import type { InputStream, OutputStream, StreamError } from "wasi:io/streams@0.2.10";
import type { Job } from "./job.ts";
import { witError } from "./wit_error.ts";

const READ_BYTES_MAX = 65_536;

/** The other side is gone, or the connection broke. */
export class StreamLost extends Error {}

/** Reads a stream to its end. */
export class Reader implements Disposable {
  readonly #stream: InputStream;
  #pollable: Pollable | null = null;

  constructor(stream: InputStream) {
    this.#stream = stream;
  }

  /**
   * The next bytes, or null at the end. Waits first: between two chunks of one client every other job has its turn.
   * @throws {StreamLost}
   */
  *read(): Job<Uint8Array | null> {
    for (;;) {
      yield (this.#pollable ??= this.#stream.subscribe());
      const bytes = unlessClosed(() => this.#stream.read(READ_BYTES_MAX));
      if (bytes === null || bytes.length > 0) return bytes;
    }
  }

  [Symbol.dispose](): void {
    this.#pollable?.[Symbol.dispose]();
    this.#stream[Symbol.dispose]();
  }
}

/** Writes a stream, never more than the other side takes. */
export class Writer implements Disposable {
  readonly #stream: OutputStream;
  #pollable: Pollable | null = null;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /**
   * Returns when all bytes are handed over; a slow reader on the other side makes it wait.
   * @throws {StreamLost} also when the other side is gone
   */
  *write(bytes: Uint8Array): Job<void> {
    let sent = 0;
    while (sent < bytes.length) {
      const permit = unlessClosed(() => this.#stream.checkWrite());
      if (permit === null) throw new StreamLost("The other side is gone");
      if (permit === 0) {
        yield (this.#pollable ??= this.#stream.subscribe());
        continue;
      }
      const part = bytes.subarray(sent, sent + permit);
      unlessClosed(() => this.#stream.write(part));
      sent += part.length;
    }
  }

  [Symbol.dispose](): void {
    this.#pollable?.[Symbol.dispose]();
    this.#stream[Symbol.dispose]();
  }
}

/** What `call` gives, or null when the stream is closed. */
function unlessClosed<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    const reason = witError(error) as StreamError;
    if (reason.tag === "closed") return null;
    using cause = reason.val;
    throw new StreamLost(cause.toDebugString());
  }
}
