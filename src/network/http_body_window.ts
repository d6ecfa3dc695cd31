/**
 * A request's body between whoever writes it and the client: a sink of one window, and the source that `HttpRequest.body`
 * wants. Structurally the sink is the host's `ResponseBody`, so a guest's outgoing body can be joined with it as it is.
 */
import type { ByteSink, ByteSource, StreamEnd, StreamFailure } from "../base/byte_stream.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import { ByteQueue } from "./byte_queue.ts";
import type { HttpFields } from "./http_message.ts";
import { WINDOW_BYTES } from "./http_limits.ts";

/** How the writer ended: `open` until `finish` or `abort`. */
type WriterEnd = "open" | "finished" | { readonly failure: StreamFailure };

/**
 * @example
 * const window = new HttpBodyWindow();
 * client.send({ ..., body: window.source, trailers: () => window.trailers });
 * window.write(bytes); // at most window.permit() bytes
 * window.finish(undefined);
 */
export class HttpBodyWindow implements ByteSink {
  /** The reading side, for the client. */
  readonly source: ByteSource;
  readonly #queue = new ByteQueue();
  readonly #writers = new WaitList();
  readonly #readers = new WaitList();
  #end: WriterEnd = "open";
  #isReaderGone = false;
  #isFlushing = false;
  #trailers: HttpFields | undefined;

  constructor() {
    this.source = {
      read: (bytesMax) => this.#read(bytesMax),
      isReady: () => this.#isReadable(),
      onReady: (wake) => (this.#isReadable() ? ALWAYS_READY.onReady(wake) : this.#readers.add(wake)),
      dispose: () => this.#leave(),
    };
  }

  /** What `finish` gave; asked after the source read "closed". */
  get trailers(): HttpFields | undefined {
    return this.#trailers;
  }

  /** A client that takes no more, because it has an answer or has failed, reads as "closed". */
  permit(): number | StreamEnd {
    if (this.#isClosed()) return "closed";
    return this.#isFlushing ? 0 : Math.max(0, WINDOW_BYTES - this.#queue.length);
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    if (this.#isClosed()) return "closed";
    this.#queue.give(bytes);
    if (bytes.length > 0) this.#readers.wakeAll();
    return undefined;
  }

  flush(): StreamEnd | undefined {
    if (this.#isClosed()) return "closed";
    this.#isFlushing = this.#queue.length > 0;
    return undefined;
  }

  isReady(): boolean {
    return this.#isClosed() || (!this.#isFlushing && this.#queue.length < WINDOW_BYTES);
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#writers.add(wake);
  }

  /** The writer's handle is gone; only `finish` and `abort` end the body. */
  dispose(): void {}

  /** The body is whole. */
  finish(trailers: HttpFields | undefined): void {
    if (this.#end !== "open") return;
    this.#trailers = trailers;
    this.#endWith("finished");
  }

  /** It never will be: the request fails, and what is not sent yet is not sent. */
  abort(reason: string): void {
    if (this.#end !== "open") return;
    this.#queue.clear();
    this.#endWith({ failure: { message: `The body was left unfinished: ${reason}` } });
  }

  #endWith(end: WriterEnd): void {
    this.#end = end;
    this.#readers.wakeAll();
    this.#writers.wakeAll();
  }

  #isClosed(): boolean {
    return this.#end !== "open" || this.#isReaderGone;
  }

  #isReadable(): boolean {
    return this.#queue.length > 0 || this.#isClosed();
  }

  #read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#queue.length > 0) {
      const bytes = this.#queue.take(bytesMax);
      if (this.#queue.length === 0) this.#isFlushing = false;
      this.#writers.wakeAll();
      return bytes;
    }
    if (this.#isReaderGone || this.#end === "finished") return "closed";
    return this.#end === "open" ? new Uint8Array(0) : { failed: this.#end.failure };
  }

  #leave(): void {
    this.#isReaderGone = true;
    this.#isFlushing = false;
    this.#queue.clear();
    this.#writers.wakeAll();
  }
}
