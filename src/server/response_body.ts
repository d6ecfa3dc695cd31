/**
 * The body of a response as a byte sink over `node:http`. The head waits for the end of the current turn, so that a
 * short answer goes out in one piece and with its length; everything else goes out as it comes.
 */
import type { StreamEnd } from "../base/byte_stream.ts";
import type { FaultCode } from "../base/fault_codes.ts";
import { keptBytes } from "../base/kept_bytes.ts";
import { WaitList } from "../base/waitable.ts";
import type { FieldEntries, ResponseBody } from "../host/http/exchange.ts";
import type { AnswerBatch } from "./answer_batch.ts";
import type { ClientResponse } from "./client_exchange.ts";
import type { RequestCause } from "./failure_status.ts";
import { addKeepAlive } from "./keep_alive.ts";
import { bytesToLatin1 } from "../base/latin1.ts";
import type { ListenerLimits } from "./listener_limits.ts";
import { areSendable, type SendableHead, toRawFields } from "./response_fields.ts";
import { resetSocket } from "../base/reset_socket.ts";

/** Settings of one response body. */
export interface ResponseSinkOptions {
  readonly limits: Pick<ListenerLimits, "keepAliveTimeoutMs">;
  /** Where an answer goes that is whole at once. */
  readonly answers: AnswerBatch;
  /** The sink broke the answer off; the cause is for the log. */
  readonly onAbort: (cause: RequestCause) => void;
}

type SinkState =
  /** Nothing is on its way; left within the turn. `first` is the first piece, when there was one. */
  | { readonly kind: "held"; readonly first: string | Uint8Array | undefined }
  /** The head is out. */
  | { readonly kind: "streaming" }
  /** Final: the answer is whole. */
  | { readonly kind: "finished" }
  /** Final: the connection was cut, or the client had gone. */
  | { readonly kind: "aborted" };

/** What one write may hold. */
const PERMIT_BYTES = 64 * 1024;

/** The sink that a guest's outgoing body writes. */
export class ResponseSink implements ResponseBody {
  readonly #response: ClientResponse;
  readonly #head: SendableHead;
  readonly #options: ResponseSinkOptions;
  readonly #waiters = new WaitList();
  readonly #sendsBytes: boolean;
  #state: SinkState = { kind: "held", first: undefined };
  #isBlocked = false;
  #writtenBytes = 0;
  /** Handed to `node:http`. */
  #sentBytes = 0;

  constructor(response: ClientResponse, head: SendableHead, options: ResponseSinkOptions) {
    this.#response = response;
    this.#head = head;
    this.#options = options;
    this.#sendsBytes = !head.isBodyless && response.req.method !== "HEAD";
    process.nextTick(ResponseSink.#endTurn, this);
  }

  static #endTurn(this: void, sink: ResponseSink): void {
    sink.#release();
  }

  /** Bytes of the body that were handed to the connection. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  isReady(): boolean {
    return this.#isOver() || this.#roomBytes() > 0;
  }

  onReady(wake: () => void): () => void {
    const withdraw = this.#waiters.add(wake);
    if (this.isReady()) this.#waiters.wakeAll();
    return withdraw;
  }

  permit(): number | StreamEnd {
    if (this.#isOver()) return "closed";
    return this.#roomBytes();
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    if (this.#isOver()) return "closed";
    this.#writtenBytes += bytes.length;
    const declared = this.#head.contentLength;
    if (declared !== undefined && this.#writtenBytes > declared && !this.#head.isBodyless) {
      this.abort(`the guest wrote more than its content-length of ${declared} bytes`);
      return "closed";
    }
    if (!this.#sendsBytes || bytes.length === 0) return undefined;
    if (this.#state.kind === "held" && this.#state.first === undefined) {
      this.#state = { kind: "held", first: bytes.length <= TEXT_BYTES_MAX ? bytesToLatin1(bytes) : keptBytes(bytes) };
      return undefined;
    }
    this.#release();
    this.#send(keptBytes(bytes));
    return undefined;
  }

  /** What `node:http` has taken is out of the sink's hands; a client that does not read shows in `permit`. */
  flush(): StreamEnd | undefined {
    return this.#isOver() ? "closed" : undefined;
  }

  /** The guest's stream has gone; whether the answer is whole is said by `finish` or `abort`. */
  dispose(): void {}

  finish(trailers: FieldEntries | undefined): void {
    if (this.#isOver()) return;
    const { contentLength, isBodyless } = this.#head;
    const isHead = this.#response.req.method === "HEAD";
    if (contentLength !== undefined && !isBodyless && !isHead && this.#writtenBytes !== contentLength) {
      this.abort(`the guest wrote ${this.#writtenBytes} of the ${contentLength} bytes of its content-length`);
      return;
    }
    const rawTrailers = trailers === undefined ? [] : toRawFields(trailers);
    if (!areSendable(rawTrailers)) return this.abort("the guest set a trailer that cannot be sent");
    if (this.#state.kind === "held" && rawTrailers.length === 0) {
      this.#sendWhole(this.#state.first);
    } else {
      this.#release();
      if (rawTrailers.length > 0 && this.#response.chunkedEncoding) this.#response.addTrailers(toPairs(rawTrailers));
      if (!this.#response.writableEnded) this.#response.end();
    }
    this.#become({ kind: "finished" });
  }

  abort(text: string, code: FaultCode = "LG7018"): void {
    if (this.#isOver()) return;
    // What the guest wrote goes out before the cut, so that a client always sees an answer that breaks off.
    this.#release();
    this.#become({ kind: "aborted" });
    this.#options.onAbort({ code, text });
    const response = this.#response;
    // Without a length and without chunks only the connection's end ends the body: a reset tells it from a whole one.
    const isCloseDelimited = !response.chunkedEncoding && this.#head.contentLength === undefined;
    // node:http joins the writes of one turn and sends them in a tick queued before this one.
    process.nextTick(() => {
      if (isCloseDelimited && response.socket !== null) resetSocket(response.socket);
      response.destroy();
    });
  }

  /** The client has gone: nothing more is sent. */
  clientGone(): void {
    if (!this.#isOver()) this.#become({ kind: "aborted" });
  }

  /** What is held counts, or a client that does not read would be sent two windows. */
  #roomBytes(): number {
    if (this.#isBlocked) return 0;
    return this.#state.kind === "held" ? PERMIT_BYTES - (this.#state.first?.length ?? 0) : PERMIT_BYTES;
  }

  #isOver(): boolean {
    return this.#state.kind === "finished" || this.#state.kind === "aborted";
  }

  #become(next: SinkState): void {
    this.#state = next;
    if (this.#isOver()) this.#waiters.wakeAll();
  }

  /** Sends the head and what was held with it. */
  #release(): void {
    if (this.#state.kind !== "held") return;
    const { first } = this.#state;
    this.#become({ kind: "streaming" });
    this.#writeHead();
    if (first === undefined) this.#response.flushHeaders();
    else this.#send(first);
    if (this.isReady()) this.#waiters.wakeAll();
  }

  /** The whole answer is known before its head is out: it gets a length instead of chunks. */
  #sendWhole(body: string | Uint8Array | undefined): void {
    const { rawFields, contentLength, isBodyless } = this.#head;
    const needsLength = contentLength === undefined && !isBodyless && this.#response.req.method !== "HEAD";
    if (needsLength) rawFields.push("content-length", String(this.#writtenBytes));
    this.#writeHead();
    if (body !== undefined) this.#sentBytes = body.length;
    this.#options.answers.end(this.#response, body ?? "");
  }

  #writeHead(): void {
    const { status, rawFields } = this.#head;
    addKeepAlive(rawFields, { response: this.#response, limits: this.#options.limits });
    this.#response.writeHead(status, rawFields);
  }

  #send(piece: string | Uint8Array): void {
    this.#sentBytes += piece.length;
    if (this.#sentBytes === this.#head.contentLength) {
      // The guest may take its time to say so: a client that leaves now has its whole answer, and did not leave early.
      this.#response.end(piece, "latin1");
      return;
    }
    if (this.#response.write(piece, "latin1") || this.#isBlocked) return;
    this.#isBlocked = true;
    this.#response.once("drain", () => {
      this.#isBlocked = false;
      this.#waiters.wakeAll();
    });
  }
}

/**
 * A small first piece is held as a string of latin1: node:http joins it with the head, and what the two take together then
 * is half of what it takes to send a buffer behind a head.
 */
const TEXT_BYTES_MAX = 8_192;
function toPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return pairs;
}
