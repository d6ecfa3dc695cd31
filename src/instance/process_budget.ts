/**
 * What all guests of a gateway may hold together, and each workload of it: instances, suspended stacks, pages of memory.
 * These ceilings keep the process alive, so nobody passes them: idle instances are given up first, the one that was idle
 * longest of all workloads before the others, and then who asks is refused.
 */
import type { Clock } from "../base/clock.ts";
import type { ProcessLimits } from "../base/limits.ts";
import { LinkedList, ListEntry } from "../base/linked_list.ts";
import { formatByteSize } from "../base/quantity.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import { InstanceHost } from "./instance_host.ts";
import { InstancePages, PAGE_BYTES, type PagesOptions } from "./instance_pages.ts";
import { type Share, SharedTotal } from "./shared_total.ts";

/** An instance that nobody needed for so long is given up: its memory is worth more elsewhere. */
export const IDLE_MS_MAX = 60_000;

/**
 * Memories of the runtime in one of the places that `instances` bounds; an instance with more takes several. V8 can have
 * 16,364 in a process, of any size and also of none (Node fails then, Deno ends), and a component can have a million. A
 * handler has up to four, with the maps of what it wrote.
 */
export const MEMORIES_PER_PLACE = 4;
/** Stacks of a workload beyond one for each instance: calls between components, one in the other, up to a thousand deep. */
const NESTED_STACKS_MAX = 1_024;
/**
 * What the host keeps for all guests together beside their memories (handles, tables, fields, bodies that nobody reads):
 * it is in the heap of JavaScript, whose end is the end of the process, and which is 2 to 4 GiB on most machines.
 */
export const HOST_BYTES_MAX = 1024 * 1024 * 1024;
/** Of that, one workload can have so much: its guests are refused before its neighbours' are. */
const WORKLOAD_HOST_SHARE = 1 / 4;
/** Of that, so much is each workload's own: handles and fields of a few requests. */
const OWN_HOST_BYTES = 256 * 1024;
/** Why there is no instance: the limit that says so. */
export type BudgetRefusal = Extract<LimitName, "instances" | "processInstances" | "stacks">;

/** Why an idle instance is given up: others need what it holds, nobody needed it, or its route is closed. */
export type EvictionReason = "evicted" | "expired" | "closed";

/** What a workload is to have whatever its neighbours hold: one instance of its largest component, and its service. */
export interface FirstInstances {
  /** As `instancesMax` counts them. */
  readonly places: number;
  readonly stacks: number;
  readonly pages: number;
}

/** What the process shares out. */
const SHARED_THINGS = ["instances", "stacks", "pages", "hostBytes"] as const;

type SharedThing = typeof SHARED_THINGS[number];

/** An instance that may wait for its next request, and its places in the queues of those that do. */
export class IdleInstance {
  /** Ends it at once, and gives back what it holds. */
  readonly evict: (reason: EvictionReason) => void;
  /** When it began to wait. */
  sinceMs = 0;
  /** Whose it is, while it waits. */
  owner: WorkloadBudget | undefined;
  readonly ofProcess: ListEntry<IdleInstance>;
  readonly ofWorkload: ListEntry<IdleInstance>;

  constructor(evict: (reason: EvictionReason) => void) {
    this.evict = evict;
    this.ofProcess = new ListEntry<IdleInstance>(this);
    this.ofWorkload = new ListEntry<IdleInstance>(this);
  }
}

/** What is held now. */
export interface BudgetUsage {
  readonly instances: number;
  readonly stacks: number;
  readonly pages: number;
  /** What the host keeps for guests. */
  readonly hostBytes: number;
  readonly idle: number;
}

/** What a process's budget needs. */
export interface ProcessBudgetOptions {
  readonly clock: Pick<Clock, "monotonicMs" | "startTimer">;
  /** Default: `HOST_BYTES_MAX`; on small machines the heap is smaller. */
  readonly hostBytesMax?: number | undefined;
}

/** The limits that it keeps. */
type BudgetLimits = Pick<ProcessLimits, "instancesMax" | "stacksMax" | "memoryBytesMax">;

/** One for a gateway. */
export class ProcessBudget {
  readonly #totals: Readonly<Record<SharedThing, SharedTotal>>;
  readonly #clock: Pick<Clock, "monotonicMs" | "startTimer">;
  /** Of all workloads; the one that is idle longest first. */
  readonly #idle = new LinkedList<IdleInstance>();
  /** One timer for all, and none after a turn of the event loop that leaves nobody idle. */
  #cancelTimer: (() => void) | undefined;
  #isSweepComing = false;

  constructor(limits: BudgetLimits, options: ProcessBudgetOptions) {
    this.#clock = options.clock;
    this.#totals = {
      instances: new SharedTotal(limits.instancesMax),
      stacks: new SharedTotal(limits.stacksMax),
      pages: new SharedTotal(Math.floor(limits.memoryBytesMax / PAGE_BYTES)),
      hostBytes: new SharedTotal(options.hostBytesMax ?? HOST_BYTES_MAX),
    };
  }

  get usage(): BudgetUsage {
    const { instances, stacks, pages, hostBytes } = this.#totals;
    return {
      instances: instances.held,
      stacks: stacks.held,
      pages: pages.held,
      hostBytes: hostBytes.held,
      idle: this.#idle.size,
    };
  }

  /** The part of one workload; a reloaded one has its own while the old one drains. Without `first` nothing is kept for it. */
  openWorkload(instancesMax: number, first?: FirstInstances): WorkloadBudget {
    const totals = this.#totals;
    return new WorkloadBudget({
      instancesMax,
      totals,
      shares: {
        instances: totals.instances.open(first?.places ?? 0),
        stacks: totals.stacks.open(first?.stacks ?? 0),
        pages: totals.pages.open(first?.pages ?? 0),
        hostBytes: totals.hostBytes.open(first === undefined ? 0 : OWN_HOST_BYTES),
      },
      addIdle: (instance) => this.#addIdle(instance),
      removeIdle: (instance) => this.#removeIdle(instance),
      evictFor: (thing, workload) => this.#evictFor(thing, workload),
      instanceGiven: () => {
        if (totals.instances.held === 0) this.#sweep();
      },
      hostBytesMax: totals.hostBytes.max * WORKLOAD_HOST_SHARE,
    });
  }

  #addIdle(instance: IdleInstance): void {
    instance.sinceMs = this.#clock.monotonicMs();
    this.#idle.append(instance.ofProcess);
    this.#cancelTimer ??= this.#clock.startTimer(IDLE_MS_MAX, () => this.#dropExpired());
  }

  #sweep(): void {
    if (this.#idle.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** The only idle one often serves request after request. */
  #removeIdle(instance: IdleInstance): void {
    this.#idle.remove(instance.ofProcess);
    if (this.#idle.size > 0 || this.#isSweepComing) return;
    this.#isSweepComing = true;
    setImmediate(() => {
      this.#isSweepComing = false;
      this.#sweep();
    });
  }

  #dropExpired(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (;;) {
      const longest = this.#idle.first?.value;
      if (longest === undefined) return;
      const leftMs = longest.sinceMs + IDLE_MS_MAX - nowMs;
      if (leftMs > 0) {
        this.#cancelTimer = this.#clock.startTimer(leftMs, () => this.#dropExpired());
        return;
      }
      longest.evict("expired");
      // One that does not go would be asked for ever.
      if (this.#idle.first?.value === longest) this.#idle.remove(longest.ofProcess);
    }
  }

  /** Gives up the one that is idle the longest of those that hold what is shared, or that are the workload's own; false when none is. */
  #evictFor(thing: SharedThing, workload: WorkloadBudget): boolean {
    for (let at = this.#idle.first; at !== undefined; at = at.after) {
      const { owner } = at.value;
      if (owner !== workload && owner?.isBeyondOwn(thing) === false) continue;
      at.value.evict("evicted");
      return at.list !== this.#idle;
    }
    return false;
  }
}

interface WorkloadBudgetOptions {
  readonly instancesMax: number;
  readonly totals: Readonly<Record<SharedThing, SharedTotal>>;
  readonly shares: Readonly<Record<SharedThing, Share>>;
  readonly addIdle: (instance: IdleInstance) => void;
  readonly removeIdle: (instance: IdleInstance) => void;
  readonly evictFor: (thing: SharedThing, workload: WorkloadBudget) => boolean;
  readonly instanceGiven: () => void;
  readonly hostBytesMax: number;
}

/** The instances of one workload, its service included. Who takes gives back, once. */
export class WorkloadBudget {
  readonly #options: WorkloadBudgetOptions;
  readonly #shares: Readonly<Record<SharedThing, Share>>;
  /** As the process's: the longest first. */
  readonly #idle = new LinkedList<IdleInstance>();

  /** Use `ProcessBudget.openWorkload`. */
  constructor(options: WorkloadBudgetOptions) {
    this.#options = options;
    this.#shares = options.shares;
  }

  /** Places that the instances of the workload take, busy and idle. */
  get instanceCount(): number {
    return this.#shares.instances.held;
  }

  /** It holds some of what others could have too. */
  isBeyondOwn(thing: SharedThing): boolean {
    const { held, own } = this.#shares[thing];
    return held > own;
  }

  /** Nothing is kept for it any more; what it holds it still gives back. Idempotent. */
  close(): void {
    const { totals } = this.#options;
    for (const thing of SHARED_THINGS) totals[thing].close(this.#shares[thing]);
  }

  /** Places for one more instance (`placesOf`); undefined when they were taken. */
  takeInstance(places = 1): BudgetRefusal | undefined {
    const { instancesMax } = this.#options;
    if (places > instancesMax) return "instances";
    while (this.#shares.instances.held + places > instancesMax) {
      if (!evictLongest(this.#idle)) return "instances";
    }
    return this.#take("instances", places) ? undefined : "processInstances";
  }

  /** What a limit is that was met, as files write it. */
  maxOf(limit: BudgetRefusal | "processMemory"): string {
    const { instancesMax, totals } = this.#options;
    switch (limit) {
      case "instances":
        return String(instancesMax);
      case "processInstances":
        return String(totals.instances.max);
      case "stacks":
        return String(Math.min(totals.stacks.max, instancesMax + NESTED_STACKS_MAX));
      case "processMemory":
        return formatByteSize(totals.pages.max * PAGE_BYTES);
    }
  }

  giveInstance(places = 1): void {
    this.#give("instances", places);
    this.#options.instanceGiven();
  }

  /** A stack for one call that may suspend. */
  takeStack(): BudgetRefusal | undefined {
    const { instancesMax, totals } = this.#options;
    const { stacks } = this.#shares;
    if (stacks.held >= instancesMax + NESTED_STACKS_MAX || !totals.stacks.take(stacks, 1)) return "stacks";
    return undefined;
  }

  giveStack(): void {
    this.#give("stacks", 1);
  }

  /** From now on the instance may be given up for another one. */
  addIdle(instance: IdleInstance): void {
    instance.owner = this;
    this.#idle.append(instance.ofWorkload);
    this.#options.addIdle(instance);
  }

  removeIdle(instance: IdleInstance): void {
    this.#idle.remove(instance.ofWorkload);
    this.#options.removeIdle(instance);
  }

  /** `InstancePages` alone. */
  takePages(pages: number): boolean {
    return this.#take("pages", pages);
  }

  givePages(pages: number): void {
    this.#give("pages", pages);
  }

  /** The memory of one instance. */
  openPages(options: PagesOptions): InstancePages {
    return new InstancePages(options, this);
  }

  /** What the host keeps for one instance beside its memory; `onLimit` when it cannot keep more. */
  openHost({ onLimit }: Pick<PagesOptions, "onLimit">): InstanceHost {
    return new InstanceHost(this, onLimit);
  }

  /** `InstanceHost` alone. */
  hold(bytes: number): boolean {
    return this.#shares.hostBytes.held + bytes <= this.#options.hostBytesMax && this.#take("hostBytes", bytes);
  }

  letGo(bytes: number): void {
    this.#give("hostBytes", bytes);
  }

  #take(thing: SharedThing, count: number): boolean {
    const { totals, evictFor } = this.#options;
    const [total, share] = [totals[thing], this.#shares[thing]];
    if (count > total.max) return false;
    while (!total.take(share, count)) {
      if (!evictFor(thing, this)) return false;
    }
    return true;
  }

  #give(thing: SharedThing, count: number): void {
    this.#options.totals[thing].give(this.#shares[thing], count);
  }
}

/** How many of the places that `instances` bounds an instance takes. */
export function placesOf({ memoryCount }: { readonly memoryCount: number }): number {
  return Math.max(1, Math.ceil(memoryCount / MEMORIES_PER_PLACE));
}

/** False when there is none, or when it would not go. */
function evictLongest(idle: LinkedList<IdleInstance>): boolean {
  const { first } = idle;
  if (first === undefined) return false;
  first.value.evict("evicted");
  return idle.first !== first;
}
