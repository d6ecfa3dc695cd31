/**
 * How many requests ended otherwise than by a whole answer of their guest, since the gateway started:
 * `loopgate_failures_total`. The limits of the listener are in here too: past them there is no route yet to count for.
 */
import type { FaultCode } from "../base/fault_codes.ts";
import type { EmitEvent } from "./events.ts";

/** The labels and the value. */
export interface FailureCount {
  /** Undefined: the request came to no route. */
  readonly workload?: string;
  /** Its name within the workload. */
  readonly route?: string;
  /** What the client got; of an answer that was cut, the status in its head. */
  readonly status: number;
  /** What failed. */
  readonly code: FaultCode;
  /** How often. */
  readonly total: number;
}

/** The last one of a route: its line in the log has the same id. */
export interface LastFailure {
  readonly status: number;
  readonly code: FaultCode;
  readonly cause: string;
  readonly requestId: string;
}

/** One for a gateway. It grows with routes, statuses and codes, not with requests. */
export class FailureCounts {
  readonly #counts = new Map<string, FailureCount>();
  readonly #last = new Map<string, LastFailure>();

  /** An `emit` that counts what passes. */
  counting(emit: EmitEvent): EmitEvent {
    return (event) => {
      if (event.kind === "request" && event.cause !== undefined && event.code !== undefined) {
        const { workload, route, status, code, cause, requestId } = event;
        this.#add({ ...(workload !== undefined && { workload }), ...(route !== undefined && { route }), status, code });
        if (workload !== undefined) this.#last.set(routeKey(workload, route), { status, code, cause, requestId });
      }
      emit(event);
    };
  }

  /** Undefined: none yet. */
  lastOf(workload: string, route: string): LastFailure | undefined {
    return this.#last.get(routeKey(workload, route));
  }

  /** A plain copy, in the order of the first of each. */
  snapshot(): readonly FailureCount[] {
    return [...this.#counts.values()];
  }

  #add(labels: Omit<FailureCount, "total">): void {
    const { workload, route, status, code } = labels;
    const key = JSON.stringify([workload ?? null, route ?? null, status, code]);
    const total = (this.#counts.get(key)?.total ?? 0) + 1;
    this.#counts.set(key, { ...labels, total });
  }
}

function routeKey(workload: string, route: string | undefined): string {
  return JSON.stringify([workload, route ?? null]);
}
