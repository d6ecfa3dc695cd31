/**
 * How many requests ended otherwise than by a whole answer of their guest, since the gateway started:
 * `loopgate_failures_total`. The limits of the listener are in here too: past them there is no route yet to count for.
 */
import type { EmitEvent } from "./events.ts";

/** The labels and the value. */
export interface FailureCount {
  /** Undefined: the request came to no route. */
  readonly workload?: string;
  readonly route?: string;
  /** What the client got; of an answer that was cut, the status in its head. */
  readonly status: number;
  readonly total: number;
}

/** One for a gateway. It grows with routes and statuses, not with requests. */
export class FailureCounts {
  readonly #counts = new Map<string, FailureCount>();

  /** An `emit` that counts what passes. */
  counting(emit: EmitEvent): EmitEvent {
    return (event) => {
      if (event.kind === "request" && event.cause !== undefined) this.#add(event);
      emit(event);
    };
  }

  /** A plain copy, in the order of the first of each. */
  snapshot(): readonly FailureCount[] {
    return [...this.#counts.values()];
  }

  #add({ workload, route, status }: Omit<FailureCount, "total">): void {
    const key = JSON.stringify([workload ?? null, route ?? null, status]);
    const total = (this.#counts.get(key)?.total ?? 0) + 1;
    const labels = { ...(workload !== undefined && { workload }), ...(route !== undefined && { route }) };
    this.#counts.set(key, { ...labels, status, total });
  }
}
