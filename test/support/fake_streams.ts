/** Byte sources and sinks whose bytes, room, flushes and ends are what a test says. */
import type { ByteSink, ByteSource, StreamEnd } from "../../src/base/byte_stream.ts";
import { WaitList } from "../../src/base/waitable.ts";

/** Gives what was pushed, then its end. */
export class FakeSource implements ByteSource {
  readonly #waiters = new WaitList();
  #bytes = new Uint8Array(0);
  #end: StreamEnd | undefined;
  isDisposed = false;

  push(bytes: Uint8Array | string): this {
    const more = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    const joined = new Uint8Array(this.#bytes.length + more.length);
    joined.set(this.#bytes);
    joined.set(more, this.#bytes.length);
    this.#bytes = joined;
    this.#waiters.wakeAll();
    return this;
  }

  /** What comes after the last byte; without it the source stays open. */
  end(end: StreamEnd = "closed"): this {
    this.#end = end;
    this.#waiters.wakeAll();
    return this;
  }

  /** Wakes who waits, although nothing changed: allowed, and no guest may see it. */
  wakeForNothing(): void {
    this.#waiters.wakeAll();
  }

  get bytesLeft(): number {
    return this.#bytes.length;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  isReady(): boolean {
    return this.#bytes.length > 0 || this.#end !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.#waiters.add(wake);
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (!(bytesMax >= 1)) throw new RangeError(`Cannot read ${bytesMax} bytes, expected 1 or more`);
    if (this.isDisposed) throw new Error("Cannot read a disposed source");
    if (this.#bytes.length === 0 && this.#end !== undefined) return this.#end;
    const bytes = this.#bytes.slice(0, bytesMax);
    this.#bytes = this.#bytes.slice(bytes.length);
    return bytes;
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

/** Takes as many bytes as `room` says, and is strict: a caller that breaks the contract of `ByteSink` fails the test. */
export class FakeSink implements ByteSink {
  readonly #waiters = new WaitList();
  readonly #chunks: number[] = [];
  #room: number;
  #end: StreamEnd | undefined;
  /** Without it a flush is over at once. */
  holdsFlush = false;
  isFlushing = false;
  isDisposed = false;
  flushes = 0;

  constructor(room = Number.MAX_SAFE_INTEGER) {
    this.#room = room;
  }

  get written(): Uint8Array {
    return Uint8Array.from(this.#chunks);
  }

  get text(): string {
    return new TextDecoder().decode(this.written);
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  addRoom(bytes: number): void {
    this.#room += bytes;
    this.#waiters.wakeAll();
  }

  endFlush(): void {
    this.isFlushing = false;
    this.#waiters.wakeAll();
  }

  end(end: StreamEnd = "closed"): this {
    this.#end = end;
    this.#waiters.wakeAll();
    return this;
  }

  wakeForNothing(): void {
    this.#waiters.wakeAll();
  }

  isReady(): boolean {
    return this.#end !== undefined || (this.#room > 0 && !this.isFlushing);
  }

  onReady(wake: () => void): () => void {
    return this.#waiters.add(wake);
  }

  permit(): number | StreamEnd {
    this.#assertLive();
    return this.#end ?? (this.isFlushing ? 0 : this.#room);
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    this.#assertLive();
    if (this.#end !== undefined) return this.#end;
    if (this.isFlushing || bytes.length > this.#room) {
      throw new RangeError(`Cannot write ${bytes.length} bytes, expected at most ${this.isFlushing ? 0 : this.#room}`);
    }
    this.#room -= bytes.length;
    this.#chunks.push(...bytes);
    return undefined;
  }

  flush(): StreamEnd | undefined {
    this.#assertLive();
    this.flushes++;
    this.isFlushing = this.holdsFlush;
    return this.#end;
  }

  dispose(): void {
    this.isDisposed = true;
  }

  #assertLive(): void {
    if (this.isDisposed) throw new Error("Cannot use a disposed sink");
  }
}
