/** Open files and directories, counted: each holds a descriptor of the process, of which there are not many. */
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { VolumeLimitError } from "./entry.ts";

/** How many one may have, and whose part it is. */
export interface OpenFileSlotsOptions {
  readonly slotsMax: number;
  /** Of one instance, of all guests of a workload, or of all workloads. */
  readonly limit: "descriptors" | "openFiles" | "processOpenFiles";
  readonly counters: LiveCounters;
  /** Of the workload, for those of an instance; of the process, for those of a workload. */
  readonly parent?: OpenFileSlots;
}

const WHOSE: Readonly<Record<OpenFileSlotsOptions["limit"], string>> = {
  descriptors: "it has",
  openFiles: "its workload has",
  processOpenFiles: "all workloads together have",
};

/** Places for open files. Whoever takes one gives it back. */
export class OpenFileSlots {
  readonly #options: OpenFileSlotsOptions;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(options: OpenFileSlotsOptions) {
    this.#options = options;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @throws {VolumeLimitError} `insufficient-memory`; WIT has no EMFILE */
  take(): void {
    const { slotsMax, limit, counters, parent } = this.#options;
    if (this.#taken >= slotsMax) {
      const detail = `${WHOSE[limit]} ${slotsMax} files and streams of files open`;
      throw new VolumeLimitError("insufficient-memory", limit, detail);
    }
    if (parent === undefined) counters.add("openFiles", 1);
    else parent.take();
    this.#taken++;
  }

  give(): void {
    const { counters, parent } = this.#options;
    this.#taken--;
    if (this.#taken === 0) { for (const resolve of this.#waiting.splice(0)) resolve(); }
    if (parent === undefined) counters.add("openFiles", -1);
    else parent.give();
  }

  /** Resolves when none is taken: what the disk still does for a guest that has ended is over. */
  async untilFree(): Promise<void> {
    if (this.#taken > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** A file or directory that is open as long as somebody has it: a guest's handle, a stream on it, an operation under way. */
export class OpenHandle<T extends { close(): void }> {
  readonly target: T;
  readonly #slots: OpenFileSlots;
  #users = 1;

  /** Takes a place for what `open` opens; gives it back when that fails. */
  constructor(slots: OpenFileSlots, open: () => T) {
    slots.take();
    this.#slots = slots;
    try {
      this.target = open();
    } catch (error) {
      slots.give();
      throw error;
    }
  }

  get slots(): OpenFileSlots {
    return this.#slots;
  }

  /** One more user, who is to call `release`. */
  retain(): this {
    this.#users++;
    return this;
  }

  /** The last one closes it. */
  release(): void {
    if (--this.#users > 0) return;
    this.#slots.give();
    this.target.close();
  }

  /** The target stays open until `work` is over, whoever lets it go meanwhile. */
  async during<R>(work: Promise<R>): Promise<R> {
    this.retain();
    try {
      return await work;
    } finally {
      this.release();
    }
  }
}
