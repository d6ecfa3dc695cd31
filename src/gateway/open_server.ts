/** What takes requests: the listener with its app, and the app of `gateway.fetch`. */
import type { GuestTools } from "../instance/guest_tools.ts";
import type { RouterTable } from "../router/router_table.ts";
import { HttpApp } from "../server/http_app.ts";
import { HttpListener } from "../server/http_listener.ts";
import type { ListenerLimits } from "../server/listener_limits.ts";
import { RequestIds } from "../server/request_id.ts";
import { TlsIdentities } from "../server/tls_identities.ts";
import { expiryOf, tlsWarnings } from "../server/tls_warnings.ts";
import { TrustedProxies } from "../server/trusted_proxies.ts";
import { WebApp } from "../server/web_app.ts";
import type { GatewaySpec, TlsIdentity } from "../workload/spec.ts";
import type { RouteTarget } from "../workload/held_route.ts";

/** Node reads each socket in a job of its own; on Deno what was read is a promise, and the jobs of promises are one. */
const IS_DENO = "Deno" in globalThis;

/** Made, not listening. */
export function openServer(
  router: RouterTable<RouteTarget>,
  { clock, randomBytes, counters, emit, onLimit, tracer, turns }: GuestTools,
  { limits, operator }: { readonly limits: ListenerLimits; readonly operator: GatewaySpec },
): {
  readonly listener: HttpListener;
  readonly app: HttpApp;
  readonly web: WebApp;
  /**
   * Takes no more by `fetch`, at once, and no more connections but those that wait in the system; then calls `onClosing`. Resolves when what
   * runs is done, or its time is over.
   */
  readonly closeServer: (onClosing: () => void) => Promise<void>;
  /** Uses a changed file of the operator's. */
  readonly onOperator: (operator: GatewaySpec) => void;
  /** Of the listener. */
  readonly scheme: "http" | "https";
  /** When its certificates end. */
  readonly certificatesEndMs: () => readonly number[];
} {
  let isClosed = false;
  let certificatesEndMs: readonly number[] = [];
  const openTls = (identities: readonly TlsIdentity[]): TlsIdentities => {
    for (const identity of identities) {
      for (const detail of tlsWarnings(identity, clock.wallMs())) {
        emit({ kind: "certificate", name: identity.name ?? "", detail });
      }
    }
    certificatesEndMs = identities.map(expiryOf);
    return new TlsIdentities(identities);
  };
  const tls = operator.tls && openTls(operator.tls);
  const proxies = new TrustedProxies();
  proxies.use(operator.trustedProxies);
  const shared = { router, limits, clock, counters, emit, requestIds: new RequestIds(randomBytes), tracer, proxies };
  const scheme = tls === undefined ? "http" : "https";
  const app: HttpApp = new HttpApp({
    ...shared,
    isDraining: () => listener.isClosing,
    // Deno reads what all connections have sent in one job.
    ...(!IS_DENO && { beginJob: () => turns.beginJob() }),
    scheme,
  });
  const web = new WebApp({ ...shared, isDraining: () => isClosed });
  const listener: HttpListener = new HttpListener({
    tls,
    http2: operator.http2,
    limits,
    clock,
    serve: (request, response, flow) => app.serve(request, response, flow),
    onRefused: (failure) => app.logRefused(failure),
    onFault: (error) => emit({ kind: "fault", where: "listener", error }),
    onConnection: () => turns.connectionCame(),
    onFull: () => onLimit(undefined, "connections", `closed at accept, ${limits.connectionsMax} are open`),
    onStreamsFull: () => onLimit(undefined, "streamsTotal", `a stream was refused, ${limits.streamsTotalMax} are open`),
  });
  const closeWeb = async (): Promise<void> => {
    isClosed = true;
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const cancelLimit = clock.startTimer(limits.drainTimeoutMs, resolve);
    await Promise.race([web.settled(), isOver]);
    cancelLimit();
    web.expire();
  };
  const closeServer = async (onClosing: () => void): Promise<void> => {
    const webClosed = closeWeb();
    const closed = listener.close(await listener.acceptWaiting());
    onClosing();
    await Promise.all([closed, webClosed]);
  };
  const onOperator = ({ trustedProxies, tls: identities }: GatewaySpec): void => {
    proxies.use(trustedProxies);
    // With TLS or without it is decided when the listener opens; `laterKeys` says so.
    if (tls !== undefined && identities !== undefined) listener.useTls(openTls(identities));
  };
  return { listener, app, web, closeServer, onOperator, scheme, certificatesEndMs: () => certificatesEndMs };
}
