/**
 * Loopgate as a library: a gateway, or one command, inside a program of your own. It runs on Node 26 and Deno 2.9
 * and newer, from source.
 *
 * @example
 * import { diagnosticsText, LoopgateError, startGateway } from "loopgate";
 *
 * try {
 *   const gateway = await startGateway({
 *     folder: "workloads",
 *     listen: { host: "127.0.0.1", port: 0 },
 *     emit: (event) => console.log(event.kind),
 *   });
 *   console.log(await (await fetch(`${gateway.url}/hello`)).text());
 *   await gateway.close();
 * } catch (error) {
 *   if (!(error instanceof LoopgateError)) throw error;
 *   console.error(error.message, diagnosticsText(error.diagnostics));
 * }
 *
 * @module
 */
export type { Diagnostic } from "./base/diagnostics.ts";
export { diagnosticsText, type DiagnosticStyle, PLAIN_STYLE } from "./base/diagnostics_text.ts";
export {
  PROCESS_LIMITS,
  type ProcessLimits,
  ROUTE_LIMITS,
  type RouteLimits,
  SERVICE_LIMITS,
  type ServiceLimits,
  WORKLOAD_TOTALS,
  type WorkloadTotals,
} from "./base/limits.ts";
export { type ErrorCode, LoopgateError } from "./base/errors.ts";
export type { ModuleStore } from "./component/module_store.ts";
export {
  createGateway,
  type Gateway,
  type GatewayCore,
  type GatewayOptions,
  LISTEN_DEFAULT,
  startGateway,
} from "./gateway/gateway.ts";
export type { GatewayLimits } from "./gateway/limit_overrides.ts";
export type { TraceSettings } from "./gateway/open_traces.ts";
export type { ReloadOutcome } from "./gateway/reload_readings.ts";
export { runCommand, type RunCommandOptions } from "./gateway/run_command.ts";
export type { ListenAddress } from "./server/http_listener.ts";
export type { FetchOptions } from "./server/web_app.ts";
export { LISTENER_LIMITS, type ListenerLimits } from "./server/listener_limits.ts";
export type { GatewayMetrics } from "./telemetry/gateway_metrics.ts";
export type { EmitEvent, GatewayEvent, GuestLabel } from "./telemetry/events.ts";
export type { LiveKind } from "./telemetry/live_counters.ts";
export type { RouteSpec, ServiceSpec, WorkloadSpec } from "./workload/spec.ts";
