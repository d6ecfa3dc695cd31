/**
 * The instances of one route between requests. `fresh`: each request meets a first state, of a new instance or of one
 * that was put back to it. `reuse`: an instance goes on as it is, up to a number of requests. One that trapped, was ended,
 * or cannot be put back is dropped, and the reason is counted.
 */
import { Guest, type GuestProgram, type GuestTools, type ReleaseKind } from "./guest.ts";
import type { GuestEnd } from "./guest_end.ts";
import type { IdleInstance, WorkloadBudget } from "./process_budget.ts";

/** What becomes of an instance after a request. */
export type PoolMode =
  /** The next request meets an instance in its first state. */
  | { readonly kind: "fresh" }
  /** The next request meets what the last one left, up to so many requests. */
  | { readonly kind: "reuse"; readonly requestsMax: number };

/** What a pool needs. */
export interface InstancePoolOptions {
  readonly program: GuestProgram;
  readonly tools: GuestTools;
  readonly mode: PoolMode;
  /** Instances that are kept for the next request; 0 keeps none. */
  readonly idleInstancesMax: number;
  /** Of the workload. */
  readonly budget: WorkloadBudget;
}

/** An instance that waits. */
interface IdleGuest extends IdleInstance {
  readonly guest: Guest;
  /** Requests that it has served. */
  readonly requests: number;
}

/** One for a route. */
export class InstancePool {
  readonly #options: InstancePoolOptions;
  /** The most recently used last: its memory is in the caches still, and the others may grow old. */
  readonly #idle: IdleGuest[] = [];
  /** Of busy guests: requests that they have served, this one included. */
  readonly #requests = new WeakMap<Guest, number>();
  #isClosed = false;

  constructor(options: InstancePoolOptions) {
    this.#options = options;
  }

  /** Instances that wait. */
  get idleCount(): number {
    return this.#idle.length;
  }

  /** An idle instance, or a guest that is to be started. It is the caller's until `giveBack`. */
  take(): Guest {
    const idle = this.#idle.at(-1);
    if (idle === undefined) {
      const guest = new Guest(this.#options.program, this.#options.tools);
      this.#requests.set(guest, 1);
      return guest;
    }
    this.#forget(idle);
    this.#requests.set(idle.guest, idle.requests + 1);
    this.#count(this.#options.mode.kind === "fresh" ? "recycled" : "reused");
    return idle.guest;
  }

  /** Its request has ended: keeps the instance or ends it. */
  giveBack(guest: Guest, { end, release }: { readonly end: GuestEnd; readonly release: ReleaseKind }): void {
    const reason = this.#keep(guest, end, release);
    if (reason === undefined) return;
    guest.end(release);
    this.#count(`dropped: ${reason}`);
  }

  /** Ends a guest that did not come to serve. */
  drop(guest: Guest, reason: string): void {
    const wasStarted = guest.isStarted;
    guest.end("reset");
    if (wasStarted) this.#count(`dropped: ${reason}`);
  }

  /** Ends all that wait, and keeps none any more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const idle of this.#idle.toReversed()) idle.evict("closed");
  }

  /** Why it is not kept, if so. */
  #keep(guest: Guest, end: GuestEnd, release: ReleaseKind): string | undefined {
    const { mode, idleInstancesMax } = this.#options;
    // An exit unwinds the guest by a trap; what was between is left in the middle.
    if (end.kind !== "completed") return guest.isKilled ? "killed" : end.kind;
    if (this.#isClosed) return "closed";
    if (this.#idle.length >= idleInstancesMax) return "pool-full";
    const requests = this.#requests.get(guest) ?? 1;
    if (mode.kind === "reuse" && requests >= mode.requestsMax) return "requests-served";
    const reason = mode.kind === "fresh" ? guest.recycle(release) : guest.keep(release);
    if (reason !== undefined) return reason;
    const idle: IdleGuest = {
      guest,
      requests,
      evict: (why) => {
        this.#forget(idle);
        guest.end("close");
        this.#count(`dropped: ${why}`);
      },
    };
    this.#idle.push(idle);
    this.#options.budget.addIdle(idle);
    this.#options.tools.counters.add("idleInstances", 1);
    return undefined;
  }

  #forget(idle: IdleGuest): void {
    this.#idle.splice(this.#idle.lastIndexOf(idle), 1);
    this.#options.budget.removeIdle(idle);
    this.#options.tools.counters.add("idleInstances", -1);
  }

  #count(outcome: string): void {
    this.#options.program.countInstance?.(outcome);
  }
}
