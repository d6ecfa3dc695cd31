/** Reading and writing `wasi:io/streams`. Each side keeps one pollable for as long as its stream lives. */
import type { ByteSource } from "./byte_source.ts";
import { u64 } from "./engine/quickjs.ts";
import { forget, mayGoOn, ready } from "./loop.ts";
import { wasiError } from "./wasi_error.ts";
import type { Pollable } from "./wasi/io_poll.ts";
import type { InputStream, OutputStream, StreamError } from "./wasi/io_streams.ts";

const READ_BYTES_MAX = 65_536;

/**
 * The other side is gone, or the connection broke.
 *
 * @example
 * const isLost = await connection.readable.pipeTo(connection.writable).then(() => false, (error) => error instanceof ConnectionLost);
 */
export class ConnectionLost extends Error {
  /** Connections make them. */
  constructor(message: string) {
    super(message);
    this.name = "ConnectionLost";
  }
}

/** Reads a stream to its end. */
export class StreamSource implements ByteSource {
  readonly #onClose: () => void;
  #stream: InputStream | null;
  #pollable: Pollable | null = null;
  #failure: { readonly reason: unknown } | null = null;

  /** @param onClose is called once, after the stream was dropped. */
  constructor(stream: InputStream, onClose: () => void) {
    this.#stream = stream;
    this.#onClose = onClose;
  }

  /** @throws ConnectionLost */
  async read(): Promise<Uint8Array | null> {
    while (this.#stream !== null) {
      if (mayGoOn()) {
        const bytes = this.#tryRead(this.#stream);
        if (bytes === null) this.cancel();
        else if (bytes.length > 0) return bytes;
      }
      if (this.#stream !== null) await ready(this.#pollable ??= this.#stream.subscribe());
    }
    if (this.#failure !== null) throw this.#failure.reason;
    return null;
  }

  /** Whoever waits in `read`, or comes later, gets `reason`. */
  fail(reason: unknown): void {
    if (this.#stream === null) return;
    this.#failure = { reason };
    this.cancel();
  }

  /** Whoever waits in `read` gets the end. */
  cancel(): void {
    const stream = this.#stream;
    if (stream === null) return;
    this.#stream = null;
    if (this.#pollable !== null) forget(this.#pollable);
    stream[Symbol.dispose]();
    this.#onClose();
  }

  #tryRead(stream: InputStream): Uint8Array | null {
    try {
      return unlessClosed(() => stream.read(u64(READ_BYTES_MAX)));
    } catch (error) {
      this.cancel();
      throw error;
    }
  }
}

/** Writes a stream, never more than the other side takes. */
export class StreamSink {
  #stream: OutputStream | null;
  #pollable: Pollable | null = null;
  /** Settles, and never rejects, when all that had to wait is done. */
  #last: Promise<void> | null = null;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /**
   * Resolves when all bytes are handed over; a slow reader on the other side makes it wait. Behind the writes before it.
   * @throws ConnectionLost also when the other side is gone
   */
  async write(bytes: Uint8Array): Promise<void> {
    const sent = this.#last === null ? this.#writeNow(bytes, 0) : 0;
    if (sent === bytes.length) return;
    await this.#queued(this.#writeRest(this.#last, bytes, sent));
  }

  /** Resolves when everything written has left this guest, and closes. Behind the writes before it; those after it are too late. @throws ConnectionLost */
  async finish(): Promise<void> {
    await this.#queued(this.#finishBehind(this.#last));
  }

  /** Also more than once. */
  close(): void {
    const stream = this.#stream;
    if (stream === null) return;
    this.#stream = null;
    if (this.#pollable !== null) forget(this.#pollable);
    stream[Symbol.dispose]();
  }

  /** What comes later goes behind `step`. */
  async #queued(step: Promise<void>): Promise<void> {
    const last = step.catch(() => {});
    this.#last = last;
    try {
      await step;
    } finally {
      if (this.#last === last) this.#last = null;
    }
  }

  async #finishBehind(before: Promise<void> | null): Promise<void> {
    if (before !== null) await before;
    unlessClosed(() => this.#open().flush());
    while (unlessClosed(() => Number(this.#open().checkWrite())) === 0) {
      await ready(this.#pollable ??= this.#open().subscribe());
    }
    this.close();
  }

  async #writeRest(before: Promise<void> | null, bytes: Uint8Array, start: number): Promise<void> {
    if (before !== null) await before;
    for (let sent = this.#writeNow(bytes, start); sent < bytes.length; sent = this.#writeNow(bytes, sent)) {
      await ready(this.#pollable ??= this.#open().subscribe());
    }
  }

  /** Writes what there is room for, from `start` on; gives where it stopped. */
  #writeNow(bytes: Uint8Array, start: number): number {
    let sent = start;
    while (sent < bytes.length) {
      const stream = this.#open();
      const permit = unlessClosed(() => Number(stream.checkWrite()));
      if (permit === null) throw new ConnectionLost("The other side is gone");
      if (permit === 0 || !mayGoOn()) break;
      const part = bytes.subarray(sent, sent + permit);
      unlessClosed(() => stream.write(part));
      sent += part.length;
    }
    return sent;
  }

  #open(): OutputStream {
    if (this.#stream === null) throw new ConnectionLost("The stream was closed");
    return this.#stream;
  }
}

/** What `call` gives, or null when the stream is closed. */
function unlessClosed<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    const reason = wasiError(error) as StreamError;
    if (reason.tag === "closed") return null;
    using cause = reason.val;
    throw new ConnectionLost(cause.toDebugString());
  }
}
