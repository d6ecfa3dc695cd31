/** From a request of the listener to the route that answers it, and from every failure to an answer and one log line. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../base/clock.ts";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import type { RequestFailure } from "../instance/request_failure.ts";
import type { Router } from "../router/router.ts";
import type { EmitEvent, GatewayEvent } from "../telemetry/events.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { ServedRequest } from "./client_connection.ts";
import { describeGatewayFailure, failureAnswer, type GatewayFailure } from "./failure_status.ts";
import type { ListenerLimits } from "./listener_limits.ts";
import { NodeExchange, sendFailure } from "./node_exchange.ts";
import { hasBody, RequestBody } from "./request_body.ts";
import { framingFailure } from "./request_framing.ts";
import { parseRequestTarget, type RequestTarget } from "./request_target.ts";

/** Where a route leads. */
export interface Destination {
  readonly workload: string;
  readonly route: string;
  /** Resolves when the guest is done: with nothing when it answered, else with the reason. Never rejects. */
  serve(exchange: HandlerExchange): Promise<RequestFailure | undefined>;
}

/** What an app needs. */
export interface HttpAppOptions {
  readonly router: Router<Destination>;
  readonly limits: ListenerLimits;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  readonly isDraining: () => boolean;
}

/** What a request is called in the log. */
interface RequestLog {
  /** Without the query, which may hold secrets. */
  path: string;
  destination: Destination | undefined;
  /** Of a request that has a destination. */
  exchange: NodeExchange | undefined;
  /** Of one that was answered without. */
  cause: string | undefined;
  isClosed: boolean;
}

/** A request that the app has answered by itself: what is left is to send it. */
class AnsweredRequest implements ServedRequest {
  readonly #response: ServerResponse;
  readonly #log: RequestLog;

  constructor(response: ServerResponse, log: RequestLog) {
    this.#response = response;
    this.#log = log;
  }

  giveUp(failure: GatewayFailure): void {
    this.cut(describeGatewayFailure(failure));
  }

  cut(reason: string): void {
    const { cause } = this.#log;
    this.#log.cause = cause === undefined ? reason : `${cause}; ${reason}`;
    this.#response.req.socket.resetAndDestroy();
  }
}

/** After these nobody knows for sure where the next request would begin. */
const ENDS_CONNECTION: ReadonlySet<GatewayFailure["kind"]> = new Set(["bad-request", "not-implemented", "version"]);

/** Serves requests; owns those that are running. */
export class HttpApp {
  readonly #options: HttpAppOptions;
  #runningCount = 0;
  #onSettled: (() => void)[] = [];

  constructor(options: HttpAppOptions) {
    this.#options = options;
  }

  /** Takes a request over; whatever happens, it is answered or cut and logged once. */
  serve(request: IncomingMessage, response: ServerResponse): ServedRequest {
    const log = this.#open(request, response);
    if (this.#options.isDraining()) return this.#refuse(response, log, { kind: "draining" });
    const misframed = framingFailure(request);
    if (misframed !== undefined) return this.#refuse(response, log, misframed);
    const { expect } = request.headers;
    if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
      return this.#refuse(response, log, { kind: "expectation" });
    }
    const verdict = parseRequestTarget({
      method: request.method ?? "",
      target: request.url ?? "",
      rawHeaders: request.rawHeaders,
      httpVersion: request.httpVersion,
    });
    switch (verdict.kind) {
      case "bad":
        return this.#refuse(response, log, { kind: "bad-request", detail: verdict.reason });
      case "misdirected":
        return this.#refuse(response, log, { kind: "misdirected" });
      case "server-wide":
        // RFC 9110 section 9.3.7: a ping.
        response.writeHead(204).end();
        return new AnsweredRequest(response, log);
      case "target":
        return this.#route(request, response, verdict.target, log);
    }
  }

  /** Logs what the listener refused before it was a request. */
  logRefused(failure: GatewayFailure): void {
    const { status } = failureAnswer(failure);
    const cause = describeGatewayFailure(failure);
    this.#options.emit({ kind: "request", method: "", path: "", status, durationMs: 0, cause });
  }

  /** Resolves when no guest is running for a request any more. */
  async settled(): Promise<void> {
    while (this.#runningCount > 0) await new Promise<void>((resolve) => this.#onSettled.push(resolve));
  }

  #route(request: IncomingMessage, response: ServerResponse, target: RequestTarget, log: RequestLog): ServedRequest {
    const found = this.#options.router.match(target.authority, target.path, request.method ?? "");
    if (found.kind !== "found") return this.#refuse(response, log, found);
    const exchange = new NodeExchange({ request, response, target, limits: this.#options.limits });
    log.path = target.path;
    log.destination = found.target;
    log.exchange = exchange;
    this.#runningCount++;
    void this.#answer(found.target, exchange);
    return exchange;
  }

  async #answer(destination: Destination, exchange: NodeExchange): Promise<void> {
    try {
      const failure = await destination.serve(exchange);
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

  /** An answer that needs no route. The connection goes on only when nothing of this request can be left on it. */
  #refuse(response: ServerResponse, log: RequestLog, failure: GatewayFailure): ServedRequest {
    log.cause = describeGatewayFailure(failure);
    response.on("error", ignore);
    response.req.on("error", ignore);
    if (ENDS_CONNECTION.has(failure.kind) || response.req.headers.expect !== undefined) {
      response.shouldKeepAlive = false;
    }
    this.#discardBody(response);
    sendFailure(response, failure);
    return new AnsweredRequest(response, log);
  }

  /** Reads on for a while, so that a client in the middle of its body gets to see the answer; then the connection is cut. */
  #discardBody(response: ServerResponse): void {
    if (!hasBody(response.req)) return;
    const { bodyWindowBytes, discardBytesMax } = this.#options.limits;
    new RequestBody(response.req, {
      windowBytes: bodyWindowBytes,
      discardBytesMax,
      onTooMuch: () => response.req.socket.destroy(),
    }).dispose();
  }

  #open(request: IncomingMessage, response: ServerResponse): RequestLog {
    const { clock, counters } = this.#options;
    const startedMs = clock.monotonicMs();
    const { url = "" } = request;
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    const log: RequestLog = { path, destination: undefined, exchange: undefined, cause: undefined, isClosed: false };
    counters.add("requests", 1);
    response.on("close", () => {
      if (log.isClosed) return;
      log.isClosed = true;
      counters.add("requests", -1);
      this.#emitRequest(response, log, clock.monotonicMs() - startedMs);
    });
    return log;
  }

  #emitRequest(response: ServerResponse, log: RequestLog, durationMs: number): void {
    const { path, destination, exchange } = log;
    const cpuMs = exchange?.cpuMs;
    const cause = log.cause ?? exchange?.cause ?? (response.writableFinished ? undefined : "the client went away");
    const event: RequestEvent = {
      kind: "request",
      method: response.req.method ?? "",
      path,
      status: response.headersSent ? response.statusCode : failureAnswer({ kind: "client-gone" }).status,
      durationMs: wholeUs(durationMs),
    };
    if (destination !== undefined) {
      event.workload = destination.workload;
      event.route = destination.route;
    }
    if (cpuMs !== undefined) event.cpuMs = wholeUs(cpuMs);
    if (cause !== undefined) event.cause = cause;
    this.#options.emit(event);
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type RequestEvent = Mutable<Extract<GatewayEvent, { readonly kind: "request" }>>;

/** Nobody reads nanoseconds, and digits take room. */
function wholeUs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

/** For errors that speak of a connection that broke: the end is told by `close`. */
function ignore(): void {}
