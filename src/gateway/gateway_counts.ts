/** What a gateway has counted since its start, and how it is shown. */
import type { HttpListener } from "../server/http_listener.ts";
import type { GuestTools } from "../instance/guest_tools.ts";
import type { DenialCounts } from "../telemetry/denial_counts.ts";
import type { FailureCounts } from "../telemetry/failure_counts.ts";
import type { GatewayMetrics } from "../telemetry/gateway_metrics.ts";
import type { LimitCounts } from "../telemetry/limit_counts.ts";
import type { RecentEvents } from "../telemetry/recent_events.ts";
import type { ReloadCounts } from "../telemetry/reload_counts.ts";
import type { RequestCounts } from "../telemetry/request_counts.ts";
import type { StandingFaults } from "../telemetry/standing_faults.ts";
import type { SpanCount } from "../telemetry/trace.ts";

/** Whoever counts. */
export interface Counts {
  readonly denials: DenialCounts;
  readonly limits: LimitCounts;
  readonly failures: FailureCounts;
  readonly reloads: ReloadCounts;
  readonly requests: RequestCounts;
  readonly recent: RecentEvents;
  readonly faults: StandingFaults;
  readonly spans: () => readonly SpanCount[];
}

/** The totals of now, those of the listener too. */
export function metricsOf(
  counts: Counts & {
    readonly certificatesEndMs: () => readonly number[];
    readonly listener: Pick<HttpListener, "streamCount" | "streamResets">;
  },
  { instanceCounts }: Pick<GuestTools, "instanceCounts">,
): GatewayMetrics {
  return {
    requests: counts.requests.snapshot(),
    denied: counts.denials.snapshot(),
    limited: counts.limits.snapshot(),
    failed: counts.failures.snapshot(),
    reloads: counts.reloads.snapshot(),
    instances: instanceCounts.snapshot(),
    certificatesEndMs: counts.certificatesEndMs(),
    http2: { streams: counts.listener.streamCount, resets: counts.listener.streamResets },
    spans: counts.spans(),
  };
}
