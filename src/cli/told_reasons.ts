/** Why a service did not start, told once: its limit, its end, its next start and its reload would each say all of it again. */
import type { GatewayEvent } from "../telemetry/events.ts";

/** For lines that people read one below the other; events for machines stand alone and say everything. */
export class ToldReasons {
  /** Of the last start of each workload's service. */
  readonly #reasons = new Map<string, string>();

  /** Workloads whose service has just returned: its state says it a second time. */
  readonly #completed = new Set<string>();

  /** The event without what was told already; undefined when nothing is left of it. */
  shortened(event: GatewayEvent): GatewayEvent | undefined {
    switch (event.kind) {
      case "limited":
        if (event.limit === "start" && event.guest !== undefined) this.#reasons.set(event.guest.workload, event.detail);
        return event;
      case "guest-ended": {
        if (event.guest.role === "service" && event.outcome === "completed") this.#completed.add(event.guest.workload);
        const reason = event.guest.role === "service" ? this.#reasons.get(event.guest.workload) : undefined;
        return reason !== undefined && event.detail.endsWith(reason) ? undefined : event;
      }
      case "service-state":
        return this.#shortState(event);
      case "reload": {
        const reason = event.workload === undefined ? undefined : this.#reasons.get(event.workload);
        const isTold = reason !== undefined && event.outcome === "kept" && event.detail?.includes(reason) === true;
        return isTold ? { ...event, detail: "its service did not start" } : event;
      }
      case "certificate":
      case "denied":
      case "fault":
      case "guest-output":
      case "left-out":
      case "published":
      case "refused":
      case "request":
      case "traces":
        return event;
    }
  }

  #shortState(event: Extract<GatewayEvent, { readonly kind: "service-state" }>): GatewayEvent | undefined {
    const { workload, state, detail } = event;
    if (this.#completed.delete(workload) && state === "completed") return undefined;
    if (state === "ready") this.#reasons.delete(workload);
    const reason = this.#reasons.get(workload);
    if (reason === undefined || detail?.startsWith(reason) !== true) return event;
    return { kind: event.kind, workload, state, detail: detail.slice(reason.length).replace(/^; /, "") };
  }
}
