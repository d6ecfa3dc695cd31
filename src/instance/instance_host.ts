/** What the host keeps for one instance beside its memories, counted against its workload and the process. */
import type { HostBudget } from "../component/guest_meter.ts";
import type { PagesOptions } from "./instance_pages.ts";

/** So much of an instance is not counted: any request has it, also when others have used up all that there is. */
const FREE_HOST_BYTES = 65_536;

/** What an instance draws on: of its workload. */
export interface HostShare {
  hold(bytes: number): boolean;
  letGo(bytes: number): void;
  /** Why there is no stack; undefined when it was taken. */
  takeStack(): string | undefined;
  giveStack(): void;
}

/** What the host keeps for one instance, and its stacks beyond the first. */
export class InstanceHost implements HostBudget {
  readonly #workload: HostShare;
  readonly #onLimit: PagesOptions["onLimit"];
  #bytes = 0;
  #isClosed = false;

  /** Use `WorkloadBudget.openHost`. */
  constructor(workload: HostShare, onLimit: PagesOptions["onLimit"]) {
    this.#workload = workload;
    this.#onLimit = onLimit;
  }

  hold(bytes: number): boolean {
    // What still comes in for an instance that has ended goes with it.
    if (this.#isClosed) return true;
    const counted = countedBytes(this.#bytes + bytes) - countedBytes(this.#bytes);
    if (counted > 0 && !this.#workload.hold(counted)) {
      this.#onLimit("processMemory", "the memory of the host for all guests together, or for its workload, is used up");
      return false;
    }
    this.#bytes += bytes;
    return true;
  }

  letGo(bytes: number): void {
    if (this.#isClosed) return;
    const counted = countedBytes(this.#bytes) - countedBytes(this.#bytes - bytes);
    this.#bytes -= bytes;
    if (counted > 0) this.#workload.letGo(counted);
  }

  takeStack(): boolean {
    return this.#workload.takeStack() === undefined;
  }

  giveStack(): void {
    this.#workload.giveStack();
  }

  /** The instance has ended: whatever is left goes back, but for stacks, which are unwound later. Idempotent. */
  close(): void {
    this.letGo(this.#bytes);
    this.#isClosed = true;
  }
}

function countedBytes(bytes: number): number {
  return Math.max(0, bytes - FREE_HOST_BYTES);
}
