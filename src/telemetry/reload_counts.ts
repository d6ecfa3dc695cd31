/** How often the files changed and what became of it, since the gateway started: `loopgate_reloads_total`. */
import type { EmitEvent, GatewayEvent } from "./events.ts";

/** What became of files that had changed. */
export type ReloadResult = Extract<GatewayEvent, { readonly kind: "reload" }>["outcome"];

/** The labels and the value. */
export interface ReloadCount {
  /** Undefined: the operator's own files. */
  readonly workload?: string;
  /** What became of it. */
  readonly outcome: ReloadResult;
  /** How often. */
  readonly total: number;
}

/** One for a gateway. It grows with the names of workloads that there ever were. */
export class ReloadCounts {
  readonly #counts = new Map<string, ReloadCount>();

  /** Counts once. */
  add(workload: string | undefined, outcome: ReloadResult): void {
    const key = JSON.stringify([workload ?? null, outcome]);
    const total = (this.#counts.get(key)?.total ?? 0) + 1;
    this.#counts.set(key, { ...(workload !== undefined && { workload }), outcome, total });
  }

  /** An `emit` that counts what passes. */
  counting(emit: EmitEvent): EmitEvent {
    return (event) => {
      if (event.kind === "reload") this.add(event.workload, event.outcome);
      emit(event);
    };
  }

  /** A plain copy, in the order of the first of each. */
  snapshot(): readonly ReloadCount[] {
    return [...this.#counts.values()];
  }
}
