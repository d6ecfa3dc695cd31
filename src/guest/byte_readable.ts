/**
 * A `ReadableStream` of a source's bytes for the ways in which bytes are mostly read: `for await`, a reader, or by passing
 * the stream on. An interpreter needs a part of each request's time for the machinery of a stream, so the library's is made
 * only for who pipes, tees or asks for another kind of reader.
 */
import type { ByteSource } from "./byte_source.ts";
import { ReadQueue, type StreamEnd } from "./read_queue.ts";

/** The standard's own types, whoever made them. */
type Stream = globalThis.ReadableStream<Uint8Array>;
type Result = ReadableStreamReadResult<Uint8Array>;
type Make = (source: ByteSource) => Stream;

let take: (stream: ByteReadable) => ByteSource | undefined;

/** What `streamOf` gives. */
export class ByteReadable {
  readonly #queue: ReadQueue;
  readonly #make: Make;
  #reader: ByteReader | undefined;
  #whole: Stream | undefined;

  static {
    take = (stream) => stream.#take();
  }

  constructor(source: ByteSource, make: Make) {
    this.#queue = new ReadQueue(source);
    this.#make = make;
  }

  get locked(): boolean {
    return this.#reader !== undefined || this.#whole?.locked === true;
  }

  /** The library calls it so. */
  get _disturbed(): boolean {
    return this.#queue.isDisturbed ||
      (this.#whole !== undefined && "_disturbed" in this.#whole && this.#whole._disturbed === true);
  }

  async cancel(reason?: unknown): Promise<void> {
    if (this.locked) throw isLocked("cancel");
    this.#queue.cancel(reason);
  }

  getReader(options?: { readonly mode?: "byob" }): unknown {
    if (this.#whole === undefined && options?.mode === undefined) return this.#lock();
    return this.#becomeWhole().getReader(options as undefined);
  }

  values(options?: { readonly preventCancel?: boolean }): AsyncIterableIterator<Uint8Array> {
    if (this.#whole !== undefined || options?.preventCancel === true) return this.#becomeWhole().values(options);
    return new ByteIterator(this.#queue, this.#lock());
  }

  [Symbol.asyncIterator](options?: { readonly preventCancel?: boolean }): AsyncIterableIterator<Uint8Array> {
    return this.values(options);
  }

  pipeThrough(...args: Parameters<Stream["pipeThrough"]>): unknown {
    return this.#becomeWhole().pipeThrough(...args);
  }

  async pipeTo(...args: Parameters<Stream["pipeTo"]>): Promise<void> {
    await this.#becomeWhole().pipeTo(...args);
  }

  tee(): [Stream, Stream] {
    return this.#becomeWhole().tee();
  }

  #lock(): ByteReader {
    if (this.#reader !== undefined) throw isLocked("read");
    return this.#reader = new ByteReader(this.#queue, () => this.#reader = undefined);
  }

  #becomeWhole(): Stream {
    if (this.#reader !== undefined) throw isLocked("use");
    const queue = this.#queue;
    return this.#whole ??= this.#make({ read: () => queue.readAlone(), cancel: (reason) => queue.cancel(reason) });
  }

  #take(): ByteSource | undefined {
    if (this.#whole !== undefined || this.#queue.isDisturbed) return undefined;
    this.#lock();
    this.#queue.isDisturbed = true;
    return this.#queue.source;
  }
}

/** The source of a stream that nobody has read from, and locks that for good; undefined for any other stream. */
export function takeSource(stream: object): ByteSource | undefined {
  return stream instanceof ByteReadable ? take(stream) : undefined;
}

/** The standard's `ReadableStreamDefaultReader`. */
class ByteReader {
  readonly #onRelease: () => void;
  /** Undefined once the lock is released. */
  #queue: ReadQueue | undefined;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(queue: ReadQueue, onRelease: () => void) {
    this.#queue = queue;
    this.#onRelease = onRelease;
    queue.onEnd = (end) => this.#settle(end);
  }

  get closed(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = Promise.withResolvers<void>();
      this.#closed.promise.catch(() => {});
      const end = this.#queue === undefined ? isReleased() : this.#queue.end;
      if (end !== undefined) this.#settle(end);
    }
    return this.#closed.promise;
  }

  async read(): Promise<Result> {
    if (this.#queue === undefined) throw isReleased().reason;
    const value = await this.#queue.read();
    return value === null ? { value: undefined, done: true } : { value, done: false };
  }

  async cancel(reason?: unknown): Promise<void> {
    if (this.#queue === undefined) throw isReleased().reason;
    this.#queue.cancel(reason);
  }

  releaseLock(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    this.#queue = undefined;
    queue.onEnd = undefined;
    queue.refuse(isReleased().reason);
    // One that is settled already becomes another one.
    if (queue.end !== undefined) this.#closed = undefined;
    else this.#settle(isReleased());
    this.#onRelease();
  }

  #settle(end: StreamEnd): void {
    if (end.tag === "closed") this.#closed?.resolve();
    else this.#closed?.reject(end.reason);
  }
}

/** What `for await` goes over: leaving it early gives the source up, as the Streams standard has it, and the lock in any case. */
class ByteIterator implements AsyncIterableIterator<Uint8Array> {
  readonly #queue: ReadQueue;
  /** Undefined once it is over. */
  #reader: ByteReader | undefined;
  /** Who asks before the last answer is there comes after it. */
  #last: Promise<unknown> | undefined;

  constructor(queue: ReadQueue, reader: ByteReader) {
    this.#queue = queue;
    this.#reader = reader;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#inTurn(() => this.#next());
  }

  return(value?: unknown): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#inTurn(async () => {
      const reader = this.#reader;
      this.#release();
      if (reader !== undefined) this.#queue.cancel(value);
      return { done: true, value: value as undefined };
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #inTurn<Answer>(step: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#last === undefined ? step() : this.#last.then(step, step);
    this.#last = answer;
    const forget = (): void => {
      if (this.#last === answer) this.#last = undefined;
    };
    answer.then(forget, forget);
    return answer;
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#reader === undefined) return { done: true, value: undefined };
    try {
      const value = await this.#queue.readAlone();
      if (value !== null) return { done: false, value };
    } catch (error) {
      this.#release();
      throw error;
    }
    this.#release();
    return { done: true, value: undefined };
  }

  #release(): void {
    this.#reader?.releaseLock();
    this.#reader = undefined;
  }
}

/** That of all asynchronous iterators. */
const SHARED_PROTOTYPE: object = Object.getPrototypeOf(
  // oxlint-disable-next-line no-empty-function -- only what it is made of is looked at
  Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
);
Object.setPrototypeOf(ByteIterator.prototype, SHARED_PROTOTYPE);

function isLocked(action: string): TypeError {
  return new TypeError(`Cannot ${action} the stream: it is locked`);
}

function isReleased(): StreamEnd & { readonly tag: "errored" } {
  return { tag: "errored", reason: new TypeError("Cannot use the reader: its lock was released") };
}
