/**
 * Runs `wasi:http/incoming-handler`: one request on one instance of the pool, within the limits of its route. What comes
 * before (places, readiness, limits of the request's head) is the route's business.
 */
import type { FaultCode } from "../base/fault_codes.ts";
import type { RouteLimits } from "../base/limits.ts";
import { LinkedList } from "../base/linked_list.ts";
import type { GuestEgress } from "../host/egress/guest_egress.ts";
import { type OpenExchange, openExchange } from "../host/http/open_exchange.ts";
import type { SpanParent, TraceSpan } from "../telemetry/trace.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import { CpuLimitError, HELD_MS_MAX } from "./cpu_meter.ts";
import type { Guest, GuestProgram, GuestTools } from "./guest.ts";
import { COMPLETED, describeEnd, type GuestEnd, guestEndOf } from "./guest_end.ts";
import { GuestRefusedError } from "./guest_refused.ts";
import type { HandlerExchange } from "./handler_exchange.ts";
import { InstancePool, type PoolMode } from "./instance_pool.ts";
import { LogRate } from "./log_rate.ts";
import { LimitedExchange } from "./limited_exchange.ts";
import type { WorkloadBudget } from "./process_budget.ts";
import { RequestDeadlines } from "./request_clock.ts";
import { describeFailure, FAILURE_FAULTS, type RequestFailure } from "./request_failure.ts";
import { tracedHead } from "./traced_head.ts";
import { failureOf, type RequestsOfRoute, RunningRequest, stopCause, type StopReason } from "./running_request.ts";

/** The interface a handler exports. */
export const INCOMING_HANDLER = "wasi:http/incoming-handler";

/** What a handler needs. */
export interface HandlerOptions {
  /** Its limits, budget and log rate are the handler's to say. */
  readonly program: Pick<GuestProgram, "component" | "label" | "env" | "args" | "openMounts">;
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

/** A refused guest is gone in a moment: others end all the time. */
const RETRY_SOON_S = 1;

/**
 * How many turns of the event loop a request waits at most for an instance whose guest has answered: these take as long as
 * making one. A guest that still computes then has more to do than to return.
 */
const RETURN_TURNS_MAX = 4;

const CLOSED = { kind: "unavailable", detail: "the workload is being closed", retryAfterS: RETRY_SOON_S } as const;

/** Runs requests; owns the instances of a route. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #pool: InstancePool;
  readonly #requests: RequestsOfRoute;
  /** Requests that wait for guests which have answered. */
  #expecting = 0;
  #isClosed = false;

  constructor(options: HandlerOptions) {
    this.#options = options;
    const { program, tools, limits, mode = { kind: "fresh" } } = options;
    const { memoryBytesMax, handlesMax, cpuMs, logBytesPerSecond, idleInstancesMax } = limits;
    const { clock } = tools;
    this.#requests = { limits, clock, deadlines: new RequestDeadlines(clock, limits), running: new LinkedList() };
    const budget = options.budget ?? tools.budget.openWorkload(Infinity);
    this.#pool = new InstancePool({
      program: {
        ...program,
        limits: { memoryBytesMax, handlesMax, cpuMs },
        budget,
        countInstance: tools.instanceCounts.counterOf(program.label),
        logRate: new LogRate({ bytesPerSecond: logBytesPerSecond, clock }),
      },
      tools,
      mode,
      idleInstancesMax,
      budget,
    });
  }

  /** Guests running now. */
  get runningCount(): number {
    return this.#requests.running.size;
  }

  /** Instances that wait for a request. */
  get idleCount(): number {
    return this.#pool.idleCount;
  }

  /** Ends every guest, and keeps none any more. */
  killAll(): void {
    this.#isClosed = true;
    this.#pool.close();
    this.#requests.deadlines.close();
    for (const request of this.#requests.running.toArray()) {
      request.stop(CLOSED);
    }
  }

  /**
   * Resolves when the guest has ended and everything of the request is released: with nothing when it answered. `arrivedMs` is
   * when the request came, if it has waited since: the wall limit begins there.
   */
  async run(exchange: HandlerExchange, arrivedMs?: number): Promise<RequestFailure | undefined> {
    const { turns, clock } = this.#options.tools;
    if (turns.isBusy || this.#hasToWaitForInstance()) {
      arrivedMs ??= clock.monotonicMs();
      const turn = exchange.trace?.child("queue", { facts: { "loopgate.waits_for": "turn" } });
      if (turns.isBusy) await turns.untilQuiet(this.#options.program.label.workload);
      if (this.#isClosed || exchange.isClientGone) turns.passOn();
      else await this.#untilInstance();
      turn?.end();
      if (this.#isClosed) return CLOSED;
      if (exchange.isClientGone) return { kind: "client-gone" };
    }
    const making = exchange.trace?.child("instance");
    const pooled = this.#pool.take();
    const { guest } = pooled;
    making?.set({ "loopgate.instance": guest.isStarted ? "kept" : "new" });
    const request = new RunningRequest(pooled, exchange, this.#requests, arrivedMs);
    let trace: TraceSpan | undefined;
    try {
      // One that is kept has nothing to wait for, and most are.
      const refusal = guest.isStarted
        ? this.#begin(guest, exchange, making)
        : await this.#start(guest, exchange, making);
      making?.end(refusal && describeFailure(refusal));
      if (refusal !== undefined) {
        request.detach();
        this.#pool.drop(pooled, "not-begun");
        return request.stopped === undefined ? refusal : failureOf(request.stopped);
      }
      trace = exchange.trace?.child("guest");
      if (trace !== undefined) guest.context.trace = trace;
      const limited = new LimitedExchange(exchange, request, trace && tracedHead(exchange.head, trace.fields));
      const opened = openExchange(limited, guest.context);
      let end: GuestEnd;
      try {
        await guest.call(INCOMING_HANDLER, "handle", [opened.request, opened.responseOut]);
        end = COMPLETED;
      } catch (error) {
        end = guestEndOf(error);
      }
      return this.#finish(request, { limited, opened, end, trace });
    } catch (error) {
      // A fault of the gateway: nobody knows what state it is in.
      making?.end("a fault of the gateway");
      trace?.end("a fault of the gateway");
      request.detach();
      this.#pool.drop(pooled, "fault");
      throw error;
    }
  }

  /**
   * No instance is idle, and one is free in a moment, or guests have had this turn of the event loop for long enough to make
   * one more in it.
   */
  #hasToWaitForInstance(): boolean {
    if (this.#pool.idleCount > 0) return false;
    return this.#returningCount() > this.#expecting || this.#options.tools.turns.heldMs() > HELD_MS_MAX;
  }

  /**
   * A guest may give its turn away between the end of its answer and its return; the client that asks again at once would
   * have a second instance made, and with `reuse` meet another state.
   */
  async #untilInstance(): Promise<void> {
    const { tools: { turns }, program: { label: { workload } } } = this.#options;
    if (this.#pool.idleCount > 0) return;
    if (this.#returningCount() <= this.#expecting) {
      // A hundred instances made in one go would hold everybody up.
      if (turns.heldMs() > HELD_MS_MAX) await turns.untilTurn(workload);
      return;
    }
    this.#expecting++;
    for (let turn = 0; turn < RETURN_TURNS_MAX && this.#returningCount() >= this.#expecting; turn++) {
      // Behind the guests that wait: they have theirs first.
      await turns.untilTurn(workload);
    }
    this.#expecting--;
  }

  /** Instances that are idle as soon as their guests have had a turn. */
  #returningCount(): number {
    let count = 0;
    if (this.#options.tools.turns.waitingCount === 0) return count;
    for (let at = this.#requests.running.first; at !== undefined; at = at.after) {
      if (at.value.isReturning && this.#pool.willKeep(at.value.pooled)) count++;
    }
    return count;
  }

  #begin(guest: Guest, exchange: HandlerExchange, trace: SpanParent | undefined): RequestFailure | undefined {
    const { openNetwork, egress } = this.#options;
    try {
      guest.begin({
        network: openNetwork(),
        requestId: exchange.requestId,
        trace,
        egress,
        incomingCdnLoop: () => cdnLoopOf(exchange),
      });
      exchange.computing = guest;
      return undefined;
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** Begins the request, and starts a new guest. */
  async #start(
    guest: Guest,
    exchange: HandlerExchange,
    trace: SpanParent | undefined,
  ): Promise<RequestFailure | undefined> {
    const refusal = this.#begin(guest, exchange, trace);
    if (refusal !== undefined) return refusal;
    try {
      await guest.start();
      return undefined;
    } catch (error) {
      return refusalOf(error);
    }
  }

  #finish(request: RunningRequest, { limited, opened, end, trace }: EndedCall): RequestFailure | undefined {
    const { pooled, exchange } = request;
    const { cpuMs } = pooled.guest;
    exchange.computing = { cpuMs };
    this.#options.tools.onComputed?.(this.#options.program.label, cpuMs);
    trace?.set({ "loopgate.guest.cpu_ms": cpuMs });
    // Before the guest can have another request, which nobody of this one may end.
    request.detach();
    const { stopped } = request;
    // Before the resources go: a body that is dropped unfinished would be given a lesser reason.
    const howItEnded = stopped === undefined ? describeEnd(end) : stopCause(stopped).message;
    opened.settle(howItEnded, stopped === undefined ? endFault(end) : stopCause(stopped).fault);
    trace?.end(stopped === undefined && end.kind === "completed" ? undefined : howItEnded);
    this.#pool.giveBack(pooled, end);
    if (stopped === undefined && end.kind === "trapped") {
      this.#options.tools.onTrap?.(this.#options.program.label, end.error);
    }
    if (limited.failure !== undefined) return limited.failure;
    if (opened.outcome() !== "unset") {
      this.#reportAnswered(exchange, { end, stopped });
      return undefined;
    }
    if (stopped !== undefined) return failureOf(stopped);
    const overMs = end.kind === "trapped" ? cpuLimitOf(end.error) : undefined;
    if (overMs !== undefined) return { kind: "cpu-limit", cpuMs: overMs };
    if (end.kind === "trapped") return { kind: "trapped", cause: end.error };
    if (end.kind === "refused") return refused(end.error);
    return { kind: "no-answer", detail: `the guest ended without an answer: ${describeEnd(end)}` };
  }

  /** How a guest ended without an answer is the cause in its request's line; after an answer nothing else says it. */
  #reportAnswered(
    { requestId }: HandlerExchange,
    { end, stopped }: { readonly end: GuestEnd; readonly stopped: StopReason | undefined },
  ): void {
    const { tools: { onLimit }, program: { label } } = this.#options;
    if (stopped?.kind === "time-over") return onLimit(label, stopped.over, stopCause(stopped).message);
    if (stopped !== undefined) return;
    const cpuMs = end.kind === "trapped" ? cpuLimitOf(end.error) : undefined;
    if (cpuMs !== undefined) onLimit(label, "cpu", new CpuLimitError(cpuMs).message);
    else if (end.kind !== "completed") {
      const { emit } = this.#options.tools;
      emit({ kind: "guest-ended", guest: label, requestId, outcome: end.kind, detail: describeEnd(end) });
    }
  }
}

/** A call of `handle` that has ended. */
interface EndedCall {
  readonly limited: LimitedExchange;
  readonly opened: OpenExchange;
  readonly end: GuestEnd;
  readonly trace: TraceSpan | undefined;
}

/** The code of a guest's own end, for an answer that it breaks off; undefined where it just left it unfinished. */
function endFault(end: GuestEnd): FaultCode | undefined {
  if (end.kind !== "trapped") return undefined;
  return FAILURE_FAULTS[cpuLimitOf(end.error) === undefined ? "trapped" : "cpu-limit"];
}

function refused({ message, limit }: GuestRefusedError): RequestFailure {
  return { kind: "unavailable", detail: message, retryAfterS: RETRY_SOON_S, limit };
}

/** What a request of the guest has to carry on (RFC 8586): the guest need not do it by itself. */
function cdnLoopOf({ head }: HandlerExchange): readonly Uint8Array[] {
  return head.headers.filter(([name]) => name === "cdn-loop").map(([, value]) => value);
}

/** Why a request did not begin. */
function refusalOf(error: unknown): RequestFailure {
  if (error instanceof GuestRefusedError) return refused(error);
  const cpuMs = cpuLimitOf(error);
  return cpuMs === undefined ? { kind: "trapped", cause: error } : { kind: "cpu-limit", cpuMs };
}

/** The limit when a guest was ended since it computed too long. */
function cpuLimitOf(error: unknown): number | undefined {
  return error instanceof Error && error.cause instanceof CpuLimitError ? error.cause.cpuMs : undefined;
}
