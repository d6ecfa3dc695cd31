/**
 * One measurement in a process of its own: `worker.ts <engine|jco> <handler.wasm> <service.wasm>`.
 * Prints one JSON object: CPU microseconds per operation, the best and the median of the rounds.
 */
import { randomBytes } from "node:crypto";
import process from "node:process";
import { systemClock } from "../../src/base/clock.ts";
import { openExchange } from "../../src/host/http/open_exchange.ts";
import type { HostContext } from "../../src/host/context.ts";
import { createHostImports } from "../../src/host/imports.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeExchange, type FakeRequest } from "../../test/support/fake_exchange.ts";
import { type BenchComponent, type BenchInstance, type GlueName, openComponent } from "./glue.ts";

/** CPU microseconds per operation. */
export interface Cost {
  readonly best: number;
  readonly median: number;
}

/** What a worker prints; a row that the glue cannot do says why. */
export type WorkerResult = Readonly<Record<string, Cost | { readonly failed: string }>>;

const ROUNDS = 7;
/** Two rounds let the compiler reach its best tier; they are not counted. */
const ROUNDS_WARM = 2;
const LEET = '{"payload":"hello edge"}';

const [glueName, handlerFile = "", serviceFile = ""] = process.argv.slice(2);
const handler = await openComponent(handlerFile, glueName as GlueName);
const service = await openComponent(serviceFile, glueName as GlueName);
const counters = new LiveCounters();
const network = new WorkloadNetwork({
  workload: "bench",
  clock: systemClock,
  counters,
  emit: () => {},
});

await startService();
const result: Record<string, Cost | { readonly failed: string }> = {};
const kept = await open("component");
await row("instantiate", 200, async () => (await open("component")).end());
await row("hello, instance kept", 2000, () => request(kept.instance, kept.context, { pathWithQuery: "/nope" }, 404));
await row("hello, fresh instance", 200, () => fresh({ pathWithQuery: "/nope" }, 404));
const task: FakeRequest = {
  method: "POST",
  pathWithQuery: "/task",
  headers: [["content-type", "application/json"], ["content-length", String(LEET.length)]],
  body: LEET,
};
await row("loopback round trip, instance kept", 500, () => request(kept.instance, kept.context, task, 200));
await row("loopback round trip, fresh instance", 100, () => fresh(task, 200));
console.log(JSON.stringify(result));
process.exit(0);

/** One round of `count` operations after another; a failure becomes the row's text. */
async function row(name: string, count: number, once: () => Promise<void>): Promise<void> {
  try {
    const costs: number[] = [];
    for (let round = 0; round < ROUNDS + ROUNDS_WARM; round++) {
      const before = process.cpuUsage();
      for (let index = 0; index < count; index++) await once();
      const { user, system } = process.cpuUsage(before);
      if (round >= ROUNDS_WARM) costs.push((user + system) / count);
    }
    costs.sort((a, b) => a - b);
    result[name] = { best: costs[0] ?? 0, median: costs[Math.floor(costs.length / 2)] ?? 0 };
  } catch (error) {
    result[name] = { failed: error instanceof Error ? error.message : String(error) };
  }
}

async function open(
  role: "component" | "service",
): Promise<{ instance: BenchInstance; context: HostContext; end: () => void }> {
  const label = { workload: "bench", role };
  const guestNetwork = network.openGuest(role, label);
  const context: HostContext = {
    label,
    env: [],
    args: [role],
    clock: systemClock,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    output: () => {},
    network: guestNetwork,
    counters,
    emit: () => {},
    onLimit: () => {},
  };
  const component: BenchComponent = role === "service" ? service : handler;
  const instance = await component.instantiate(createHostImports(context));
  const end = (): void => {
    guestNetwork.release("close");
    instance.dispose();
  };
  return { instance, context, end };
}

async function request(
  instance: BenchInstance,
  context: HostContext,
  what: FakeRequest,
  status: number,
): Promise<void> {
  const exchange = new FakeExchange(what);
  const opened = openExchange(exchange, context);
  await instance.call("wasi:http/incoming-handler", "handle", [opened.request, opened.responseOut]);
  opened.settle("the request is over");
  if (exchange.status !== status) {
    throw new Error(`status ${exchange.status ?? "none"}, expected ${status}: ${exchange.answer.text}`);
  }
}

async function fresh(what: FakeRequest, status: number): Promise<void> {
  const { instance, context, end } = await open("component");
  await request(instance, context, what, status);
  end();
}

/** Runs for as long as this process does; how it ends is no concern of the measurement. */
async function startService(): Promise<void> {
  const { instance } = await open("service");
  instance.call("wasi:cli/run", "run", []).catch((error: unknown) => console.error("the service ended:", error));
  while (!network.isListening(7777)) await new Promise((resolve) => setTimeout(resolve, 1));
}
