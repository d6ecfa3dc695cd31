/** The soak itself: a gateway in this process, load from another, faults in both, and what is left when they stop. */
import { fork } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { LOOPBACK_V4 } from "../../src/base/ip_address.ts";
import { type Gateway, startGateway } from "../../src/gateway/gateway.ts";
import { DEFAULT_EGRESS } from "../../src/gateway/default_egress.ts";
import type { LoadReport } from "./load.ts";
import { writeWorkloads } from "./workloads.ts";

/** How long, and whom to tell. */
export interface SoakOptions {
  readonly seconds: number;
  /** Memory that grows after the warm-up is a fault; too early to tell for a run of seconds. */
  readonly isMemoryJudged: boolean;
  readonly print: (line: string) => void;
}

/** Bytes at one moment, after a collection where the runtime has one to call. */
interface MemorySample {
  readonly atS: number;
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
}

/** After the load; back-off of services that die again and again is up to 30 s. */
const IDLE_WAIT_MS = 60_000;
const RELOAD_EVERY_MS = 500;
const FAULTS_MAX = 20;

/** Runs it; the faults, none when all is well. */
export async function runSoak({ seconds, isMemoryJudged, print }: SoakOptions): Promise<readonly string[]> {
  const faults: string[] = [];
  const fault = (text: string): void => void (faults.length < FAULTS_MAX && faults.push(text));
  const onRejection = (reason: unknown): void => fault(`an unhandled rejection: ${String(reason)}`);
  process.on("unhandledRejection", onRejection);
  const folder = await mkdtemp(join(tmpdir(), "loopgate-soak-"));
  try {
    await writeWorkloads(folder);
    const load = await startLoad();
    const upstream = { address: LOOPBACK_V4, port: load.upstreamPort };
    const gateway = await startGateway({
      folder,
      listen: { host: "127.0.0.1", port: 0 },
      egress: { ...DEFAULT_EGRESS, locate: () => upstream },
      limits: { route: { serviceWaitMs: 500 } },
      emit: (event) => {
        if (event.kind === "fault") fault(`a fault in ${event.where}: ${describe(event.error)}`);
      },
    });
    const samples = await soak({ gateway, folder, load, seconds, fault });
    const report = await load.stop();
    for (const text of report.faults) fault(text);
    printTotals(report, print);
    printMemory(samples, print);
    if (isMemoryJudged) { for (const text of judgeMemory(samples)) fault(text); }
    for (const text of await leftovers(gateway)) fault(text);
  } finally {
    process.off("unhandledRejection", onRejection);
    await rm(folder, { recursive: true });
  }
  return faults;
}

async function soak(
  { gateway, folder, load, seconds, fault }: {
    readonly gateway: Gateway;
    readonly folder: string;
    readonly load: Load;
    readonly seconds: number;
    readonly fault: (text: string) => void;
  },
): Promise<readonly MemorySample[]> {
  const samples: MemorySample[] = [];
  const startedMs = performance.now();
  const ageMs = (): number => performance.now() - startedMs;
  load.start(gateway.address.port);
  const sampleEveryMs = Math.max(500, seconds * 1000 / 60);
  const isOver = (): boolean => ageMs() >= seconds * 1000;
  const reloads = (async () => {
    for (let edits = 0; !isOver(); edits++) {
      await rest(RELOAD_EVERY_MS);
      await edit(folder, edits);
      await gateway.reload().catch((error: unknown) => fault(`a reload failed: ${describe(error)}`));
    }
  })();
  while (!isOver()) {
    await rest(sampleEveryMs);
    samples.push(sample(ageMs() / 1000));
  }
  await reloads;
  return samples;
}

/** A change of a file: of the good neighbour's route, of a service that has connections, or one with a fault in it. */
async function edit(folder: string, number: number): Promise<void> {
  const name =
    ["hello/all.route.jsonc", "leet/workload.jsonc", "hello/all.route.jsonc", "echo/all.route.jsonc"][number % 4];
  const file = join(folder, name ?? "");
  const text = await readFile(file, "utf8");
  if (number % 8 === 2) {
    await writeFile(file, "{ broken");
    return;
  }
  const value =
    (text.startsWith("{ broken")
      ? { match: { host: "hello.soak", path: "/*" }, component: "handler.wasm" }
      : JSON.parse(text)) as object;
  await writeFile(file, JSON.stringify({ ...value, env: { EDIT: String(number) } }));
}

/** The process of the clients. */
interface Load {
  readonly upstreamPort: number;
  start(port: number): void;
  stop(): Promise<LoadReport>;
}

async function startLoad(): Promise<Load> {
  const child = fork(fileURLToPath(new URL("load.ts", import.meta.url)), [], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code) => reject(new Error(`The load ended with ${code}`)));
  });
  // Whoever waits for a message hears of it; before and after, nobody has to.
  ended.catch(() => {});
  const next = (): Promise<unknown> =>
    Promise.race([ended, new Promise((resolve) => void child.once("message", resolve))]);
  const { upstreamPort } = await next() as { readonly upstreamPort: number };
  return {
    upstreamPort,
    start: (port) => void child.send({ port }),
    async stop() {
      const report = next();
      child.send("stop");
      return await report as LoadReport;
    },
  };
}

/** What is not as it was: counters that do not come back while it is idle, and what is alive after its end. */
async function leftovers(gateway: Gateway): Promise<readonly string[]> {
  const faults: string[] = [];
  // Instances and connections of services are there at all times, and are not when one of them waits for its next start.
  const busy = (): readonly string[] =>
    (["requests", "egressConnections", "lookups", "udpSockets", "resolverSockets"] as const)
      .filter((kind) => gateway.counters()[kind] !== 0).map((kind) => `${kind}: ${gateway.counters()[kind]}`);
  const untilMs = performance.now() + IDLE_WAIT_MS;
  while (performance.now() < untilMs && busy().length > 0) await rest(50);
  if (busy().length > 0) faults.push(`still busy ${IDLE_WAIT_MS} ms after the load: ${busy().join(", ")}`);
  for (const { name, service } of gateway.workloads) {
    const state = gateway.serviceState(name);
    const isUsual = name === "dying" || name === "starting" || state === "ready";
    if (service !== undefined && !isUsual) faults.push(`the service of "${name}" is ${state}, expected ready`);
  }
  await gateway.close();
  const alive = Object.entries(gateway.counters()).filter(([, count]) => count !== 0);
  if (alive.length > 0) faults.push(`alive after the end: ${JSON.stringify(Object.fromEntries(alive))}`);
  return faults;
}

function sample(atS: number): MemorySample {
  const { gc } = globalThis as { readonly gc?: () => void };
  gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { atS, heap: heapUsed, external, rss };
}

/** What may be more in the last third than in the middle one: a tenth, and what one workload's reload holds for a while. */
const GROWTH = [["heap", 16], ["external", 32], ["rss", 128]] as const;
const MIB = 1_048_576;

function judgeMemory(samples: readonly MemorySample[]): readonly string[] {
  const third = Math.floor(samples.length / 3);
  return GROWTH.flatMap(([kind, spareMib]) => {
    const median = (part: readonly MemorySample[]): number =>
      part.map((each) => each[kind]).toSorted((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0;
    const [middle, last] = [median(samples.slice(third, 2 * third)), median(samples.slice(2 * third))];
    if (last <= middle * 1.1 + spareMib * MIB) return [];
    return [`memory grows: ${kind} ${mib(middle)} MiB in the middle third, ${mib(last)} MiB in the last`];
  });
}

function printTotals({ totals }: LoadReport, print: (line: string) => void): void {
  print("answers by workload (cut: broke off after its head; gone: the client left)");
  for (const [workload, counts] of Object.entries(totals).toSorted(byName)) {
    const text = Object.entries(counts).toSorted(byName).map(([what, count]) => `${what}: ${count}`).join("  ");
    print(`  ${workload.padEnd(10)} ${text}`);
  }
}

function printMemory(samples: readonly MemorySample[], print: (line: string) => void): void {
  print("memory in MiB");
  print("  second    heap  external     rss");
  const step = Math.max(1, Math.ceil(samples.length / 20));
  for (const [index, { atS, heap, external, rss }] of samples.entries()) {
    if (index % step !== 0 && index !== samples.length - 1) continue;
    print(
      `  ${atS.toFixed(0).padStart(6)}${mib(heap).padStart(8)}${mib(external).padStart(10)}${mib(rss).padStart(8)}`,
    );
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
