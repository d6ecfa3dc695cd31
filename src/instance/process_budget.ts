/**
 * What all guests of a gateway may hold together, and each workload of it: instances, suspended stacks, pages of memory.
 * These ceilings keep the process alive, so nobody passes them: idle instances are given up first, the one that was idle
 * longest of all workloads before the others, and then who asks is refused.
 */
import type { Clock } from "../base/clock.ts";
import type { ProcessLimits } from "../base/limits.ts";
import type { PageBudget } from "../component/guest_meter.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import type { OnLimit } from "../telemetry/limit_log.ts";

const PAGE_BYTES = 65_536;
/** An instance that nobody needed for so long is given up: its memory is worth more elsewhere. */
export const IDLE_MS_MAX = 60_000;

/** Why there is no instance: the limit that says so. */
export type BudgetRefusal = Extract<LimitName, "instances" | "processInstances" | "stacks">;

/** Why an idle instance is given up: others need what it holds, nobody needed it, or its route is closed. */
export type EvictionReason = "evicted" | "expired" | "closed";

/** An instance that waits for its next request. */
export interface IdleInstance {
  /** Ends it at once, and gives back what it holds. */
  evict(reason: EvictionReason): void;
}

/** What is held now. */
export interface BudgetUsage {
  readonly instances: number;
  readonly stacks: number;
  readonly pages: number;
  readonly idle: number;
}

/** One for a gateway. */
export class ProcessBudget {
  readonly #limits: ProcessLimits;
  readonly #pagesMax: number;
  readonly #clock: Pick<Clock, "monotonicMs" | "startTimer">;
  /** Of all workloads, with the time since when; the one that is idle longest first. */
  readonly #idle = new Map<IdleInstance, number>();
  /** One timer for all, and none while nobody is idle. */
  #cancelTimer: (() => void) | undefined;
  #instances = 0;
  #stacks = 0;
  #pages = 0;

  constructor(limits: ProcessLimits, { clock }: { readonly clock: Pick<Clock, "monotonicMs" | "startTimer"> }) {
    this.#limits = limits;
    this.#clock = clock;
    this.#pagesMax = Math.floor(limits.memoryBytesMax / PAGE_BYTES);
  }

  get usage(): BudgetUsage {
    return { instances: this.#instances, stacks: this.#stacks, pages: this.#pages, idle: this.#idle.size };
  }

  /** The part of one workload; a reloaded one has its own while the old one drains. */
  openWorkload(instancesMax: number): WorkloadBudget {
    return new WorkloadBudget({
      instancesMax,
      addIdle: (instance) => this.#addIdle(instance),
      removeIdle: (instance) => this.#removeIdle(instance),
      takeInstance: () => this.#takeInstance(),
      giveInstance: () => void this.#instances--,
      takeStack: () => {
        if (this.#stacks >= this.#limits.stacksMax) return false;
        this.#stacks++;
        return true;
      },
      giveStack: () => void this.#stacks--,
      takePages: (pages) => this.#takePages(pages),
      givePages: (pages) => void (this.#pages -= pages),
    });
  }

  #addIdle(instance: IdleInstance): void {
    this.#idle.set(instance, this.#clock.monotonicMs());
    this.#cancelTimer ??= this.#clock.startTimer(IDLE_MS_MAX, () => this.#dropExpired());
  }

  #removeIdle(instance: IdleInstance): void {
    this.#idle.delete(instance);
    if (this.#idle.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #dropExpired(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (const [instance, sinceMs] of this.#idle) {
      const leftMs = sinceMs + IDLE_MS_MAX - nowMs;
      if (leftMs > 0) {
        this.#cancelTimer = this.#clock.startTimer(leftMs, () => this.#dropExpired());
        return;
      }
      instance.evict("expired");
    }
  }

  #takeInstance(): boolean {
    while (this.#instances >= this.#limits.instancesMax) {
      if (!evictLongest(this.#idle)) return false;
    }
    this.#instances++;
    return true;
  }

  #takePages(pages: number): boolean {
    if (pages > this.#pagesMax) return false;
    while (this.#pages + pages > this.#pagesMax) {
      if (!evictLongest(this.#idle)) return false;
    }
    this.#pages += pages;
    return true;
  }
}

interface WorkloadBudgetOptions {
  readonly instancesMax: number;
  readonly addIdle: (instance: IdleInstance) => void;
  readonly removeIdle: (instance: IdleInstance) => void;
  readonly takeInstance: () => boolean;
  readonly giveInstance: () => void;
  readonly takeStack: () => boolean;
  readonly giveStack: () => void;
  readonly takePages: (pages: number) => boolean;
  readonly givePages: (pages: number) => void;
}

/** How an instance's memory is bounded. */
export interface PagesOptions {
  /** Over all its memories. */
  readonly memoryBytesMax: number;
  readonly onLimit: OnLimit;
}

/** The instances of one workload, its service included. Who takes gives back, once. */
export class WorkloadBudget {
  readonly #options: WorkloadBudgetOptions;
  /** As the process's: the longest first. */
  readonly #idle = new Map<IdleInstance, number>();
  #instances = 0;

  /** Use `ProcessBudget.openWorkload`. */
  constructor(options: WorkloadBudgetOptions) {
    this.#options = options;
  }

  /** Instances of the workload, busy and idle. */
  get instanceCount(): number {
    return this.#instances;
  }

  /** A place for one more instance; undefined when it was taken. */
  takeInstance(): BudgetRefusal | undefined {
    while (this.#instances >= this.#options.instancesMax) {
      if (!evictLongest(this.#idle)) return "instances";
    }
    if (!this.#options.takeInstance()) return "processInstances";
    this.#instances++;
    return undefined;
  }

  giveInstance(): void {
    this.#instances--;
    this.#options.giveInstance();
  }

  /** A stack for one call that may suspend. */
  takeStack(): BudgetRefusal | undefined {
    return this.#options.takeStack() ? undefined : "stacks";
  }

  giveStack(): void {
    this.#options.giveStack();
  }

  /** From now on the instance may be given up for another one. */
  addIdle(instance: IdleInstance): void {
    this.#idle.set(instance, 0);
    this.#options.addIdle(instance);
  }

  removeIdle(instance: IdleInstance): void {
    this.#idle.delete(instance);
    this.#options.removeIdle(instance);
  }

  /** The memory of one instance. */
  openPages(options: PagesOptions): InstancePages {
    return new InstancePages(options, this.#options);
  }
}

/** Pages of one instance: within its own limit and within the process's. */
export class InstancePages implements PageBudget {
  readonly #options: PagesOptions;
  readonly #process: Pick<WorkloadBudgetOptions, "takePages" | "givePages">;
  readonly #pagesMax: number;
  #taken = 0;
  #refusal: "memory" | "processMemory" | undefined;

  /** Use `WorkloadBudget.openPages`. */
  constructor(options: PagesOptions, process: Pick<WorkloadBudgetOptions, "takePages" | "givePages">) {
    this.#options = options;
    this.#process = process;
    this.#pagesMax = Math.floor(options.memoryBytesMax / PAGE_BYTES);
  }

  /** The limit that refused pages last. */
  get refusal(): "memory" | "processMemory" | undefined {
    return this.#refusal;
  }

  take(pages: number): boolean {
    if (this.#taken + pages > this.#pagesMax) return this.#refuse("memory");
    if (!this.#process.takePages(pages)) return this.#refuse("processMemory");
    this.#taken += pages;
    return true;
  }

  giveBack(pages: number): void {
    const given = Math.min(pages, this.#taken);
    this.#taken -= given;
    this.#process.givePages(given);
  }

  /** The instance has ended: whatever is left goes back. Idempotent. */
  close(): void {
    this.giveBack(this.#taken);
  }

  #refuse(limit: "memory" | "processMemory"): false {
    this.#refusal = limit;
    const { memoryBytesMax, onLimit } = this.#options;
    onLimit(
      limit,
      limit === "memory"
        ? `it asked for more than its ${memoryBytesMax} bytes of memory`
        : "the memory of all guests together is used up",
    );
    return false;
  }
}

/** False when there is none, or when it would not go. */
function evictLongest(idle: ReadonlyMap<IdleInstance, number>): boolean {
  const [longest] = idle.keys();
  if (longest === undefined) return false;
  longest.evict("evicted");
  return !idle.has(longest);
}
