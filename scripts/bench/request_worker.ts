/**
 * What one request costs in the gateway without its listener, in a process of its own:
 * `request_worker.ts <hello.wasm> <handler.wasm> <service.wasm>`. Handlers run with the exchange in memory; the service is
 * a guest beside them, and both count. Prints one JSON object: processor time of a request in microseconds, of all rounds.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import type { StreamEnd } from "../../src/base/byte_stream.ts";
import { systemClock } from "../../src/base/clock.ts";
import { ROUTE_LIMITS, SERVICE_LIMITS } from "../../src/base/limits.ts";
import { randomBytes } from "../../src/gateway/random_bytes.ts";
import { compileComponent } from "../../src/component/engine.ts";
import { latin1ToBytes } from "../../src/base/latin1.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { openGuestTools } from "../../src/instance/guest_tools.ts";
import { Handler } from "../../src/instance/handler.ts";
import type { HandlerExchange } from "../../src/instance/handler_exchange.ts";
import { ALWAYS_READY } from "../../src/base/waitable.ts";
import type { FieldEntries, RequestHead, ResponseBody, ResponseHead } from "../../src/host/http/exchange.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { startRun } from "../../src/workload/service_run.ts";

/** Rounds that count, and requests of each. */
const ROUNDS = 9;
const REQUESTS = 4_000;
/** Not counted: V8 needs some 30,000 requests until it runs code as it will for the rest of the day. */
const ROUNDS_WARM = 8;
const LEET = latin1ToBytes('{"payload":"hello edge"}');
const HELLO = requestOf("GET", "/", []);
const TASK = requestOf("POST", "/task", [
  ["content-type", latin1ToBytes("application/json")],
  ["content-length", latin1ToBytes(String(LEET.length))],
]);

const [helloFile = "", handlerFile = "", serviceFile = ""] = process.argv.slice(2);
const counters = new LiveCounters();
const tools = openGuestTools({
  clock: systemClock,
  counters,
  emit: () => {},
  randomBytes,
  onLimit: () => {},
});
const network = new WorkloadNetwork({ workload: "bench", clock: systemClock, counters, emit: () => {} });

/** The least that an exchange can be: its client stays, its request is there, and nobody reads its answer. */
class BenchExchange implements HandlerExchange, ResponseBody {
  readonly isClientGone = false;
  readonly requestId = "bench";
  readonly head: RequestHead;
  readonly body: BenchExchange;
  status: number | undefined;
  #left: Uint8Array | undefined;

  constructor(head: RequestHead) {
    this.head = head;
    this.body = this;
    this.#left = head.method === "POST" ? LEET : undefined;
  }

  isReady(): boolean {
    return true;
  }
  onReady(wake: () => void): () => void {
    return ALWAYS_READY.onReady(wake);
  }
  read(): Uint8Array | StreamEnd {
    const bytes = this.#left;
    this.#left = undefined;
    return bytes ?? "closed";
  }
  respond({ status }: ResponseHead): ResponseBody {
    this.status = status;
    return this;
  }
  permit(): number {
    return 65_536;
  }
  onClientGone(): () => void {
    return () => {};
  }
  trailers(): undefined {}
  fail(): void {}
  write(): undefined {}
  flush(): undefined {}
  finish(): void {}
  abort(): void {}
  dispose(): void {}
}

await startService();
const cells = {
  helloFreshUs: await open(helloFile, "fresh", HELLO),
  helloReuseUs: await open(helloFile, "reuse", HELLO),
  tripFreshUs: await open(handlerFile, "fresh", TASK),
  tripReuseUs: await open(handlerFile, "reuse", TASK),
};
const rounds: Record<string, number[]> = {};
for (let at = 0; at < ROUNDS_WARM + ROUNDS; at++) {
  for (const [name, serve] of Object.entries(cells)) {
    const before = process.cpuUsage();
    for (let count = 0; count < REQUESTS; count++) await serve();
    const { user, system } = process.cpuUsage(before);
    if (at >= ROUNDS_WARM) (rounds[name] ??= []).push((user + system) / REQUESTS);
  }
}
console.log(JSON.stringify(rounds));
process.exit(0);

async function open(file: string, mode: "fresh" | "reuse", head: RequestHead): Promise<() => Promise<void>> {
  const bytes = readFileSync(file);
  const component = await compileComponent(bytes, { suspending: SUSPENDING, tracksWrites: mode === "fresh" });
  const label = { workload: "bench", route: "bench", role: "component" } as const;
  const handler = new Handler({
    program: { component, label, env: [], args: ["bench"] },
    tools,
    openNetwork: () => network.openGuest("component", label),
    limits: ROUTE_LIMITS,
    ...(mode === "reuse" && { mode: { kind: "reuse", requestsMax: 10_000 } }),
  });
  return async () => {
    const exchange = new BenchExchange(head);
    const failure = await handler.run(exchange);
    if (exchange.status !== 200) throw new Error(`status ${exchange.status}, ${JSON.stringify(failure)}`);
  };
}

function requestOf(method: string, pathWithQuery: string, headers: FieldEntries): RequestHead {
  return { method, scheme: "http", authority: "example.test", pathWithQuery, headers };
}

/** Runs for as long as this process does. */
async function startService(): Promise<void> {
  const component = await compileComponent(readFileSync(serviceFile), { suspending: SUSPENDING });
  const label = { workload: "bench", role: "service" } as const;
  startRun({ component, label, env: [], args: ["service"], limits: SERVICE_LIMITS }, tools, {
    network: network.openGuest("service", label),
  });
  while (!network.isListening(7777)) await new Promise((resolve) => setTimeout(resolve, 1));
}
