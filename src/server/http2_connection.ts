/**
 * One connection of HTTP/2: its streams, how long each step of each may take, what a client may say that is no request, and its end.
 * Time is told by `check`, as for `ClientConnection`.
 */
import type { ServerHttp2Session, ServerHttp2Stream, ServerSessionOptions } from "node:http2";
import type { Socket } from "node:net";
import type { BodyFlow } from "./body_flow.ts";
import type { ClientRequest, ClientResponse } from "./client_exchange.ts";
import { FRAMING_BYTES_MAX, FRAMING_SHARE_MAX, type ServedRequest } from "./client_connection.ts";
import { ConnectionReading } from "./connection_reading.ts";
import { causeOf, type GatewayFailure, stallCause } from "./failure_status.ts";
import { type Http2Head, readHttp2Head } from "./http2_head.ts";
import { CONNECTION_WINDOW_BYTES } from "./http2_options.ts";
import { Http2Request, RESET } from "./http2_request.ts";
import { Http2Response } from "./http2_response.ts";
import type { ListenerLimits } from "./listener_limits.ts";
import { sendFailure } from "./node_exchange.ts";
import type { ReadTurns } from "./read_turns.ts";
import type { StreamResets } from "./stream_resets.ts";
import { resetSocket } from "../base/reset_socket.ts";

/** What the connections of one listener share. */
export interface Http2Tools {
  readonly limits: ListenerLimits;
  readonly serve: (request: ClientRequest, response: ClientResponse, flow: BodyFlow) => ServedRequest;
  /** Returns the name that the refused request has in the log. */
  readonly onRefused: (failure: GatewayFailure) => string;
  /** A stream was refused: as many are open as may be. */
  readonly onStreamsFull: () => void;
  readonly isClosing: () => boolean;
  /** Open streams of all connections. */
  readonly streams: { count: number };
  /** What became of those that ended early. */
  readonly resets: StreamResets;
  /** Begins a request now, or when requests begin again. */
  readonly begin: (run: () => void) => void;
  readonly openSession: (socket: Socket, options: ServerSessionOptions) => ServerHttp2Session;
  readonly options: ServerSessionOptions;
  readonly turns: ReadTurns;
  /** What the parser of HTTP/1 takes: guests, logs and traces get no others over HTTP/2, where any word would be one. */
  readonly methods: ReadonlySet<string>;
}

interface OpenStream {
  readonly stream: ServerHttp2Stream;
  readonly request: Http2Request;
  readonly response: Http2Response;
  served: ServedRequest | undefined;
  /** Since its head was there. */
  arrivalMs: number;
}

/** Requests of a connection that begin in one turn of the event loop: a piece that was read can have hundreds of small ones. */
const BEGUN_IN_TURN_MAX = 8;
/**
 * Requests that a connection may say in one turn, for each stream that it may have open: as many again that it has given up. A piece
 * that was read has 2,500 which reset each other, and `node:http2` needs 0.1 s for those that pass before nghttp2 has said its GOAWAY.
 */
const TAKEN_IN_TURN_MAX = 2;
/** How long a connection without a request may still say its first one when the listener is being closed. */
const DRAIN_FIRST_MS = 1_000;

/** Beyond `FRAMING_BYTES_MAX`: for each piece of an answer, beside its bytes, what says that both windows have grown. */
const FRAMING_PIECE_BYTES = 32;
/** For each request, beside its header: its frame, and one that resets it. */
const FRAMING_REQUEST_BYTES = 64;
/** What passes for ever: a thousand pings a second. */
const FRAMING_BYTES_PER_MS = 16;

/** Owned by the listener, from the end of the handshake to the socket's. */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #tools: Http2Tools;
  readonly #session: ServerHttp2Session;
  readonly #reading: ConnectionReading;
  readonly #open = new Set<OpenStream>();
  /** Those of which none begins in this turn. */
  readonly #waiting: OpenStream[] = [];
  #begunInTurn = 0;
  #takenInTurn = 0;
  #isTurnPlanned = false;
  /** Of the last stream that was looked at; 0: there was none. */
  #lastId = 0;
  /** Since there is no stream. */
  #idleMs = 0;
  /** One side has said GOAWAY: no stream begins any more. */
  #isEnding = false;
  #isGone = false;
  /** What has been read when it was last looked at, and what of that had a use since. */
  #bytesMark: number;
  #usefulBytes = 0;
  /** What had none. */
  #framingBytes = 0;

  constructor(socket: Socket, tools: Http2Tools) {
    this.#socket = socket;
    this.#tools = tools;
    this.#bytesMark = socket.bytesRead;
    // Of a handshake that is done, which a server of `node:tls` would say.
    Object.defineProperty(socket, "secureConnecting", { value: false, writable: true });
    const session = tools.openSession(socket, tools.options);
    this.#session = session;
    this.#reading = new ConnectionReading({
      turns: tools.turns,
      stop: () => readHandleOf(socket)?.readStop(),
      goOn: () => readHandleOf(socket)?.readStart(),
    });
    // Nobody who has closed their side waits for answers; as over HTTP/1.
    socket.on("end", () => session.destroy());
    socket.on("close", () => {
      this.#isGone = true;
      this.#reading.end();
    });
    session.on("stream", (stream: ServerHttp2Stream, _, __, raw: readonly string[]) => this.#take(stream, raw));
    session.on("goaway", () => (this.#isEnding = true));
    session.on("error", (error: Error) => this.#broken(error));
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  }

  /** `elapsedMs` have passed in which the client could be heard. */
  check(elapsedMs: number): void {
    if (this.#isGone) return;
    if (this.#session.destroyed) this.#isEnding = true;
    else if (this.#isFlood(elapsedMs)) return this.#breakOff("bytes that say nothing");
    for (const each of this.#open) this.#checkStream(each, elapsedMs);
    if (this.#open.size === 0) this.#checkIdle(elapsedMs);
    else this.#idleMs = 0;
  }

  /** The listener is being closed: streams that are open finish, new ones are told that nobody has begun them. */
  drain(): void {
    if (this.#lastId > 0) this.#end();
  }

  /** The time for draining is over. */
  expire(): void {
    for (const { served, request } of this.#open) {
      if (served === undefined) request.reset(RESET.refusedStream);
      else served.giveUp({ kind: "draining" });
    }
    // The refusals are small: they are with the system by then.
    setImmediate(() => setImmediate(() => this.#socket.destroy()));
  }

  #take(stream: ServerHttp2Stream, raw: readonly string[]): void {
    const { limits, streams, onStreamsFull } = this.#tools;
    // Both speak of a connection or a stream that broke, which its end tells.
    stream.on("error", () => {});
    if (stream.destroyed || this.#isGone) return;
    this.#planTurn();
    this.#takenInTurn++;
    this.#lastId = Math.max(this.#lastId, stream.id ?? 0);
    if (this.#takenInTurn > TAKEN_IN_TURN_MAX * limits.streamsMax) return this.#breakOff("requests at once");
    if (streams.count >= limits.streamsTotalMax) {
      stream.close(RESET.refusedStream);
      this.#usefulBytes += limits.bodyWindowBytes;
      return onStreamsFull();
    }
    streams.count++;
    const head = readHttp2Head(raw);
    this.#usefulBytes += Math.min(head.bytes, limits.headerBytesMax) + FRAMING_REQUEST_BYTES;
    const request = new Http2Request(stream, {
      head,
      remoteAddress: this.#socket.remoteAddress,
      onBytes: (bytes) => (this.#usefulBytes += bytes * (1 + FRAMING_SHARE_MAX)),
      reading: this.#reading,
      onTrailers: (bytes) => (this.#usefulBytes += bytes + FRAMING_REQUEST_BYTES),
    });
    const response = new Http2Response(stream, request, (bytes) => (this.#usefulBytes += bytes + FRAMING_PIECE_BYTES));
    const open: OpenStream = { stream, request, response, served: undefined, arrivalMs: 0 };
    this.#open.add(open);
    response.on("close", () => this.#closed(open));
    response.on("finish", () => this.#answered(open));
    const failure = refusalOf(head, this.#tools);
    if (failure !== undefined) return this.#refuse(open, failure);
    if (this.#begunInTurn < BEGUN_IN_TURN_MAX && this.#waiting.length === 0) this.#begin(open);
    else this.#waiting.push(open);
  }

  #begin(open: OpenStream): void {
    const { begin, serve } = this.#tools;
    this.#begunInTurn++;
    begin(() => {
      if (!open.response.destroyed) open.served = serve(open.request, open.response, open.request);
    });
  }

  /** Each in a job of its own, so that what one has left to do is done before the next. */
  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    setImmediate(() => {
      this.#isTurnPlanned = false;
      this.#begunInTurn = 0;
      this.#takenInTurn = 0;
      if (this.#waiting.length === 0) return;
      for (let count = 0; count < BEGUN_IN_TURN_MAX; count++) setImmediate(() => this.#beginNext());
      this.#planTurn();
    });
  }

  #beginNext(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      // Its client has reset it meanwhile.
      if (!next.response.destroyed) return this.#begin(next);
    }
  }

  #refuse({ response }: OpenStream, failure: GatewayFailure): void {
    const { onRefused, limits } = this.#tools;
    sendFailure(failure, { requestId: onRefused(failure), response, limits });
  }

  /** A client that is still sending its body is told that nobody wants the rest (RFC 9113 section 8.1). */
  #answered({ request }: OpenStream): void {
    if (request.isOver) return;
    // Behind the answer, whose end `node:http2` sends in a turn of its own.
    setImmediate(() => {
      if (!request.isOver) request.reset(RESET.none);
    });
  }

  #closed(open: OpenStream): void {
    if (!this.#open.delete(open)) return;
    const { streams, resets, limits, isClosing } = this.#tools;
    streams.count--;
    resets.add(open.stream.rstCode ?? 0);
    // So much of its body may still be on its way, and belongs to nothing any more; who has reset it sends no more of it.
    if (open.request.isReset && !open.request.isWhole) this.#usefulBytes += limits.bodyWindowBytes;
    open.served?.closed();
    if (this.#open.size > 0) return;
    this.#idleMs = 0;
    if (isClosing()) this.#end();
  }

  #checkStream(open: OpenStream, elapsedMs: number): void {
    const { requestTimeoutMs, responseStallTimeoutMs, lingerMs } = this.#tools.limits;
    const { request, response, served } = open;
    const stalledMs = response.stalledMs(elapsedMs);
    if (stalledMs > responseStallTimeoutMs) {
      if (served === undefined) request.reset(RESET.internalError);
      else served.cut(stallCause(responseStallTimeoutMs));
      // No window holds a reset back: its client does not read the connection.
      if (stalledMs > responseStallTimeoutMs + lingerMs) resetSocket(this.#socket);
      return;
    }
    if (request.isOver) return;
    open.arrivalMs += elapsedMs;
    if (open.arrivalMs <= requestTimeoutMs) return;
    if (served === undefined) request.reset(RESET.refusedStream);
    else served.giveUp({ kind: "request-timeout", key: "requestTimeout", limitMs: requestTimeoutMs });
  }

  #checkIdle(elapsedMs: number): void {
    const { limits, isClosing } = this.#tools;
    this.#idleMs += elapsedMs;
    if (this.#isEnding) {
      if (this.#idleMs > limits.lingerMs) resetSocket(this.#socket);
      return;
    }
    const limitMs = isClosing()
      ? (this.#lastId > 0 ? -1 : DRAIN_FIRST_MS)
      : this.#lastId > 0
      ? limits.keepAliveTimeoutMs
      : limits.headersTimeoutMs;
    // Half a header, or frames that are no request, make no difference.
    if (this.#idleMs > limitMs) this.#end();
  }

  /** Says GOAWAY, and ends when the last stream has. */
  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#idleMs = 0;
    const session = this.#session;
    if (this.#lastId > 0 && !session.destroyed) {
      // nghttp2 takes half a header for a stream that was begun, and its client would not ask elsewhere; 0 is not to be said this way.
      session.goaway(RESET.none, this.#lastId);
      // `close` would say it once more, with nghttp2's number.
      session.goaway = () => {};
    }
    session.close();
  }

  #isFlood(elapsedMs: number): boolean {
    const readBytes = this.#socket.bytesRead - this.#bytesMark;
    this.#bytesMark += readBytes;
    const passed = this.#usefulBytes + elapsedMs * FRAMING_BYTES_PER_MS;
    this.#framingBytes = Math.max(0, this.#framingBytes + readBytes - passed);
    this.#usefulBytes = 0;
    return this.#framingBytes > FRAMING_BYTES_MAX;
  }

  #breakOff(tooMany: string): void {
    const failure = { kind: "bad-request", detail: `its connection has too many ${tooMany}` } as const;
    this.#tools.onRefused(failure);
    const cause = causeOf(failure);
    for (const { served } of this.#open) served?.cut(cause);
    this.#isEnding = true;
    this.#session.destroy(new Error(failure.detail), RESET.enhanceYourCalm);
  }

  /** The parser gave up, or the client left in the middle. */
  #broken(error: Error): void {
    this.#isEnding = true;
    const code = "code" in error ? String(error.code) : "";
    // The latter is what its client said.
    if (!code.startsWith("ERR_HTTP2_") || code === "ERR_HTTP2_SESSION_ERROR") return;
    this.#tools.onRefused({ kind: "bad-request", detail: `the parser refused its connection: ${error.message}` });
  }
}

/** What is used of the handle that `node:http2` reads from, past the socket: that cannot be paused any more. */
interface ReadHandle {
  readonly readStop: () => unknown;
  readonly readStart: () => unknown;
}

/** Undefined: the socket has gone. */
function readHandleOf(socket: Socket): ReadHandle | undefined {
  return (socket as { readonly _handle?: ReadHandle | null })._handle ?? undefined;
}

/** What is answered without a look at routes. */
function refusalOf({ method, bytes }: Http2Head, { limits, methods }: Http2Tools): GatewayFailure | undefined {
  if (bytes > limits.headerBytesMax) return { kind: "header-too-large", bytesMax: limits.headerBytesMax };
  if (method === "CONNECT") return { kind: "not-implemented", detail: "CONNECT" };
  return methods.has(method) ? undefined : { kind: "bad-request", detail: "an unknown method" };
}
