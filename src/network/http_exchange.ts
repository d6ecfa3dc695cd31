/**
 * One request from `send` to its end: it gets a connection, sends, waits, and hands the answer over.
 *
 * connecting -> waiting (sent or being sent) -> receiving -> over. Each step has its deadline, and every way out goes
 * through `#settle` and `#over`, so that nothing is left of an exchange that ended.
 */
import type { Clock } from "../base/clock.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { HttpConnection } from "./http_connection.ts";
import { HttpDeadline } from "./http_deadline.ts";
import { exchangeFailureOf, HttpFault, StaleConnection } from "./http_failure.ts";
import type { HttpFailure } from "./http_failure_table.ts";
import { type HttpLimits, INFORMATIONAL_MAX } from "./http_limits.ts";
import type { HttpAnswer, HttpFields, HttpRequest, HttpTarget, PendingExchange, RecheckHttp } from "./http_message.ts";
import type { HttpOpening } from "./http_opening.ts";
import { planTrailers, type RequestPlan } from "./http_request_plan.ts";
import { RequestStream } from "./http_request_stream.ts";
import { HttpResponseBody } from "./http_response_body.ts";
import { checkHead, checkTrailers } from "./http_response_check.ts";
import type { WireEvents, WireFlow } from "./http_wire.ts";

/** Where connections come from and go to. */
export interface HttpConnections {
  /** An idle one that may serve `target` now. */
  reuse(target: HttpTarget): HttpConnection | undefined;
  /** undefined: there is no slot. */
  open(
    target: HttpTarget,
    onOutcome: (outcome: HttpConnection | { readonly failed: HttpFailure }) => void,
  ): HttpOpening | undefined;
  /** The exchange came to its end; the connection may serve another one. */
  keep(connection: HttpConnection): void;
}

/** One request, checked, and what it needs. */
export interface HttpExchangeOptions {
  readonly request: HttpRequest;
  readonly plan: RequestPlan;
  readonly connections: HttpConnections;
  readonly limits: HttpLimits;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** Nothing is left of it. */
  readonly onOver: () => void;
}

/** See `PendingExchange`. */
export class HttpExchange implements PendingExchange, WireEvents {
  readonly #options: HttpExchangeOptions;
  readonly #waiters = new WaitList();
  readonly #deadline: HttpDeadline;
  readonly #stream: RequestStream | undefined;
  #result: HttpAnswer | { readonly failed: HttpFailure } | undefined;
  #opening: HttpOpening | undefined;
  #connection: HttpConnection | undefined;
  #flow: WireFlow | undefined;
  #body: HttpResponseBody | undefined;
  #trailers: HttpFields | undefined;
  #isReused = false;
  #isStarted = false;
  #isAnswering = false;
  #isPaused = false;
  #isStalled = false;
  #isOver = false;
  #informationals = 0;

  constructor(options: HttpExchangeOptions) {
    this.#options = options;
    this.#deadline = new HttpDeadline(options.clock, options.counters);
    const { body } = options.request;
    if (body !== undefined) {
      this.#stream = new RequestStream(body, {
        contentLength: options.plan.contentLength,
        onStalled: () => this.#stalled(true),
        onAsked: () => this.#stalled(false),
      });
      // Also before anybody reads it: a failure of the source is one of the exchange.
      this.#stream.on("error", (error) => this.#fail(exchangeFailureOf(error, this.#body !== undefined)));
    }
    this.#connect(true);
  }

  result(): HttpAnswer | { readonly failed: HttpFailure } | undefined {
    return this.#result;
  }

  isReady(): boolean {
    return this.#result !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  dispose(): void {
    this.#body?.dispose();
    this.stop({ tag: "connection-terminated" });
  }

  /** Ends it at once; what it has not told yet becomes `failure`. */
  stop(failure: HttpFailure): void {
    this.#fail(failure);
  }

  /** See `HttpClient.recheck`. */
  recheck(isAllowed: RecheckHttp): void {
    const { target } = this.#options.plan;
    const isStill = this.#opening === undefined
      ? isAllowed(target, this.#connection?.address)
      : this.#opening.recheck(isAllowed);
    if (!isStill) this.#fail({ tag: "HTTP-request-denied" });
  }

  // The connection.

  #connect(mayReuse: boolean): void {
    const { plan, connections, request } = this.#options;
    const idle = mayReuse && request.trailers === undefined ? connections.reuse(plan.target) : undefined;
    if (idle !== undefined) return this.#send(idle, true);
    const limitMs = this.#limitMs("connectTimeoutMs", request.connectTimeoutMs);
    this.#deadline.set(limitMs, () => this.#fail({ tag: "connection-timeout" }));
    this.#opening = connections.open(plan.target, (outcome) => {
      this.#opening = undefined;
      if ("failed" in outcome) this.#fail(outcome.failed);
      else if (this.#isOver) outcome.destroy();
      else this.#send(outcome, false);
    });
    if (this.#opening === undefined) this.#fail({ tag: "connection-limit-reached" });
  }

  #send(connection: HttpConnection, isReused: boolean): void {
    const { plan, request } = this.#options;
    this.#deadline.clear();
    this.#connection = connection;
    this.#isReused = isReused;
    this.#isStarted = false;
    const trailers = request.trailers === undefined ? undefined : () => this.#takeTrailers();
    this.#flow = connection.send({ plan, body: this.#stream, trailers }, this);
  }

  #takeTrailers(): readonly string[] {
    const lines = planTrailers(this.#options.request.trailers?.() ?? []);
    if (!("failed" in lines)) return lines;
    this.#fail(lines.failed);
    return [];
  }

  // What comes from the wire.

  started(): void {
    this.#isStarted = true;
    this.#awaitServer();
  }

  answering(): void {
    this.#isAnswering = true;
  }

  sent(): void {
    this.#stalled(false);
  }

  informational(): void {
    this.#informationals++;
    if (this.#informationals > INFORMATIONAL_MAX) this.#fail({ tag: "HTTP-protocol-error" });
  }

  head(status: number, headers: HttpFields): void {
    if (this.#isOver) return;
    const failure = checkHead(status, headers);
    if (failure !== undefined) return this.#fail(failure);
    const body = new HttpResponseBody({
      onRoom: () => this.#resume(),
      onLeft: () => this.#fail({ tag: "connection-terminated" }),
    });
    this.#body = body;
    this.#result = { status, headers, body, trailers: () => (body.isReadToEnd ? this.#trailers : undefined) };
    this.#waiters.wakeAll();
    this.#awaitServer();
  }

  data(bytes: Uint8Array): void {
    const body = this.#body;
    if (this.#isOver || body === undefined) return;
    body.push(bytes);
    this.#isPaused = body.isFull;
    if (this.#isPaused) this.#flow?.pause();
    this.#awaitServer();
  }

  ended(trailers: HttpFields): void {
    if (this.#isOver) return;
    const failure = checkTrailers(trailers);
    if (failure !== undefined) return this.#fail(failure);
    if (trailers.length > 0) this.#trailers = trailers;
    this.#body?.end();
    const connection = this.#connection;
    this.#connection = undefined;
    this.#over();
    // The client decides after this call whether the connection lives on.
    if (connection !== undefined) queueMicrotask(() => this.#options.connections.keep(connection));
  }

  failed(error: unknown): void {
    if (this.#isOver) return;
    if (!this.#mayTryAgain(error)) return this.#fail(exchangeFailureOf(error, this.#body !== undefined));
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#deadline.clear();
    this.#connect(false);
  }

  /**
   * An idle connection may be gone by the time it is used: a request of which nothing was sent goes over another one, and
   * so does, once, one that may arrive twice and got no answer at all (RFC 9110 section 9.2.2).
   */
  #mayTryAgain(error: unknown): boolean {
    if (!this.#isReused) return false;
    if (!this.#isStarted) return error instanceof StaleConnection;
    const isCut = exchangeFailureOf(error, false).tag === "connection-terminated";
    return isCut && !this.#isAnswering && this.#options.plan.isRepeatable;
  }

  // Time.

  #stalled(isStalled: boolean): void {
    this.#isStalled = isStalled;
    if (this.#isStarted) this.#awaitServer();
  }

  /** Whose turn is it? Only the server's is limited: a guest that does not read or write has its own limits. */
  #awaitServer(): void {
    if (this.#isOver) return;
    const { request } = this.#options;
    if (this.#body !== undefined) {
      if (this.#isPaused) return this.#deadline.clear();
      const limitMs = this.#limitMs("betweenBytesTimeoutMs", request.betweenBytesTimeoutMs);
      this.#deadline.set(limitMs, () => this.#fail({ tag: "connection-read-timeout" }));
    } else if (this.#isStalled) {
      this.#deadline.set(this.#options.limits.writeTimeoutMs, () => this.#fail({ tag: "connection-write-timeout" }));
    } else {
      const limitMs = this.#limitMs("firstByteTimeoutMs", request.firstByteTimeoutMs);
      this.#deadline.set(limitMs, () => this.#fail({ tag: "connection-read-timeout" }));
    }
  }

  #limitMs(name: keyof HttpLimits, askedMs: number | undefined): number {
    return Math.min(this.#options.limits[name], askedMs ?? Number.POSITIVE_INFINITY);
  }

  #resume(): void {
    if (this.#isOver || !this.#isPaused) return;
    this.#isPaused = false;
    this.#awaitServer();
    this.#flow?.resume();
  }

  // The end.

  #fail(failure: HttpFailure): void {
    if (this.#isOver) return;
    if (this.#result === undefined) {
      this.#result = { failed: failure };
      this.#waiters.wakeAll();
    }
    this.#body?.fail(failure);
    this.#opening?.abandon();
    this.#opening = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#over(new HttpFault(failure));
    connection?.destroy();
  }

  #over(fault?: HttpFault): void {
    this.#isOver = true;
    this.#deadline.clear();
    this.#stream?.destroy(fault);
    this.#options.onOver();
  }
}
