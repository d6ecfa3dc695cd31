/** The memory of one instance, counted against its own limit and the process's. */
import { formatByteSize } from "../base/quantity.ts";
import type { PageBudget } from "../component/guest_meter.ts";

/** Of wasm. */
export const PAGE_BYTES = 65_536;

/** How an instance's memory is bounded. */
export interface PagesOptions {
  /** Over all its memories. */
  readonly memoryBytesMax: number;
  readonly onLimit: (limit: "memory" | "processMemory", detail: string) => void;
}

/** Pages of one instance: within its own limit and within the process's. */
export class InstancePages implements PageBudget {
  readonly #options: PagesOptions;
  readonly #process: ProcessPages;
  readonly #pagesMax: number;
  #taken = 0;

  /** Use `WorkloadBudget.openPages`. */
  constructor(options: PagesOptions, process: ProcessPages) {
    this.#options = options;
    this.#process = process;
    this.#pagesMax = Math.floor(options.memoryBytesMax / PAGE_BYTES);
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
    const { memoryBytesMax, onLimit } = this.#options;
    onLimit(
      limit,
      limit === "memory"
        ? `it asked for more than its ${formatByteSize(memoryBytesMax)} of memory`
        : `the memory of all guests together is used up (${this.#process.maxOf("processMemory")})`,
    );
    return false;
  }
}

/** What an instance draws on beside its own limit. */
export interface ProcessPages {
  readonly takePages: (pages: number) => boolean;
  readonly givePages: (pages: number) => void;
  /** What the process's limit is, as files write it. */
  readonly maxOf: (limit: "processMemory") => string;
}
