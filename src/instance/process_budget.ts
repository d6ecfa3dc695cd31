/**
 * What all guests of a gateway may hold together, and each workload of it: instances, suspended stacks, pages of memory.
 * These ceilings keep the process alive, so nobody passes them: idle instances are given up first, the one that was idle
 * longest of all workloads before the others, and then who asks is refused.
 */
import type { Clock } from "../base/clock.ts";
import type { ProcessLimits } from "../base/limits.ts";
import { LinkedList, ListEntry } from "../base/linked_list.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import { InstanceHost } from "./instance_host.ts";
import { InstancePages, PAGE_BYTES, type PagesOptions } from "./instance_pages.ts";

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
/** Why there is no instance: the limit that says so. */
export type BudgetRefusal = Extract<LimitName, "instances" | "processInstances" | "stacks">;

/** Why an idle instance is given up: others need what it holds, nobody needed it, or its route is closed. */
export type EvictionReason = "evicted" | "expired" | "closed";

/** An instance that may wait for its next request, and its places in the queues of those that do. */
export class IdleInstance {
  /** Ends it at once, and gives back what it holds. */
  readonly evict: (reason: EvictionReason) => void;
  /** When it began to wait. */
  sinceMs = 0;
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

/** Something of which the guests together hold so much: idle instances go, the longest idle first, before anybody is refused. */
class Ceiling {
  readonly #max: number;
  readonly #idle: LinkedList<IdleInstance>;
  #used = 0;

  constructor(max: number, idle: LinkedList<IdleInstance>) {
    this.#max = max;
    this.#idle = idle;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether it was taken. */
  take(amount: number): boolean {
    if (amount > this.#max) return false;
    while (this.#used + amount > this.#max) {
      if (!evictLongest(this.#idle)) return false;
    }
    this.#used += amount;
    return true;
  }

  give(amount: number): void {
    this.#used -= amount;
  }
}

/** One for a gateway. */
export class ProcessBudget {
  readonly #limits: BudgetLimits;
  readonly #hostBytesMax: number;
  readonly #clock: Pick<Clock, "monotonicMs" | "startTimer">;
  /** Of all workloads; the one that is idle longest first. */
  readonly #idle = new LinkedList<IdleInstance>();
  /** One timer for all, and none after a turn of the event loop that leaves nobody idle. */
  #cancelTimer: (() => void) | undefined;
  #isSweepComing = false;
  #stacks = 0;
  readonly #instances: Ceiling;
  readonly #pages: Ceiling;
  readonly #hostBytes: Ceiling;

  constructor(limits: BudgetLimits, options: ProcessBudgetOptions) {
    this.#limits = limits;
    this.#clock = options.clock;
    this.#hostBytesMax = options.hostBytesMax ?? HOST_BYTES_MAX;
    this.#instances = new Ceiling(limits.instancesMax, this.#idle);
    this.#pages = new Ceiling(Math.floor(limits.memoryBytesMax / PAGE_BYTES), this.#idle);
    this.#hostBytes = new Ceiling(this.#hostBytesMax, this.#idle);
  }

  get usage(): BudgetUsage {
    return {
      instances: this.#instances.used,
      stacks: this.#stacks,
      pages: this.#pages.used,
      hostBytes: this.#hostBytes.used,
      idle: this.#idle.size,
    };
  }

  /** The part of one workload; a reloaded one has its own while the old one drains. */
  openWorkload(instancesMax: number): WorkloadBudget {
    return new WorkloadBudget({
      instancesMax,
      addIdle: (instance) => this.#addIdle(instance),
      removeIdle: (instance) => this.#removeIdle(instance),
      takeInstance: (places) => this.#instances.take(places),
      giveInstance: (places) => this.#giveInstance(places),
      takeStack: () => {
        if (this.#stacks >= this.#limits.stacksMax) return false;
        this.#stacks++;
        return true;
      },
      giveStack: () => void this.#stacks--,
      takePages: (pages) => this.#pages.take(pages),
      givePages: (pages) => this.#pages.give(pages),
      hostBytesMax: this.#hostBytesMax * WORKLOAD_HOST_SHARE,
      hold: (bytes) => this.#hostBytes.take(bytes),
      letGo: (bytes) => this.#hostBytes.give(bytes),
    });
  }

  #addIdle(instance: IdleInstance): void {
    instance.sinceMs = this.#clock.monotonicMs();
    this.#idle.append(instance.ofProcess);
    this.#cancelTimer ??= this.#clock.startTimer(IDLE_MS_MAX, () => this.#dropExpired());
  }

  #giveInstance(places: number): void {
    this.#instances.give(places);
    if (this.#instances.used === 0) this.#sweep();
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
}

interface WorkloadBudgetOptions {
  readonly instancesMax: number;
  readonly addIdle: (instance: IdleInstance) => void;
  readonly removeIdle: (instance: IdleInstance) => void;
  readonly takeInstance: (places: number) => boolean;
  readonly giveInstance: (places: number) => void;
  readonly takeStack: () => boolean;
  readonly giveStack: () => void;
  readonly takePages: (pages: number) => boolean;
  readonly givePages: (pages: number) => void;
  readonly hostBytesMax: number;
  readonly hold: (bytes: number) => boolean;
  readonly letGo: (bytes: number) => void;
}

/** The instances of one workload, its service included. Who takes gives back, once. */
export class WorkloadBudget {
  readonly #options: WorkloadBudgetOptions;
  /** As the process's: the longest first. */
  readonly #idle = new LinkedList<IdleInstance>();
  readonly #instances: Ceiling;
  #stacks = 0;
  #hostBytes = 0;

  /** Use `ProcessBudget.openWorkload`. */
  constructor(options: WorkloadBudgetOptions) {
    this.#options = options;
    this.#instances = new Ceiling(options.instancesMax, this.#idle);
  }

  /** Places that the instances of the workload take, busy and idle. */
  get instanceCount(): number {
    return this.#instances.used;
  }

  /** Places for one more instance (`placesOf`); undefined when they were taken. */
  takeInstance(places = 1): BudgetRefusal | undefined {
    if (!this.#instances.take(places)) return "instances";
    if (this.#options.takeInstance(places)) return undefined;
    this.#instances.give(places);
    return "processInstances";
  }

  giveInstance(places = 1): void {
    this.#instances.give(places);
    this.#options.giveInstance(places);
  }

  /** A stack for one call that may suspend. */
  takeStack(): BudgetRefusal | undefined {
    if (this.#stacks >= this.#options.instancesMax + NESTED_STACKS_MAX || !this.#options.takeStack()) return "stacks";
    this.#stacks++;
    return undefined;
  }

  giveStack(): void {
    this.#stacks--;
    this.#options.giveStack();
  }

  /** From now on the instance may be given up for another one. */
  addIdle(instance: IdleInstance): void {
    this.#idle.append(instance.ofWorkload);
    this.#options.addIdle(instance);
  }

  removeIdle(instance: IdleInstance): void {
    this.#idle.remove(instance.ofWorkload);
    this.#options.removeIdle(instance);
  }

  /** The memory of one instance. */
  openPages(options: PagesOptions): InstancePages {
    return new InstancePages(options, this.#options);
  }

  /** What the host keeps for one instance beside its memory; `onLimit` when it cannot keep more. */
  openHost({ onLimit }: Pick<PagesOptions, "onLimit">): InstanceHost {
    return new InstanceHost(this, onLimit);
  }

  /** `InstanceHost` alone. */
  hold(bytes: number): boolean {
    if (this.#hostBytes + bytes > this.#options.hostBytesMax || !this.#options.hold(bytes)) return false;
    this.#hostBytes += bytes;
    return true;
  }

  letGo(bytes: number): void {
    this.#hostBytes -= bytes;
    this.#options.letGo(bytes);
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
