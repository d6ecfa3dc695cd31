/** What the admin listener shows. The gateway makes it from what it has; nothing in here can change anything. */
import type { LastFailure } from "../telemetry/failure_counts.ts";
import type { GatewayMetrics } from "../telemetry/gateway_metrics.ts";
import type { LiveKind } from "../telemetry/live_counters.ts";
import type { RecentEvent } from "../telemetry/recent_events.ts";
import type { StandingFault } from "../telemetry/standing_faults.ts";

/** A route as it is now. */
export interface RouteStatus {
  readonly name: string;
  readonly host: string;
  readonly path: string;
  /** Undefined: every method. */
  readonly methods: readonly string[] | undefined;
  /** Path of its file. */
  readonly component: string;
  readonly instance: "fresh" | "reuse";
  /** Requests inside, those in the queue included. */
  readonly inside: number;
  /** The last request that the gateway answered by itself or broke off. */
  readonly lastFailure: LastFailure | undefined;
  /** In the units of the fields' names. */
  readonly limits: Readonly<Record<string, number>>;
}

/** A service as it is now. */
export interface ServiceStatus {
  readonly component: string;
  /** idle, starting, ready, restarting, completed, failed or stopped. */
  readonly state: string;
  /** Why it restarts or has failed. */
  readonly detail: string | undefined;
  /** Runs after the first. */
  readonly restarts: number;
  /** How the last run ended that has ended. */
  readonly lastEnd: string | undefined;
  /** What all its runs have computed, in milliseconds. */
  readonly cpuMs: number;
  /** The port whose listener makes it ready. */
  readonly readyTcpPort: number | undefined;
  readonly limits: Readonly<Record<string, number>>;
}

/** A workload as it is now. */
export interface WorkloadStatus {
  readonly name: string;
  readonly folder: string;
  readonly service: ServiceStatus | undefined;
  readonly routes: readonly RouteStatus[];
  readonly network: {
    /** TCP ports of the private loopback that something listens on. */
    readonly listening: readonly number[];
    /** Open sockets of all guests. */
    readonly sockets: number;
    /** Connections on the private loopback. */
    readonly connections: number;
    /** On the private loopback, sent and not read. */
    readonly bytesInFlight: number;
    /** Connections to the outside. */
    readonly outside: number;
  };
  readonly limits: Readonly<Record<string, number>>;
}

/** Whether requests can be led here. */
export type Readiness =
  /** And one for each workload that is left out, whose requests are answered by 503 alone. */
  | { readonly isReady: true; readonly leftOut: readonly string[] }
  /** One sentence for each thing that is waited for. */
  | { readonly isReady: false; readonly waitsFor: readonly string[] };

/** What there is to see of a gateway. */
export interface AdminSource {
  readonly version: string;
  /** Where clients reach it. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly startedWallMs: number;
  readiness(): Readiness;
  workloads(): readonly WorkloadStatus[];
  /** What of the files is not served. */
  faults(): readonly StandingFault[];
  live(): Readonly<Record<LiveKind, number>>;
  totals(): GatewayMetrics;
  /** The newest first. */
  recent(): readonly RecentEvent[];
}
