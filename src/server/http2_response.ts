/**
 * An answer over a stream of HTTP/2, as the gateway wants it. It is handed on in small pieces, each when the one before it has left:
 * of a piece that waits for its client's window nothing is told until all of it has gone, and a client that reads slowly must not
 * be taken for one that reads nothing.
 */
import { EventEmitter } from "node:events";
import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { ByteQueue } from "../network/byte_queue.ts";
import type { ClientResponse } from "./client_exchange.ts";
import { type Http2Request, RESET } from "./http2_request.ts";
import { BODYLESS } from "./response_fields.ts";
import { TAKEN_BYTES_MIN } from "./stall_watch.ts";

/** The largest frame that every client takes. */
const PIECE_BYTES_MAX = 16 * 1024;
/** For a client that takes long for its pieces: so much has to go within `responseStallTimeoutMs`, as over HTTP/1. */
const PIECE_BYTES_MIN = TAKEN_BYTES_MIN;
/** Of the first: a hundred streams on a slow line share it. */
const PIECE_BYTES_FIRST = 4 * 1024;

/** The writable side of a stream. */
export class Http2Response extends EventEmitter implements ClientResponse {
  readonly req: Http2Request;
  /** No connection ends with an answer. */
  readonly socket = null;
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  /** Connections are kept without a word (RFC 9113 section 8.2.2). */
  shouldKeepAlive = false;
  /** Trailers may follow. */
  chunkedEncoding = false;
  readonly #stream: ServerHttp2Stream;
  /** The bytes of a piece have gone. */
  readonly #onSent: (bytes: number) => void;
  /** Said, and not sent yet: whether the answer is whole at once is known with what follows. */
  #head: string[] | undefined;
  /** A head that ends the stream was sent. */
  #isHeadAll = false;
  readonly #queue = new ByteQueue();
  #pieceBytes = PIECE_BYTES_FIRST;
  /** Bytes on their way to the client; they have gone when their stream says so. */
  #leavingBytes = 0;
  /** Whether a check came by while they were. */
  #isSlow = false;
  #stalledMs = 0;
  /** Trailers may follow, or there are none. */
  #trailers: OutgoingHttpHeaders | undefined;
  #isBlocked = false;

  constructor(stream: ServerHttp2Stream, req: Http2Request, onSent: (bytes: number) => void) {
    super();
    this.#stream = stream;
    this.#onSent = onSent;
    this.req = req;
    stream.on("wantTrailers", () => {
      stream.sendTrailers(this.#trailers ?? {});
      this.#finish();
    });
    stream.on("close", () => {
      // Where the request is over, a stream is closed before it tells that its last piece has gone.
      const isGone = this.#queue.length > 0 || this.#trailers !== undefined || stream.rstCode !== RESET.none;
      if (this.writableEnded && !isGone) this.#finish();
      // Its head was all of the answer, and the guest has not said so yet: it loses no client, and may read the body to its end.
      else if (this.#isHeadAll && req.isWhole && !isGone) this.writableFinished = true;
      this.emit("close");
    });
  }

  get destroyed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  /** `elapsedMs` have passed; returns for how long the client has read nothing of what waits for it. */
  stalledMs(elapsedMs: number): number {
    // A stream that is closed is gone when its reset is out.
    const isWaiting = this.#leavingBytes > 0 || this.writableEnded || this.#stream.closed;
    this.#stalledMs = isWaiting ? this.#stalledMs + elapsedMs : 0;
    this.#isSlow = true;
    return this.#stalledMs;
  }

  writeHead(status: number, rawFields: string[]): this {
    this.statusCode = status;
    this.#head = [":status", String(status)];
    let hasLength = false;
    for (let index = 0; index + 1 < rawFields.length; index += 2) {
      const name = rawFields[index] ?? "";
      // Of requests, and the one field left that `node:http2` throws at, by its value.
      if (name === "te") continue;
      hasLength ||= name === "content-length";
      // What stands around a value is no part of it, and malformed here (RFC 9113 section 8.2.1).
      this.#head.push(name, withoutBlanks(rawFields[index + 1] ?? ""));
    }
    this.chunkedEncoding = !hasLength && !this.#isBodyless();
    return this;
  }

  writeContinue(): void {
    if (!this.destroyed) this.#stream.additionalHeaders({ ":status": 100 });
  }

  flushHeaders(): void {
    this.#sendHead("streamed");
  }

  write(piece: string | Uint8Array, coding: "latin1"): boolean {
    if (this.destroyed || this.writableEnded) return true;
    this.#sendHead("streamed");
    if (this.#isBodyless()) return true;
    this.#queue.give(bytesOf(piece, coding));
    this.#sendPiece();
    this.#isBlocked = this.#queue.length > 0;
    return !this.#isBlocked;
  }

  end(piece: string | Uint8Array = "", coding: "latin1" | "utf8" = "latin1"): void {
    if (this.destroyed || this.writableEnded) return;
    this.writableEnded = true;
    const bytes = bytesOf(piece, coding);
    this.#sendHead(bytes.length === 0 ? "empty" : "whole");
    if (this.#stream.writableEnded) process.nextTick(() => this.#finish());
    else {
      this.#queue.give(bytes);
      this.#sendPiece();
    }
  }

  addTrailers(fields: [string, string][]): void {
    // Guests name them: `constructor` is there already in an object that has a prototype.
    const trailers = Object.create(null) as Record<string, string[]>;
    for (const [name, value] of fields) if (name !== "te") (trailers[name] ??= []).push(withoutBlanks(value));
    this.#trailers = trailers;
  }

  destroy(): void {
    this.req.cut();
  }

  #isBodyless(): boolean {
    return this.req.method === "HEAD" || BODYLESS.has(this.statusCode);
  }

  #sendHead(form: "streamed" | "whole" | "empty"): void {
    const head = this.#head;
    if (head === undefined || this.destroyed) return;
    this.#head = undefined;
    this.headersSent = true;
    const endStream = form === "empty" || this.#isBodyless();
    this.#isHeadAll = endStream;
    if (!endStream && form === "streamed" && this.chunkedEncoding) this.#trailers = {};
    this.#stream.respond(head, {
      endStream,
      waitForTrailers: this.#trailers !== undefined,
    });
  }

  #sendPiece(): void {
    const stream = this.#stream;
    if (this.#leavingBytes > 0 || stream.writableEnded || this.destroyed) return;
    const piece = this.#queue.take(this.#pieceBytes);
    const isLast = this.writableEnded && this.#queue.length === 0;
    this.#leavingBytes = piece.length;
    this.#isSlow = false;
    if (isLast && this.#trailers === undefined) {
      stream.once("finish", () => {
        this.#gone(piece.length);
        this.#finish();
      });
    }
    if (piece.length === 0) {
      if (isLast) stream.end();
    } else if (isLast && this.#trailers === undefined) stream.end(piece);
    else stream.write(piece, () => this.#gone(piece.length));
  }

  #gone(bytes: number): void {
    this.#leavingBytes = 0;
    this.#stalledMs = 0;
    this.#onSent(bytes);
    this.#pieceBytes = this.#isSlow ? PIECE_BYTES_MIN : Math.min(2 * this.#pieceBytes, PIECE_BYTES_MAX);
    this.#sendPiece();
    if (!this.#isBlocked || this.#queue.length > 0) return;
    this.#isBlocked = false;
    this.emit("drain");
  }

  #finish(): void {
    if (this.writableFinished) return;
    this.writableFinished = true;
    this.emit("finish");
  }
}

/** Those of HTTP alone: `trim` takes the last byte of an "à" in UTF-8 for one, too. A regular expression takes seconds for a long run of them. */
function withoutBlanks(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function bytesOf(piece: string | Uint8Array, coding: "latin1" | "utf8"): Uint8Array {
  return typeof piece === "string" ? Buffer.from(piece, coding) : piece;
}
