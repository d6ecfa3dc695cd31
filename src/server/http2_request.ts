/**
 * A request of HTTP/2 as the gateway wants it. What comes goes to `RequestBody` at once, past the stream of `node:http2`, which
 * keeps an object for each frame: 13 MB where a window has come in frames of one byte. What holds the client back is the window.
 */
import type { ServerHttp2Stream } from "node:http2";
import { ByteQueue } from "../network/byte_queue.ts";
import type { BodyFlow } from "./body_flow.ts";
import type { ClientRequest } from "./client_exchange.ts";
import type { ConnectionReading } from "./connection_reading.ts";
import { type Http2Head, readHttp2Head } from "./http2_head.ts";
import { HTTP2 } from "./request_framing.ts";

/** RFC 9113 section 7. */
export const RESET = { none: 0, internalError: 2, refusedStream: 7, enhanceYourCalm: 11 } as const;

/** What a request needs beside its stream. */
export interface Http2RequestOptions {
  readonly head: Http2Head;
  readonly remoteAddress: string | undefined;
  /** So many bytes of a body have come. */
  readonly onBytes: (bytes: number) => void;
  /** The same once for each frame, where nobody reads the body too. */
  readonly reading: Pick<ConnectionReading, "count">;
  /** Trailers have come, of so many bytes as lines of text. */
  readonly onTrailers: (bytes: number) => void;
}

type BodyState =
  /** Bytes may come. */
  | "open"
  /** Final: all of it has come. */
  | "whole"
  /** Final: its client or the gateway broke it off. */
  | "broken";

/** The readable side of a stream. */
export class Http2Request implements ClientRequest, BodyFlow {
  readonly httpVersion = HTTP2;
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  rawTrailers: string[] = [];
  readonly headers: ClientRequest["headers"];
  readonly socket: ClientRequest["socket"];
  readonly #stream: ServerHttp2Stream;
  readonly #onBytes: (bytes: number) => void;
  readonly #reading: Pick<ConnectionReading, "count">;
  /** What has come before anybody listened; at most a window, for until then nothing makes it larger. */
  readonly #early = new ByteQueue();
  #onData: ((bytes: Uint8Array) => void) | undefined;
  #onEnd: (() => void) | undefined;
  #isFlowing = false;
  #isHeld = false;
  #isReset = false;
  #state: BodyState = "open";

  constructor(stream: ServerHttp2Stream, options: Http2RequestOptions) {
    const { head, remoteAddress, onBytes, onTrailers, reading } = options;
    this.#stream = stream;
    this.#reading = reading;
    this.#onBytes = onBytes;
    this.method = head.method;
    this.url = head.url;
    this.rawHeaders = head.rawHeaders as string[];
    this.socket = { remoteAddress, destroy: () => this.cut() };
    this.headers = {
      ...(head.expect !== undefined && { expect: head.expect }),
      ...(head.contentLength !== undefined && { "content-length": head.contentLength }),
      // A body has no length that must be told: its frames are to it what chunks are.
      ...(!stream.endAfterHeaders && { "transfer-encoding": "chunked" }),
    };
    stream.on("trailers", (_, __, raw) => {
      this.rawTrailers = raw;
      onTrailers(readHttp2Head(raw).bytes);
    });
    this.#tap();
  }

  /** The gateway has reset the stream, and not its client. */
  get isReset(): boolean {
    return this.#isReset;
  }

  /** All of it has come. */
  get isWhole(): boolean {
    return this.#state === "whole";
  }

  /** All of it has come, or nothing more will. */
  get isOver(): boolean {
    return this.#state !== "open";
  }

  read(): void {
    if (this.#isFlowing) return;
    this.#isFlowing = true;
    while (this.#early.length > 0) this.#onData?.(this.#early.take(this.#early.length));
    if (this.#state === "whole") this.#tellEnd();
    else this.#letCome();
  }

  /** There is no `error`: a stream that broke is told of by its answer's end. */
  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  on(event: "end", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "data" | "end" | "error", listener: (bytes: never) => void): void {
    if (event === "data") this.#onData = listener as (bytes: Uint8Array) => void;
    else if (event === "end") this.#onEnd = listener as () => void;
  }

  holdBody(): void {
    this.#isHeld = true;
  }

  releaseBody(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#letCome();
  }

  countPart(bytes: number): void {
    this.#reading.count(bytes);
  }

  cut(): void {
    this.reset(RESET.internalError);
  }

  /** Tells the client that nothing of its stream is wanted any more. */
  reset(code: number): void {
    this.#isReset ||= !this.#stream.closed;
    this.#stream.close(code);
  }

  /** Takes the place of the stream's buffer. */
  #tap(): void {
    const stream = this.#stream;
    const push = stream.push.bind(stream);
    // Where the whole request came in one piece with the client's hello, the stream has some of it.
    stream.on("end", () => this.#end());
    while (stream.readableLength > 0) this.#receive(stream.read());
    stream.push = (bytes: Uint8Array | null) => {
      if (bytes !== null) return this.#receive(bytes);
      this.#end();
      push(null);
      // It has nothing, but ends, and closes, only when it is read.
      stream.resume();
      return false;
    };
    if (stream.endAfterHeaders) stream.resume();
  }

  /** Returns whether more may come; else its window stays as it is. */
  #receive(bytes: Uint8Array): boolean {
    this.#onBytes(bytes.length);
    if (this.#isFlowing) this.#onData?.(bytes);
    else {
      this.#early.give(bytes);
      this.countPart(bytes.length);
    }
    return this.#isFlowing && !this.#isHeld;
  }

  /** The stream ends the same way when its client breaks it off; only then it is closed before. */
  #end(): void {
    if (this.#state !== "open") return;
    this.#state = this.#stream.closed ? "broken" : "whole";
    if (this.#state === "whole" && this.#isFlowing) this.#tellEnd();
  }

  /** After the trailers, which `node:http2` tells in a tick that it has queued before. */
  #tellEnd(): void {
    process.nextTick(() => this.#onEnd?.());
  }

  #letCome(): void {
    if (this.#state === "open" && this.#isFlowing && !this.#isHeld && !this.#stream.destroyed) this.#stream._read(0);
  }
}
