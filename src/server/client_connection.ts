/**
 * One connection of a client: its requests one after another, what it sent ahead, and how long each step may take.
 * Time is told by `check`, so that an event loop that was held up counts as one step and not as the client's delay.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { BodyFlow } from "./body_flow.ts";
import { causeOf, failureAnswer, type GatewayFailure, type RequestCause, stallCause } from "./failure_status.ts";
import type { ListenerLimits } from "./listener_limits.ts";
import type { ReadTurns } from "./read_turns.ts";
import { REQUEST_ID_FIELD } from "./request_id.ts";
import { resetSocket } from "../base/reset_socket.ts";
import { SocketHold } from "./socket_hold.ts";
import { StallWatch } from "./stall_watch.ts";

/** A request that is being served, as its connection sees it. */
export interface ServedRequest {
  /** Bytes of its body that have come. */
  readonly bodyBytes: number;
  /** Nobody waits for its guest any more: answers with `failure` where that is still possible, else breaks off. */
  giveUp(failure: GatewayFailure): void;
  /** Breaks the connection off; `reason` is for the log. */
  cut(cause: RequestCause): void;
  /** The answer is out, or its connection has ended. Deno may say so twice. */
  closed(): void;
}

/** What the connections of one listener share. */
export interface ConnectionTools {
  readonly limits: ListenerLimits;
  readonly serve: (request: IncomingMessage, response: ServerResponse, flow: BodyFlow) => ServedRequest;
  /** Returns the name that the refused request has in the log. */
  readonly onRefused: (failure: GatewayFailure) => string;
  readonly isClosing: () => boolean;
  /** Requests of all connections that were sent ahead and are not served yet. */
  readonly ahead: { count: number };
  readonly turns: ReadTurns;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

type ConnectionState =
  /** Takes requests; left by `#end` or by the socket's own end. */
  | { readonly kind: "open" }
  /** The last byte is on its way; what still comes is read and dropped, because closing over it would reset the answer. */
  | { readonly kind: "ending"; readonly sinceBytesRead: number; agedMs: number; ignored: number }
  /** Final. */
  | { readonly kind: "closed" };

/** How long the header of a request may still take once the listener is being closed. */
const DRAIN_HEADER_MS = 1_000;

/** How long a connection without a request is kept open then: as long as it takes to look at its socket. */
const DRAIN_IDLE_MS = 10;

/**
 * Bytes of a connection, beyond those of bodies, that may be no request yet: extensions of chunks, zeros before their sizes, empty
 * lines before a request, all of which the parsers take without end; over HTTP/2 frames of the connection, padding, heads of frames. A
 * header has a limit of its own.
 */
export const FRAMING_BYTES_MAX = 1024 * 1024;
/** For each byte of a body as many more; a chunk of one byte has five, a frame of one nine. */
export const FRAMING_SHARE_MAX = 16;

/** Owned by the listener, from accept to the socket's end. */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #tools: ConnectionTools;
  readonly #ahead: Exchange[] = [];
  #state: ConnectionState = { kind: "open" };
  #current: (Exchange & { served: ServedRequest | undefined }) | undefined;
  /** The request that the parser saw last: the only one that can be incomplete. */
  #last: IncomingMessage | undefined;
  /** What the parser refused behind requests that are not answered yet. */
  #refusal: GatewayFailure | undefined;
  /** Bytes past this belong to the header of a next request. */
  #bytesMark = 0;
  #hasHeaderBegun = false;
  /** Since the connection is idle, or since the header began. */
  #waitedMs = 0;
  /** Since the header of `#last` began. */
  #arrivalMs = 0;
  readonly #stall: StallWatch;
  readonly #hold: SocketHold;

  constructor(socket: Socket, tools: ConnectionTools) {
    this.#socket = socket;
    this.#tools = tools;
    this.#hold = new SocketHold(socket, tools.turns);
    this.#stall = new StallWatch(socket);
    socket.on("close", () => this.#closed());
    // What node:http calls after an answer with `Connection: close`; its own closes over what the client still sends.
    socket.destroySoon = () => this.end();
  }

  /** A request was parsed: its turn comes when those before it are answered. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const { limits, ahead } = this.#tools;
    if (this.#state.kind !== "open") return this.#ignore(request);
    this.#last = request;
    this.#arrivalMs = this.#hasHeaderBegun ? this.#waitedMs : 0;
    if (this.#current === undefined && this.#ahead.length === 0) return this.#begin({ request, response });
    if (ahead.count >= limits.aheadRequestsTotalMax) {
      return this.#breakOff({ kind: "bad-request", detail: "too many requests were sent ahead of their answers" });
    }
    ahead.count++;
    this.#ahead.push({ request, response });
    // Both speak of a connection that broke.
    request.on("error", () => {});
    response.on("error", () => {});
    if (this.#ahead.length >= limits.aheadRequestsMax) this.#hold.hold("ahead");
  }

  /** The parser gave up, or something was asked that the gateway does not do. Undefined: the client has gone. */
  refuse(failure: GatewayFailure | undefined): void {
    if (this.#state.kind === "ending" && failure !== undefined) return;
    if (failure === undefined || !this.#socket.writable) return void this.#socket.destroy();
    const current = this.#current;
    if (current === undefined && this.#ahead.length === 0) return this.#answerRaw(failure);
    // Its own body is at fault, or a request behind it.
    if (current?.request === this.#last && current?.request.complete === false) current.served?.giveUp(failure);
    else this.#refusal ??= failure;
  }

  /** `elapsedMs` have passed in which the client could be heard. */
  check(elapsedMs: number): void {
    const { limits } = this.#tools;
    if (this.#state.kind === "closed") return;
    if (this.#state.kind === "ending") {
      this.#state.agedMs += elapsedMs;
      const dropped = this.#socket.bytesRead - this.#state.sinceBytesRead;
      const isStuck = !this.#socket.writableFinished && this.#isStalled(elapsedMs);
      const isOver = this.#socket.writableFinished && this.#state.agedMs > limits.lingerMs;
      if (isOver || isStuck || dropped > limits.discardBytesMax) this.#socket.destroy();
      return;
    }
    const current = this.#current;
    if (this.#isPadded()) {
      this.#refusePadding();
    } else if (this.#isStalled(elapsedMs)) {
      if (current?.served === undefined) resetSocket(this.#socket);
      else current.served.cut(stallCause(limits.responseStallTimeoutMs));
    } else if (this.#last?.complete === false && (current === undefined || current.request === this.#last)) {
      this.#arrivalMs += elapsedMs;
      if (this.#arrivalMs <= limits.requestTimeoutMs) return;
      // Without a current one it is the rest of a body whose answer is out.
      if (current === undefined) this.end();
      else {
        current.served?.giveUp({
          kind: "request-timeout",
          key: "requestTimeout",
          limitMs: limits.requestTimeoutMs,
        });
      }
    } else if (current === undefined && this.#ahead.length === 0) this.#checkWaiting(elapsedMs);
  }

  /** The listener is being closed: the answer under way is the last one. */
  drain(): void {
    if (this.#current === undefined) {
      // What lies in the socket already is read first. On Deno one turn of the event loop would not be enough.
      setTimeout(() => this.check(0), DRAIN_IDLE_MS);
    } else if (!this.#current.response.headersSent) this.#current.response.shouldKeepAlive = false;
  }

  /** The time for draining is over. */
  expire(): void {
    if (this.#current?.served === undefined) return void this.#socket.destroy();
    this.#current.served.giveUp({ kind: "draining" });
    // The refusal is small: it is with the system by then.
    setImmediate(() => this.#socket.destroy());
  }

  /** Ends the connection after what is on its way. */
  end(): void {
    if (this.#state.kind !== "open") return;
    this.#state = { kind: "ending", sinceBytesRead: this.#socket.bytesRead, agedMs: 0, ignored: 0 };
    this.#dropAhead();
    this.#hold.end();
    this.#socket.end();
    // Nobody needs it parsed; Node's parser goes on, past the listeners.
    this.#socket.removeAllListeners("data");
    this.#socket.resume();
  }

  #begin(exchange: Exchange): void {
    const { serve, isClosing } = this.#tools;
    const { request, response } = exchange;
    const current = { request, response, served: undefined as ServedRequest | undefined };
    this.#current = current;
    // The one listener of a request: each of them costs as much as some layers do.
    response.on("close", () => {
      this.#answered(current);
      current.served?.closed();
    });
    if (isClosing()) response.shouldKeepAlive = false;
    current.served = serve(request, response, this.#hold);
  }

  #answered(current: Exchange): void {
    if (this.#current !== current) return;
    this.#current = undefined;
    this.#waitedMs = 0;
    this.#hasHeaderBegun = false;
    this.#bytesMark = this.#socket.bytesRead;
    if (this.#state.kind !== "open") return;
    // One answer per turn of the event loop: a flood of cheap requests must not hold up the others.
    if (this.#ahead.length > 0) setImmediate(() => this.#next());
    else if (this.#refusal !== undefined) this.#answerRaw(this.#refusal);
    else if (this.#tools.isClosing()) this.end();
  }

  #next(): void {
    const next = this.#ahead.shift();
    if (next === undefined || this.#state.kind !== "open") return;
    this.#tools.ahead.count--;
    if (this.#ahead.length < this.#tools.limits.aheadRequestsMax) this.#hold.release("ahead");
    this.#begin(next);
  }

  #checkWaiting(elapsedMs: number): void {
    const { limits, isClosing } = this.#tools;
    const hasBegun = this.#socket.bytesRead > this.#bytesMark;
    if (hasBegun !== this.#hasHeaderBegun) this.#waitedMs = 0;
    this.#hasHeaderBegun = hasBegun;
    this.#waitedMs += elapsedMs;
    if (hasBegun) {
      if (this.#waitedMs > limits.headersTimeoutMs) {
        this.#answerRaw({ kind: "request-timeout", key: "headersTimeout", limitMs: limits.headersTimeoutMs });
      } else if (isClosing() && this.#waitedMs > DRAIN_HEADER_MS) this.#answerRaw({ kind: "draining" });
      return;
    }
    const isNew = this.#last === undefined;
    // Who has just come has a request, which a busy event loop has not read yet.
    const limitMs = isClosing()
      ? (isNew ? DRAIN_HEADER_MS : -1)
      : isNew
      ? limits.headersTimeoutMs
      : limits.keepAliveTimeoutMs;
    if (this.#waitedMs > limitMs) this.end();
  }

  /** The client reads nothing of what waits for it. */
  #isStalled(elapsedMs: number): boolean {
    return this.#stall.stalledMs(elapsedMs) > this.#tools.limits.responseStallTimeoutMs;
  }

  /** More came than requests can be made of. */
  #isPadded(): boolean {
    // Nobody sends for ever to a connection that is not read.
    if (this.#hold.isHeld) return false;
    const bodyBytes = this.#current?.served?.bodyBytes;
    // Without a request the rest of a body may come that nobody wanted.
    const freeBytes = bodyBytes === undefined ? this.#tools.limits.discardBytesMax : FRAMING_SHARE_MAX * bodyBytes;
    return this.#socket.bytesRead - this.#bytesMark - (bodyBytes ?? 0) > FRAMING_BYTES_MAX + freeBytes;
  }

  #refusePadding(): void {
    const current = this.#current;
    const failure: GatewayFailure = { kind: "bad-request", detail: "it has too many bytes that say nothing" };
    if (current === undefined && this.#ahead.length === 0) this.#answerRaw(failure);
    else if (current?.request === this.#last) current?.served?.giveUp(failure);
    else this.#breakOff(failure);
  }

  /** Answers on the bare socket, and ends the connection. */
  #answerRaw(failure: GatewayFailure): void {
    const requestId = this.#tools.onRefused(failure);
    const { status, title, fields, body } = failureAnswer(failure);
    const lines = [
      `HTTP/1.1 ${status} ${title}`,
      ...fields.map(([name, value]) => `${name}: ${value}`),
      "content-type: application/problem+json",
      `content-length: ${Buffer.byteLength(body)}`,
      `${REQUEST_ID_FIELD}: ${requestId}`,
      "connection: close",
    ];
    this.#socket.on("error", () => {});
    this.#socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
    this.end();
  }

  #breakOff(failure: GatewayFailure): void {
    this.#tools.onRefused(failure);
    const cause = causeOf(failure);
    this.#state = { kind: "closed" };
    stopParsing(this.#socket);
    this.#dropAhead();
    this.#current?.served?.cut(cause);
    this.#socket.destroy();
  }

  /** Comes behind the last answer: nobody will serve it, and its bytes must not stop those behind it. */
  #ignore(request: IncomingMessage): void {
    // What the parser still finds in a piece of a connection that was cut: thousands, and each would cost.
    if (this.#state.kind !== "ending") return;
    request.on("error", () => {});
    request.resume();
    this.#state.ignored++;
    if (this.#state.ignored <= this.#tools.limits.aheadRequestsMax) return;
    stopParsing(this.#socket);
    this.#socket.destroy();
  }

  #dropAhead(): void {
    this.#tools.ahead.count -= this.#ahead.length;
    this.#ahead.length = 0;
  }

  #closed(): void {
    this.#state = { kind: "closed" };
    this.#hold.end();
    this.#dropAhead();
    // Deno does not tell every response that its connection has closed; its request would wait for ever.
    const current = this.#current;
    if (current !== undefined) {
      setImmediate(() => {
        if (this.#current === current) current.response.emit("close");
      });
    }
  }
}

/** What is used of the parser of node:http, on both runtimes. */
interface ParsedSocket {
  readonly parser?: { onIncoming?: (() => number) | null } | null;
}

/** What `onIncoming` returns for a request behind which another protocol begins: the rest of the piece is not parsed. */
const NOTHING_FOLLOWS = 2;

/**
 * A piece of 64 KiB is parsed to its end, some 2,000 small requests, also after its connection was destroyed, and then each of them is aborted by an
 * exception: 300 connections held up all others for 12 s. `pause` of the parser waits for the end of the piece too.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as ParsedSocket;
  if (parser?.onIncoming) parser.onIncoming = () => NOTHING_FOLLOWS;
}
