/** How many streams of HTTP/2 ended by a code of either side, since the gateway started: `loopgate_http2_resets_total`. */
import type { StreamResetCount } from "../telemetry/gateway_metrics.ts";

/** The codes of RFC 9113 section 7, in their order; what a client makes up beyond them is "other". */
const REASONS = [
  "no_error",
  "protocol_error",
  "internal_error",
  "flow_control_error",
  "settings_timeout",
  "stream_closed",
  "frame_size_error",
  "refused_stream",
  "cancel",
  "compression_error",
  "connect_error",
  "enhance_your_calm",
  "inadequate_security",
  "http_1_1_required",
] as const;

/** One for a listener. */
export class StreamResets {
  readonly #totals = new Map<string, number>();

  /** A stream has ended; 0 is an end without a fault. */
  add(code: number): void {
    if (code === 0) return;
    const reason = REASONS[code] ?? "other";
    this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + 1);
  }

  /** A plain copy. */
  snapshot(): readonly StreamResetCount[] {
    return [...this.#totals].map(([reason, total]) => ({ reason, total }));
  }
}
