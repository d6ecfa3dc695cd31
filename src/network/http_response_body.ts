/** The body of an answer: one window ahead of its reader, then the server waits. */
import type { ByteSource, StreamEnd } from "../base/byte_stream.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import { ByteQueue } from "./byte_queue.ts";
import type { HttpFailure } from "./http_failure_table.ts";
import { WINDOW_BYTES } from "./http_limits.ts";

/** What the exchange wants to know of the reader. */
export interface ResponseBodyOptions {
  /** The reader has taken bytes: there is room again. */
  readonly onRoom: () => void;
  /** Nobody reads on. Called once, and only before the end. */
  readonly onLeft: () => void;
}

/** Fed by its exchange. `open` until `end` or `fail`, or until the reader leaves. */
export class HttpResponseBody implements ByteSource {
  readonly #options: ResponseBodyOptions;
  readonly #queue = new ByteQueue();
  readonly #waiters = new WaitList();
  #end: StreamEnd | undefined;
  #isLeft = false;
  #isReadToEnd = false;

  constructor(options: ResponseBodyOptions) {
    this.#options = options;
  }

  /** Over a window by less than one piece of the wire. */
  get isFull(): boolean {
    return this.#queue.length >= WINDOW_BYTES;
  }

  /** The reader has the last byte, and knows it. */
  get isReadToEnd(): boolean {
    return this.#isReadToEnd;
  }

  push(bytes: Uint8Array): void {
    if (this.#end !== undefined || this.#isLeft) return;
    this.#queue.push(bytes);
    this.#waiters.wakeAll();
  }

  /** All is there. */
  end(): void {
    this.#endWith("closed");
  }

  /** What came before can still be read. */
  fail(failure: HttpFailure): void {
    this.#endWith({ failed: { message: `The answer broke off: ${failure.tag}`, httpCode: failure } });
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#isLeft) return "closed";
    if (this.#queue.length > 0) {
      const wasFull = this.isFull;
      const bytes = this.#queue.take(bytesMax);
      if (wasFull && !this.isFull && this.#end === undefined) this.#options.onRoom();
      return bytes;
    }
    if (this.#end === undefined) return new Uint8Array(0);
    const end = this.#end;
    this.#end = "closed";
    if (end === "closed") this.#isReadToEnd = true;
    return end;
  }

  isReady(): boolean {
    return this.#isLeft || this.#queue.length > 0 || this.#end !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  dispose(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#queue.clear();
    this.#waiters.wakeAll();
    if (this.#end === undefined) this.#options.onLeft();
  }

  #endWith(end: StreamEnd): void {
    if (this.#end !== undefined || this.#isLeft) return;
    this.#end = end;
    this.#waiters.wakeAll();
  }
}
