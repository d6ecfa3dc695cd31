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
export type { Clock } from "./base/clock.ts";
export type { Diagnostic } from "./base/diagnostics.ts";
export { diagnosticsText, type DiagnosticStyle, PLAIN_STYLE } from "./base/diagnostics_text.ts";
export { type ErrorCode, LoopgateError } from "./base/errors.ts";
export type { FaultCode } from "./base/fault_codes.ts";
export type { IpAddress, IpFamily, SocketAddress } from "./base/ip_address.ts";
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
export { type Arguments, type Environment, Secret } from "./base/secret.ts";
export type { ModuleStore } from "./component/module_store.ts";
export type { FileFacts, FileReader, FolderEntry } from "./config/file_reader.ts";
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
export type { PublishOptions } from "./gateway/published_port.ts";
export type { ReloadOutcome } from "./gateway/reload_readings.ts";
export { runCommand, type RunCommandOptions } from "./gateway/run_command.ts";
export type { OnTrap } from "./instance/guest_tools.ts";
export type { RouteMatch } from "./router/route_match.ts";
export type { ListenAddress } from "./server/http_listener.ts";
export { LISTENER_LIMITS, type ListenerLimits } from "./server/listener_limits.ts";
export type { FetchOptions } from "./server/web_app.ts";
export type { DenialCount, DenialDecision } from "./telemetry/denial_counts.ts";
export type { EmitEvent, GatewayEvent, GuestLabel } from "./telemetry/events.ts";
export type { FailureCount } from "./telemetry/failure_counts.ts";
export type { GatewayMetrics, StreamResetCount } from "./telemetry/gateway_metrics.ts";
export type { InstanceCount } from "./telemetry/instance_counts.ts";
export type { LimitCount, LimitName } from "./telemetry/limit_counts.ts";
export type { LiveKind } from "./telemetry/live_counters.ts";
export type { ReloadCount, ReloadResult } from "./telemetry/reload_counts.ts";
export type { RequestCount, StatusClass } from "./telemetry/request_counts.ts";
export type { StandingFault } from "./telemetry/standing_faults.ts";
export type { SpanCount } from "./telemetry/trace.ts";
export type { MountSpec } from "./volume/mount.ts";
export type { QuotaLimits } from "./volume/quota.ts";
export type {
  HostPort,
  InstanceMode,
  RestartPolicy,
  RouteSpec,
  ServiceSpec,
  StartWith,
  WorkloadSpec,
} from "./workload/spec.ts";
