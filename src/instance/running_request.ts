/** One request and the guest that serves it: the time it has, and who may end it from outside. */
import { formatDuration } from "../base/quantity.ts";
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import type { RouteLimits } from "../base/limits.ts";
import { type LinkedList, ListEntry } from "../base/linked_list.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import type { HandlerExchange } from "./handler_exchange.ts";
import type { PooledGuest } from "./instance_pool.ts";
import type { ExchangeGuard } from "./limited_exchange.ts";
import {
  type AnsweredClient,
  RequestClock,
  type RequestDeadlines,
  type TimedRequest,
  type TimeOver,
} from "./request_clock.ts";
import { describeFailure, FAILURE_FAULTS, type RequestFailure } from "./request_failure.ts";

/** Why a guest was ended from outside. */
export type StopReason =
  | Extract<RequestFailure, { kind: "client-gone" | "unavailable" }>
  | { readonly kind: "time-over"; readonly over: TimeOver; readonly afterMs: number }
  /** What it read or answered is past a limit, and it did not end by itself. */
  | { readonly kind: "lost"; readonly failure: RequestFailure };

/** A guest whose request is lost (413, 502) may put things in order; its client waits for it meanwhile. */
const LOST_REQUEST_MS = 1_000;

/** What the requests of a route share. */
export interface RequestsOfRoute {
  readonly limits: RouteLimits;
  readonly clock: Clock;
  readonly deadlines: RequestDeadlines;
  /** Those whose guests run. */
  readonly running: LinkedList<RunningRequest>;
}

/** One for each request; `detach` it before its guest can have another. */
export class RunningRequest implements TimedRequest, ExchangeGuard {
  readonly pooled: PooledGuest;
  readonly exchange: HandlerExchange;
  readonly #route: RequestsOfRoute;
  readonly #entry: ListEntry<RunningRequest>;
  readonly #times: RequestClock;
  readonly #withdraw: () => void;
  #cancelLost: (() => void) | undefined;
  #stopped: StopReason | undefined;
  #isAnswerOver = false;

  /** `arrivedMs`: when the request came, if it had to wait. */
  constructor(pooled: PooledGuest, exchange: HandlerExchange, route: RequestsOfRoute, arrivedMs?: number) {
    this.pooled = pooled;
    this.exchange = exchange;
    this.#route = route;
    this.#entry = new ListEntry<RunningRequest>(this);
    this.#times = new RequestClock(route.deadlines, this, arrivedMs);
    route.running.append(this.#entry);
    this.#withdraw = exchange.onClientGone(() => this.stop({ kind: "client-gone" }));
  }

  get limits(): RouteLimits {
    return this.#route.limits;
  }

  /** Why its guest was ended, if it was. */
  get stopped(): StopReason | undefined {
    return this.#stopped;
  }

  /** Its answer is over, and its guest waits for its turn: most do nothing more with it than return. */
  get isReturning(): boolean {
    return this.#isAnswerOver && this.#stopped === undefined && this.pooled.guest.isWaitingForTurn;
  }

  /** Ends the guest; the first reason stays. */
  stop(reason: StopReason): void {
    this.#stopped ??= reason;
    this.pooled.guest.kill(stopCause(reason));
  }

  /** Nothing ends the guest any more. */
  detach(): void {
    this.#cancelLost?.();
    this.#times.end();
    this.#withdraw();
    this.#route.running.remove(this.#entry);
  }

  timeOver(over: TimeOver): void {
    const { wallMs, idleMs } = this.#route.limits;
    this.stop({ kind: "time-over", over, afterMs: over === "wall" ? wallMs : idleMs });
  }

  onAnswered(client: AnsweredClient | undefined): void {
    this.#times.answered(client);
  }

  onProgress(): void {
    this.#times.progressed();
  }

  onBodyOver(): void {
    this.#isAnswerOver = true;
    this.#times.answerEnded();
  }

  onCut(limit: LimitName, detail: string): void {
    this.pooled.guest.context.onLimit(limit, detail);
  }

  onFailure(failure: RequestFailure): void {
    this.#cancelLost = this.#route.clock.startTimer(LOST_REQUEST_MS, () => this.stop({ kind: "lost", failure }));
  }
}

/** Of a request that was not answered. */
export function failureOf(stopped: StopReason): RequestFailure {
  if (stopped.kind === "lost") return stopped.failure;
  return stopped.kind === "time-over" ? { kind: "wall-limit", wallLimitMs: stopped.afterMs } : stopped;
}

/** What a guest that was ended is told. */
export function stopCause(reason: StopReason): LoopgateError {
  switch (reason.kind) {
    case "time-over": {
      const why = reason.over === "wall" ? "it took longer than" : "its answer did not go on for";
      return new LoopgateError(
        reason.over === "wall" ? "LG7016" : "LG7102",
        `The guest was ended: ${why} ${formatDuration(reason.afterMs)}`,
      );
    }
    case "lost":
      return new LoopgateError(
        FAILURE_FAULTS[reason.failure.kind],
        `The guest was ended: ${describeFailure(reason.failure)}`,
      );
    case "client-gone":
      return new LoopgateError("LG7009", "The guest was ended: its client went away");
    case "unavailable":
      return new LoopgateError("LG7015", `The guest was ended: ${reason.detail}`);
  }
}
