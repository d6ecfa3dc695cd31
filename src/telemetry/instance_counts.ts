/** What became of instances, since the gateway started: `loopgate_instances_total`. */
import type { GuestLabel } from "./events.ts";

/** The labels and the value. */
export interface InstanceCount {
  /** Its name. */
  readonly workload: string;
  /** Of a component. */
  readonly route?: string;
  /** Of the guest. */
  readonly role: GuestLabel["role"];
  /** `created`, `recycled`, `reused`, or why one was dropped: `dropped: trapped`, `dropped: grew`... */
  readonly outcome: string;
  /** How often. */
  readonly total: number;
}

/** Counts an outcome of one guest's instances. Cheap: every request has one. */
export type CountInstance = (outcome: string) => void;

/** One for a gateway. Outcomes are the gateway's own words, so it grows with routes only. */
export class InstanceCounts {
  readonly #byGuest = new Map<string, { readonly label: GuestLabel; readonly totals: Map<string, number> }>();

  /** The counter of a guest; a reloaded one goes on where the old one was. */
  counterOf(label: GuestLabel): CountInstance {
    const key = JSON.stringify([label.workload, label.route ?? null, label.role]);
    let entry = this.#byGuest.get(key);
    if (entry === undefined) {
      entry = { label, totals: new Map() };
      this.#byGuest.set(key, entry);
    }
    const { totals } = entry;
    return (outcome) => void totals.set(outcome, (totals.get(outcome) ?? 0) + 1);
  }

  /** A plain copy. */
  snapshot(): readonly InstanceCount[] {
    return [...this.#byGuest.values()].flatMap(({ label: { workload, route, role }, totals }) =>
      [...totals].map(([outcome, total]) => ({
        workload,
        ...(route !== undefined && { route }),
        role,
        outcome,
        total,
      }))
    );
  }
}
