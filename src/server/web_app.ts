/** `gateway.fetch`: requests of the web to routes, for programs that have a server of their own. */
import type { Clock } from "../base/clock.ts";
import type { Router } from "../router/router.ts";
import type { EmitEvent } from "../telemetry/events.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { causeOf, failureAnswer, type GatewayFailure, type RequestCause } from "./failure_status.ts";
import type { Destination } from "./http_app.ts";
import { NO_ACTIVITY } from "./web_body.ts";
import type { Tracer, TraceSpan } from "../telemetry/trace.ts";
import { givenId, type RequestIds } from "./request_id.ts";
import { endRequestSpan, startRequestSpan } from "./request_trace.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";
import { failureBytes, failureResponse, serveWebRequest, type WebExchange } from "./web_exchange.ts";
import { wholeUs } from "./whole_us.ts";

/**
 * What the server around knows of a request.
 *
 * @example
 * const response = await gateway.fetch(new Request("http://localhost/hello"), { remoteAddress: "192.0.2.7" });
 */
export interface FetchOptions {
  /** The client's address, for `Forwarded` and `X-Forwarded-For`. Default: unknown. */
  readonly remoteAddress?: string;
}

/** What an app needs. */
export interface WebAppOptions {
  readonly router: Router<Destination>;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  readonly requestIds: RequestIds;
  /** Undefined: there are no traces. */
  readonly tracer?: Tracer | undefined;
  readonly isDraining: () => boolean;
  readonly proxies: TrustedProxies;
}

/** What is known of a request while it lasts. */
interface OpenRequest {
  readonly id: string;
  readonly trace: TraceSpan | undefined;
  readonly request: Request;
  readonly startedMs: number;
  cause: RequestCause | undefined;
  /** Of an answer of the gateway itself. */
  failureBytes: number;
  served: { readonly exchange: WebExchange; readonly destination: Destination } | undefined;
}

/** Serves requests that came over somebody else's listener; owns those that are running. */
export class WebApp {
  readonly #options: WebAppOptions;
  #running = 0;
  /** Those that a guest answers. */
  readonly #served = new Set<WebExchange>();
  #onSettled: (() => void)[] = [];

  constructor(options: WebAppOptions) {
    this.#options = options;
  }

  /** Resolves when the head of the answer is there; rejects when the request's signal is aborted before that. */
  async fetch(request: Request, { remoteAddress }: FetchOptions = {}): Promise<Response> {
    const { clock, counters, router, requestIds, tracer, isDraining, proxies } = this.#options;
    const { method } = request;
    const scheme = request.url.startsWith("https:") ? "https" : "http";
    const isTrusted = proxies.trusts(remoteAddress);
    const rawHeaders = isTrusted || tracer !== undefined ? [...request.headers].flat() : [];
    const id = (isTrusted ? givenId(rawHeaders) : undefined) ?? requestIds.next();
    const trace = tracer && startRequestSpan(tracer, { method, scheme, rawHeaders, isTrusted });
    const open: OpenRequest = {
      id,
      trace,
      request,
      startedMs: clock.monotonicMs(),
      cause: undefined,
      failureBytes: 0,
      served: undefined,
    };
    this.#running++;
    counters.add("requests", 1);
    if (isDraining()) return this.#refuse(open, { kind: "draining" });
    try {
      const response = await serveWebRequest({ request, body: request.body ?? undefined, length: undefined }, {
        requestId: id,
        trace,
        router,
        activity: NO_ACTIVITY,
        proxies,
        remoteAddress,
        onFailure: (cause, answerBytes) => {
          open.cause ??= cause;
          open.failureBytes += answerBytes;
        },
        onServed: (exchange, destination, served) => {
          open.served = { exchange, destination };
          this.#served.add(exchange);
          void this.#untilServed(open, served);
        },
      });
      this.#endLater(open, response.status);
      return response;
    } catch (error) {
      // Only an abort comes here: everything else is an answer.
      open.cause ??= causeOf({ kind: "client-gone" });
      this.#endLater(open, failureAnswer({ kind: "client-gone" }).status);
      throw error;
    }
  }

  /** Resolves when nothing is running any more. */
  async settled(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => this.#onSettled.push(resolve));
  }

  /** The time for draining is over: of an answer that nobody reads, nobody would ever hear that it has ended. */
  expire(): void {
    for (const exchange of this.#served) exchange.giveUp({ kind: "draining" });
  }

  #refuse(open: OpenRequest, failure: GatewayFailure): Response {
    open.cause = causeOf(failure);
    open.failureBytes = failureBytes(failure);
    const response = failureResponse(failure, open.id);
    this.#endLater(open, response.status);
    return response;
  }

  /** A fault of the gateway is told like that of the listener, and answered, so that nobody waits for ever. */
  async #untilServed({ served }: OpenRequest, done: Promise<void>): Promise<void> {
    this.#running++;
    try {
      await done;
    } catch (error) {
      const { workload, route } = served?.destination ?? { workload: "?", route: "?" };
      this.#options.emit({ kind: "fault", where: `route ${workload}/${route}`, error });
      served?.exchange.fault(error);
    } finally {
      this.#left();
    }
  }

  /** Its line is written when the last byte was read: only then it is known how it ended. */
  #endLater(open: OpenRequest, status: number): void {
    const over = open.served?.exchange.over ?? Promise.resolve();
    void over.then(() => {
      if (open.served !== undefined) this.#served.delete(open.served.exchange);
      this.#options.counters.add("requests", -1);
      this.#emit(open, status);
      this.#left();
    });
  }

  #emit(open: OpenRequest, status: number): void {
    const { id, trace, request, startedMs, cause, served } = open;
    const { clock, emit } = this.#options;
    const cpuMs = served?.exchange.computing?.cpuMs;
    const traceId = trace?.recordedTraceId;
    const event = {
      kind: "request",
      requestId: id,
      ...(traceId !== undefined && { traceId }),
      method: request.method,
      path: new URL(request.url).pathname,
      status,
      requestBytes: served?.exchange.requestBytes ?? 0,
      responseBytes: open.failureBytes + (served?.exchange.responseBytes ?? 0),
      durationMs: wholeUs(clock.monotonicMs() - startedMs),
      ...(served !== undefined && { workload: served.destination.workload, route: served.destination.route }),
      ...(cpuMs !== undefined && { cpuMs: wholeUs(cpuMs) }),
      ...(cause !== undefined && { cause: cause.text, code: cause.code }),
    } as const;
    if (trace !== undefined) endRequestSpan(trace, { event, match: served?.destination.match });
    emit(event);
  }

  #left(): void {
    this.#running--;
    if (this.#running === 0) { for (const resolve of this.#onSettled.splice(0)) resolve(); }
  }
}
