/** The traces of a gateway that has a collector. */
import type { Clock } from "../base/clock.ts";
import { parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import { TlsTrust } from "../network/tls_trust.ts";
import type { EmitEvent } from "../telemetry/events.ts";
import type { Traces } from "../telemetry/otel_traces.ts";

/**
 * What the operator says of traces.
 *
 * @example
 * await startGateway({ folder: "workloads", otlp: "http://127.0.0.1:4318", traceRatio: 0.1, traceTo: ["*.svc.cluster.local"] });
 */
export interface TraceSettings {
  /** The collector's address (OTLP over HTTP, JSON), like `http://127.0.0.1:4318`. Default: there are no traces. */
  readonly otlp?: string | undefined;
  /** What part of the requests is recorded, 0 to 1. Default: 1. */
  readonly traceRatio?: number | undefined;
  /** Hosts outside of their workload whose requests from guests get a `traceparent`: names, `*.suffix`, addresses, or `*`. Default: none. */
  readonly traceTo?: readonly string[] | undefined;
}

/** Within the time that a supervisor waits after the drain. */
export const TRACES_CLOSE_MS = 3_000;

/** Opens them; undefined when nobody asked for any. */
export async function openTraces(
  { otlp, traceRatio = 1, traceTo = [] }: TraceSettings,
  { clock, emit, ca }: { readonly clock: Clock; readonly emit: EmitEvent; readonly ca?: string | undefined },
): Promise<Traces | undefined> {
  if (otlp === undefined) return undefined;
  // lazy: OpenTelemetry takes a third of a start to load, and most gateways have no collector
  const { startTraces } = await import("../telemetry/otel_traces.ts");
  const mayTell = (host: string): boolean => traceTo.some((pattern) => matchesHost(pattern, host));
  const roots = ca === undefined ? undefined : new TlsTrust(ca).roots();
  return startTraces({ endpoint: otlp, ratio: traceRatio, mayTell, serviceName: "loopgate", roots, clock, emit });
}

/** Where no guest gets: whoever reaches the collector can write anybody's spans. Of a name nobody knows which addresses it will have. */
export function collectorAddresses({ otlp }: TraceSettings): readonly SocketAddress[] {
  if (otlp === undefined) return [];
  const { hostname, port, protocol } = new URL(otlp);
  const address = parseIpAddress(hostname.replace(/^\[|\]$/g, ""));
  if (address === undefined) return [];
  return [{ address, port: port === "" ? protocol === "https:" ? 443 : 80 : Number(port) }];
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  return pattern.startsWith("*.") && host.endsWith(pattern.slice(1));
}
