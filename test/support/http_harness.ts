/** A listener and its app with handlers in JavaScript in the place of guests. */
import { systemClock } from "../../src/base/clock.ts";
import type { HandlerExchange } from "../../src/instance/handler_exchange.ts";
import type { RequestFailure } from "../../src/instance/request_failure.ts";
import { createRouter } from "../../src/router/router.ts";
import type { RouteMatch } from "../../src/router/route_match.ts";
import { HttpApp } from "../../src/server/http_app.ts";
import { HttpListener } from "../../src/server/http_listener.ts";
import { LISTENER_LIMITS, type ListenerLimits } from "../../src/server/listener_limits.ts";
import { RequestIds } from "../../src/server/request_id.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { parsePrefix } from "../../src/base/ip_address.ts";
import { TrustedProxies } from "../../src/server/trusted_proxies.ts";
import { TlsIdentities } from "../../src/server/tls_identities.ts";
import { listenerIdentities, schemeOfTests } from "./transport.ts";

export type JsHandler = (exchange: HandlerExchange) => Promise<RequestFailure | undefined | void>;

export interface HttpHarness {
  readonly port: number;
  readonly url: string;
  readonly listener: HttpListener;
  readonly counters: LiveCounters;
  readonly events: GatewayEvent[];
  /** Waits until a request was logged and none is open. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface HarnessOptions {
  readonly limits?: Partial<ListenerLimits>;
  readonly match?: RouteMatch;
  /** Prefixes. */
  readonly trustedProxies?: readonly string[];
  /** Clients that ask for HTTP/2 get it, over TLS. */
  readonly http2?: boolean;
}

/** Every request of `match` (default: any) goes to `handler`. */
export async function startHarness(handler: JsHandler, options: HarnessOptions = {}): Promise<HttpHarness> {
  const counters = new LiveCounters();
  const events: GatewayEvent[] = [];
  const limits = { ...LISTENER_LIMITS, ...options.limits };
  const match = options.match ?? { host: "*", path: "/*", methods: undefined };
  const destination = {
    workload: "test",
    route: "all",
    match,
    hasService: false,
    serve: async (exchange: HandlerExchange, begins?: Promise<void>) => {
      if (begins !== undefined) await begins;
      return (await handler(exchange)) ?? undefined;
    },
  };
  const proxies = new TrustedProxies();
  proxies.use((options.trustedProxies ?? []).map(parsePrefix));
  const app: HttpApp = new HttpApp({
    router: createRouter([{ match, target: destination }]),
    limits,
    clock: systemClock,
    counters,
    emit: (event) => events.push(event),
    requestIds: new RequestIds((length) => crypto.getRandomValues(new Uint8Array(length))),
    isDraining: () => listener.isClosing,
    proxies,
    scheme: schemeOfTests(),
  });
  const identities = listenerIdentities();
  const listener: HttpListener = new HttpListener({
    tls: identities && new TlsIdentities(identities),
    http2: options.http2 ?? false,
    limits,
    clock: systemClock,
    serve: (request, response, flow) => app.serve(request, response, flow),
    onRefused: (failure) => app.logRefused(failure),
    onFault: (error) => events.push({ kind: "fault", where: "listener", error }),
    onFull: () => events.push({ kind: "limited", limit: "connections", detail: "" }),
    onStreamsFull: () => events.push({ kind: "limited", limit: "streamsTotal", detail: "" }),
  });
  const { port } = await listener.listen({ host: "127.0.0.1", port: 0 });
  return {
    port,
    url: `${schemeOfTests()}://127.0.0.1:${port}`,
    listener,
    counters,
    events,
    idle: () => eventually(() => counters.get("requests") === 0 && events.some((event) => event.kind === "request")),
    async close() {
      await listener.close();
      await app.settled();
    },
  };
}

/** Waits for something that happens soon; the test's own timeout is the limit. */
export async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Waits until a number that grows stays the same for a while, and gives it. */
export async function steady(read: () => number): Promise<number> {
  for (let before = read();;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = read();
    if (now === before && now > 0) return now;
    before = now;
  }
}

/** Answers with `status` and a whole body. */
export function answer(exchange: HandlerExchange, status: number, body: string): void {
  const sink = exchange.respond({ status, headers: [["content-type", utf8("text/plain")]] });
  sink.write(utf8(body));
  sink.finish(undefined);
}

/** Reads a request's body to its end, waiting for it. */
export async function readBody(exchange: HandlerExchange): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = exchange.body.read(65_536);
    if (part === "closed") return Buffer.concat(parts);
    if (!(part instanceof Uint8Array)) throw new Error(part.failed.httpCode?.tag ?? part.failed.message);
    if (part.length > 0) parts.push(part);
    else await new Promise<void>((resolve) => void exchange.body.onReady(resolve));
  }
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
