/** The states of a service. `ServiceSupervisor` is the one who changes them. */

/** Where a service is in its life (design.md section 5). */
export type ServiceState =
  /** Made, not started. To `starting` by `start`. */
  | { readonly kind: "idle" }
  /** An instance is made or runs, and does not listen yet. To `ready`, or as from `ready` when it ends or its time is over. */
  | {
    readonly kind: "starting";
    /** How the run before it ended; undefined for the first. */
    readonly lastReason: string | undefined;
  }
  /** It serves. Left when the instance ends: to `completed`, `restarting` or `failed`. */
  | { readonly kind: "ready"; readonly sinceNs: bigint }
  /** No instance; the next one starts at `dueNs`, which is after `delayMs`. To `starting`. */
  | {
    readonly kind: "restarting";
    readonly delayMs: number;
    readonly dueNs: bigint;
    readonly reason: string;
  }
  /** Final: it was ready, returned ok and is not to be restarted. What needs no service is still served. */
  | { readonly kind: "completed" }
  /** Final: it ended badly and is not to be restarted, or its restarts are used up. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Final: `stop` was called. */
  | { readonly kind: "stopped" };

/** One line for the log. */
export function describeState(state: ServiceState): string | undefined {
  if (state.kind === "restarting") return `${state.reason}; the next start is in ${state.delayMs} ms`;
  return state.kind === "failed" ? state.reason : undefined;
}

/** What a request is told that needs the service now. */
export interface Unavailability {
  /** For the log. */
  readonly detail: string;
  readonly retryAfterS: number;
}

/** Why a request cannot be served in this state, and when to come back. */
export function unavailability(state: ServiceState, nowNs: bigint): Unavailability {
  const it = "the service of the workload";
  switch (state.kind) {
    case "idle":
    case "starting": {
      const before = state.kind === "starting" && state.lastReason !== undefined ? `: before, ${state.lastReason}` : "";
      return { detail: `${it} is starting${before}`, retryAfterS: RETRY_SOON_S };
    }
    case "restarting": {
      const leftMs = state.dueNs > nowNs ? Number(state.dueNs - nowNs) / NS_PER_MS : 0;
      return {
        detail: `${it} is restarting: ${state.reason}; next start in ${Math.ceil(leftMs)} ms`,
        retryAfterS: Math.max(RETRY_SOON_S, Math.ceil(leftMs / 1000)),
      };
    }
    case "failed":
      return { detail: `${it} has failed: ${state.reason}`, retryAfterS: RETRY_LATER_S };
    case "stopped":
      return { detail: "the workload is being closed", retryAfterS: RETRY_SOON_S };
    case "ready":
    case "completed":
      return { detail: `${it} was not there in time`, retryAfterS: RETRY_SOON_S };
  }
}

const NS_PER_MS = 1_000_000;
/** A service that starts is there in moments. */
const RETRY_SOON_S = 1;
/** A service that failed comes back when somebody has changed something. */
const RETRY_LATER_S = 30;
