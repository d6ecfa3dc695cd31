/** What the files of a folder say, checked and with defaults filled in. `config` makes it, `workload` and `gateway` use it. */
import type { IpPrefix, SocketAddress } from "../base/ip_address.ts";
import type { Arguments, Environment, Secret } from "../base/secret.ts";
import type { ProcessLimits, RouteLimits, ServiceLimits, WorkloadTotals } from "../base/limits.ts";
import type { Policy } from "../policy/policy.ts";
import type { RouteMatch } from "../router/route_match.ts";
import type { LogLevel } from "../telemetry/log_level.ts";
import type { MountSpec } from "../volume/mount.ts";

/** What becomes of an instance after a request. */
export type InstanceMode =
  /** The next request meets an instance in its first state: a recycled one, or a new one. */
  | { readonly kind: "fresh" }
  /** The next request meets what the last one left, up to so many requests. */
  | { readonly kind: "reuse"; readonly requestsMax: number };

/** A `*.route.jsonc`. */
export interface RouteSpec {
  /** The file's name without `.route.jsonc`; unique in its workload. */
  readonly name: string;
  /** Its path. */
  readonly file: string;
  /** Which requests it takes. */
  readonly match: RouteMatch;
  /** Path of the component's file. */
  readonly component: string;
  /** The workload's environment with the route's over it. */
  readonly env: Environment;
  /** Without the program's name. */
  readonly args: Arguments;
  /** Of its component. */
  readonly policy: Policy;
  /** The route's own, else the workload's, else the defaults; never above the operator's. */
  readonly limits: RouteLimits;
  /** The route's own, else the workload's; undefined: none. */
  readonly volumes?: readonly MountSpec[] | undefined;
  /** What a request finds in its instance: nothing of others, or what they left. */
  readonly instance: InstanceMode;
}

/** Whether a service that ended is started again; "on-failure": unless it ended well. */
export type RestartPolicy = "never" | "on-failure" | "always";

/** The `service` of a `workload.jsonc`. */
export interface ServiceSpec {
  /** Path of the component's file. */
  readonly component: string;
  /** The workload's environment with the service's over it. */
  readonly env: Environment;
  /** Without the program's name. */
  readonly args: Arguments;
  /** The loopback port whose listener makes the service ready; undefined: ready at once. */
  readonly readyTcpPort: number | undefined;
  /** What happens when it ended. */
  readonly restart: RestartPolicy;
  /** Restarts in a row without a minute of health, after which it has failed; undefined: as many as it takes. */
  readonly restartsMax: number | undefined;
  /** Its own, else the defaults; never above the operator's. */
  readonly limits: ServiceLimits;
  /** The service's own, else the workload's; undefined: none. */
  readonly volumes?: readonly MountSpec[] | undefined;
}

/** A sub-folder. */
export interface WorkloadSpec {
  /** The folder's name. */
  readonly name: string;
  /** Its path. */
  readonly folder: string;
  /** Undefined: it has none. */
  readonly service: ServiceSpec | undefined;
  /** All of them. */
  readonly routes: readonly RouteSpec[];
  /** Of the service. */
  readonly policy: Policy;
  /** What all its guests may use together. */
  readonly totals: WorkloadTotals;
}

/** Where something listens. */
export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string;
  /** 0 is a free one. */
  readonly port: number;
}

/** What the operator's `gateway.jsonc` says besides the ceiling, which is in every policy already. */
export interface GatewaySpec {
  /** Prefixes of the network's own NAT64 (RFC 6052): an address below them is judged as the IPv4 one it carries. */
  readonly nat64: readonly IpPrefix[];
  /** What these say of a request's client is believed. */
  readonly trustedProxies: readonly IpPrefix[];
  /** DNS servers; undefined: the machine's. */
  readonly resolver: readonly SocketAddress[] | undefined;
  /** PEM text of certificates that are trusted besides the machine's. */
  readonly ca: string | undefined;
  readonly limits: ProcessLimits;
  /** What differs from the listener's defaults. */
  readonly listener: ListenerSpec;
  /** Where clients are served; undefined: at the default. */
  readonly listen: HostPort | undefined;
  /** What the listener serves with over TLS, the first one for clients that name nothing; undefined: in plain. */
  readonly tls: readonly TlsIdentity[] | undefined;
  /** Whether clients get HTTP/2 that prefer it; only with `tls`. */
  readonly http2: boolean;
  /** Where the admin listens; undefined: nowhere. */
  readonly admin: HostPort | undefined;
  /** How `serve` prints events. */
  readonly log: LogFormat | undefined;
  readonly logLevel: LogLevel | undefined;
  /** The collector of traces; undefined: there are none. */
  readonly otlp: string | undefined;
  readonly traceRatio: number | undefined;
  /** Hosts that are told the trace of what guests ask of them. */
  readonly traceTo: readonly string[] | undefined;
  /** Processes of `serve`. */
  readonly replicas: number | undefined;
  /** Whether changes of the folder are looked for. */
  readonly watch: boolean | undefined;
  /** Undefined: all. */
  readonly startWith: StartWith | undefined;
}

/** What a start does where a workload has a fault: serves nothing, or what is sound. */
export type StartWith = "all" | "sound";

/** How events are printed. */
export type LogFormat = "pretty" | "json";

/** A certificate and its key, as PEM. */
export interface TlsIdentity {
  /** The chain: the listener's own certificate first, then those between it and a root. */
  readonly certificate: string;
  readonly key: Secret;
  /** The file of the certificate, for whoever is told about it. */
  readonly name?: string;
  /** Every user of the machine can read the key. */
  readonly isKeyOpen?: boolean;
}

/** Bounds of the listener that the operator sets; `server/listener_limits.ts` says what each stops. */
export interface ListenerSpec {
  readonly connectionsMax?: number;
  readonly headerBytesMax?: number;
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly keepAliveTimeoutMs?: number;
  readonly responseStallTimeoutMs?: number;
  readonly bodyWindowBytes?: number;
  readonly discardBytesMax?: number;
  readonly aheadRequestsMax?: number;
  readonly aheadRequestsTotalMax?: number;
  readonly lingerMs?: number;
  readonly drainTimeoutMs?: number;
}
