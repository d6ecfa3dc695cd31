/**
 * An exchange that keeps a guest and its client within the route's limits for fields and bodies. Nothing is buffered:
 * bytes are counted as they pass.
 *
 * What was past a limit before the head of the answer went out is `failure`, and the guest's own answer, if it still
 * gives one, goes nowhere: whoever runs the guest answers with the failure. Afterwards the answer is cut.
 */
import type { ByteSource, StreamEnd } from "../base/byte_stream.ts";
import type { RouteLimits } from "../base/limits.ts";
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
import type { RequestFailure } from "./request_failure.ts";

/** The limits of a route that concern its messages. */
export type ExchangeLimits = Pick<RouteLimits, "requestBodyBytesMax" | "responseBodyBytesMax" | "headerBytesMax">;

/** What a limited exchange needs. */
export interface LimitedExchangeOptions {
  readonly limits: ExchangeLimits;
  /** An answer that had begun was cut. What ends in `failure` is in the request's own line, and not told here. */
  readonly onCut: (limit: LimitName, detail: string) => void;
  /** This is the `failure` now, and nothing that the guest still does can change it. */
  readonly onFailure: (failure: RequestFailure) => void;
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

/**
 * Between a guest and the exchange of its request; one for each request.
 *
 * @example
 * const limited = new LimitedExchange(exchange, { limits, onCut, onFailure });
 * const opened = openExchange(limited, context);
 * // ... the guest runs ...
 * if (limited.failure !== undefined) return limited.failure; // whatever `opened.outcome()` says
 */
export class LimitedExchange implements HttpExchange {
  readonly body: ByteSource;
  readonly #exchange: HttpExchange;
  readonly #options: LimitedExchangeOptions;
  #answer: Answer = { kind: "none" };
  #failure: RequestFailure | undefined;

  constructor(exchange: HttpExchange, options: LimitedExchangeOptions) {
    this.#exchange = exchange;
    this.#options = options;
    const bytesMax = options.limits.requestBodyBytesMax;
    this.body = new LimitedRequestBody(exchange.body, { bytesMax, onExceeded: () => this.#requestTooLong(bytesMax) });
  }

  /** Set: nothing was answered, and this is what has to be. */
  get failure(): RequestFailure | undefined {
    return this.#failure;
  }

  get head(): RequestHead {
    return this.#exchange.head;
  }

  trailers(): FieldEntries | undefined {
    return this.#exchange.trailers();
  }

  respond(head: ResponseHead): ResponseBody {
    const refusal = this.#answerRefusal(head);
    if (refusal !== undefined) this.#fail(refusal);
    if (this.#failure !== undefined) return CLOSED_BODY;
    const { limits, onCut } = this.#options;
    const body = new LimitedResponseBody(this.#exchange.respond(head), { limits, onCut });
    this.#answer = { kind: "begun", body };
    return body;
  }

  fail(code: HttpErrorCode): void {
    if (this.#failure !== undefined) return;
    this.#answer = { kind: "failed" };
    this.#exchange.fail(code);
  }

  #requestTooLong(bytesMax: number): void {
    const failure: RequestFailure = { kind: "request-body-limit", bytesMax };
    if (this.#answer.kind === "none") this.#fail(failure);
    else if (this.#answer.kind === "begun") {
      this.#answer.body.cut("requestBody", `the request's body is longer than ${bytesMax} bytes`);
    }
  }

  #fail(failure: RequestFailure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#options.onFailure(failure);
  }

  #answerRefusal({ status, headers }: ResponseHead): RequestFailure | undefined {
    const { headerBytesMax, responseBodyBytesMax } = this.#options.limits;
    const bytes = sectionBytes(headers);
    if (bytes > headerBytesMax) {
      const detail = `the fields of the guest's answer are ${bytes} bytes, expected at most ${headerBytesMax}`;
      return { kind: "response-limit", limit: "headerBytes", detail };
    }
    // Of HEAD and 304 the length is that of another answer (RFC 9110 section 8.6).
    const length = this.head.method === "HEAD" || status === 304 ? undefined : declaredLength(headers);
    if (typeof length !== "number" || length <= responseBodyBytesMax) return undefined;
    const detail = `the guest's answer announces ${length} bytes, expected at most ${responseBodyBytesMax}`;
    return { kind: "response-limit", limit: "responseBody", detail };
  }
}

interface LimitedRequestBodyOptions {
  readonly bytesMax: number;
  /** Called once, when the first byte past the limit is there. */
  readonly onExceeded: () => void;
}

/** Past its limit it fails, once, and the rest is not read any more. */
class LimitedRequestBody implements ByteSource {
  readonly #source: ByteSource;
  readonly #options: LimitedRequestBodyOptions;
  #bytes = 0;
  #isExceeded = false;

  constructor(source: ByteSource, options: LimitedRequestBodyOptions) {
    this.#source = source;
    this.#options = options;
  }

  isReady(): boolean {
    return this.#isExceeded || this.#source.isReady();
  }

  onReady(wake: () => void): () => void {
    return this.#isExceeded ? ALWAYS_READY.onReady(wake) : this.#source.onReady(wake);
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#isExceeded) return "closed";
    const { bytesMax: limit, onExceeded } = this.#options;
    const result = this.#source.read(bytesMax);
    if (!(result instanceof Uint8Array)) return result;
    this.#bytes += result.length;
    if (this.#bytes <= limit) return result;
    this.#isExceeded = true;
    this.#source.dispose();
    onExceeded();
    return {
      failed: {
        message: `Cannot read the body: it is longer than the route's limit of ${limit} bytes`,
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
  readonly #options: Pick<LimitedExchangeOptions, "limits" | "onCut">;
  #bytes = 0;
  #isOver = false;

  constructor(body: ResponseBody, options: Pick<LimitedExchangeOptions, "limits" | "onCut">) {
    this.#body = body;
    this.#options = options;
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
    const { responseBodyBytesMax } = this.#options.limits;
    this.#bytes += bytes.length;
    if (this.#bytes <= responseBodyBytesMax) return this.#body.write(bytes);
    const detail = `the guest's answer is longer than ${responseBodyBytesMax} bytes`;
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
    const { headerBytesMax } = this.#options.limits;
    const bytes = trailers === undefined ? 0 : sectionBytes(trailers);
    if (bytes > headerBytesMax) {
      this.cut("headerBytes", `the guest's trailers are ${bytes} bytes, expected at most ${headerBytesMax}`);
      return;
    }
    this.#isOver = true;
    this.#body.finish(trailers);
  }

  abort(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#body.abort(reason);
  }

  /** Ends it at once; does nothing when it is over already. */
  cut(limit: LimitName, detail: string): void {
    if (this.#isOver) return;
    this.abort(detail);
    this.#options.onCut(limit, detail);
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
