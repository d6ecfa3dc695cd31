/**
 * A gateway whose guests try to get out, and a machine of the test's own around it: every judged address leads to one
 * server of the test, and what was dialled is kept. No packet leaves the machine.
 */
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { fileURLToPath } from "node:url";
import { buildWorkloads } from "../../scripts/build_workloads.ts";
import { formatSocketAddress, LOOPBACK_V4, type SocketAddress } from "../../src/base/ip_address.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/gateway.ts";
import type { Egress } from "../../src/network/egress.ts";
import { dialEgressTcp } from "../../src/network/egress_tcp.ts";
import { openEgressUdp } from "../../src/network/egress_udp.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { DnsServer } from "./dns_server.ts";
import { type FolderContent, memoryFiles } from "./gateway_harness.ts";
import { fixture } from "./http_client_bench.ts";
import { eventually } from "./http_harness.ts";

const GUESTS = fileURLToPath(new URL("../guests/quickjs", import.meta.url));

/** What the guest is asked to do; see `test/guests/quickjs/traveller`. */
export type Step =
  | {
    readonly do: "http";
    readonly scheme?: string;
    readonly authority: string;
    readonly path?: string;
    readonly method?: string;
    readonly headers?: readonly (readonly [string, string])[];
    readonly body?: string;
    readonly trailers?: readonly (readonly [string, string])[];
    readonly firstByteTimeoutMs?: number;
  }
  | { readonly do: "tcp" | "udp"; readonly address: readonly number[]; readonly port: number }
  | { readonly do: "resolve"; readonly name: string };

/** What a file says about the network; for a route too. */
export interface NetValues {
  readonly net?: unknown;
  readonly dns?: unknown;
}

/** A workload of a test: what it may, and routes that may something else. */
export interface TravellerWorkload extends NetValues {
  readonly service?: boolean;
  readonly routes?: Readonly<Record<string, NetValues>>;
}

/** The server outside, as the guests' requests see it. */
export interface Outside {
  /** Judged addresses in the order in which they were dialled: `http 203.0.113.1:80`. */
  readonly dialled: string[];
  /** The names in the TLS handshakes that went well. */
  readonly serverNames: string[];
  /** Of each request that arrived. */
  readonly traceparents: (string | undefined)[];
  /** Requests that arrived. */
  readonly requests: {
    readonly line: string;
    readonly host: string;
    readonly cdnLoop: string;
    readonly body: string;
  }[];
}

export interface Travels {
  readonly gateway: Gateway;
  readonly dns: DnsServer;
  readonly outside: Outside;
  readonly events: GatewayEvent[];
  /** The denials that were reported, as "operation target". */
  readonly denials: string[];
  /** What came of each step, by the guest of `/<workload>` or `/<workload>-<route>`. */
  go(where: string, steps: readonly Step[], headers?: Readonly<Record<string, string>>): Promise<unknown[]>;
  /** Ends everything, and waits until nothing of the gateway is alive. */
  close(): Promise<void>;
}

export async function startTravels(
  workloads: Readonly<Record<string, TravellerWorkload>>,
  options: Partial<GatewayOptions> = {},
): Promise<Travels> {
  const outside: Outside = { dialled: [], requests: [], serverNames: [], traceparents: [] };
  const { servers, datagrams, egress } = await openOutside(outside);
  const dns = await DnsServer.start();
  const events: GatewayEvent[] = [];
  const gateway = await startGateway({
    folder: "w",
    files: memoryFiles(await contentOf(workloads)),
    listen: { host: "127.0.0.1", port: 0 },
    emit: (event) => events.push(event),
    egress,
    resolver: [dns.address],
    ...options,
  });
  const services = Object.entries(workloads).filter(([, { service }]) => service === true);
  await eventually(() => services.every(([name]) => gateway.serviceState(name) === "ready"));
  return {
    gateway,
    dns,
    outside,
    events,
    get denials() {
      return events.flatMap((event) => event.kind === "denied" ? [`${event.operation} ${event.target}`] : []);
    },
    async go(where, steps, headers = {}) {
      const url = `http://127.0.0.1:${gateway.address.port}/${where}`;
      const response = await fetch(url, { method: "POST", body: JSON.stringify(steps), headers });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${response.status} ${text}`);
      return JSON.parse(text) as unknown[];
    },
    async close() {
      await gateway.close();
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      datagrams.close();
      await dns.close();
      // Sockets of the system tell a moment later that they are closed.
      await eventually(() => Object.values(gateway.counters()).every((count) => count === 0));
    },
  };
}

async function openOutside({ dialled, requests, serverNames, traceparents }: Outside): Promise<{
  readonly servers: readonly Pick<Server, "close" | "closeAllConnections">[];
  readonly datagrams: DatagramSocket;
  readonly egress: Egress;
}> {
  const serve: RequestListener = (request, response) => {
    void readBody(request).then((body) => {
      const { host = "", "cdn-loop": cdnLoop, traceparent } = request.headers;
      traceparents.push(traceparent === undefined ? undefined : String(traceparent));
      requests.push({ line: `${request.method} ${request.url}`, host, cdnLoop: String(cdnLoop), body });
      // "/silent" is never answered.
      if (request.url === "/silent") return;
      response.setHeader("location", "http://10.0.0.1/");
      response.statusCode = request.url === "/redirect" ? 302 : 200;
      response.end(`seen ${request.url}${body === "" ? "" : ` with ${body}`}`);
    });
  };
  const server = createServer(serve);
  const tlsServer = createTlsServer({ key: fixture("good.key.pem"), cert: fixture("good.pem") }, serve);
  tlsServer.on("secureConnection", (socket) => serverNames.push(String(socket.servername)));
  const datagrams = createSocket("udp4");
  for (const each of [server, tlsServer]) each.listen(0, "127.0.0.1");
  datagrams.bind(0, "127.0.0.1");
  await Promise.all([server, tlsServer, datagrams].map((each) => once(each, "listening")));
  const here = (port: number): SocketAddress => ({ address: LOOPBACK_V4, port });
  const note = (scheme: string, remote: SocketAddress): void => {
    dialled.push(`${scheme} ${formatSocketAddress(remote)}`);
  };
  const egress: Egress = {
    locate(judged) {
      note("http", judged);
      return here(portOf(judged.port === 443 ? tlsServer : server));
    },
    dial(options) {
      note("tcp", options.remote);
      return dialEgressTcp({ ...options, remote: here(portOf(server)) });
    },
    openUdp(options) {
      note("udp", options.remote);
      return openEgressUdp({ ...options, remote: here(datagrams.address().port) });
    },
  };
  return { servers: [server, tlsServer], datagrams, egress };
}

function portOf(server: Pick<Server, "address">): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

async function contentOf(workloads: Readonly<Record<string, TravellerWorkload>>): Promise<FolderContent> {
  await buildWorkloads(GUESTS);
  const component = (name: string) => readFile(`${GUESTS}/traveller/dist/${name}.wasm`);
  const [traveller, service] = await Promise.all([component("traveller"), component("web_service")]);
  const files = Object.entries(workloads).flatMap(([name, { service: hasService = false, routes = {}, ...values }]) => [
    [`${name}/traveller.wasm`, traveller],
    ...(hasService ? [[`${name}/service.wasm`, service]] : []),
    [`${name}/workload.jsonc`, {
      ...values,
      ...(hasService && { service: { component: "service.wasm", ready: { tcp: 8080 } } }),
    }],
    [`${name}/main.route.jsonc`, { match: { path: `/${name}` }, component: "traveller.wasm" }],
    ...Object.entries(routes).map(([route, net]) => [
      `${name}/${route}.route.jsonc`,
      { match: { path: `/${name}-${route}` }, component: "traveller.wasm", ...net },
    ]),
  ]);
  return Object.fromEntries(files) as FolderContent;
}
