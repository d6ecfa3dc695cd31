/**
 * A request of the web, served as the listener serves one: the same target and fields, the same answers of the gateway
 * itself (`failure_status.ts`). Only the wire is missing.
 */
import type { ByteSource, StreamEnd } from "../base/byte_stream.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import type { FieldEntries, HttpErrorCode, RequestHead, ResponseBody, ResponseHead } from "../host/http/exchange.ts";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import { ByteQueue } from "../network/byte_queue.ts";
import type { Router } from "../router/router.ts";
import { describeGatewayFailure, failureAnswer, type GatewayFailure } from "../server/failure_status.ts";
import type { Destination } from "../server/http_app.ts";
import { bytesToLatin1 } from "../server/latin1.ts";
import { requestFields } from "../server/request_fields.ts";
import { parseRequestTarget } from "../server/request_target.ts";
import { sendableHead } from "../server/response_fields.ts";
import { feed, QueueSource } from "./queue_source.ts";
import type { TestTime } from "./test_time.ts";

/** What serves. */
export interface ServeOptions {
  readonly router: Router<Destination>;
  readonly time: TestTime;
  /** What the gateway answered by itself, or why an answer broke off. */
  readonly onFailure: (words: string) => void;
  /** The guest is done, maybe long after its answer. */
  readonly onServed: (served: Promise<void>) => void;
}

/** From RFC 5737: where the client of a test is. */
const CLIENT_ADDRESS = "203.0.113.77";
/** What a client takes before it reads. */
const WINDOW_BYTES = 1024 * 1024;
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Resolves when the head of the answer is there. */
export async function serveRequest(request: Request, options: ServeOptions): Promise<Response> {
  const { router, onFailure } = options;
  const fail = (failure: GatewayFailure): Response => {
    onFailure(describeGatewayFailure(failure));
    return failureResponse(failure);
  };
  const url = new URL(request.url);
  const leave = options.time.enter();
  const { body, length } = await bodyOf(request).finally(leave);
  const rawHeaders = ["host", url.host, ...[...request.headers].flat()];
  if (length !== undefined) rawHeaders.push("content-length", String(length));
  const target = `${url.pathname}${url.search}`;
  const verdict = parseRequestTarget({ method: request.method, target, rawHeaders, httpVersion: "1.1" });
  if (verdict.kind !== "target") return fail({ kind: "bad-request", detail: "an invalid request target" });
  const found = router.match(verdict.target.authority, verdict.target.path, request.method);
  if (found.kind !== "found") return fail(found);
  const exchange = new WebExchange({
    head: {
      method: request.method,
      scheme: "http",
      authority: verdict.target.authority,
      pathWithQuery: verdict.target.pathWithQuery,
      headers: requestFields(rawHeaders, { remoteAddress: CLIENT_ADDRESS, authority: url.host, scheme: "http" }),
    },
    body,
    signal: request.signal,
    ...options,
  });
  options.onServed(exchange.serve(found.target));
  return await exchange.answered;
}

interface WebExchangeOptions extends ServeOptions {
  readonly head: RequestHead;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

class WebExchange implements HandlerExchange {
  readonly head: RequestHead;
  readonly body: ByteSource;
  cpuMs: number | undefined;
  readonly #options: WebExchangeOptions;
  readonly #answered = Promise.withResolvers<Response>();
  readonly #leaving = new WaitList();
  #sink: WebBody | undefined;
  #isAnswered = false;

  constructor(options: WebExchangeOptions) {
    this.#options = options;
    this.head = options.head;
    this.body = this.#openBody();
    options.signal.addEventListener("abort", () => this.#leave());
  }

  /** Resolves with the answer's head. */
  get answered(): Promise<Response> {
    return this.#answered.promise;
  }

  get isClientGone(): boolean {
    return this.#options.signal.aborted;
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
      return new WebBody(this.#options);
    }
    this.#isAnswered = true;
    const sink = new WebBody(this.#options);
    this.#sink = sink;
    const headers = new Headers();
    for (const [name, value] of head.headers) headers.append(name, bytesToLatin1(value));
    const { status } = head;
    const isEmpty = NULL_BODY.has(status) || this.head.method === "HEAD";
    this.#answered.resolve(new Response(isEmpty ? null : sink.stream, { status, headers }));
    return sink;
  }

  fail(code: HttpErrorCode): void {
    this.#fail({ kind: "error-code", code });
  }

  #fail(failure: GatewayFailure): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#options.onFailure(describeGatewayFailure(failure));
    this.#answered.resolve(failureResponse(failure));
  }

  #leave(): void {
    const { signal } = this.#options;
    this.#sink?.clientGone(signal.reason);
    this.#answered.reject(signal.reason);
    this.#leaving.wakeAll();
  }

  #openBody(): ByteSource {
    const { body, time, signal } = this.#options;
    const source = new QueueSource();
    if (body === undefined) source.finish("closed");
    else if (body instanceof Uint8Array) {
      source.push(body);
      source.finish("closed");
    } else {
      const failure = { message: "the client went away", httpCode: { tag: "connection-terminated" } };
      signal.addEventListener("abort", () => source.finish(failure));
      void feed(source, body, { enter: () => time.enter(), failure });
    }
    return source;
  }
}

/** The answer's body: a sink for the guest, a stream for the test. */
class WebBody implements ResponseBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #waiters = new WaitList();
  readonly #queue = new ByteQueue();
  readonly #options: Pick<ServeOptions, "time" | "onFailure">;
  #end: "open" | "finished" | "cut" = "open";
  #cutFor: unknown;
  #pulled: (() => void) | undefined;

  constructor(options: Pick<ServeOptions, "time" | "onFailure">) {
    this.#options = options;
    this.stream = new ReadableStream<Uint8Array>({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.clientGone(new Error("the test cancelled the body")),
    }, { highWaterMark: 0 });
  }

  isReady(): boolean {
    return this.permit() !== 0;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  permit(): number | StreamEnd {
    return this.#end === "open" ? Math.max(0, WINDOW_BYTES - this.#queue.length) : "closed";
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    if (this.#end !== "open") return "closed";
    this.#queue.push(bytes);
    this.#pulled?.();
  }

  flush(): StreamEnd | undefined {
    return this.#end === "open" ? undefined : "closed";
  }

  dispose(): void {}

  finish(): void {
    this.#close("finished");
  }

  abort(reason: string): void {
    this.#cutFor = new TypeError(`The answer broke off: ${reason}`);
    this.#options.onFailure(reason);
    this.#close("cut");
  }

  clientGone(reason: unknown): void {
    this.#cutFor = reason;
    this.#close("cut");
  }

  #close(end: "finished" | "cut"): void {
    if (this.#end !== "open") return;
    this.#end = end;
    this.#pulled?.();
    this.#waiters.wakeAll();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#queue.length === 0 && this.#end === "open") {
      const pulled = new Promise<void>((resolve) => {
        this.#pulled = resolve;
      });
      await this.#options.time.during(pulled);
    }
    if (this.#queue.length > 0) {
      controller.enqueue(new Uint8Array(this.#queue.take(WINDOW_BYTES)));
      this.#waiters.wakeAll();
    } else if (this.#end === "finished") {
      controller.close();
    } else {
      controller.error(this.#cutFor);
    }
  }
}

function failureResponse(failure: GatewayFailure): Response {
  const { status, fields, body } = failureAnswer(failure);
  const headers = new Headers({ "content-type": "application/problem+json" });
  for (const [name, value] of fields) headers.append(name, value);
  return new Response(body, { status, headers });
}

/** A stream stays one; what is there at once has a length, as clients of HTTP send it. */
async function bodyOf(
  request: Request,
): Promise<
  { readonly body: ReadableStream<Uint8Array> | Uint8Array | undefined; readonly length: number | undefined }
> {
  if (request.body === null) return { body: undefined, length: undefined };
  if (STREAMED.has(request)) return { body: request.body, length: undefined };
  const body = new Uint8Array(await request.arrayBuffer());
  return { body, length: body.length };
}

/** Requests that were made with a stream. */
const STREAMED = new WeakSet<Request>();

/** As `new Request`, with a path in the place of a URL, and streams without `duplex`. */
export function requestOf(input: string | URL | Request, init: RequestInit = {}): Request {
  const isStream = init.body instanceof ReadableStream;
  const where = input instanceof Request ? input : new URL(input, "http://localhost");
  const request = new Request(where, isStream ? { ...init, duplex: "half" } as RequestInit : init);
  if (isStream) STREAMED.add(request);
  return request;
}
