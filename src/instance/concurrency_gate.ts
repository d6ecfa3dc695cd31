/** How many requests of a route run at once, and who waits for a place: first come, first served, up to a limit and a time. */
import type { Clock } from "../base/clock.ts";

/** The bounds of a gate. */
export interface ConcurrencyLimits {
  /** Instances of one component at once. Stops one route from taking the memory of all. */
  readonly concurrencyMax: number;
  /** Requests that wait for a place. Stops a burst from becoming a backlog that no client waits for. */
  readonly queueMax: number;
  /** How long one waits; past it many clients have gone and an answer is wasted work. */
  readonly queueWaitMs: number;
}

/** How a wait ended. Only "entered" holds a place. */
export type WaitOutcome = "entered" | "expired" | "cancelled";

/** A place in the queue. */
export interface QueuedEntry {
  readonly outcome: Promise<WaitOutcome>;
  /** Gives the place in the queue up; does nothing once the wait has ended. */
  cancel(): void;
}

/** Places and the queue for them. */
export class ConcurrencyGate {
  readonly #limits: ConcurrencyLimits;
  readonly #clock: Clock;
  /** In order of arrival. */
  readonly #queue = new Set<(outcome: WaitOutcome) => void>();
  #active = 0;

  constructor(limits: ConcurrencyLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Places taken. */
  get active(): number {
    return this.#active;
  }

  /** Requests that wait. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Takes a place if one is free and nobody waits for it. */
  tryEnter(): boolean {
    if (this.#active >= this.#limits.concurrencyMax || this.#queue.size > 0) return false;
    this.#active++;
    return true;
  }

  /** Joins the queue; undefined when it is full. */
  enqueue(): QueuedEntry | undefined {
    if (this.#queue.size >= this.#limits.queueMax) return undefined;
    const { promise, resolve } = Promise.withResolvers<WaitOutcome>();
    const settle = (outcome: WaitOutcome): void => {
      if (!this.#queue.delete(settle)) return;
      cancelTimer();
      resolve(outcome);
    };
    const cancelTimer = this.#clock.startTimer(this.#limits.queueWaitMs, () => settle("expired"));
    this.#queue.add(settle);
    return { outcome: promise, cancel: () => settle("cancelled") };
  }

  /** Gives a place back; the one who waits longest gets it. Exactly once for each place. */
  leave(): void {
    const [next] = this.#queue;
    if (next !== undefined) return next("entered");
    if (this.#active === 0) {
      throw new RangeError("Cannot leave the gate: nobody is inside, expected one leave for each place");
    }
    this.#active--;
  }

  /** Sends everybody away who waits. */
  cancelAll(): void {
    for (const settle of this.#queue) settle("cancelled");
  }
}
