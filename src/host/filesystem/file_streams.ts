/** Streams over open files: what `wasi:io/streams` wraps. A file has no end of its own time, so its data is asked for when somebody wants it. */
import type { ByteSink, ByteSource, StreamEnd } from "../../base/byte_stream.ts";
import { WitError } from "../../base/errors.ts";
import { WaitList } from "../../base/waitable.ts";
import type { VolumeFile } from "../../volume/entry.ts";
import type { OpenHandle } from "../../volume/open_files.ts";

/**
 * The most that one operation on a file moves. It is held by the host meanwhile, for each open file and stream, and costs
 * about 40 us of CPU; larger ones would not be much cheaper.
 */
export const FILE_OPERATION_BYTES_MAX = 65_536;

const EMPTY = new Uint8Array(0);

/** What a stream needs of its file, which it holds until it is disposed of. */
export interface FileStreamOptions {
  readonly handle: OpenHandle<VolumeFile>;
  readonly offset: number | "end";
  /** Tells limits and faults. */
  readonly onError: (error: unknown) => void;
}

/** Holds a place among the open files, and the file. */
abstract class FileStream {
  protected readonly handle: OpenHandle<VolumeFile>;
  protected readonly waiting = new WaitList();
  readonly #onError: (error: unknown) => void;
  #isDisposed = false;

  constructor({ handle, onError }: FileStreamOptions) {
    handle.slots.take();
    this.handle = handle.retain();
    this.#onError = onError;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.handle.slots.give();
    this.handle.release();
  }

  /** How a stream ends whose operation failed. What is no error of the file is a fault of the host's, and told as one. */
  protected endOf(error: unknown): StreamEnd {
    this.#onError(error);
    const code = error instanceof WitError ? String(error.payload) : "io";
    return { failed: { message: `the file failed: ${code}`, fileCode: code } };
  }
}

/** Reads a file from an offset on. */
export class FileSource extends FileStream implements ByteSource {
  #offset: number;
  /** Arrived, and not read yet. */
  #bytes: Uint8Array = EMPTY;
  #end: StreamEnd | undefined;
  #isAsking = false;

  constructor(options: FileStreamOptions & { readonly offset: number }) {
    super(options);
    this.#offset = options.offset;
  }

  isReady(): boolean {
    return this.#bytes.length > 0 || this.#end !== undefined;
  }

  onReady(wake: () => void): () => void {
    const withdraw = this.waiting.add(wake);
    this.#ask(FILE_OPERATION_BYTES_MAX);
    if (this.isReady()) this.waiting.wakeAll();
    return withdraw;
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    this.#ask(Math.min(bytesMax, FILE_OPERATION_BYTES_MAX));
    const given = this.#bytes.subarray(0, bytesMax);
    this.#bytes = this.#bytes.subarray(given.length);
    return given.length === 0 && this.#end !== undefined ? this.#end : given;
  }

  /** Asks the file, unless there is something or it was asked already. */
  #ask(length: number): void {
    if (this.isReady() || this.#isAsking) return;
    let asked: Uint8Array | Promise<Uint8Array>;
    try {
      asked = this.handle.target.read(length, this.#offset);
    } catch (error) {
      this.#end = this.endOf(error);
      return;
    }
    if (asked instanceof Promise) void this.#takeLater(this.handle.during(asked));
    else this.#take(asked);
  }

  async #takeLater(asked: Promise<Uint8Array>): Promise<void> {
    this.#isAsking = true;
    try {
      this.#take(await asked);
    } catch (error) {
      this.#end = this.endOf(error);
    } finally {
      this.#isAsking = false;
      this.waiting.wakeAll();
    }
  }

  #take(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    this.#bytes = bytes;
    if (bytes.length === 0) this.#end = "closed";
  }
}

/** Writes a file from an offset on, or at its end. What one permit allows may be several writes: each has its place when it comes. */
export class FileSink extends FileStream implements ByteSink {
  #offset: number | "end";
  #end: StreamEnd | undefined;
  /** Writes under way. */
  #writing = 0;

  constructor(options: FileStreamOptions) {
    super(options);
    this.#offset = options.offset;
  }

  isReady(): boolean {
    return this.#writing === 0;
  }

  onReady(wake: () => void): () => void {
    const withdraw = this.waiting.add(wake);
    if (this.isReady()) this.waiting.wakeAll();
    return withdraw;
  }

  permit(): number | StreamEnd {
    if (this.#end !== undefined) return this.#end;
    return this.#writing > 0 ? 0 : FILE_OPERATION_BYTES_MAX;
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    if (this.#end !== undefined) return this.#end;
    const offset = this.#offset;
    if (offset !== "end") this.#offset = offset + bytes.length;
    let written: number | Promise<number>;
    try {
      written = this.handle.target.write(bytes, offset);
    } catch (error) {
      return this.#end = this.endOf(error);
    }
    if (written instanceof Promise) void this.#finishLater(this.handle.during(written));
    return undefined;
  }

  flush(): StreamEnd | undefined {
    return this.#end;
  }

  async #finishLater(written: Promise<number>): Promise<void> {
    this.#writing++;
    try {
      await written;
    } catch (error) {
      this.#end ??= this.endOf(error);
    } finally {
      this.#writing--;
      if (this.#writing === 0) this.waiting.wakeAll();
    }
  }
}
