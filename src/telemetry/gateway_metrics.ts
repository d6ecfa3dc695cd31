/** The totals of a gateway since its start: what embedders read, and what the admin listener shows. */
import type { DenialCount } from "./denial_counts.ts";
import type { FailureCount } from "./failure_counts.ts";
import type { InstanceCount } from "./instance_counts.ts";
import type { LimitCount } from "./limit_counts.ts";
import type { ReloadCount } from "./reload_counts.ts";
import type { RequestCount } from "./request_counts.ts";
import type { SpanCount } from "./trace.ts";

/** Streams of HTTP/2 that ended early. */
export interface StreamResetCount {
  /** A code of RFC 9113, such as "cancel", or "other". */
  readonly reason: string;
  /** How often. */
  readonly total: number;
}

/** What a gateway has counted. */
export interface GatewayMetrics {
  /** `loopgate_requests_total`, `loopgate_request_duration_seconds`, `loopgate_guest_cpu_seconds_total`. */
  readonly requests: readonly RequestCount[];
  /** `loopgate_denied_total`. */
  readonly denied: readonly DenialCount[];
  /** `loopgate_limited_total`. */
  readonly limited: readonly LimitCount[];
  /** `loopgate_failures_total`. */
  readonly failed: readonly FailureCount[];
  /** `loopgate_reloads_total`. */
  readonly reloads: readonly ReloadCount[];
  /** `loopgate_instances_total`. */
  readonly instances: readonly InstanceCount[];
  /** `loopgate_certificate_expires_seconds`: when the certificates of the listener end, in ms since 1970, in the order of the file; empty without TLS. */
  readonly certificatesEndMs: readonly number[];
  /** Of the listener: `loopgate_http2_streams`, open now, and `loopgate_http2_resets_total`. */
  readonly http2: { readonly streams: number; readonly resets: readonly StreamResetCount[] };
  /** `loopgate_spans_total`; empty where there are no traces. */
  readonly spans: readonly SpanCount[];
}
