/** One route of a workload: who may come in, whether the service is there, and then the handler. */
import { ConcurrencyGate, type ConcurrencyLimits } from "../instance/concurrency_gate.ts";
import type { Handler } from "../instance/handler.ts";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import type { RequestFailure } from "../instance/request_failure.ts";
import type { Clock } from "../base/clock.ts";
import type { RouteMatch } from "../router/route_match.ts";
import type { ServiceSupervisor } from "./service_supervisor.ts";

/** What a route needs. */
export interface RouteOptions {
  readonly workload: string;
  readonly name: string;
  readonly match: RouteMatch;
  readonly handler: Handler;
  readonly service: ServiceSupervisor | undefined;
  readonly clock: Clock;
  readonly limits: ConcurrencyLimits;
  /** How long a request waits for the service. */
  readonly readinessWaitMs: number;
}

/** Where the router leads a request to. */
export class Route {
  readonly workload: string;
  readonly route: string;
  readonly match: RouteMatch;
  readonly #options: RouteOptions;
  readonly #gate: ConcurrencyGate;
  #isClosed = false;

  constructor(options: RouteOptions) {
    this.#options = options;
    this.workload = options.workload;
    this.route = options.name;
    this.match = options.match;
    this.#gate = new ConcurrencyGate(options.limits, options.clock);
  }

  /** Requests inside, waiting for the service included. */
  get activeCount(): number {
    return this.#gate.active;
  }

  /** Resolves when the guest is done: with nothing when it answered. Never rejects but for a fault of the gateway. */
  async serve(exchange: HandlerExchange): Promise<RequestFailure | undefined> {
    if (this.#isClosed) return this.#unavailable();
    if (!this.#gate.tryEnter()) {
      const refused = await this.#queue(exchange);
      if (refused !== undefined) return refused;
    }
    try {
      const isServing = this.#options.service?.untilServing(this.#options.readinessWaitMs) ?? true;
      if (isServing !== true && !(await isServing)) return this.#unavailable();
      if (this.#isClosed) return this.#unavailable();
      if (exchange.isClientGone) return { kind: "client-gone" };
      return await this.#options.handler.run(exchange);
    } finally {
      this.#gate.leave();
    }
  }

  /** Lets nobody in any more, sends away who waits, ends who runs. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#gate.cancelAll();
    this.#options.handler.killAll();
  }

  /** Waits for a place; it is held when nothing is returned. */
  async #queue(exchange: HandlerExchange): Promise<RequestFailure | undefined> {
    const entry = this.#gate.enqueue();
    if (entry === undefined) return this.#overloaded("its queue is full");
    const withdraw = exchange.onClientGone(() => entry.cancel());
    const outcome = await entry.outcome;
    withdraw();
    if (outcome === "entered") return undefined;
    if (exchange.isClientGone) return { kind: "client-gone" };
    if (this.#isClosed) return this.#unavailable();
    return this.#overloaded("the wait in its queue was too long");
  }

  /** A route that is full because everybody in it waits for the service is not overloaded. */
  #overloaded(reason: string): RequestFailure {
    const state = this.#options.service?.state.kind ?? "ready";
    if (state !== "ready" && state !== "completed") return this.#unavailable();
    return { kind: "overloaded", detail: `the route is at its limit of ${this.#gate.active} requests and ${reason}` };
  }

  #unavailable(): RequestFailure {
    const { service } = this.#options;
    if (!this.#isClosed && service !== undefined) return { kind: "unavailable", ...service.unavailability() };
    return { kind: "unavailable", detail: "the workload is being closed", retryAfterS: RETRY_SOON_S };
  }
}

/** The next to serve the route is there in moments. */
const RETRY_SOON_S = 1;
