/**
 * One route of a workload: who may come in, whether the service is there, and then the handler.
 *
 * A route is `open`, and left by one of three ways. `untilIdle` (a reload; nobody new is led to it): everybody inside
 * finishes as if nothing had happened, those in the queue included. `sendAwayWaiting` (the gateway drains): who waits for
 * a place or for the service gets 503 at once, who runs or is about to begin finishes. `close`: who runs is ended as well.
 */
import type { RouteLimits } from "../base/limits.ts";
import { formatDuration } from "../base/quantity.ts";
import { ConcurrencyGate, type ConcurrencyLimits } from "../instance/concurrency_gate.ts";
import type { Handler } from "../instance/handler.ts";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import { type ExchangeLimits, refusalOf } from "../instance/limited_exchange.ts";
import { describeFailure, limitOf, type RequestFailure } from "../instance/request_failure.ts";
import type { Clock } from "../base/clock.ts";
import type { RouteMatch } from "../router/route_match.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import { limitPlace } from "../telemetry/limit_place.ts";
import type { ServiceSupervisor } from "./service_supervisor.ts";

/** What a route needs. */
export interface RouteOptions {
  readonly workload: string;
  readonly name: string;
  readonly match: RouteMatch;
  readonly handler: Pick<Handler, "run" | "killAll">;
  readonly service: Pick<ServiceSupervisor, "state" | "untilServing" | "unavailability"> | undefined;
  readonly clock: Clock;
  readonly limits: ConcurrencyLimits & ExchangeLimits & Pick<RouteLimits, "wallMs" | "serviceWaitMs">;
  /** A request met a limit, and its own line says so. */
  readonly countLimit: (limit: LimitName) => void;
}

/** Where the router leads a request to. */
export class Route {
  readonly workload: string;
  readonly route: string;
  readonly match: RouteMatch;
  readonly #options: RouteOptions;
  readonly #gate: ConcurrencyGate;
  /** Ends the waits for the service. */
  readonly #waits = new Set<() => void>();
  /** Requests inside, those in the queue included. */
  #inside = 0;
  #onIdle: (() => void)[] = [];
  #isTurningAway = false;
  #isClosed = false;

  constructor(options: RouteOptions) {
    this.#options = options;
    this.workload = options.workload;
    this.route = options.name;
    this.match = options.match;
    const { limits, clock } = options;
    // Nobody waits for longer than the answer may take.
    this.#gate = new ConcurrencyGate({ ...limits, queueWaitMs: Math.min(limits.queueWaitMs, limits.wallMs) }, clock);
  }

  get hasService(): boolean {
    return this.#options.service !== undefined;
  }

  /** Requests inside: running, about to begin, waiting for the service, or in the queue. */
  get insideCount(): number {
    return this.#inside;
  }

  /**
   * Resolves when the guest is done: with nothing when it answered. Never rejects but for a fault of the gateway. The request is
   * inside from the call on, also while it waits for `begins`: a reload in between has to leave it what it was led to.
   */
  async serve(exchange: HandlerExchange, begins?: Promise<void>): Promise<RequestFailure | undefined> {
    if (this.#isTurningAway) return this.#unavailable();
    this.#inside++;
    let hasPlace = false;
    /** Its time runs from there. Known only if it has to wait: the clock of a request that begins at once begins then. */
    let arrivedMs: number | undefined;
    const { limits, clock, service, handler } = this.#options;
    try {
      if (begins !== undefined) await begins;
      let failure = (begins && this.#turnedAway(exchange)) ?? refusalOf(exchange.head, limits);
      if (failure === undefined && !this.#gate.tryEnter()) {
        arrivedMs = clock.monotonicMs();
        const place = exchange.trace?.child("queue", { facts: { "loopgate.waits_for": "place" } });
        failure = await this.#queue(exchange);
        place?.end(failure && describeFailure(failure));
      }
      hasPlace = failure === undefined;
      if (failure === undefined) {
        // Only who has to wait waits: each function that can costs a request a promise.
        const isServing = service?.untilServing(this.#serviceWaitMs(arrivedMs)) ?? true;
        if (isServing !== true) arrivedMs ??= clock.monotonicMs();
        const isHere = isServing === true || (await this.#untilEnded(isServing, exchange));
        failure = (isHere ? undefined : this.#serviceMissed(exchange, arrivedMs)) ?? this.#turnedAway(exchange) ??
          (await handler.run(exchange, arrivedMs));
      }
      const limit = failure && limitOf(failure);
      if (limit !== undefined) this.#options.countLimit(limit);
      return failure;
    } finally {
      if (hasPlace) this.#gate.leave();
      this.#inside--;
      if (this.#inside === 0) { for (const resolve of this.#onIdle.splice(0)) resolve(); }
    }
  }

  /** Resolves when nobody is inside. */
  async untilIdle(): Promise<void> {
    if (this.#inside > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Lets nobody in any more and sends away who waits for a place or for the service; everybody else may finish. Idempotent. */
  sendAwayWaiting(): void {
    this.#isTurningAway = true;
    this.#gate.cancelAll();
    for (const end of this.#waits) end();
  }

  /** As `sendAwayWaiting`, and ends who runs. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.sendAwayWaiting();
    this.#options.handler.killAll();
  }

  /** How long a request waits for the service: no longer than its answer may take. */
  #serviceWaitMs(arrivedMs: number | undefined): number {
    const { limits: { wallMs, serviceWaitMs }, clock } = this.#options;
    const waitedMs = arrivedMs === undefined ? 0 : clock.monotonicMs() - arrivedMs;
    return Math.min(serviceWaitMs, Math.max(0, wallMs - waitedMs));
  }

  /** The wait for the service came to nothing. */
  #serviceMissed(exchange: HandlerExchange, arrivedMs: number | undefined): RequestFailure {
    if (exchange.isClientGone) return { kind: "client-gone" };
    const { service, limits: { wallMs, serviceWaitMs }, clock } = this.#options;
    const missed = this.#unavailable();
    // One that has failed, or that starts again later, was not waited for.
    if (this.#isTurningAway || service?.state.kind !== "starting") return missed;
    const waitedMs = arrivedMs === undefined ? 0 : clock.monotonicMs() - arrivedMs;
    const limit = waitedMs < wallMs ? "serviceWait" : "wall";
    const boundMs = limit === "wall" ? wallMs : serviceWaitMs;
    const waited = `it was waited for ${formatDuration(boundMs)}; ${limitPlace(limit, "component")}`;
    return { ...missed, detail: `${missed.detail}; ${waited}`, limit };
  }

  /** Why a request that has waited does not come to the guest. */
  #turnedAway(exchange: HandlerExchange): RequestFailure | undefined {
    if (this.#isClosed) return this.#unavailable();
    return exchange.isClientGone ? { kind: "client-gone" } : undefined;
  }

  /** What the wait for the service comes to: false when the route is closed or the client leaves before. */
  async #untilEnded(wait: boolean | Promise<boolean>, exchange: HandlerExchange): Promise<boolean> {
    if (this.#isTurningAway) return false;
    const { promise, resolve } = Promise.withResolvers<false>();
    const end = (): void => resolve(false);
    this.#waits.add(end);
    const withdraw = exchange.onClientGone(end);
    const queue = exchange.trace?.child("queue", { facts: { "loopgate.waits_for": "service" } });
    const isServing = await Promise.race([wait, promise]);
    queue?.end(isServing ? undefined : "the service was not ready in time");
    withdraw();
    this.#waits.delete(end);
    return isServing;
  }

  /** Waits for a place; it is held when nothing is returned. */
  async #queue(exchange: HandlerExchange): Promise<RequestFailure | undefined> {
    if (this.#isTurningAway) return this.#unavailable();
    const entry = this.#gate.enqueue();
    if (entry === undefined) {
      return this.#overloaded("concurrency", {
        reason: `its queue of ${this.#options.limits.queueMax} is full`,
        key: "queue",
      });
    }
    const withdraw = exchange.onClientGone(() => entry.cancel());
    const outcome = await entry.outcome;
    withdraw();
    if (outcome === "entered") return undefined;
    if (exchange.isClientGone) return { kind: "client-gone" };
    if (this.#isTurningAway) return this.#unavailable();
    const { queueWaitMs, wallMs } = this.#options.limits;
    // No guest has seen it, so that it may be sent again: 429 says so, and 504 would not.
    const limit = wallMs < queueWaitMs ? "wall" : "queueWait";
    const reason = `the wait in its queue was longer than ${formatDuration(Math.min(wallMs, queueWaitMs))}`;
    return this.#overloaded(limit, { reason, key: limit });
  }

  /** A route that is full because everybody in it waits for the service is not overloaded. */
  #overloaded(
    limit: LimitName,
    { reason, key }: { readonly reason: string; readonly key: "queue" | "queueWait" | "wall" },
  ): RequestFailure {
    const state = this.#options.service?.state.kind ?? "ready";
    if (state !== "ready" && state !== "completed") return this.#unavailable();
    this.#options.countLimit(limit);
    const place = `limits.concurrency and limits.${key} of the route or of workload.jsonc`;
    const detail = `the route is at its limit of ${this.#gate.active} requests and ${reason}; ${place}`;
    return { kind: "overloaded", detail };
  }

  #unavailable(): Extract<RequestFailure, { kind: "unavailable" }> {
    const { service } = this.#options;
    if (!this.#isTurningAway && service !== undefined) return { kind: "unavailable", ...service.unavailability() };
    return { kind: "unavailable", detail: "the workload is being closed", retryAfterS: RETRY_SOON_S };
  }
}

/** The next to serve the route is there in moments. */
const RETRY_SOON_S = 1;
