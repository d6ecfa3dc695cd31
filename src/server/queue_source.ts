/** Bytes of a stream of the web, as whoever reads a body wants them. */
import type { ByteSource, StreamEnd, StreamFailure } from "../base/byte_stream.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import { ByteQueue } from "../network/byte_queue.ts";

/** Read ahead of the reader. */
const WINDOW_BYTES = 65_536;

/** Fed by whoever has the bytes; it asks for no more than a window. */
export class QueueSource implements ByteSource {
  readonly #waiters = new WaitList();
  readonly #queue = new ByteQueue();
  #end: "open" | "closed" | StreamFailure = "open";
  #isDisposed = false;
  #roomWanted: (() => void) | undefined;

  push(bytes: Uint8Array): void {
    if (this.#isDisposed) return;
    this.#queue.push(bytes);
    this.#waiters.wakeAll();
  }

  /** What comes after the last byte. Only the first call counts. */
  finish(end: "closed" | StreamFailure): void {
    if (this.#end === "open") this.#end = end;
    this.#waiters.wakeAll();
  }

  /** Resolves when there is room for more; to false when nobody wants any. */
  async untilRoom(): Promise<boolean> {
    while (this.#queue.length >= WINDOW_BYTES && !this.#isDisposed) {
      await new Promise<void>((resolve) => {
        this.#roomWanted = resolve;
      });
    }
    return !this.#isDisposed;
  }

  isReady(): boolean {
    return this.#queue.length > 0 || this.#end !== "open";
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#queue.length > 0) {
      const bytes = this.#queue.take(bytesMax);
      this.#roomWanted?.();
      return bytes;
    }
    if (this.#end === "open") return new Uint8Array(0);
    if (this.#end === "closed") return "closed";
    const failed = this.#end;
    this.#end = "closed";
    return { failed };
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#queue.clear();
    this.#roomWanted?.();
  }
}

/** Feeds a source from a stream of the web. `enter` says that the next piece is the client's to come, and gives back how to say it came. */
export async function feed(
  source: QueueSource,
  stream: ReadableStream<Uint8Array>,
  options: {
    readonly enter: () => () => void;
    readonly onBytes?: (bytes: Uint8Array) => void;
    readonly failure: StreamFailure;
  },
): Promise<void> {
  const reader = stream.getReader();
  try {
    while (await source.untilRoom()) {
      const leave = options.enter();
      const { done, value } = await reader.read().finally(leave);
      if (done) return source.finish("closed");
      options.onBytes?.(value);
      source.push(value);
    }
    await reader.cancel();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    source.finish({ ...options.failure, message });
  }
}
