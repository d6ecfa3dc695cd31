/** How often something was denied, since the gateway started: `loopgate_denied_total`. */
import type { GuestLabel } from "./events.ts";

/**
 * What decided: a deny rule of a file; that no rule allows it; that no rule ever could; that the network, or names, are
 * off; or that the guest's role may not do it.
 */
export type DenialDecision = "deny-rule" | "no-rule" | "never" | "off" | "role";

/** The labels and the value. A target is never a label: a guest could make one for each address there is. */
export interface DenialCount {
  /** Its name. */
  readonly workload: string;
  /** Of a component. */
  readonly route?: string;
  /** Of the guest. */
  readonly role: GuestLabel["role"];
  /** `tcp-connect`, `udp-send`, `http-request`, `resolve-addresses`... */
  readonly operation: string;
  /** What decided. */
  readonly decision: DenialDecision;
  /** How often. */
  readonly total: number;
}

/** One for a gateway. It grows with routes and operations, not with what guests do. */
export class DenialCounts {
  readonly #counts = new Map<string, DenialCount>();

  /** Counts one denial, whether or not the log has a line for it. */
  add({ workload, route, role }: GuestLabel, by: Pick<DenialCount, "operation" | "decision">): void {
    const { operation, decision } = by;
    const key = JSON.stringify([workload, route ?? null, role, operation, decision]);
    const total = (this.#counts.get(key)?.total ?? 0) + 1;
    this.#counts.set(key, { workload, ...(route !== undefined && { route }), role, operation, decision, total });
  }

  /** A plain copy, in the order of the first denial of each. */
  snapshot(): readonly DenialCount[] {
    return [...this.#counts.values()];
  }
}
