/** The states of a service. `ServiceSupervisor` is the one who changes them. */

/** Where a service is in its life (design.md section 5). */
export type ServiceState =
  /** Made, not started. To `starting` by `start`. */
  | { readonly kind: "idle" }
  /** An instance runs and does not listen yet. To `ready`, or as from `ready` when it ends. */
  | { readonly kind: "starting" }
  /** It serves. Left when the instance ends: to `completed`, `restarting` or `failed`. */
  | { readonly kind: "ready"; readonly sinceNs: bigint }
  /** No instance; the next one starts after `delayMs`. To `starting`. */
  | { readonly kind: "restarting"; readonly delayMs: number; readonly reason: string }
  /** Final: it returned ok and is not to be restarted. What needs no service is still served. */
  | { readonly kind: "completed" }
  /** Final: it ended badly and is not to be restarted. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Final: `stop` was called. */
  | { readonly kind: "stopped" };

/** One line for the log. */
export function describeState(state: ServiceState): string | undefined {
  if (state.kind === "restarting") return `${state.reason}; the next start is in ${state.delayMs} ms`;
  return state.kind === "failed" ? state.reason : undefined;
}
