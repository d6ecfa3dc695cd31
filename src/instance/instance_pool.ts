/**
 * The instances of one route between requests. `fresh`: each request meets a first state, of a new instance or of one
 * that was put back to it. `reuse`: an instance goes on as it is, up to a number of requests. One that trapped, was ended,
 * or cannot be put back is dropped, and the reason is counted.
 */
import { Guest, type GuestProgram, type GuestTools } from "./guest.ts";
import { type GuestEnd, releaseFor } from "./guest_end.ts";
import { type EvictionReason, IdleInstance, type WorkloadBudget } from "./process_budget.ts";

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

/** An instance of a pool, busy or idle. */
export class PooledGuest {
  readonly guest: Guest;
  /** Its place among those that wait. */
  readonly idle: IdleInstance;
  /** Requests that it has served, the one that it serves included. */
  requests = 0;

  /** `evict` ends it while it waits. */
  constructor(guest: Guest, evict: (pooled: PooledGuest, why: EvictionReason) => void) {
    this.guest = guest;
    this.idle = new IdleInstance((why) => evict(this, why));
  }
}

/** One for a route. */
export class InstancePool {
  readonly #options: InstancePoolOptions;
  /** The most recently used last: its memory is in the caches still, and the others may grow old. */
  readonly #idle: PooledGuest[] = [];
  #isClosed = false;

  constructor(options: InstancePoolOptions) {
    this.#options = options;
  }

  /** Instances that wait. */
  get idleCount(): number {
    return this.#idle.length;
  }

  /** An idle instance, or a guest that is to be started. It is the caller's until `giveBack` or `drop`. */
  take(): PooledGuest {
    const { program, tools, mode } = this.#options;
    let pooled = this.#idle.pop();
    if (pooled === undefined) {
      pooled = new PooledGuest(new Guest(program, tools), (one, why) => this.#evict(one, why));
    } else {
      this.#left(pooled);
      this.#count(mode.kind === "fresh" ? "recycled" : "reused");
    }
    pooled.requests++;
    return pooled;
  }

  /** Its request has ended: keeps the instance or ends it. */
  giveBack(pooled: PooledGuest, end: GuestEnd): void {
    const reason = this.#keep(pooled, end);
    if (reason === undefined) return;
    pooled.guest.end(releaseFor(end));
    this.#count(`dropped: ${reason}`);
  }

  /** True where the next request can have it, once it ends as it should. */
  willKeep({ requests }: PooledGuest): boolean {
    const { mode, idleInstancesMax } = this.#options;
    return this.#idle.length < idleInstancesMax && (mode.kind === "fresh" || requests < mode.requestsMax);
  }

  /** Ends a guest that did not come to serve. */
  drop({ guest }: PooledGuest, reason: string): void {
    const wasStarted = guest.isStarted;
    guest.end("reset");
    if (wasStarted) this.#count(`dropped: ${reason}`);
  }

  /** Ends all that wait, and keeps none any more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const { idle } of this.#idle.toReversed()) idle.evict("closed");
  }

  /** Why it is not kept, if so. */
  #keep(pooled: PooledGuest, end: GuestEnd): string | undefined {
    const { mode, idleInstancesMax, budget, tools } = this.#options;
    const { guest, idle, requests } = pooled;
    // An exit unwinds the guest by a trap; what was between is left in the middle.
    if (end.kind !== "completed") return guest.isKilled ? "killed" : end.kind;
    if (this.#isClosed) return "closed";
    if (this.#idle.length >= idleInstancesMax) return "pool-full";
    if (mode.kind === "reuse" && requests >= mode.requestsMax) return "requests-served";
    const release = releaseFor(end);
    const reason = mode.kind === "fresh" ? guest.recycle(release) : guest.keep(release);
    if (reason !== undefined) return reason;
    this.#idle.push(pooled);
    budget.addIdle(idle);
    tools.counters.add("idleInstances", 1);
    return undefined;
  }

  #evict(pooled: PooledGuest, why: EvictionReason): void {
    this.#idle.splice(this.#idle.lastIndexOf(pooled), 1);
    this.#left(pooled);
    pooled.guest.end("close");
    this.#count(`dropped: ${why}`);
  }

  /** It waits no more. */
  #left({ idle }: PooledGuest): void {
    this.#options.budget.removeIdle(idle);
    this.#options.tools.counters.add("idleInstances", -1);
  }

  #count(outcome: string): void {
    this.#options.program.countInstance?.(outcome);
  }
}
