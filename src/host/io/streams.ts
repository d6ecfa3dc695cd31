/**
 * `wasi:io/streams` over `ByteSource` and `ByteSink`: permits, ends and blocking live here, bytes there.
 * A function that blocks answers with a plain value when it can at once, otherwise with a promise.
 */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-io-streams";
import type { ByteSink, ByteSource, StreamEnd } from "../../base/byte_stream.ts";
import { HostTrap } from "../../base/errors.ts";
import type { Waitable } from "../../base/waitable.ts";
import type { ResourceOptions } from "../resource.ts";
import type { HostInterface, HostSide, Late, MaybeLate } from "../types.ts";
import { streamError } from "./error.ts";
import { Pollable } from "./poll.ts";
import { BlockingResource, NOT_YET, ReadyWait } from "./wait.ts";

/**
 * The most that one read, skip or splice moves. Guests pass any u64 (often the largest) to say "all there is", and
 * that must not make the host gather it: this is twice what a loopback connection holds by default.
 */
export const READ_BYTES_MAX = 262_144;

/**
 * The largest permit. A guest may write its permit at once, and the engine lifts at most 16 MiB per call:
 * a sink without a bound of its own must not lead a guest into that trap.
 */
export const WRITE_PERMIT_BYTES_MAX = 1_048_576;

/** WIT: `blocking-write-and-flush` and `blocking-write-zeroes-and-flush` take up to 4096 bytes. */
export const BLOCKING_WRITE_BYTES_MAX = 4096;

const EMPTY = new Uint8Array(0);
/** Never written to: sinks only read what they are given. */
const ZEROES = new Uint8Array(4096);

/** The resource `input-stream`. It owns `source` and disposes of it when dropped. */
export class InputStream extends BlockingResource implements HostSide<Declared.InputStream> {
  readonly #source: ByteSource;
  #isEnded = false;

  constructor(source: ByteSource, options: ResourceOptions) {
    super(options, "streams");
    this.#source = source;
  }

  override get readiness(): Waitable {
    return this.#source;
  }

  // WIT read: func(len: u64) -> result<list<u8>, stream-error>
  read(len: bigint): Uint8Array {
    return this.#take(readLength(len));
  }

  // WIT blocking-read: func(len: u64) -> result<list<u8>, stream-error>
  blockingRead(len: bigint): MaybeLate<Uint8Array> {
    const bytesMax = readLength(len);
    const bytes = this.#take(bytesMax);
    if (bytes.length > 0) return bytes;
    return bytesMax === 0 && this.#source.isReady() ? bytes : this.#takeLater(bytesMax, (late) => late);
  }

  // WIT skip: func(len: u64) -> result<u64, stream-error>
  skip(len: bigint): bigint {
    return BigInt(this.read(len).length);
  }

  // WIT blocking-skip: func(len: u64) -> result<u64, stream-error>
  blockingSkip(len: bigint): MaybeLate<bigint> {
    const bytesMax = readLength(len);
    const { length } = this.#take(bytesMax);
    if (length > 0 || (bytesMax === 0 && this.#source.isReady())) return BigInt(length);
    return this.#takeLater(bytesMax, (late) => BigInt(late.length));
  }

  // WIT subscribe: func() -> pollable
  subscribe(): Pollable {
    return new Pollable(this.#source, { counters: this.counters, parent: this });
  }

  protected override onDrop(): void {
    this.#source.dispose();
  }

  /** A request for 0 bytes does not touch the source: WIT wants an empty list as long as the stream is open. */
  #take(bytesMax: number): Uint8Array {
    if (this.#isEnded) throw streamError("closed", this.counters);
    if (this.isDropped) throw droppedTrap(this);
    if (bytesMax === 0) return EMPTY;
    const result = this.#source.read(bytesMax);
    if (result instanceof Uint8Array) return result;
    this.#isEnded = true;
    throw streamError(result, this.counters);
  }

  /** A request for 0 bytes waits as any other, and then is answered with none. */
  #takeLater<T>(bytesMax: number, use: (bytes: Uint8Array) => T): Late<T> {
    return new ReadyWait([this], () => {
      const bytes = this.#take(bytesMax);
      return bytes.length > 0 || bytesMax === 0 ? use(bytes) : NOT_YET;
    });
  }
}

/** The resource `output-stream`. It owns `sink` and disposes of it when dropped. */
export class OutputStream extends BlockingResource implements HostSide<Declared.OutputStream> {
  readonly #sink: ByteSink;
  /** What is left of the last permit; nothing before the first `check-write` and after a flush. */
  #permitBytes = 0;
  #isEnded = false;

  constructor(sink: ByteSink, options: ResourceOptions) {
    super(options, "streams");
    this.#sink = sink;
  }

  override get readiness(): Waitable {
    return this.#sink;
  }

  // WIT check-write: func() -> result<u64, stream-error>
  checkWrite(): bigint {
    return BigInt(this.#renewPermit());
  }

  // WIT write: func(contents: list<u8>) -> result<_, stream-error>
  write(contents: Uint8Array): void {
    this.#spendPermit(BigInt(contents.length));
    this.#put(contents);
  }

  // WIT write-zeroes: func(len: u64) -> result<_, stream-error>
  writeZeroes(len: bigint): void {
    this.#spendPermit(len);
    for (let left = Number(len); left > 0; left -= ZEROES.length) {
      this.#put(ZEROES.subarray(0, Math.min(left, ZEROES.length)));
    }
  }

  // WIT flush: func() -> result<_, stream-error>
  flush(): void {
    this.#assertOpen();
    this.#permitBytes = 0;
    this.#check(this.#sink.flush());
  }

  // WIT blocking-flush: func() -> result<_, stream-error>
  blockingFlush(): MaybeLate<void> {
    this.flush();
    if (this.#renewPermit() === 0) return this.#permitLater();
  }

  // WIT blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>
  blockingWriteAndFlush(contents: Uint8Array): MaybeLate<void> {
    assertBlockingLength("write", contents.length);
    const written = this.#putPermitted(contents);
    // What is left is copied: the list may be a view of the guest's memory, and this call outlives the lifting.
    if (written < contents.length) return this.#writeLater(contents.slice(written));
    return this.blockingFlush();
  }

  // WIT blocking-write-zeroes-and-flush: func(len: u64) -> result<_, stream-error>
  blockingWriteZeroesAndFlush(len: bigint): MaybeLate<void> {
    assertBlockingLength("write zeroes", len);
    return this.blockingWriteAndFlush(ZEROES.subarray(0, Number(len)));
  }

  // WIT splice: func(src: borrow<input-stream>, len: u64) -> result<u64, stream-error>
  splice(src: InputStream, len: bigint): bigint {
    const permitBytes = this.#renewPermit();
    const bytesMax = Math.min(readLength(len), permitBytes);
    if (bytesMax === 0) return 0n;
    const bytes = src.read(BigInt(bytesMax));
    if (bytes.length > 0) {
      this.#permitBytes -= bytes.length;
      this.#put(bytes);
    }
    return BigInt(bytes.length);
  }

  // WIT blocking-splice: func(src: borrow<input-stream>, len: u64) -> result<u64, stream-error>
  blockingSplice(src: InputStream, len: bigint): MaybeLate<bigint> {
    const moved = this.splice(src, len);
    const isDone = moved > 0n || (len === 0n && this.#permitBytes > 0 && src.readiness.isReady());
    return isDone ? moved : this.#spliceLater(src, len);
  }

  // WIT subscribe: func() -> pollable
  subscribe(): Pollable {
    return new Pollable(this.#sink, { counters: this.counters, parent: this });
  }

  protected override onDrop(): void {
    this.#sink.dispose();
  }

  #renewPermit(): number {
    this.#assertOpen();
    const permit = this.#sink.permit();
    if (typeof permit !== "number") this.#check(permit);
    else this.#permitBytes = Math.min(permit, WRITE_PERMIT_BYTES_MAX);
    return this.#permitBytes;
  }

  /** An ended stream says so first, as in wasmtime: it gives no permits, and no write to it is the guest's mistake. */
  #spendPermit(bytes: bigint): void {
    this.#assertOpen();
    if (bytes > this.#permitBytes) {
      throw new HostTrap(
        `Cannot write ${bytes} bytes: check-write permits ${this.#permitBytes}, expected no more than that`,
      );
    }
    this.#permitBytes -= Number(bytes);
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#check(this.#sink.write(bytes));
  }

  #check(end: StreamEnd | undefined): void {
    if (end === undefined) return;
    this.#isEnded = true;
    this.#permitBytes = 0;
    throw streamError(end, this.counters);
  }

  #assertOpen(): void {
    if (this.#isEnded) throw streamError("closed", this.counters);
    if (this.isDropped) throw droppedTrap(this);
  }

  /** Writes until the stream permits no more; at least asks it once. */
  #putPermitted(bytes: Uint8Array): number {
    let written = 0;
    do {
      const length = Math.min(this.#renewPermit(), bytes.length - written);
      if (length === 0) break;
      this.#permitBytes -= length;
      this.#put(bytes.subarray(written, written + length));
      written += length;
    } while (written < bytes.length);
    return written;
  }

  #permitLater(): Late<void> {
    return new ReadyWait([this], () => this.#renewPermit() > 0 ? undefined : NOT_YET);
  }

  async #writeLater(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      await this.#permitLater();
      written += this.#putPermitted(bytes.subarray(written));
    }
    await this.blockingFlush();
  }

  /** Waits for a place first and then for bytes, so that none leaves the source before it has a place. */
  async #spliceLater(src: InputStream, len: bigint): Promise<bigint> {
    for (;;) {
      if (this.#renewPermit() === 0) await this.#permitLater();
      const moved = await new ReadyWait([src], () => {
        const bytes = this.splice(src, len);
        return bytes > 0n || len === 0n || this.#permitBytes === 0 ? bytes : NOT_YET;
      });
      if (moved > 0n || len === 0n) return moved;
    }
  }
}

/** The interface `wasi:io/streams`. */
export const STREAMS_INTERFACE = { InputStream, OutputStream } satisfies HostInterface<typeof Declared>;

function readLength(len: bigint): number {
  return len > BigInt(READ_BYTES_MAX) ? READ_BYTES_MAX : Number(len);
}

function assertBlockingLength(action: string, bytes: bigint | number): void {
  if (bytes > BLOCKING_WRITE_BYTES_MAX) {
    throw new HostTrap(
      `Cannot ${action} ${bytes} bytes and flush: too many, expected at most ${BLOCKING_WRITE_BYTES_MAX}`,
    );
  }
}

/** Only a call that was suspended while its guest was ended gets here. */
function droppedTrap(stream: BlockingResource): HostTrap {
  return new HostTrap(`Cannot use a ${stream.constructor.name}: it was dropped, expected it to live`);
}
