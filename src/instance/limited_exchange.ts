/**
 * An exchange that keeps a guest and its client within the route's limits for fields and bodies, and says how far the
 * answer is, for the request's clock. Nothing is buffered: bytes are counted as they pass. One object for each of the
 * three, since every call of a guest goes through them.
 *
 * What was past a limit before the head of the answer went out is `failure`, and the guest's own answer, if it still
 * gives one, goes nowhere: whoever runs the guest answers with the failure. Afterwards the answer is cut.
 */
import type { ByteSource, StreamEnd } from "../base/byte_stream.ts";
import type { FaultCode } from "../base/fault_codes.ts";
import type { RouteLimits } from "../base/limits.ts";
import { formatByteSize } from "../base/quantity.ts";
import { ALWAYS_READY } from "../base/waitable.ts";
import { declaredLength } from "../host/http/content_length.ts";
import type {
  FieldEntries,
  HttpErrorCode,
  HttpExchange,
  RequestHead,
  ResponseBody,
  ResponseHead,
} from "../host/http/exchange.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import type { AnsweredClient } from "./request_clock.ts";
import { FAILURE_FAULTS, type RequestFailure } from "./request_failure.ts";

/** The limits of a route that concern its messages. */
export type ExchangeLimits = Pick<RouteLimits, "requestBodyBytesMax" | "responseBodyBytesMax" | "headerBytesMax">;

/** Whose exchange it is: its limits, and what is told. */
export interface ExchangeGuard {
  readonly limits: ExchangeLimits;
  /** The guest answered. The client takes nothing while it is not ready; without one there is no body. */
  onAnswered(client: AnsweredClient | undefined): void;
  /** The client's side took a piece of the body. */
  onProgress(): void;
  /** The body is whole, or never will be. */
  onBodyOver(): void;
  /** An answer that had begun was cut. What ends in `failure` is in the request's own line, and not told here. */
  onCut(limit: LimitName, detail: string): void;
  /** This is the `failure` now, and nothing that the guest still does can change it. */
  onFailure(failure: RequestFailure): void;
}

/** Why a request is refused before a guest is started for it, by its head alone. */
export function refusalOf(head: RequestHead, limits: ExchangeLimits): RequestFailure | undefined {
  if (sectionBytes(head.headers) > limits.headerBytesMax) {
    return { kind: "header-limit", bytesMax: limits.headerBytesMax };
  }
  const length = declaredLength(head.headers);
  return typeof length === "number" && length > limits.requestBodyBytesMax
    ? { kind: "request-body-limit", bytesMax: limits.requestBodyBytesMax }
    : undefined;
}

type Answer =
  | { readonly kind: "none" }
  /** The guest's answer is on its way. */
  | { readonly kind: "begun"; readonly body: LimitedResponseBody }
  /** The guest answered with an error. */
  | { readonly kind: "failed" };

const NO_ANSWER: Answer = { kind: "none" };
const FAILED: Answer = { kind: "failed" };

/**
 * Between a guest and the exchange of its request; one for each request.
 *
 * @example
 * const limited = new LimitedExchange(exchange, guard);
 * const opened = openExchange(limited, context);
 * // ... the guest runs ...
 * if (limited.failure !== undefined) return limited.failure; // whatever `opened.outcome()` says
 */
export class LimitedExchange implements HttpExchange {
  readonly body: ByteSource;
  readonly #exchange: HttpExchange;
  readonly #guard: ExchangeGuard;
  readonly #head: RequestHead | undefined;
  #answer: Answer = NO_ANSWER;
  #failure: RequestFailure | undefined;

  /** `head`: what the guest reads in place of the exchange's own. */
  constructor(exchange: HttpExchange, guard: ExchangeGuard, head?: RequestHead) {
    this.#exchange = exchange;
    this.#guard = guard;
    this.#head = head;
    const { requestBodyBytesMax } = guard.limits;
    this.body = new LimitedRequestBody(
      exchange.body,
      requestBodyBytesMax,
      (bytesMax) => this.#requestTooLong(bytesMax),
    );
  }

  /** Set: nothing was answered, and this is what has to be. */
  get failure(): RequestFailure | undefined {
    return this.#failure;
  }

  get head(): RequestHead {
    return this.#head ?? this.#exchange.head;
  }

  trailers(): FieldEntries | undefined {
    return this.#exchange.trailers();
  }

  respond(head: ResponseHead): ResponseBody {
    const refusal = this.#answerRefusal(head);
    if (refusal !== undefined) this.#fail(refusal);
    if (this.#failure !== undefined) return CLOSED_BODY;
    const sink = this.#exchange.respond(head);
    this.#guard.onAnswered(sink);
    const body = new LimitedResponseBody(sink, this.#guard);
    this.#answer = { kind: "begun", body };
    return body;
  }

  fail(code: HttpErrorCode): void {
    if (this.#failure !== undefined) return;
    this.#answer = FAILED;
    this.#guard.onAnswered(undefined);
    this.#exchange.fail(code);
    this.#guard.onBodyOver();
  }

  #requestTooLong(bytesMax: number): void {
    const failure: RequestFailure = { kind: "request-body-limit", bytesMax };
    if (this.#answer.kind === "none") this.#fail(failure);
    else if (this.#answer.kind === "begun") {
      this.#answer.body.cut("requestBody", `the request's body is longer than ${formatByteSize(bytesMax)}`);
    }
  }

  #fail(failure: RequestFailure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#guard.onFailure(failure);
  }

  #answerRefusal({ status, headers }: ResponseHead): RequestFailure | undefined {
    const { headerBytesMax, responseBodyBytesMax } = this.#guard.limits;
    const bytes = sectionBytes(headers);
    if (bytes > headerBytesMax) {
      const detail = `the fields of the guest's answer are ${bytes} bytes, expected at most ${
        formatByteSize(headerBytesMax)
      }`;
      return { kind: "response-limit", limit: "headerBytes", detail };
    }
    // Of HEAD and 304 the length is that of another answer (RFC 9110 section 8.6).
    const length = this.head.method === "HEAD" || status === 304 ? undefined : declaredLength(headers);
    if (typeof length !== "number" || length <= responseBodyBytesMax) return undefined;
    const detail = `the guest's answer announces ${length} bytes, expected at most ${
      formatByteSize(responseBodyBytesMax)
    }`;
    return { kind: "response-limit", limit: "responseBody", detail };
  }
}

/** Past its limit it fails, once, and the rest is not read any more. */
class LimitedRequestBody implements ByteSource {
  readonly #source: ByteSource;
  readonly #bytesMax: number;
  readonly #onExceeded: (bytesMax: number) => void;
  #bytes = 0;
  #isExceeded = false;

  /** `onExceeded` is called once, when the first byte past the limit is there. */
  constructor(source: ByteSource, bytesMax: number, onExceeded: (bytesMax: number) => void) {
    this.#source = source;
    this.#bytesMax = bytesMax;
    this.#onExceeded = onExceeded;
  }

  isReady(): boolean {
    return this.#isExceeded || this.#source.isReady();
  }

  onReady(wake: () => void): () => void {
    return this.#isExceeded ? ALWAYS_READY.onReady(wake) : this.#source.onReady(wake);
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#isExceeded) return "closed";
    const limit = this.#bytesMax;
    const result = this.#source.read(bytesMax);
    if (!(result instanceof Uint8Array)) return result;
    this.#bytes += result.length;
    if (this.#bytes <= limit) return result;
    this.#isExceeded = true;
    this.#source.dispose();
    this.#onExceeded(limit);
    return {
      failed: {
        message: `Cannot read the body: it is longer than the route's limit of ${formatByteSize(limit)}`,
        httpCode: { tag: "HTTP-request-body-size", val: BigInt(limit) },
      },
    };
  }

  dispose(): void {
    this.#source.dispose();
  }
}

/** Past its limit the answer is cut: its client must not take what it has for the whole. */
class LimitedResponseBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #guard: ExchangeGuard;
  #bytes = 0;
  #isOver = false;

  constructor(body: ResponseBody, guard: ExchangeGuard) {
    this.#body = body;
    this.#guard = guard;
  }

  isReady(): boolean {
    return this.#isOver || this.#body.isReady();
  }

  onReady(wake: () => void): () => void {
    return this.#isOver ? ALWAYS_READY.onReady(wake) : this.#body.onReady(wake);
  }

  permit(): number | StreamEnd {
    return this.#isOver ? "closed" : this.#body.permit();
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    if (this.#isOver) return "closed";
    const { responseBodyBytesMax } = this.#guard.limits;
    // The sink may take the buffer away.
    const { length } = bytes;
    this.#bytes += length;
    if (this.#bytes <= responseBodyBytesMax) {
      const end = this.#body.write(bytes);
      // An empty piece moves nothing, and must not keep an answer alive.
      if (end === undefined && length > 0) this.#guard.onProgress();
      return end;
    }
    const detail = `the guest's answer is longer than ${formatByteSize(responseBodyBytesMax)}`;
    this.cut("responseBody", detail);
    return {
      failed: {
        message: `Cannot write the body: ${detail}`,
        httpCode: { tag: "HTTP-response-body-size", val: BigInt(responseBodyBytesMax) },
      },
    };
  }

  flush(): StreamEnd | undefined {
    return this.#isOver ? "closed" : this.#body.flush();
  }

  dispose(): void {
    this.#body.dispose();
  }

  finish(trailers: FieldEntries | undefined): void {
    if (this.#isOver) return;
    const { headerBytesMax } = this.#guard.limits;
    const bytes = trailers === undefined ? 0 : sectionBytes(trailers);
    if (bytes > headerBytesMax) {
      this.cut(
        "headerBytes",
        `the guest's trailers are ${bytes} bytes, expected at most ${formatByteSize(headerBytesMax)}`,
      );
      return;
    }
    this.#isOver = true;
    this.#body.finish(trailers);
    this.#guard.onBodyOver();
  }

  abort(reason: string, code?: FaultCode): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#body.abort(reason, code);
    this.#guard.onBodyOver();
  }

  /** Ends it at once; does nothing when it is over already. */
  cut(limit: LimitName, detail: string): void {
    if (this.#isOver) return;
    this.abort(detail, FAILURE_FAULTS[limit === "requestBody" ? "request-body-limit" : "response-limit"]);
    this.#guard.onCut(limit, detail);
  }
}

/** Names and values, as they are limited: what separates them on the wire is not counted. */
function sectionBytes(entries: FieldEntries): number {
  let bytes = 0;
  for (const [name, value] of entries) bytes += name.length + value.length;
  return bytes;
}

/** For a guest whose answer is not sent. */
const CLOSED_BODY: ResponseBody = {
  ...ALWAYS_READY,
  permit: () => "closed",
  write: () => "closed",
  flush: () => "closed",
  dispose: () => {},
  finish: () => {},
  abort: () => {},
};
