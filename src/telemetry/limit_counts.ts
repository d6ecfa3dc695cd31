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
  | "serviceWait"
  | "sockets"
  | "handles"
  | "logRate"
  | "descriptors"
  | "openFiles"
  | "directoryEntries"
  | "volumeSize"
  | "volumeFiles"
  | "instances"
  | "connections"
  | "start"
  | "stacks"
  | "processInstances"
  | "processMemory"
  | "processConnections"
  | "processOpenFiles"
  | "streamsTotal";

/** The labels and the value. */
export interface LimitCount {
  /** Without workload and role: clients met a limit of the listener. */
  readonly workload?: string;
  /** Its name within the workload. */
  readonly route?: string;
  /** Of the guest. */
  readonly role?: GuestLabel["role"];
  /** Which one was met. */
  readonly limit: LimitName;
  /** How often. */
  readonly total: number;
}

/** One for a gateway. It grows with routes and limits, not with what guests do. */
export class LimitCounts {
  readonly #counts = new Map<string, LimitCount>();

  /** Counts that the guest, or a request for it, met the limit, once or so many times; without a guest, that clients did. */
  add(guest: GuestLabel | undefined, limit: LimitName, times = 1): void {
    const key = limitKey(guest, limit);
    const total = (this.#counts.get(key)?.total ?? 0) + times;
    this.#counts.set(key, { ...labelsOf(guest), limit, total });
  }

  /** A plain copy, in the order of the first of each. */
  snapshot(): readonly LimitCount[] {
    return [...this.#counts.values()];
  }
}

/** The same text for the same limit of the same guest. */
export function limitKey(guest: GuestLabel | undefined, limit: LimitName): string {
  return JSON.stringify([guest?.workload ?? null, guest?.route ?? null, guest?.role ?? null, limit]);
}

function labelsOf(guest: GuestLabel | undefined): Partial<GuestLabel> {
  if (guest === undefined) return {};
  const { workload, route, role } = guest;
  return { workload, ...(route !== undefined && { route }), role };
}
