/**
 * A request of the web, served as the listener serves one: the same target and fields, the same answers of the gateway
 * itself (`failure_status.ts`). Only the wire is missing.
 */
import type { ByteSource } from "../base/byte_stream.ts";
import { WaitList } from "../base/waitable.ts";
import type { FieldEntries, HttpErrorCode, RequestHead, ResponseBody, ResponseHead } from "../host/http/exchange.ts";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import type { Router } from "../router/router.ts";
import type { TraceSpan } from "../telemetry/trace.ts";
import { causeOf, failureAnswer, type GatewayFailure, type RequestCause } from "./failure_status.ts";
import type { Destination } from "./http_app.ts";
import { feed, QueueSource } from "./queue_source.ts";
import { requestFields } from "./request_fields.ts";
import { REQUEST_ID_FIELD } from "./request_id.ts";
import { parseRequestTarget } from "./request_target.ts";
import { sendableHead } from "./response_fields.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";
import { type Activity, WebBody, type WebBodyOptions } from "./web_body.ts";

/** A request whose body may have been read already. */
export interface WebRequest {
  readonly request: Request;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | undefined;
  /** Of the body, where it is known and no field says it. */
  readonly length: number | undefined;
}

/** What serves. */
export interface ServeWebOptions {
  readonly requestId: string;
  readonly trace?: TraceSpan | undefined;
  readonly router: Router<Destination>;
  readonly activity: Activity;
  readonly proxies: TrustedProxies;
  /** The client's, as the server around knows it; undefined: unknown. */
  readonly remoteAddress: string | undefined;
  /** What the gateway answered by itself, in so many bytes, or why an answer broke off. */
  readonly onFailure: (cause: RequestCause, answerBytes: number) => void;
  /** A guest was found; `served` resolves when it is done, maybe long after its answer. */
  readonly onServed: (exchange: WebExchange, destination: Destination, served: Promise<void>) => void;
}

/** Resolves when the head of the answer is there. Rejects only when the request's signal is aborted before. */
export async function serveWebRequest(webRequest: WebRequest, options: ServeWebOptions): Promise<Response> {
  const { request, body, length } = webRequest;
  const { requestId } = options;
  const fail = (failure: GatewayFailure): Response => {
    options.onFailure(causeOf(failure), failureBytes(failure));
    return failureResponse(failure, requestId);
  };
  const url = new URL(request.url);
  const scheme = url.protocol === "https:" ? "https" : "http";
  const rawHeaders = ["host", url.host, ...[...request.headers].filter(([name]) => name !== "host").flat()];
  if (length !== undefined && !request.headers.has("content-length")) rawHeaders.push("content-length", String(length));
  const target = `${url.pathname}${url.search}`;
  const verdict = parseRequestTarget({ method: request.method, target, rawHeaders, httpVersion: "1.1" });
  if (verdict.kind !== "target") return fail({ kind: "bad-request", detail: "an invalid request target" });
  const { proxies, remoteAddress } = options;
  const claim = proxies.claimOf(rawHeaders, remoteAddress);
  if (claim !== undefined && "fault" in claim) return fail({ kind: "bad-request", detail: claim.fault });
  const found = options.router.match(verdict.target.authority, verdict.target.path, request.method);
  if (found.kind !== "found") return fail(found);
  const exchange = new WebExchange({
    head: {
      method: request.method,
      scheme: claim?.scheme ?? scheme,
      authority: verdict.target.authority,
      pathWithQuery: verdict.target.pathWithQuery,
      headers: requestFields(rawHeaders, {
        remoteAddress: claim === undefined ? remoteAddress : claim.client,
        authority: claim?.host ?? url.host,
        scheme: claim?.scheme ?? scheme,
        requestId,
      }),
    },
    body,
    signal: request.signal,
    ...options,
  });
  options.onServed(exchange, found.target, exchange.serve(found.target));
  return await exchange.answered;
}

/** The answer that the gateway gives by itself. */
export function failureResponse(failure: GatewayFailure, requestId: string): Response {
  const { status, fields, body } = failureAnswer(failure);
  const headers = new Headers({ "content-type": "application/problem+json", [REQUEST_ID_FIELD]: requestId });
  for (const [name, value] of fields) headers.append(name, value);
  return new Response(body, { status, headers });
}

/** Of the body of that answer. */
export function failureBytes(failure: GatewayFailure): number {
  return Buffer.byteLength(failureAnswer(failure).body);
}

interface WebExchangeOptions extends ServeWebOptions {
  readonly head: RequestHead;
  readonly body: WebRequest["body"];
  readonly signal: AbortSignal;
}

/** The exchange that handlers get. */
export class WebExchange implements HandlerExchange {
  readonly head: RequestHead;
  readonly body: ByteSource;
  computing: HandlerExchange["computing"];
  readonly #options: WebExchangeOptions;
  readonly #answered = Promise.withResolvers<Response>();
  readonly #leaving = new WaitList();
  readonly #over = Promise.withResolvers<void>();
  #receivedBytes = 0;
  #sink: WebBody | undefined;
  #isAnswered = false;
  #isClientGone = false;
  #isOver = false;

  constructor(options: WebExchangeOptions) {
    this.#options = options;
    this.head = options.head;
    this.body = this.#openBody();
    options.signal.addEventListener("abort", () => {
      // Deno's own server aborts the signal of every request that was answered: the guest may still have something to do.
      if (this.#isOver) return;
      this.#sink?.clientGone(options.signal.reason);
      this.#answered.reject(options.signal.reason);
      this.#leave();
    });
  }

  get requestId(): string {
    return this.#options.requestId;
  }

  get trace(): TraceSpan | undefined {
    return this.#options.trace;
  }

  /** Of the body, as far as it came. */
  get requestBytes(): number {
    return this.#receivedBytes;
  }

  /** Of the body, as far as it was read. */
  get responseBytes(): number {
    return this.#sink?.readBytes ?? 0;
  }

  /** Resolves with the answer's head. */
  get answered(): Promise<Response> {
    return this.#answered.promise;
  }

  /** Resolves when the answer was read to its end, or nobody reads it any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get isClientGone(): boolean {
    return this.#isClientGone || (this.#options.signal.aborted && !this.#isOver);
  }

  trailers(): FieldEntries | undefined {
    return undefined;
  }

  onClientGone(leave: () => void): () => void {
    const withdraw = this.#leaving.add(leave);
    if (this.isClientGone) this.#leaving.wakeAll();
    return withdraw;
  }

  async serve(destination: Destination): Promise<void> {
    const failure = await destination.serve(this);
    if (failure !== undefined) this.#fail(failure);
    else if (!this.#isAnswered) this.#fail({ kind: "no-answer", detail: "nothing was answered" });
  }

  respond(head: ResponseHead): ResponseBody {
    const sendable = sendableHead(head);
    if (typeof sendable === "string") {
      this.fail({ tag: "HTTP-protocol-error", val: `the guest set ${sendable}` });
      return this.#newBody({ contentLength: undefined, isDiscarded: true });
    }
    this.#isAnswered = true;
    const { status, rawFields, contentLength, isBodyless } = sendable;
    const isDiscarded = isBodyless || this.head.method === "HEAD";
    const sink = this.#newBody({ contentLength, isDiscarded });
    this.#sink = sink;
    const headers = new Headers();
    for (let index = 0; index + 1 < rawFields.length; index += 2) {
      headers.append(rawFields[index] ?? "", rawFields[index + 1] ?? "");
    }
    headers.set(REQUEST_ID_FIELD, this.#options.requestId);
    if (isDiscarded) this.#end();
    this.#answered.resolve(new Response(isDiscarded ? null : sink.stream, { status, headers }));
    return sink;
  }

  /** Nobody waits for the guest any more: answers with `failure` where that is still possible, else breaks off. Does nothing when it is over. */
  giveUp(failure: GatewayFailure): void {
    if (this.#isOver) return;
    if (this.#isAnswered) this.#sink?.cut(causeOf(failure));
    else this.#fail(failure);
    this.#leave();
  }

  /** A fault of the gateway itself. */
  fault(error: unknown): void {
    if (!this.#isAnswered) return this.#fail({ kind: "fault", error });
    const { text, code } = causeOf({ kind: "fault", error });
    this.#sink?.abort(text, code);
  }

  fail(code: HttpErrorCode): void {
    this.#fail({ kind: "error-code", code });
  }

  #fail(failure: GatewayFailure): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#options.onFailure(causeOf(failure), failureBytes(failure));
    this.#end();
    this.#answered.resolve(failureResponse(failure, this.#options.requestId));
  }

  #newBody(options: Pick<WebBodyOptions, "contentLength" | "isDiscarded">): WebBody {
    const { activity, onFailure } = this.#options;
    return new WebBody({
      ...options,
      activity,
      onAbort: (cause) => onFailure(cause, 0),
      onOver: () => this.#end(),
      onCancel: () => this.#leave(),
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#over.resolve();
  }

  #leave(): void {
    this.#isClientGone = true;
    this.#end();
    this.#leaving.wakeAll();
  }

  #openBody(): ByteSource {
    const { body, activity, signal } = this.#options;
    const source = new QueueSource();
    if (body === undefined) source.finish("closed");
    else if (body instanceof Uint8Array) {
      this.#receivedBytes = body.length;
      source.push(body);
      source.finish("closed");
    } else {
      const failure = { message: "the client went away", httpCode: { tag: "connection-terminated" } };
      signal.addEventListener("abort", () => source.finish(failure));
      const onBytes = ({ length }: Uint8Array): void => void (this.#receivedBytes += length);
      void feed(source, body, { enter: () => activity.enter(), onBytes, failure });
    }
    return source;
  }
}
