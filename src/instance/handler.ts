/**
 * Runs `wasi:http/incoming-handler`: one request on one fresh instance. What comes before (places, readiness) is the
 * route's business; a pool of recycled instances can take the place of `new Guest` here.
 */
import { LoopgateError } from "../base/errors.ts";
import type { GuestEgress } from "../host/egress/guest_egress.ts";
import { type OpenExchange, openExchange } from "../host/http/open_exchange.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import { Guest, type GuestProgram, type GuestTools } from "./guest.ts";
import { describeEnd, type GuestEnd, guestEndOf, releaseFor } from "./guest_end.ts";
import type { HandlerExchange } from "./handler_exchange.ts";
import type { RequestFailure } from "./request_failure.ts";
import { WatchedExchange } from "./watched_exchange.ts";

/** The interface a handler exports. */
export const INCOMING_HANDLER = "wasi:http/incoming-handler";

/** The bounds of one request in its guest. */
export interface HandlerLimits {
  /** From the guest's start to the head of its answer. Stops requests that wait for ever from taking all places. */
  readonly wallLimitMs: number;
  /** From the end of its answer to the guest's own end. Stops guests that never return from keeping their place. */
  readonly afterAnswerLimitMs: number;
}

/** What a route has when its file says nothing. */
export const HANDLER_LIMITS: HandlerLimits = { wallLimitMs: 30_000, afterAnswerLimitMs: 30_000 };

/** What a handler needs. */
export interface HandlerOptions {
  readonly program: GuestProgram;
  readonly tools: GuestTools;
  /** A new guest's side of the workload's network. */
  readonly openNetwork: () => GuestNetwork;
  /** The component's way to the outside; without one requests and names are denied. */
  readonly egress?: GuestEgress;
  readonly limits: HandlerLimits;
}

/** Why a guest was ended from outside. */
type StopReason = Extract<RequestFailure, { kind: "wall-limit" | "client-gone" | "unavailable" }>;

/** Runs requests; owns the guests that are running. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #running = new Set<(reason: StopReason) => void>();

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  /** Guests running now. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** Ends every guest that is running. */
  killAll(): void {
    for (const stop of this.#running) {
      stop({ kind: "unavailable", detail: "the workload is being closed", retryAfterS: 1 });
    }
  }

  /** Resolves when the guest has ended and everything of it is released: with nothing when it answered. */
  async run(exchange: HandlerExchange): Promise<RequestFailure | undefined> {
    const { program, tools, openNetwork, egress } = this.#options;
    let guest: Guest;
    try {
      guest = await Guest.start(program, tools, {
        network: openNetwork(),
        incomingCdnLoop: cdnLoopOf(exchange),
        ...(egress !== undefined && { egress }),
      });
    } catch (error) {
      this.#reportEnd(guestEndOf(error));
      return { kind: "trapped", cause: error };
    }
    try {
      return await this.#runIn(guest, exchange);
    } finally {
      // A guest that was not ended yet met a fault of the gateway.
      guest.end("reset");
    }
  }

  async #runIn(guest: Guest, exchange: HandlerExchange): Promise<RequestFailure | undefined> {
    let stopped: StopReason | undefined;
    const stop = (reason: StopReason): void => {
      stopped ??= reason;
      guest.kill(stopCause(reason));
    };
    const limit = new RequestLimit(this.#options, stop);
    const withdraw = exchange.onClientGone(() => stop({ kind: "client-gone" }));
    this.#running.add(stop);
    const opened = openExchange(
      new WatchedExchange(exchange, { onAnswered: () => limit.cancel(), onBodyOver: () => limit.startLast() }),
      guest.context,
    );
    const end = await callHandle(guest, opened);
    limit.end();
    withdraw();
    this.#running.delete(stop);
    // Before the resources go: a body that is dropped unfinished would be given a lesser reason.
    opened.settle(stopped === undefined ? describeEnd(end) : stopCause(stopped).message);
    guest.end(releaseFor(end));
    const isAnswered = opened.outcome() !== "unset";
    // A guest that was ended without an answer shows in its request's line already.
    if (stopped === undefined || (stopped.kind === "wall-limit" && isAnswered)) this.#reportEnd(end);
    return isAnswered ? undefined : failureOf(end, stopped);
  }

  /** The log has each request anyway; only guests that did not return are worth a line of their own. */
  #reportEnd(end: GuestEnd): void {
    if (end.kind === "completed") return;
    const { emit } = this.#options.tools;
    emit({ kind: "guest-ended", guest: this.#options.program.label, outcome: end.kind, detail: describeEnd(end) });
  }
}

/** The time a guest has: to its head, and from the end of its answer to its own. Between them the client decides. */
class RequestLimit {
  readonly #options: HandlerOptions;
  readonly #stop: (reason: StopReason) => void;
  #cancelTimer: (() => void) | undefined;
  #isOver = false;

  constructor(options: HandlerOptions, stop: (reason: StopReason) => void) {
    this.#options = options;
    this.#stop = stop;
    this.#start(options.limits.wallLimitMs);
  }

  cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  startLast(): void {
    this.cancel();
    if (!this.#isOver) this.#start(this.#options.limits.afterAnswerLimitMs);
  }

  end(): void {
    this.#isOver = true;
    this.cancel();
  }

  #start(wallLimitMs: number): void {
    this.#cancelTimer = this.#options.tools.clock.startTimer(wallLimitMs, () => {
      this.#stop({ kind: "wall-limit", wallLimitMs });
    });
  }
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

function failureOf(end: GuestEnd, stopped: StopReason | undefined): RequestFailure {
  if (stopped !== undefined) return stopped;
  if (end.kind === "trapped") return { kind: "trapped", cause: end.error };
  return { kind: "no-answer", detail: `the guest ended without an answer: ${describeEnd(end)}` };
}

function stopCause(reason: StopReason): LoopgateError {
  switch (reason.kind) {
    case "wall-limit":
      return new LoopgateError("ERR_TIMEOUT", `The guest was ended: it took longer than ${reason.wallLimitMs} ms`);
    case "client-gone":
      return new LoopgateError("ERR_CLOSED", "The guest was ended: its client went away");
    case "unavailable":
      return new LoopgateError("ERR_CLOSED", `The guest was ended: ${reason.detail}`);
  }
}
