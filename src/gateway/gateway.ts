/** The composition root: from a folder to a running gateway, through its reloads, and back to nothing. */
import { getHeapStatistics } from "node:v8";
import { type Clock, systemClock } from "../base/clock.ts";
import { parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import { ComponentCache } from "../component/cache.ts";
import type { ModuleStore } from "../component/module_store.ts";
import type { FileReader } from "../config/file_reader.ts";
import { folderFiles } from "../config/folder_files.ts";
import { SUSPENDING } from "../host/suspending.ts";
import { type GuestTools, type OnTrap, openGuestTools } from "../instance/guest_tools.ts";
import { HOST_BYTES_MAX } from "../instance/process_budget.ts";
import type { Egress } from "../network/egress.ts";
import { RouterTable } from "../router/router_table.ts";
import type { ListenAddress } from "../server/http_listener.ts";
import type { FetchOptions } from "../server/web_app.ts";
import { LISTENER_LIMITS } from "../server/listener_limits.ts";
import { DenialCounts } from "../telemetry/denial_counts.ts";
import type { EmitEvent } from "../telemetry/events.ts";
import { FailureCounts } from "../telemetry/failure_counts.ts";
import type { GatewayMetrics } from "../telemetry/gateway_metrics.ts";
import { LimitCounts } from "../telemetry/limit_counts.ts";
import { LimitLog } from "../telemetry/limit_log.ts";
import { LiveCounters, type LiveKind } from "../telemetry/live_counters.ts";
import { RecentEvents } from "../telemetry/recent_events.ts";
import { ReloadCounts } from "../telemetry/reload_counts.ts";
import { RequestCounts } from "../telemetry/request_counts.ts";
import { type StandingFault, StandingFaults } from "../telemetry/standing_faults.ts";
import type { GatewaySpec, HostPort, StartWith, WorkloadSpec } from "../workload/spec.ts";
import type { RouteTarget } from "../workload/held_route.ts";
import { type OpenAdmin, openAdmin } from "./open_admin.ts";
import { collectorAddresses, openTraces, TRACES_CLOSE_MS, type TraceSettings } from "./open_traces.ts";
import { type Counts, metricsOf } from "./gateway_counts.ts";
import { openServer } from "./open_server.ts";
import { countedClock } from "./counted_clock.ts";
import { DEFAULT_EGRESS } from "./default_egress.ts";
import { openEgressTools } from "./egress_tools.ts";
import { folderProbe } from "./folder_probe.ts";
import { FolderWatch } from "./folder_watch.ts";
import type { GatewayLimits } from "./limit_overrides.ts";
import type { PublishOptions } from "./published_port.ts";
import { PublishedPorts } from "./published_ports.ts";
import { randomBytes } from "./random_bytes.ts";
import { readFolder } from "./read_folder.ts";
import type { ReloadOutcome } from "./reload_readings.ts";
import { Reloader } from "./reloader.ts";
import { WorkloadSet } from "./workload_set.ts";

/** How a gateway is started. Only the folder has to be there: `{ folder: "workloads", watch: true }`. */
export interface GatewayOptions extends TraceSettings {
  /** The folder of workloads; diagnostics name its files in the same way. */
  readonly folder: string;
  /** Over what `gateway.jsonc` says. Default: 127.0.0.1:8080. */
  readonly listen?: ListenAddress;
  /** Where the program around listens, by address: no guest reaches that, whatever its policy says. */
  readonly ownListeners?: readonly HostPort[];
  /** Where health, metrics and the admin page are served, over what `gateway.jsonc` says. Default: nowhere. */
  readonly admin?: HostPort;
  /** Whether changes of the files are served by themselves, without `reload`; of the machine's files only. Default: what `gateway.jsonc` says, else false. */
  readonly watch?: boolean;
  /**
   * What becomes of a start when a workload's files have faults: with "all" it fails, with "sound" the workload is left out,
   * its routes answer 503, and it comes in when it is mended (by `watch`, or `reload`). A fault of `gateway.jsonc` or of no single
   * workload, such as one route in two of them, always fails it. Default: what `gateway.jsonc` says, else "all".
   */
  readonly startWith?: StartWith | undefined;
  /** Told of each trap of a guest that is its own doing, for whoever wants the stack. It must not throw. */
  readonly onTrap?: OnTrap;
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
  /** Where the rewritten modules of components are kept for the next start; what comes from it runs. Default: nowhere. */
  readonly moduleStore?: ModuleStore | undefined;
}

/** A running gateway, with or without a listener of its own. */
export interface GatewayCore {
  /** Where the admin listens; undefined: nowhere. */
  readonly adminAddress: HostPort | undefined;
  /** How long `close` lets requests in flight finish. */
  readonly drainMs: number;
  /** What it serves now, by name. */
  readonly workloads: readonly WorkloadSpec[];
  /** What the files say and is not served, until they are mended; empty when all is well. */
  readonly faults: readonly StandingFault[];
  /** What is alive now. All zero when no request, service or timer is. */
  counters(): Readonly<Record<LiveKind, number>>;
  /** Totals since the start, for metrics. */
  metrics(): GatewayMetrics;
  /** The state of a workload's service; undefined when it has none. */
  serviceState(workload: string): string | undefined;
  /**
   * Reads the files again, and resolves when everything that has changed is served or refused: new services are ready,
   * former versions finish their requests. Changes with faults, or whose service does not start, change nothing ("kept").
   */
  reload(): Promise<readonly ReloadOutcome[]>;
  /**
   * Opens a port of this machine that leads into a workload's private loopback, for debugging: whoever reaches the port is
   * past the workload's isolation. Guests do not reach it. It closes with the gateway.
   *
   * @throws {LoopgateError} ERR_USAGE when there is no such workload, or the port cannot be opened
   */
  publish(workload: string, options: PublishOptions): Promise<{ readonly address: SocketAddress }>;
  /**
   * Answers a request of the web as the listener does one, with its routes, limits and log lines. Resolves when the head of the
   * answer is there; rejects only when the request's signal is aborted before. What a server does for its clients (timeouts
   * for slow ones, bounds on headers and connections) is the program's own.
   *
   * @example new Hono().mount("/edge", (request) => gateway.fetch(request));
   */
  fetch(request: Request, options?: FetchOptions): Promise<Response>;
  /** Stops accepting, lets requests in flight finish for a while, then ends everything. Idempotent. */
  close(): Promise<void>;
}

/** A running gateway that listens. */
export interface Gateway extends GatewayCore {
  /** Where it listens; the port is the real one. */
  readonly address: ListenAddress;
  /** `http://127.0.0.1:8080`, with `https` when it serves over TLS. */
  readonly url: string;
}

/** Of the heap of JavaScript, for what the host keeps for guests; the rest is for the gateway itself. */
const HOST_HEAP_SHARE = 1 / 4;

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
  const { core, address, scheme } = await openGateway(options, true);
  if (address === undefined) throw new TypeError("Cannot tell where the gateway listens");
  return Object.assign(core, { address, url: urlOf(address, scheme) });
}

/**
 * A gateway without a listener, for a program that has a server: requests come by `fetch`.
 *
 * @throws {LoopgateError} ERR_CONFIG (with all diagnostics, when they are the files'), ERR_LISTEN for the admin's address
 * @example
 * const gateway = await createGateway({ folder: "workloads" });
 * const app = new Hono().mount("/edge", (request) => gateway.fetch(request));
 */
export async function createGateway(options: Omit<GatewayOptions, "listen">): Promise<GatewayCore> {
  return (await openGateway(options, false)).core;
}

/** A gateway, and where it listens if it does. */
interface OpenGateway {
  readonly core: GatewayCore;
  readonly address: ListenAddress | undefined;
  readonly scheme: "http" | "https";
}

async function openGateway(options: GatewayOptions, listens: boolean): Promise<OpenGateway> {
  const { folder, files = folderFiles } = options;
  const cache = new ComponentCache({ suspending: SUSPENDING, tracksWrites: true, store: options.moduleStore });
  const reading = { folder, files, cache };
  const first = await readFolder({ ...reading, startWith: (said) => options.startWith ?? said ?? "all" });
  // The watch has a timer at all times: it is no sign of something forgotten.
  const quietClock = options.clock ?? systemClock;
  const operator = first.operator.gateway;
  const { tools, counts, close: closeTelemetry } = await openTelemetry(options, operator);
  const [{ counters }, { faults }] = [tools, counts];
  const listenerLimits = { ...LISTENER_LIMITS, ...operator.listener, ...options.limits?.listener };
  const own: SocketAddress[] = [...collectorAddresses({ otlp: options.otlp ?? operator.otlp })];
  const drainMs = listenerLimits.drainTimeoutMs;
  const router = new RouterTable<RouteTarget>();
  const workloads = openWorkloads(options, { router, tools, counts, operator, drainMs, own });
  const published = new PublishedPorts(workloads, tools, (address) => void own.push(address));
  workloads.open(first);
  const server = openServer(router, tools, { limits: listenerLimits, operator });
  const { listener, app, web, closeServer, onOperator, scheme } = server;
  const reloader = new Reloader({ reading, first, workloads, clock: quietClock, emit: tools.emit, faults, onOperator });
  let address: ListenAddress | undefined;
  let admin: OpenAdmin | undefined;
  try {
    // A guest must not reach the gateway itself, so nothing runs before its addresses are known.
    if (listens) address = await listener.listen(options.listen ?? operator.listen ?? LISTEN_DEFAULT);
    admin = await openAdmin(options.admin ?? operator.admin, {
      url: address === undefined ? "(inside a program)" : urlOf(address, scheme),
      startedWallMs: quietClock.wallMs(),
      workloads,
      counters,
      totals: () => metricsOf({ ...counts, ...server }, tools),
      ...counts,
      isDraining: () => listener.isClosing,
    }, tools.emit);
    const addresses = [address, admin?.address, ...(options.ownListeners ?? [])];
    own.push(...addresses.flatMap((each) => each === undefined ? [] : socketAddressOf(each)));
  } catch (error) {
    await Promise.all([workloads.close(), listener.close(0), closeTelemetry()]);
    throw error;
  }
  workloads.start();
  const watch = (options.watch ?? operator.watch) === true ? await openWatch(folder, quietClock, reloader) : undefined;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // Before they are cut at the end of the drain: a client that is told comes back to the next gateway.
    const drained = closeServer(() => workloads.sendAwayWaiting());
    const quiet = Promise.all([watch?.close(), reloader.close(), published.close()]);
    await drained;
    await workloads.close();
    await quiet;
    await Promise.all([app.settled(), web.settled()]);
    await Promise.all([closeTelemetry(), cache.settled()]);
    await admin?.close();
  };
  const core: GatewayCore = {
    adminAddress: admin?.address,
    drainMs,
    get workloads() {
      return workloads.specs;
    },
    get faults() {
      return faults.list();
    },
    counters: () => counters.snapshot(),
    metrics: () => metricsOf({ ...counts, ...server }, tools),
    serviceState: (name) => workloads.current(name)?.service?.state.kind,
    reload: () => reloader.reload(),
    publish: (workload, port) => published.open(workload, port),
    fetch: (request, fetchOptions) => web.fetch(request, fetchOptions),
    close: () => closed ??= close(),
  };
  return { core, address, scheme };
}

/** The workloads of a gateway, none of them made yet. */
function openWorkloads(options: GatewayOptions, shared: {
  readonly router: RouterTable<RouteTarget>;
  readonly tools: GuestTools;
  readonly counts: Counts;
  readonly operator: GatewaySpec;
  readonly drainMs: number;
  /** Where the gateway itself listens, as far as it is known when somebody asks. */
  readonly own: readonly SocketAddress[];
}): WorkloadSet {
  const { router, tools, counts, operator, drainMs, own } = shared;
  const { clock, counters } = tools;
  return new WorkloadSet({
    router,
    tools,
    counts,
    egress: options.egress ?? DEFAULT_EGRESS,
    limits: options.limits,
    drainMs,
    openEgressTools: ({ resolver, ca, nat64 }: GatewaySpec) =>
      openEgressTools({
        resolver: options.resolver ?? resolver,
        ca: options.ca ?? ca,
        nat64,
        listeners: () => own,
        clock,
        counters,
      }),
    operator,
  });
}

async function openTelemetry(
  options: GatewayOptions,
  operator: GatewaySpec,
): Promise<{ readonly tools: GuestTools; readonly counts: Counts; readonly close: () => Promise<void> }> {
  const { clock, emit = () => {}, limits, onTrap } = options;
  const counters = new LiveCounters();
  const counted = countedClock(clock ?? systemClock, counters);
  const counts: Omit<Counts, "spans"> = {
    denials: new DenialCounts(),
    limits: new LimitCounts(),
    failures: new FailureCounts(),
    reloads: new ReloadCounts(),
    requests: new RequestCounts(),
    recent: new RecentEvents(() => counted.wallMs()),
    faults: new StandingFaults(() => counted.wallMs()),
  };
  const counting = counts.requests.counting(
    counts.failures.counting(counts.reloads.counting(counts.recent.keeping(emit))),
  );
  const limitLog = new LimitLog({ clock: counted, emit: counting, counts: counts.limits });
  const traces = await openTraces({
    otlp: options.otlp ?? operator.otlp,
    traceRatio: options.traceRatio ?? operator.traceRatio,
    traceTo: options.traceTo ?? operator.traceTo,
  }, { clock: clock ?? systemClock, emit: counting, ca: options.ca ?? operator.ca });
  const tools = openGuestTools({
    clock: counted,
    randomBytes,
    counters,
    emit: counting,
    onLimit: limitLog.report,
    onComputed: (guest, cpuMs) => counts.requests.addComputed(guest, cpuMs),
    limits: { ...operator.limits, ...limits?.process },
    hostBytesMax: Math.min(HOST_BYTES_MAX, getHeapStatistics().heap_size_limit * HOST_HEAP_SHARE),
    ...(onTrap !== undefined && { onTrap }),
    ...(traces !== undefined && { tracer: traces.tracer }),
  });
  const close = async (): Promise<void> => {
    limitLog.close();
    await traces?.close(TRACES_CLOSE_MS);
  };
  return { tools, counts: { ...counts, spans: () => traces?.counts() ?? [] }, close };
}

async function openWatch(folder: string, clock: Clock, reloader: Reloader): Promise<FolderWatch> {
  const onChanged = (parts: ReadonlySet<string>): Promise<void> => reloader.changed(parts);
  const watch = new FolderWatch({ folder, probe: folderProbe, clock, onChanged });
  await reloader.follow(watch);
  return watch;
}

function socketAddressOf({ host, port }: HostPort): readonly SocketAddress[] {
  const address = parseIpAddress(host.split("%")[0] ?? "");
  return address === undefined ? [] : [{ address, port }];
}

function urlOf({ host, port }: ListenAddress, scheme: string): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
