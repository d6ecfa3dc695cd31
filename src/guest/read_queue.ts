/** What is behind a stream of bytes that is read: requests in their order, and what the stream has come to. */
import type { ByteSource } from "./byte_source.ts";

/** What a stream has come to. */
export type StreamEnd = { readonly tag: "closed" } | { readonly tag: "errored"; readonly reason: unknown };

/** A call of `read` that has no answer yet. */
interface Request {
  readonly resolve: (bytes: Uint8Array | null) => void;
  readonly reject: (reason: unknown) => void;
}

/** Asks its source for nothing that nobody asked for. */
export class ReadQueue {
  /** Told once, when it ends. */
  onEnd: ((end: StreamEnd) => void) | undefined;
  /** Somebody has read from it, or given it up. */
  isDisturbed = false;
  readonly source: ByteSource;
  readonly #requests: Request[] = [];
  #end: StreamEnd | undefined;
  /** Bytes that came when nobody waited for them any more. */
  #kept: Uint8Array | null = null;
  #answering: Promise<void> | undefined;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Undefined while there may be more. */
  get end(): StreamEnd | undefined {
    return this.#end;
  }

  /** The next bytes, or null at the end; behind all reads before it. */
  read(): Promise<Uint8Array | null> {
    this.isDisturbed = true;
    if (this.#end?.tag === "closed") return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#requests.push({ resolve, reject });
      this.#answering ??= this.#answerAll();
    });
  }

  /** As `read`, for who calls it again only when it is done, and shares the queue with nobody. */
  readAlone(): Promise<Uint8Array | null> {
    this.isDisturbed = true;
    if (this.#end?.tag === "closed") return Promise.resolve(null);
    return this.#answering === undefined ? this.#step() : this.#answering.then(() => this.#step());
  }

  /** Who waits in `read` gets `reason`; what comes for it is for the next one. */
  refuse(reason: unknown): void {
    for (const { reject } of this.#requests.splice(0)) reject(reason);
  }

  /** Nobody wants the rest. */
  cancel(reason: unknown): void {
    this.isDisturbed = true;
    if (this.#end?.tag === "errored") throw this.#end.reason;
    if (this.#end !== undefined) return;
    this.#kept = null;
    this.#finish({ tag: "closed" });
    for (const { resolve } of this.#requests.splice(0)) resolve(null);
    this.source.cancel(reason);
  }

  async #answerAll(): Promise<void> {
    while (this.#requests.length > 0) {
      try {
        const bytes = await this.#step();
        const request = this.#requests.shift();
        if (request !== undefined) request.resolve(bytes);
        else if (this.#end === undefined) this.#kept = bytes;
      } catch (error) {
        this.refuse(error);
      }
    }
    this.#answering = undefined;
  }

  async #step(): Promise<Uint8Array | null> {
    if (this.#end?.tag === "errored") throw this.#end.reason;
    const kept = this.#kept;
    this.#kept = null;
    if (this.#end !== undefined || kept !== null) return kept;
    try {
      const bytes = await this.source.read();
      // Given up meanwhile: whatever came, there is no more.
      if (this.#isOver()) return null;
      if (bytes === null) this.#finish({ tag: "closed" });
      return bytes;
    } catch (error) {
      if (this.#isOver()) return null;
      this.#finish({ tag: "errored", reason: error });
      throw error;
    }
  }

  #isOver(): boolean {
    return this.#end !== undefined;
  }

  #finish(end: StreamEnd): void {
    if (this.#isOver()) return;
    this.#end = end;
    this.onEnd?.(end);
  }
}
