/** Limits that an embedder sets for a whole gateway, over what the files say. */
import type { ProcessLimits, RouteLimits, ServiceLimits, WorkloadTotals } from "../base/limits.ts";
import type { ListenerLimits } from "../server/listener_limits.ts";
import type { WorkloadSpec } from "../workload/spec.ts";

/**
 * What is not in here is as the files say, or the default. Sizes are bytes, times milliseconds.
 *
 * @example
 * await startGateway({ folder: "workloads", limits: { route: { cpuMs: 500 }, listener: { connectionsMax: 1_000 } } });
 */
export interface GatewayLimits {
  /** Of clients. */
  readonly listener?: Partial<ListenerLimits>;
  /** Of every route. */
  readonly route?: Partial<RouteLimits>;
  /** Of every service. */
  readonly service?: Partial<ServiceLimits>;
  /** Of every workload. */
  readonly workload?: Partial<WorkloadTotals>;
  /** Of all guests together. */
  readonly process?: Partial<ProcessLimits>;
}

/** The workload with the limits of `overrides` in place of its own. */
export function withLimits(spec: WorkloadSpec, { route, service, workload }: GatewayLimits = {}): WorkloadSpec {
  return {
    ...spec,
    service: spec.service && { ...spec.service, limits: { ...spec.service.limits, ...service } },
    routes: spec.routes.map((each) => ({ ...each, limits: { ...each.limits, ...route } })),
    totals: { ...spec.totals, ...workload },
  };
}
