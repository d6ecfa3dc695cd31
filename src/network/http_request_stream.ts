/**
 * A body on its way to the wire: a stream over a byte source that reads one window ahead, ends in an error unless the
 * body is whole, and says when nobody asks for more.
 */
import { Readable } from "node:stream";
import type { ByteSource, StreamEnd } from "../base/byte_stream.ts";
import { HttpFault } from "./http_failure.ts";
import { bodySizeFailure, HTTP_FAILURES, type HttpFailure } from "./http_failure_table.ts";
import { WINDOW_BYTES } from "./http_limits.ts";

/** What the body should be, and who wants to know how it goes. */
export interface RequestStreamOptions {
  readonly contentLength: number | undefined;
  /** More bytes are ready for the wire than it takes; `onAsked` follows once it takes some. */
  readonly onStalled: () => void;
  readonly onAsked: () => void;
}

/** Disposes of `source` when it is over, however it ends. */
export class RequestStream extends Readable {
  readonly #source: ByteSource;
  readonly #options: RequestStreamOptions;
  #withdraw: (() => void) | undefined;
  #sentBytes = 0;
  #isOver = false;

  constructor(source: ByteSource, options: RequestStreamOptions) {
    super({ highWaterMark: WINDOW_BYTES, autoDestroy: true });
    this.#source = source;
    this.#options = options;
    // Whoever reads it may have stopped listening by the time it fails.
    this.on("error", () => {});
  }

  override _read(): void {
    if (this.#withdraw !== undefined || this.#isOver) return;
    this.#options.onAsked();
    this.#pull();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#withdraw?.();
    this.#withdraw = undefined;
    this.#end();
    done(error);
  }

  #pull(): void {
    for (;;) {
      const read = this.#source.read(WINDOW_BYTES);
      if (!(read instanceof Uint8Array)) return this.#finish(read);
      if (read.length === 0) {
        this.#withdraw = this.#source.onReady(() => {
          this.#withdraw = undefined;
          if (!this.#isOver) this.#pull();
        });
        return;
      }
      this.#sentBytes += read.length;
      const { contentLength } = this.#options;
      // Not one byte past the declared length: it would be read as the next request.
      if (contentLength !== undefined && this.#sentBytes > contentLength) {
        return this.#fail(bodySizeFailure(this.#sentBytes));
      }
      if (!this.push(read)) return this.#options.onStalled();
    }
  }

  #finish(end: StreamEnd): void {
    const { contentLength } = this.#options;
    if (end !== "closed") {
      const { httpCode } = end.failed;
      return this.#fail(isFailure(httpCode) ? httpCode : bodySizeFailure(this.#sentBytes));
    }
    if (contentLength !== undefined && this.#sentBytes !== contentLength) {
      return this.#fail(bodySizeFailure(this.#sentBytes));
    }
    this.#end();
    this.#options.onStalled();
    this.push(null);
  }

  #fail(failure: HttpFailure): void {
    this.destroy(new HttpFault(failure));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#source.dispose();
  }
}

/** A source may know better than we do why it broke off. */
function isFailure(code: { readonly tag: string } | undefined): code is HttpFailure {
  return code !== undefined && Object.hasOwn(HTTP_FAILURES, code.tag);
}
