/** How often a limit was met, since the gateway started: `loopgate_limited_total`. */
import type { GuestLabel } from "./events.ts";

/** The limits that are counted: the keys of `limits` in the files. */
export type LimitName =
  | "memory"
  | "cpu"
  | "wall"
  | "idle"
  | "requestBody"
  | "responseBody"
  | "headerBytes"
  | "concurrency"
  | "queueWait"
  | "sockets"
  | "handles"
  | "logRate"
  | "instances"
  | "connections"
  | "start"
  | "stacks"
  | "processInstances"
  | "processMemory";

/** The labels and the value. */
export interface LimitCount {
  readonly workload: string;
  readonly route?: string;
  readonly role: GuestLabel["role"];
  readonly limit: LimitName;
  readonly total: number;
}

/** One for a gateway. It grows with routes and limits, not with what guests do. */
export class LimitCounts {
  readonly #counts = new Map<string, LimitCount>();

  /** Counts that the guest, or a request for it, met the limit, once or so many times. */
  add({ workload, route, role }: GuestLabel, limit: LimitName, times = 1): void {
    const key = JSON.stringify([workload, route ?? null, role, limit]);
    const total = (this.#counts.get(key)?.total ?? 0) + times;
    this.#counts.set(key, { workload, ...(route !== undefined && { route }), role, limit, total });
  }

  /** A plain copy, in the order of the first of each. */
  snapshot(): readonly LimitCount[] {
    return [...this.#counts.values()];
  }
}
