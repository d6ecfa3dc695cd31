/**
 * Runs `wasi:http/incoming-handler`: one request on one instance of the pool, within the limits of its route. What comes
 * before (places, readiness, limits of the request's head) is the route's business.
 */
import { LoopgateError } from "../base/errors.ts";
import type { RouteLimits } from "../base/limits.ts";
import type { GuestEgress } from "../host/egress/guest_egress.ts";
import { type OpenExchange, openExchange } from "../host/http/open_exchange.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import { CpuLimitError } from "./cpu_meter.ts";
import type { Guest, GuestProgram, GuestTools } from "./guest.ts";
import { describeEnd, type GuestEnd, guestEndOf, releaseFor } from "./guest_end.ts";
import { GuestRefusedError } from "./guest_refused.ts";
import type { HandlerExchange } from "./handler_exchange.ts";
import { InstancePool, type PoolMode } from "./instance_pool.ts";
import { LogRate } from "./log_rate.ts";
import { LimitedExchange } from "./limited_exchange.ts";
import type { WorkloadBudget } from "./process_budget.ts";
import { RequestClock, RequestDeadlines, type TimeOver } from "./request_clock.ts";
import { describeFailure, type RequestFailure } from "./request_failure.ts";
import { WatchedExchange } from "./watched_exchange.ts";

/** The interface a handler exports. */
export const INCOMING_HANDLER = "wasi:http/incoming-handler";

/** What a handler needs. */
export interface HandlerOptions {
  /** Its limits, budget and log rate are the handler's to say. */
  readonly program: Pick<GuestProgram, "component" | "label" | "env" | "args">;
  readonly tools: GuestTools;
  /** A request's own side of the workload's network. */
  readonly openNetwork: () => GuestNetwork;
  /** The component's way to the outside; without one requests and names are denied. */
  readonly egress?: GuestEgress;
  readonly limits: RouteLimits;
  /** Default: fresh. */
  readonly mode?: PoolMode;
  /** What the workload may hold; default: what the process may. */
  readonly budget?: WorkloadBudget;
}

/** Why a guest was ended from outside. */
type StopReason =
  | Extract<RequestFailure, { kind: "client-gone" | "unavailable" }>
  | { readonly kind: "time-over"; readonly over: TimeOver; readonly afterMs: number }
  /** What it read or answered is past a limit, and it did not end by itself. */
  | { readonly kind: "lost"; readonly failure: RequestFailure };

/** A refused guest is gone in a moment: others end all the time. */
const RETRY_SOON_S = 1;
/** A guest whose request is lost (413, 502) may put things in order; its client waits for it meanwhile. */
const LOST_REQUEST_MS = 1_000;

/** Runs requests; owns the instances of a route. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #pool: InstancePool;
  readonly #deadlines: RequestDeadlines;
  readonly #running = new Set<(reason: StopReason) => void>();

  constructor(options: HandlerOptions) {
    this.#options = options;
    const { program, tools, limits, mode = { kind: "fresh" } } = options;
    const { memoryBytesMax, handlesMax, cpuMs, logBytesPerSecond, idleInstancesMax } = limits;
    this.#deadlines = new RequestDeadlines(tools.clock, limits);
    const budget = options.budget ?? tools.budget.openWorkload(Infinity);
    this.#pool = new InstancePool({
      program: {
        ...program,
        limits: { memoryBytesMax, handlesMax, cpuMs },
        budget,
        countInstance: tools.instanceCounts.counterOf(program.label),
        logRate: new LogRate({ bytesPerSecond: logBytesPerSecond, clock: tools.clock }),
      },
      tools,
      mode,
      idleInstancesMax,
      budget,
    });
  }

  /** Guests running now. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** Instances that wait for a request. */
  get idleCount(): number {
    return this.#pool.idleCount;
  }

  /** Ends every guest, and keeps none any more. */
  killAll(): void {
    this.#pool.close();
    this.#deadlines.close();
    for (const stop of this.#running) {
      stop({ kind: "unavailable", detail: "the workload is being closed", retryAfterS: RETRY_SOON_S });
    }
  }

  /** Resolves when the guest has ended and everything of the request is released: with nothing when it answered. */
  async run(exchange: HandlerExchange): Promise<RequestFailure | undefined> {
    const guest = this.#pool.take();
    let stopped: StopReason | undefined;
    const stop = (reason: StopReason): void => {
      stopped ??= reason;
      guest.kill(stopCause(reason));
    };
    const { limits, tools: { clock } } = this.#options;
    const times = new RequestClock({
      deadlines: this.#deadlines,
      onOver: (over) => stop({ kind: "time-over", over, afterMs: over === "wall" ? limits.wallMs : limits.idleMs }),
    });
    this.#running.add(stop);
    const withdraw = exchange.onClientGone(() => stop({ kind: "client-gone" }));
    let cancelLost: (() => void) | undefined;
    const detach = (): void => {
      cancelLost?.();
      times.end();
      withdraw();
      this.#running.delete(stop);
    };
    try {
      const failure = await this.#begin(guest, exchange);
      if (failure === undefined) {
        return await this.#serve(guest, {
          exchange,
          times,
          stopReason: () => stopped,
          onFailure: (failure) => {
            cancelLost = clock.startTimer(LOST_REQUEST_MS, () => stop({ kind: "lost", failure }));
          },
          detach,
        });
      }
      detach();
      this.#pool.drop(guest, "not-begun");
      return stopped === undefined ? failure : failureOf(stopped);
    } catch (error) {
      // A fault of the gateway: nobody knows what state it is in.
      detach();
      this.#pool.drop(guest, "fault");
      throw error;
    }
  }

  /** Begins the request, and starts a new guest. */
  async #begin(guest: Guest, exchange: HandlerExchange): Promise<RequestFailure | undefined> {
    const { openNetwork, egress } = this.#options;
    try {
      guest.begin({ network: openNetwork(), egress, incomingCdnLoop: () => cdnLoopOf(exchange) });
      if (!guest.isStarted) await guest.start();
      return undefined;
    } catch (error) {
      if (error instanceof GuestRefusedError) return refused(error);
      const cpuMs = cpuLimitOf(error);
      if (cpuMs !== undefined) return { kind: "cpu-limit", cpuMs };
      return { kind: "trapped", cause: error };
    }
  }

  async #serve(guest: Guest, request: RunningRequest): Promise<RequestFailure | undefined> {
    const { exchange, times, stopReason, onFailure, detach } = request;
    const watched = new WatchedExchange(exchange, {
      onAnswered: (isClientBusy) => times.answered(isClientBusy),
      onProgress: () => times.progressed(),
      onBodyOver: () => times.answerEnded(),
    });
    const { limits } = this.#options;
    const limited = new LimitedExchange(watched, { limits, onCut: guest.context.onLimit, onFailure });
    const opened = openExchange(limited, guest.context);
    const end = await callHandle(guest, opened);
    exchange.cpuMs = guest.cpuMs;
    // Before the guest can have another request, which nobody of this one may end.
    detach();
    const stopped = stopReason();
    // Before the resources go: a body that is dropped unfinished would be given a lesser reason.
    opened.settle(stopped === undefined ? describeEnd(end) : stopCause(stopped).message);
    this.#pool.giveBack(guest, { end, release: releaseFor(end) });
    if (limited.failure !== undefined) return limited.failure;
    if (opened.outcome() !== "unset") {
      this.#reportAnswered(end, stopped);
      return undefined;
    }
    if (stopped !== undefined) return failureOf(stopped);
    const cpuMs = end.kind === "trapped" ? cpuLimitOf(end.error) : undefined;
    if (cpuMs !== undefined) return { kind: "cpu-limit", cpuMs };
    if (end.kind === "trapped") return { kind: "trapped", cause: end.error };
    if (end.kind === "refused") return refused(end.error);
    return { kind: "no-answer", detail: `the guest ended without an answer: ${describeEnd(end)}` };
  }

  /** How a guest ended without an answer is the cause in its request's line; after an answer nothing else says it. */
  #reportAnswered(end: GuestEnd, stopped: StopReason | undefined): void {
    const { tools: { onLimit }, program: { label } } = this.#options;
    if (stopped?.kind === "time-over") return onLimit(label, stopped.over, stopCause(stopped).message);
    if (stopped !== undefined) return;
    const cpuMs = end.kind === "trapped" ? cpuLimitOf(end.error) : undefined;
    if (cpuMs !== undefined) onLimit(label, "cpu", new CpuLimitError(cpuMs).message);
    else if (end.kind !== "completed") {
      this.#options.tools.emit({ kind: "guest-ended", guest: label, outcome: end.kind, detail: describeEnd(end) });
    }
  }
}

/** One call of `handle` under way. */
interface RunningRequest {
  readonly exchange: HandlerExchange;
  readonly times: RequestClock;
  readonly stopReason: () => StopReason | undefined;
  /** The guest's answer goes nowhere any more. */
  readonly onFailure: (failure: RequestFailure) => void;
  /** Nothing ends the guest any more. */
  readonly detach: () => void;
}

function refused({ message, limit }: GuestRefusedError): RequestFailure {
  return { kind: "unavailable", detail: message, retryAfterS: RETRY_SOON_S, limit };
}

/** What a request of the guest has to carry on (RFC 8586): the guest need not do it by itself. */
function cdnLoopOf({ head }: HandlerExchange): readonly Uint8Array[] {
  return head.headers.filter(([name]) => name === "cdn-loop").map(([, value]) => value);
}

async function callHandle(guest: Guest, opened: OpenExchange): Promise<GuestEnd> {
  try {
    await guest.call(INCOMING_HANDLER, "handle", [opened.request, opened.responseOut]);
    return { kind: "completed" };
  } catch (error) {
    return guestEndOf(error);
  }
}

/** The limit when a guest was ended since it computed too long. */
function cpuLimitOf(error: unknown): number | undefined {
  return error instanceof Error && error.cause instanceof CpuLimitError ? error.cause.cpuMs : undefined;
}

/** Of a request that was not answered. */
function failureOf(stopped: StopReason): RequestFailure {
  if (stopped.kind === "lost") return stopped.failure;
  return stopped.kind === "time-over" ? { kind: "wall-limit", wallLimitMs: stopped.afterMs } : stopped;
}

function stopCause(reason: StopReason): LoopgateError {
  switch (reason.kind) {
    case "time-over": {
      const why = reason.over === "wall" ? "it took longer than" : "its answer did not go on for";
      return new LoopgateError("ERR_TIMEOUT", `The guest was ended: ${why} ${reason.afterMs} ms`);
    }
    case "lost":
      return new LoopgateError("ERR_CLOSED", `The guest was ended: ${describeFailure(reason.failure)}`);
    case "client-gone":
      return new LoopgateError("ERR_CLOSED", "The guest was ended: its client went away");
    case "unavailable":
      return new LoopgateError("ERR_CLOSED", `The guest was ended: ${reason.detail}`);
  }
}
