/** From a request of the listener to the route that answers it, and from every failure to an answer and one log line. */
import type { Clock } from "../base/clock.ts";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import type { RequestFailure } from "../instance/request_failure.ts";
import type { RouteMatch } from "../router/route_match.ts";
import type { Router } from "../router/router.ts";
import type { EmitEvent, GatewayEvent } from "../telemetry/events.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { Tracer, TraceSpan } from "../telemetry/trace.ts";
import { AnswerBatch } from "./answer_batch.ts";
import type { BodyFlow } from "./body_flow.ts";
import type { ServedRequest } from "./client_connection.ts";
import type { ClientRequest, ClientResponse } from "./client_exchange.ts";
import { causeOf, failureAnswer, type GatewayFailure, type RequestCause } from "./failure_status.ts";
import { addKeepAlive } from "./keep_alive.ts";
import type { ListenerLimits } from "./listener_limits.ts";
import { NodeExchange, sendFailure } from "./node_exchange.ts";
import { hasBody, RequestBody } from "./request_body.ts";
import { RequestBegins } from "./request_begins.ts";
import { framingFailure } from "./request_framing.ts";
import { givenId, REQUEST_ID_FIELD, type RequestIds } from "./request_id.ts";
import { endRequestSpan, startRequestSpan } from "./request_trace.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";
import { parseRequestTarget, type RequestTarget } from "./request_target.ts";
import { wholeUs } from "./whole_us.ts";

/** Where a route leads. */
export interface Destination {
  readonly workload: string;
  readonly route: string;
  readonly match: RouteMatch;
  /** There is a service that its guests may talk to. */
  readonly hasService: boolean;
  /**
   * Resolves when the guest is done: with nothing when it answered, else with the reason. Never rejects. The request is inside from
   * the call on, and goes on when `begins` resolves: what it was led to must not be closed under it.
   */
  serve(exchange: HandlerExchange, begins?: Promise<void>): Promise<RequestFailure | undefined>;
}

/** What an app needs. */
export interface HttpAppOptions {
  readonly router: Router<Destination>;
  readonly limits: ListenerLimits;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  readonly requestIds: RequestIds;
  /** Undefined: there are no traces. */
  readonly tracer?: Tracer | undefined;
  readonly isDraining: () => boolean;
  /** A request begins that the event loop has called for: all jobs of promises are done. */
  readonly beginJob?: () => void;
  readonly proxies: TrustedProxies;
  /** Of the connections. Default: http. */
  readonly scheme?: "http" | "https";
}

/** A request from its head to the end of its response: logged once, however it ends. */
class OpenRequest implements ServedRequest {
  readonly id: string;
  readonly trace: TraceSpan | undefined;
  readonly flow: BodyFlow;
  readonly #options: HttpAppOptions;
  readonly #response: ClientResponse;
  readonly #startedMs: number;
  /** Where it leads; undefined when the app answered by itself. */
  #served: { readonly path: string; readonly destination: Destination; readonly exchange: NodeExchange } | undefined;
  /** Of one that the app answered by itself. */
  #cause: RequestCause | undefined;
  #discarded: RequestBody | undefined;
  #failureBytes = 0;
  #isClosed = false;

  constructor(response: ClientResponse, flow: BodyFlow, options: HttpAppOptions) {
    this.#options = options;
    this.flow = flow;
    this.#response = response;
    this.#startedMs = options.clock.monotonicMs();
    const { requestIds, tracer, proxies, scheme = "http" } = options;
    const { method = "", rawHeaders, socket } = response.req;
    const isTrusted = proxies.trusts(socket.remoteAddress);
    this.id = (isTrusted ? givenId(rawHeaders) : undefined) ?? requestIds.next();
    this.trace = tracer && startRequestSpan(tracer, { method, scheme, rawHeaders, isTrusted });
    options.counters.add("requests", 1);
  }

  get bodyBytes(): number {
    return this.#served?.exchange.requestBytes ?? this.#discarded?.receivedBytes ?? 0;
  }

  /** A guest answers it; `path` is what its line says. */
  leadTo(path: string, destination: Destination, exchange: NodeExchange): void {
    this.#served = { path, destination, exchange };
  }

  /** The app answers it, and reads the body for nobody. */
  refuse(failure: GatewayFailure, discarded: RequestBody | undefined): void {
    this.#cause = causeOf(failure);
    this.#discarded = discarded;
    const { limits } = this.#options;
    this.#failureBytes = sendFailure(failure, { requestId: this.id, response: this.#response, limits });
  }

  giveUp(failure: GatewayFailure): void {
    if (this.#served === undefined) this.cut(causeOf(failure));
    else this.#served.exchange.giveUp(failure);
  }

  cut(cause: RequestCause): void {
    if (this.#served !== undefined) return this.#served.exchange.cut(cause);
    // Its answer has a cause already, which stays the code.
    this.#cause = this.#cause === undefined ? cause : { ...this.#cause, text: `${this.#cause.text}; ${cause.text}` };
    this.flow.cut();
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.counters.add("requests", -1);
    this.#served?.exchange.closed();
    const event = this.#event();
    if (this.trace !== undefined) endRequestSpan(this.trace, { event, match: this.#served?.destination.match });
    this.#options.emit(event);
  }

  #event(): RequestEvent {
    const response = this.#response;
    const served = this.#served;
    const cause = this.#cause ?? served?.exchange.cause ??
      (response.writableFinished ? undefined : causeOf({ kind: "client-gone" }));
    const cpuMs = served?.exchange.computing?.cpuMs;
    const event: RequestEvent = {
      kind: "request",
      requestId: this.id,
      method: response.req.method ?? "",
      path: served?.path ?? pathOf(response.req.url ?? ""),
      status: response.headersSent ? response.statusCode : failureAnswer({ kind: "client-gone" }).status,
      requestBytes: this.bodyBytes,
      responseBytes: served?.exchange.responseBytes ?? this.#failureBytes,
      durationMs: wholeUs(this.#options.clock.monotonicMs() - this.#startedMs),
    };
    if (served !== undefined) {
      event.workload = served.destination.workload;
      event.route = served.destination.route;
    }
    const traceId = this.trace?.recordedTraceId;
    if (traceId !== undefined) event.traceId = traceId;
    if (cpuMs !== undefined) event.cpuMs = wholeUs(cpuMs);
    if (cause !== undefined) {
      event.cause = cause.text;
      event.code = cause.code;
    }
    return event;
  }
}

/** After these nobody knows for sure where the next request would begin. */
const ENDS_CONNECTION: ReadonlySet<GatewayFailure["kind"]> = new Set(["bad-request", "not-implemented", "version"]);

/** Serves requests; owns those that are running. */
export class HttpApp {
  readonly #options: HttpAppOptions;
  readonly #answers: AnswerBatch;
  readonly #begins: RequestBegins;
  #runningCount = 0;
  #onSettled: (() => void)[] = [];

  constructor(options: HttpAppOptions) {
    this.#options = options;
    this.#answers = new AnswerBatch(options.clock);
    this.#begins = new RequestBegins({ beginJob: options.beginJob, answers: this.#answers });
  }

  /** Takes a request over; whatever happens, it is answered or cut and logged once. */
  serve(request: ClientRequest, response: ClientResponse, flow: BodyFlow): ServedRequest {
    const open = new OpenRequest(response, flow, this.#options);
    if (this.#options.isDraining()) return this.#refuse(response, open, { kind: "draining" });
    const misframed = framingFailure(request);
    if (misframed !== undefined) return this.#refuse(response, open, misframed);
    const { expect } = request.headers;
    if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
      return this.#refuse(response, open, { kind: "expectation" });
    }
    const verdict = parseRequestTarget({
      method: request.method ?? "",
      target: request.url ?? "",
      rawHeaders: request.rawHeaders,
      httpVersion: request.httpVersion,
      scheme: this.#options.scheme ?? "http",
    });
    switch (verdict.kind) {
      case "bad":
        return this.#refuse(response, open, { kind: "bad-request", detail: verdict.reason });
      case "misdirected":
        return this.#refuse(response, open, { kind: "misdirected" });
      case "server-wide":
        return this.#answerPing(response, open);
      case "target":
        return this.#route(response, verdict.target, open);
    }
  }

  /** Logs what the listener refused before it was a request; returns its name, for the client. */
  logRefused(failure: GatewayFailure): string {
    const { status } = failureAnswer(failure);
    const { text: cause, code } = causeOf(failure);
    const requestId = this.#options.requestIds.next();
    const nothing = { method: "", path: "", requestBytes: 0, responseBytes: 0, durationMs: 0 };
    this.#options.emit({ kind: "request", requestId, ...nothing, status, cause, code });
    return requestId;
  }

  /** Resolves when no guest is running for a request any more. */
  async settled(): Promise<void> {
    while (this.#runningCount > 0) await new Promise<void>((resolve) => this.#onSettled.push(resolve));
  }

  #route(response: ClientResponse, target: RequestTarget, open: OpenRequest): OpenRequest {
    const request = response.req;
    const claim = this.#options.proxies.claimOf(request.rawHeaders, request.socket.remoteAddress);
    if (claim !== undefined && "fault" in claim) {
      return this.#refuse(response, open, { kind: "bad-request", detail: claim.fault });
    }
    const found = this.#options.router.match(target.authority, target.path, request.method ?? "");
    if (found.kind !== "found") return this.#refuse(response, open, found);
    const exchange = new NodeExchange({
      requestId: open.id,
      trace: open.trace,
      request,
      response,
      flow: open.flow,
      target,
      scheme: this.#options.scheme ?? "http",
      claim,
      limits: this.#options.limits,
      answers: this.#answers,
    });
    open.leadTo(target.path, found.target, exchange);
    this.#runningCount++;
    void this.#answer(found.target, exchange);
    return open;
  }

  async #answer(destination: Destination, exchange: NodeExchange): Promise<void> {
    try {
      const waits = exchange.hasBody || destination.hasService;
      if (!waits) this.#options.beginJob?.();
      const failure = await destination.serve(exchange, waits ? this.#begins.next() : undefined);
      if (failure !== undefined) exchange.answerFailure(failure);
      else if (!exchange.isAnswered) exchange.answerFailure({ kind: "no-answer", detail: "nothing was answered" });
    } catch (error) {
      this.#options.emit({ kind: "fault", where: `route ${destination.workload}/${destination.route}`, error });
      exchange.answerFailure({ kind: "fault", error });
    } finally {
      this.#runningCount--;
      if (this.#runningCount === 0) { for (const resolve of this.#onSettled.splice(0)) resolve(); }
    }
  }

  /** RFC 9110 section 9.3.7. */
  #answerPing(response: ClientResponse, open: OpenRequest): OpenRequest {
    const fields = [REQUEST_ID_FIELD, open.id];
    addKeepAlive(fields, { response, limits: this.#options.limits });
    response.writeHead(204, fields).end();
    return open;
  }

  /** An answer that needs no route. The connection goes on only when nothing of this request can be left on it. */
  #refuse(response: ClientResponse, open: OpenRequest, failure: GatewayFailure): OpenRequest {
    response.on("error", ignore);
    response.req.on("error", ignore);
    if (ENDS_CONNECTION.has(failure.kind) || response.req.headers.expect !== undefined) {
      response.shouldKeepAlive = false;
    }
    open.refuse(failure, this.#discardBody(response, open.flow));
    return open;
  }

  /** Reads on for a while, so that a client in the middle of its body gets to see the answer; then the connection is cut. */
  #discardBody(response: ClientResponse, flow: BodyFlow): RequestBody | undefined {
    if (!hasBody(response.req)) return undefined;
    const { bodyWindowBytes, discardBytesMax } = this.#options.limits;
    const body = new RequestBody(response.req, {
      flow,
      windowBytes: bodyWindowBytes,
      discardBytesMax,
      onTooMuch: () => response.req.socket.destroy(),
    });
    body.dispose();
    return body;
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type RequestEvent = Mutable<Extract<GatewayEvent, { readonly kind: "request" }>>;

/** Without the query, which may hold secrets. */
function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** For errors that speak of a connection that broke: the end is told by `close`. */
function ignore(): void {}
