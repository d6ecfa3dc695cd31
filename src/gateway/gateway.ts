/** The composition root: from a folder to a running gateway, and back to nothing. */
import { type Clock, systemClock } from "../base/clock.ts";
import { sortDiagnostics } from "../base/diagnostics_text.ts";
import { LoopgateError } from "../base/errors.ts";
import { parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import { ComponentCache } from "../component/cache.ts";
import type { CompiledComponent } from "../component/engine.ts";
import type { FileReader } from "../config/file_reader.ts";
import { folderFiles } from "../config/folder_files.ts";
import { loadFolder } from "../config/load_folder.ts";
import { SUSPENDING } from "../host/suspending.ts";
import type { GuestTools } from "../instance/guest.ts";
import type { Egress } from "../network/egress.ts";
import { createRouter } from "../router/router.ts";
import { HttpApp } from "../server/http_app.ts";
import { HttpListener, type ListenAddress } from "../server/http_listener.ts";
import { LISTENER_LIMITS, type ListenerLimits } from "../server/listener_limits.ts";
import { type DenialCount, DenialCounts } from "../telemetry/denial_counts.ts";
import type { EmitEvent } from "../telemetry/events.ts";
import { LimitCounts } from "../telemetry/limit_counts.ts";
import { LimitLog } from "../telemetry/limit_log.ts";
import { LiveCounters, type LiveKind } from "../telemetry/live_counters.ts";
import type { GatewaySpec, WorkloadSpec } from "../workload/spec.ts";
import { Workload } from "../workload/workload.ts";
import { countedClock } from "./counted_clock.ts";
import { DEFAULT_EGRESS } from "./default_egress.ts";
import { openEgressTools } from "./egress_tools.ts";
import { type GatewayLimits, withLimits } from "./limit_overrides.ts";
import { loadComponents } from "./load_components.ts";
import { randomBytes } from "./random_bytes.ts";

/** How a gateway is started. */
export interface GatewayOptions {
  /** The folder of workloads; diagnostics name its files in the same way. */
  readonly folder: string;
  /** Default: 127.0.0.1:8080. */
  readonly listen?: ListenAddress;
  /** Gets every event: log lines of guests, requests, states. It must not throw. Default: events are dropped. */
  readonly emit?: EmitEvent;
  /** The way to real addresses that a policy allows. Default: the machine's sockets. */
  readonly egress?: Egress;
  /** Name servers, instead of those of the files or the machine. At least one. */
  readonly resolver?: readonly SocketAddress[];
  /** PEM text of certificates to trust besides the machine's, instead of what the files say. */
  readonly ca?: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: the machine's. */
  readonly files?: FileReader;
  /** Limits that count instead of what the files say. */
  readonly limits?: GatewayLimits;
}

/** What a gateway has counted. */
export interface GatewayMetrics {
  /** `loopgate_denied_total`. */
  readonly denied: readonly DenialCount[];
}

/** A running gateway. */
export interface Gateway {
  /** Where it listens; the port is the real one. */
  readonly address: ListenAddress;
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** What it serves, as the files say. */
  readonly workloads: readonly WorkloadSpec[];
  /** What is alive now. All zero when no request, service or timer is. */
  counters(): Readonly<Record<LiveKind, number>>;
  /** Totals since the start, for metrics. */
  metrics(): GatewayMetrics;
  /** The state of a workload's service; undefined when it has none. */
  serviceState(workload: string): string | undefined;
  /** Stops accepting, lets requests in flight finish for a while, then ends everything. Idempotent. */
  close(): Promise<void>;
}

/** Where a gateway listens when nobody says otherwise. */
export const LISTEN_DEFAULT: ListenAddress = { host: "127.0.0.1", port: 8080 };

/**
 * Starts a gateway on a folder.
 *
 * @throws {LoopgateError} ERR_CONFIG (with all diagnostics, when they are the files'), ERR_LISTEN
 * @example
 * const gateway = await startGateway({ folder: "workloads", listen: { host: "127.0.0.1", port: 0 } });
 * console.log(await (await fetch(`${gateway.url}/hello`)).text());
 * await gateway.close();
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { folder, files = folderFiles, emit = () => {}, listen = LISTEN_DEFAULT } = options;
  const specs = await loadSpecs(folder, files);
  const counters = new LiveCounters();
  const clock = countedClock(options.clock ?? systemClock, counters);
  const limitCounts = new LimitCounts();
  const limitLog = new LimitLog({ clock, emit, counts: limitCounts });
  const tools: GuestTools = { clock, randomBytes, counters, emit, onLimit: limitLog.report };
  let own: SocketAddress[] = [];
  const egress = options.egress ?? DEFAULT_EGRESS;
  const denials = new DenialCounts();
  const outside = openEgressTools({
    resolver: options.resolver ?? specs.gateway.resolver,
    ca: options.ca ?? specs.gateway.ca,
    nat64: specs.gateway.nat64,
    listeners: () => own,
    clock,
    counters,
  });
  const readinessWaitMs = options.limits?.readinessWaitMs;
  const workloads = specs.workloads.map((spec) =>
    new Workload({
      spec: withLimits(spec, options.limits),
      componentOf: specs.componentOf,
      tools,
      egressTools: outside.tools,
      denials,
      egress,
      ...(readinessWaitMs !== undefined && { readinessWaitMs }),
    })
  );
  const limits = { ...LISTENER_LIMITS, ...options.limits?.listener };
  const { listener, app } = assemble(workloads, tools, limits);
  const closeWorkloads = async (): Promise<void> => {
    await Promise.all(workloads.map((workload) => workload.close()));
    outside.close();
    await app.settled();
    limitLog.close();
  };
  let address: ListenAddress;
  try {
    // A guest must not reach the gateway itself, so nothing runs before its address is known.
    address = await listener.listen(listen);
    const ip = parseIpAddress(address.host.split("%")[0] ?? "");
    if (ip !== undefined) own = [{ address: ip, port: address.port }];
  } catch (error) {
    await closeWorkloads();
    throw error;
  }
  for (const workload of workloads) workload.start();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await listener.close();
    await closeWorkloads();
  };
  return {
    address,
    url: urlOf(address),
    workloads: specs.workloads,
    counters: () => counters.snapshot(),
    metrics: () => ({ denied: denials.snapshot() }),
    serviceState: (name) => workloads.find((workload) => workload.name === name)?.service?.state.kind,
    close: () => closed ??= close(),
  };
}

/** Everything that can be wrong before anything is opened. */
async function loadSpecs(folder: string, files: FileReader): Promise<{
  readonly workloads: readonly WorkloadSpec[];
  readonly gateway: GatewaySpec;
  readonly componentOf: (path: string) => CompiledComponent;
}> {
  const { workloads, gateway, diagnostics } = await loadFolder(folder, files);
  const cache = new ComponentCache({ suspending: SUSPENDING });
  const loaded = await loadComponents(workloads, { cache, files });
  const all = sortDiagnostics([...diagnostics, ...loaded.diagnostics]);
  if (all.length > 0) {
    const faults = all.length === 1 ? "a fault" : `${all.length} faults`;
    const message = `Cannot serve "${folder}": its files have ${faults}, expected none`;
    throw new LoopgateError("ERR_CONFIG", message, { diagnostics: all });
  }
  const componentOf = (path: string): CompiledComponent => {
    const component = loaded.components.get(path);
    if (component === undefined) throw new TypeError(`Cannot find the component of "${path}", expected it loaded`);
    return component;
  };
  return { workloads, gateway, componentOf };
}

function assemble(
  workloads: readonly Workload[],
  tools: GuestTools,
  limits: ListenerLimits,
): { readonly listener: HttpListener; readonly app: HttpApp } {
  const { clock, counters, emit } = tools;
  const routes = workloads.flatMap((workload) => workload.routes);
  const router = createRouter(routes.map((route) => ({ match: route.match, target: route })));
  const app = new HttpApp({ router, limits, clock, counters, emit, isDraining: () => listener.isClosing });
  const listener = new HttpListener({
    limits,
    clock,
    serve: (request, response) => app.serve(request, response),
    onRefused: (failure) => app.logRefused(failure),
    onFault: (error) => emit({ kind: "fault", where: "listener", error }),
  });
  return { listener, app };
}

function urlOf({ host, port }: ListenAddress): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
