/** The span of a request that came in, from its head to the end of its answer. */
import type { RouteMatch } from "../router/route_match.ts";
import type { GatewayEvent } from "../telemetry/events.ts";
import type { Tracer, TraceSpan } from "../telemetry/trace.ts";
import { readTraceContext } from "../telemetry/trace_context.ts";

/** What is known of a request at its start. */
export interface StartingRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  /** The request comes from a proxy of the operator's. */
  readonly isTrusted: boolean;
}

/**
 * Begins it. Nobody is trusted who is no proxy of the operator: a client says which trace its request belongs to, and
 * whether it is recorded the operator's ratio decides.
 */
export function startRequestSpan(
  tracer: Tracer,
  { method, scheme, rawHeaders, isTrusted }: StartingRequest,
): TraceSpan {
  const parents: string[] = [];
  const states: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase();
    if (name === "traceparent") parents.push(rawHeaders[index + 1] ?? "");
    else if (name === "tracestate") states.push(rawHeaders[index + 1] ?? "");
  }
  const parent = readTraceContext({ parents, states });
  return tracer.startRequest({ method, parent, isTrusted, facts: { "url.scheme": scheme } });
}

/** Ends it with what the log says of the request. */
export function endRequestSpan(
  span: TraceSpan,
  { event, match }: {
    readonly event: Extract<GatewayEvent, { readonly kind: "request" }>;
    readonly match: RouteMatch | undefined;
  },
): void {
  const { requestId, workload, route, method, path, status, requestBytes, responseBytes, cpuMs, cause, code } = event;
  const isError = status >= 500;
  span.set({
    "url.path": path,
    "http.response.status_code": status,
    "http.request.body.size": requestBytes,
    "http.response.body.size": responseBytes,
    "loopgate.request_id": requestId,
    "loopgate.workload": workload,
    "loopgate.route": route,
    "loopgate.guest.cpu_ms": cpuMs,
    "loopgate.cause": cause,
    "loopgate.code": code,
    ...(isError && { "error.type": String(status) }),
    ...(match !== undefined && { "http.route": match.path, "http.request.method": method }),
  });
  span.end(isError ? cause ?? `the guest answered ${status}` : undefined);
}
