/** What the admin listener shows of a gateway: copies, made when somebody asks. */
import type { AdminSource, Readiness, RouteStatus, ServiceStatus, WorkloadStatus } from "../admin/admin_source.ts";
import type { FailureCounts } from "../telemetry/failure_counts.ts";
import type { GatewayMetrics } from "../telemetry/gateway_metrics.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { RecentEvents } from "../telemetry/recent_events.ts";
import type { StandingFault, StandingFaults } from "../telemetry/standing_faults.ts";
import type { Route } from "../workload/route.ts";
import type { ServiceSupervisor } from "../workload/service_supervisor.ts";
import { describeState } from "../workload/service_state.ts";
import type { RouteSpec, ServiceSpec } from "../workload/spec.ts";
import type { Workload } from "../workload/workload.ts";
import type { WorkloadSet } from "./workload_set.ts";

/** What it is made of. */
export interface AdminSourceOptions {
  readonly version: string;
  readonly url: string;
  readonly startedWallMs: number;
  readonly workloads: Pick<WorkloadSet, "served">;
  readonly counters: LiveCounters;
  readonly totals: () => GatewayMetrics;
  readonly recent: RecentEvents;
  readonly failures: Pick<FailureCounts, "lastOf">;
  readonly faults: Pick<StandingFaults, "list">;
  readonly isDraining: () => boolean;
}

/** The view of a running gateway. */
export function adminSource(options: AdminSourceOptions): AdminSource {
  const { version, url, startedWallMs, workloads, counters, totals, recent, failures, faults, isDraining } = options;
  return {
    version,
    url,
    startedWallMs,
    readiness: () => readinessOf(workloads.served, { isDraining: isDraining(), faults: faults.list() }),
    faults: () => faults.list(),
    workloads: () => workloads.served.map((workload) => statusOf(workload, failures)),
    live: () => counters.snapshot(),
    totals,
    recent: () => recent.list(),
  };
}

/**
 * A gateway is ready once every service has had its first start, well or not: one that fails later answers 503 for its own
 * workload, and taking the whole gateway out for it would take the neighbours out too. So would a workload that is left out.
 */
export function readinessOf(
  workloads: readonly { readonly name: string; readonly service: Pick<ServiceSupervisor, "state"> | undefined }[],
  { isDraining, faults }: { readonly isDraining: boolean; readonly faults: readonly StandingFault[] },
): Readiness {
  if (isDraining) return { isReady: false, waitsFor: ["The gateway is draining"] };
  const waitsFor = workloads.flatMap(({ name, service }) => {
    const state = service?.state;
    const isFirst = state?.kind === "idle" || (state?.kind === "starting" && state.lastReason === undefined);
    return isFirst ? [`The service of ${name} is starting`] : [];
  });
  if (waitsFor.length > 0) return { isReady: false, waitsFor };
  const leftOut = faults.flatMap(({ workload, state, detail }) =>
    workload !== undefined && state === "left-out" ? [`${workload} is left out: ${detail}`] : []
  );
  return { isReady: true, leftOut };
}

function statusOf(
  { name, spec, service, routes, network }: Workload,
  failures: AdminSourceOptions["failures"],
): WorkloadStatus {
  const { sockets, connections, bytes } = network.usage;
  return {
    name,
    folder: spec.folder,
    service: service === undefined || spec.service === undefined ? undefined : serviceStatus(spec.service, service),
    routes: spec.routes.map((route) => ({
      ...routeStatus(route, routes.find((live) => live.route === route.name)),
      lastFailure: failures.lastOf(name, route.name),
    })),
    network: {
      listening: network.listening,
      sockets,
      connections,
      bytesInFlight: bytes,
      outside: network.connections,
    },
    limits: { ...spec.totals },
  };
}

function routeStatus(
  { name, match, component, instance, limits }: RouteSpec,
  route: Route | undefined,
): Omit<RouteStatus, "lastFailure"> {
  return {
    name,
    host: match.host,
    path: match.path,
    methods: match.methods,
    component,
    instance: instance.kind,
    inside: route?.insideCount ?? 0,
    limits: { ...limits },
  };
}

function serviceStatus({ component, readyTcpPort, limits }: ServiceSpec, service: ServiceSupervisor): ServiceStatus {
  const { state, restarts, lastEnd, cpuMs } = service;
  return {
    component,
    state: state.kind,
    detail: describeState(state),
    restarts,
    lastEnd,
    cpuMs,
    readyTcpPort,
    limits: { ...limits },
  };
}
