/**
 * One exchange over the request and the response of a client. Exactly one of `respond`, `fail` and `answerFailure`
 * makes the answer; the first wins.
 */
import type { ByteSource } from "../base/byte_stream.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import type { FieldEntries, HttpErrorCode, RequestHead, ResponseBody, ResponseHead } from "../host/http/exchange.ts";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import type { TraceSpan } from "../telemetry/trace.ts";
import type { AnswerBatch } from "./answer_batch.ts";
import type { BodyFlow } from "./body_flow.ts";
import type { ClientRequest, ClientResponse } from "./client_exchange.ts";
import { causeOf, failureAnswer, type GatewayFailure, type RequestCause } from "./failure_status.ts";
import { addKeepAlive } from "./keep_alive.ts";
import type { ListenerLimits } from "./listener_limits.ts";
import { hasBody, RequestBody } from "./request_body.ts";
import { requestFields } from "./request_fields.ts";
import { REQUEST_ID_FIELD } from "./request_id.ts";
import type { RequestTarget } from "./request_target.ts";
import { sendableHead } from "./response_fields.ts";
import type { ProxyClaim } from "./trusted_proxies.ts";
import { ResponseSink } from "./response_body.ts";

/** What an exchange is made of. */
export interface NodeExchangeOptions {
  readonly requestId: string;
  readonly trace?: TraceSpan | undefined;
  readonly request: ClientRequest;
  readonly response: ClientResponse;
  readonly flow: BodyFlow;
  readonly target: RequestTarget;
  /** Of the connection. */
  readonly scheme: "http" | "https";
  /** What trusted proxies say of the client; undefined: nothing that counts. */
  readonly claim: ProxyClaim | undefined;
  readonly limits: ListenerLimits;
  readonly answers: AnswerBatch;
}

/** The exchange that handlers get. */
export class NodeExchange implements HandlerExchange {
  readonly head: RequestHead;
  /** Its client sends one, or has said that it will. */
  readonly hasBody: boolean;
  computing: HandlerExchange["computing"];
  readonly #response: ClientResponse;
  readonly #options: NodeExchangeOptions;
  readonly #body: Pick<RequestBody, "fail" | "trailers" | "receivedBytes"> & ByteSource;
  readonly #leaving = new WaitList();
  #sink: ResponseSink | undefined;
  /** Of an answer of the gateway itself. */
  #failureBytes = 0;
  #isAnswered = false;
  #isClientGone = false;
  /** The client holds its body back until it reads 100 (RFC 9110 section 10.1.1). */
  #waitsForContinue: boolean;
  #cause: RequestCause | undefined;

  constructor(options: NodeExchangeOptions) {
    const { request, response, limits } = options;
    this.#options = options;
    this.#response = response;
    this.head = new NodeRequestHead(options);
    this.hasBody = hasBody(request);
    this.#waitsForContinue = this.hasBody && request.headers.expect !== undefined && request.httpVersion !== "1.0";
    this.#body = this.hasBody
      ? new RequestBody(request, {
        flow: options.flow,
        windowBytes: limits.bodyWindowBytes,
        discardBytesMax: limits.discardBytesMax,
        onTooMuch: () => this.cut({ code: "LG7019", text: "the client went on sending a body that nobody wanted" }),
        ...(this.#waitsForContinue && { onFirstRead: () => this.#sendContinue() }),
      })
      : NO_BODY;
    // Both speak of a connection that broke; what follows is done at the response's end.
    request.on("error", ignore);
    response.on("error", ignore);
    if (this.hasBody) response.on("finish", () => this.#body.dispose());
  }

  get requestId(): string {
    return this.#options.requestId;
  }

  get trace(): TraceSpan | undefined {
    return this.#options.trace;
  }

  get requestBytes(): number {
    return this.#body.receivedBytes;
  }

  get responseBytes(): number {
    return this.#sink?.sentBytes ?? this.#failureBytes;
  }

  get body(): ByteSource {
    return this.#body;
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  get isClientGone(): boolean {
    return this.#isClientGone;
  }

  /** Why the gateway answered by itself or broke the answer off, for the log. */
  get cause(): RequestCause | undefined {
    return this.#cause;
  }

  trailers(): FieldEntries | undefined {
    return this.#body.trailers();
  }

  onClientGone(leave: () => void): () => void {
    const withdraw = this.#leaving.add(leave);
    if (this.#isClientGone) this.#leaving.wakeAll();
    return withdraw;
  }

  respond(head: ResponseHead): ResponseBody {
    if (this.#isAnswered || this.#isClientGone) return CLOSED_BODY;
    const sendable = sendableHead(head);
    if (typeof sendable === "string") {
      this.fail({ tag: "HTTP-protocol-error", val: `the guest set ${sendable}` });
      return CLOSED_BODY;
    }
    sendable.rawFields.push(REQUEST_ID_FIELD, this.#options.requestId);
    this.#begin();
    this.#sink = new ResponseSink(this.#response, sendable, {
      limits: this.#options.limits,
      answers: this.#options.answers,
      onAbort: (cause) => {
        this.#cause ??= cause;
      },
    });
    return this.#sink;
  }

  fail(code: HttpErrorCode): void {
    this.answerFailure({ kind: "error-code", code });
  }

  /** Answers by the table; does nothing once there is an answer. Returns whether it was the one. */
  answerFailure(failure: GatewayFailure): boolean {
    if (this.#isAnswered) {
      // Begun, but it threw before anything could be sent: without a cut the client would wait for ever.
      if (this.#sink === undefined && !this.#response.headersSent) this.cut(causeOf(failure));
      return false;
    }
    this.#begin();
    this.#cause = causeOf(failure);
    if (!this.#isClientGone) this.#failureBytes = sendFailure(failure, this.#options);
    return true;
  }

  /** Nobody waits for the guest any more: answers with `failure` where that is still possible, else breaks off. */
  giveUp(failure: GatewayFailure): void {
    const cause = causeOf(failure);
    if (this.#isAnswered) return this.cut(cause);
    this.#response.shouldKeepAlive = false;
    this.answerFailure(failure);
    this.#leave(cause.text, "connection-read-timeout");
  }

  /** Breaks the connection off. */
  cut(cause: RequestCause): void {
    this.#cause ??= cause;
    this.#options.flow.cut();
  }

  /** The response is out, or its connection has ended; the owner of the response says so. Idempotent. */
  closed(): void {
    if (!this.#response.writableFinished) this.#leave("the client went away", "connection-terminated");
  }

  #begin(): void {
    this.#isAnswered = true;
    // Nobody can tell whether a client that was never asked sends its body now, or its next request.
    if (this.#waitsForContinue) this.#response.shouldKeepAlive = false;
  }

  #sendContinue(): void {
    if (this.#isAnswered || this.#isClientGone) return;
    this.#waitsForContinue = false;
    this.#response.writeContinue();
  }

  #leave(message: string, tag: string): void {
    if (this.#isClientGone) return;
    this.#isClientGone = true;
    this.#sink?.clientGone();
    this.#body.fail({ message, httpCode: { tag } });
    this.#leaving.wakeAll();
  }
}

/** Sends an answer of the gateway itself; returns the bytes of its body. */
export function sendFailure(
  failure: GatewayFailure,
  { requestId, response, limits }: Pick<NodeExchangeOptions, "requestId" | "response" | "limits">,
): number {
  const { status, fields, body } = failureAnswer(failure);
  const bytes = Buffer.byteLength(body);
  const raw = fields.flatMap(([name, value]) => [name, value]);
  raw.push("content-type", "application/problem+json", "content-length", String(bytes), REQUEST_ID_FIELD, requestId);
  addKeepAlive(raw, { response, limits });
  response.writeHead(status, raw);
  response.end(body, "utf8");
  return response.req.method === "HEAD" ? 0 : bytes;
}

/** Not every guest looks at the fields; they are translated when one does. */
class NodeRequestHead implements RequestHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string | undefined;
  readonly pathWithQuery: string;
  readonly #request: ClientRequest;
  readonly #requestId: string;
  readonly #claim: ProxyClaim | undefined;
  #headers: FieldEntries | undefined;

  constructor({ request, requestId, target, scheme, claim }: NodeExchangeOptions) {
    this.#request = request;
    this.#requestId = requestId;
    this.#claim = claim;
    this.scheme = claim?.scheme ?? scheme;
    this.method = request.method ?? "GET";
    this.authority = target.authority;
    this.pathWithQuery = target.pathWithQuery;
  }

  get headers(): FieldEntries {
    return this.#headers ??= requestFields(this.#request.rawHeaders, {
      remoteAddress: this.#claim === undefined ? this.#request.socket.remoteAddress : this.#claim.client,
      authority: this.#claim?.host ?? this.authority,
      scheme: this.scheme,
      requestId: this.#requestId,
    });
  }
}

function ignore(): void {}

/** Of a request without one. */
const NO_BODY: Pick<RequestBody, "fail" | "trailers" | "receivedBytes"> & ByteSource = {
  ...ALWAYS_READY,
  receivedBytes: 0,
  read: () => "closed",
  trailers: () => undefined,
  fail: () => {},
  dispose: () => {},
};

/** For a guest that writes to nobody. */
const CLOSED_BODY: ResponseBody = {
  ...ALWAYS_READY,
  permit: () => "closed",
  write: () => "closed",
  flush: () => "closed",
  dispose: () => {},
  finish: () => {},
  abort: () => {},
};
