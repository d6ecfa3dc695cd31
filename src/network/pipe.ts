/**
 * One direction of a loopback connection. It holds at most `capacity()` bytes and draws each on the
 * workload's budget. A permit is a promise: what `permit` grants can be written whatever others do meanwhile.
 */
import type { ByteSink, ByteSource, StreamEnd } from "../base/byte_stream.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import type { ByteBudget } from "./byte_budget.ts";
import { ByteQueue } from "./byte_queue.ts";
import { CONNECTION_RESET } from "./tcp_connection.ts";

/** One end's knowledge of its peer's reset. Its reader always learns of it; its writer only when it asks first. */
export interface ResetNotice {
  isReported: boolean;
}

/** What bounds a pipe. */
export interface PipeOptions {
  readonly budget: ByteBudget;
  /** The sender's send buffer and the receiver's receive buffer, as they are now. */
  readonly capacity: () => number;
}

/**
 * How the writing side ended: "open" until `finish` or `reset`; the reader sees it once the queue is empty.
 * How the reading side ended: "open"; "discarding" after shutdown(receive), when writes go on succeeding; "gone".
 */
export class Pipe {
  readonly #options: PipeOptions;
  readonly #queue = new ByteQueue();
  readonly #readers = new WaitList();
  readonly #writers = new WaitList();
  #writing: "open" | "finished" | { readonly readerNotice: ResetNotice } = "open";
  #isResetRead = false;
  #reading: "open" | "discarding" | "gone" | { readonly writerNotice: ResetNotice } = "open";
  /** Permitted and not written yet. */
  #promisedBytes = 0;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  // The reading side.

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#reading !== "open") return "closed";
    if (this.#queue.length > 0) {
      const bytes = this.#queue.take(bytesMax);
      this.#options.budget.release(bytes.length);
      this.#writers.wakeAll();
      return bytes;
    }
    if (this.#writing === "open") return new Uint8Array(0);
    if (this.#writing === "finished" || this.#isResetRead) return "closed";
    this.#isResetRead = true;
    this.#writing.readerNotice.isReported = true;
    return { failed: CONNECTION_RESET };
  }

  isReadable(): boolean {
    return this.#reading !== "open" || this.#queue.length > 0 || this.#writing !== "open";
  }

  onReadable(wake: () => void): () => void {
    return this.isReadable() ? ALWAYS_READY.onReady(wake) : this.#readers.add(wake);
  }

  /** shutdown(receive): what is queued or still to come is thrown away, and the writer does not notice. */
  discard(): void {
    if (this.#reading === "open") this.#stopReading("discarding");
  }

  /** The reader is gone: the writer learns that. */
  leave(): void {
    if (this.#reading === "open" || this.#reading === "discarding") this.#stopReading("gone");
  }

  /** The reader is gone without an orderly end. */
  leaveWithReset(writerNotice: ResetNotice): void {
    if (this.#reading === "open" || this.#reading === "discarding") this.#stopReading({ writerNotice });
  }

  // The writing side.

  permit(): number | StreamEnd {
    const end = this.#writeEnd();
    if (end !== undefined) return end;
    const { budget, capacity } = this.#options;
    if (this.#reading === "discarding") return capacity();
    const wanted = Math.min(Math.max(0, capacity() - this.#queue.length), budget.left);
    this.#promisedBytes = budget.promise(this.#promisedBytes, wanted);
    return this.#promisedBytes;
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    const end = this.#writeEnd();
    if (end !== undefined) return end;
    if (this.#reading === "discarding") return undefined;
    if (bytes.length > this.#promisedBytes) {
      throw new RangeError(`Cannot write ${bytes.length} bytes: ${this.#promisedBytes} are permitted`);
    }
    const { budget } = this.#options;
    this.#promisedBytes = budget.promise(this.#promisedBytes, this.#promisedBytes - bytes.length);
    budget.add(bytes.length);
    this.#queue.give(bytes);
    if (bytes.length > 0) this.#readers.wakeAll();
    return undefined;
  }

  /** Nothing is buffered on the writer's side, so a flush is done at once. */
  flush(): StreamEnd | undefined {
    return this.#writeEnd();
  }

  isWritable(): boolean {
    if (this.#writing !== "open" || this.#reading !== "open") return true;
    return this.#queue.length < this.#options.capacity() && this.#options.budget.left > 0;
  }

  onWritable(wake: () => void): () => void {
    if (this.isWritable()) return ALWAYS_READY.onReady(wake);
    if (this.#queue.length >= this.#options.capacity()) return this.#writers.add(wake);
    // The budget is what is missing; the end of the reader would do as well. Whichever comes first wakes, once.
    const cancel = (): void => {
      cancelOwn();
      cancelShared();
    };
    const wakeOnce = (): void => {
      cancel();
      if (!isWoken) wake();
      isWoken = true;
    };
    let isWoken = false;
    const cancelOwn = this.#writers.add(wakeOnce);
    const cancelShared = this.#options.budget.onRoom(wakeOnce);
    return cancel;
  }

  /** The capacity may have grown. */
  capacityChanged(): void {
    this.#writers.wakeAll();
  }

  /** shutdown(send) or an orderly end: the reader gets what is queued, then the end. */
  finish(): void {
    if (this.#writing === "open") this.#stopWriting("finished");
  }

  /** The reader gets what is queued, then the reset. After `finish` the stream was whole: nothing changes, as on Linux. */
  reset(readerNotice: ResetNotice): void {
    if (this.#writing === "open") this.#stopWriting({ readerNotice });
    else readerNotice.isReported = true;
  }

  #writeEnd(): StreamEnd | undefined {
    if (this.#writing !== "open" || this.#reading === "gone") return "closed";
    if (typeof this.#reading === "string") return undefined;
    const notice = this.#reading.writerNotice;
    if (notice.isReported) return "closed";
    notice.isReported = true;
    return { failed: CONNECTION_RESET };
  }

  #stopReading(how: "discarding" | "gone" | { readonly writerNotice: ResetNotice }): void {
    this.#reading = how;
    this.#options.budget.release(this.#queue.length);
    this.#queue.clear();
    this.#dropPromise();
    this.#readers.wakeAll();
    this.#writers.wakeAll();
  }

  #stopWriting(how: "finished" | { readonly readerNotice: ResetNotice }): void {
    this.#writing = how;
    this.#dropPromise();
    this.#readers.wakeAll();
    this.#writers.wakeAll();
  }

  #dropPromise(): void {
    this.#promisedBytes = this.#options.budget.promise(this.#promisedBytes, 0);
  }
}

/** The reading end of `pipe` as a byte source. `onDispose` learns that its handle is gone. */
export class PipeReader implements ByteSource {
  readonly #pipe: Pipe;
  readonly #onDispose: () => void;

  constructor(pipe: Pipe, onDispose: () => void) {
    this.#pipe = pipe;
    this.#onDispose = onDispose;
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    return this.#pipe.read(bytesMax);
  }
  isReady(): boolean {
    return this.#pipe.isReadable();
  }
  onReady(wake: () => void): () => void {
    return this.#pipe.onReadable(wake);
  }
  dispose(): void {
    this.#onDispose();
  }
}

/** The writing end of `pipe` as a byte sink. `onDispose` learns that its handle is gone. */
export class PipeWriter implements ByteSink {
  readonly #pipe: Pipe;
  readonly #onDispose: () => void;

  constructor(pipe: Pipe, onDispose: () => void) {
    this.#pipe = pipe;
    this.#onDispose = onDispose;
  }

  permit(): number | StreamEnd {
    return this.#pipe.permit();
  }
  write(bytes: Uint8Array): StreamEnd | undefined {
    return this.#pipe.write(bytes);
  }
  flush(): StreamEnd | undefined {
    return this.#pipe.flush();
  }
  isReady(): boolean {
    return this.#pipe.isWritable();
  }
  onReady(wake: () => void): () => void {
    return this.#pipe.onWritable(wake);
  }
  dispose(): void {
    this.#onDispose();
  }
}
