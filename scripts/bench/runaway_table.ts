/**
 * Guests that compute without end, and a neighbour: how soon they are stopped, and what the neighbour's requests take
 * meanwhile. (The mechanism is proven by tests that count slices; these are the times.)
 */
import { rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { freePort, startServer } from "./peers/peer.ts";
import { gatewayCommand, writeFolder } from "./peers/loopgate.ts";
import { type BenchRow, median, round } from "./results.ts";

const CPU_LIMIT_MS = 1_000;
const SPINNERS = [0, 1, 64];
/** Requests of the neighbour while guests spin, one after the other. */
const NEIGHBOUR_REQUESTS = 200;

/** Measures and prints both runtimes. */
export async function runawayTable(
  guests: Readonly<Record<string, string>>,
  { rounds }: { readonly rounds: number },
): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  console.log(`The CPU limit is ${CPU_LIMIT_MS} ms; a neighbour in another workload sends one request after the other`);
  console.log("| | spinning guests | neighbour p50 ms | neighbour p99 ms | stopped after ms |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  for (const runtime of ["node", "deno"] as const) {
    for (const spinners of SPINNERS) {
      const values = await measure(runtime, spinners, { guests, rounds });
      const stopped = values.stoppedAfterMs === undefined ? "" : round(values.stoppedAfterMs);
      console.log(`| ${runtime} | ${spinners} | ${round(values.p50Ms)} | ${round(values.p99Ms)} | ${stopped} |`);
      const { stoppedAfterMs, ...times } = values;
      const all = stoppedAfterMs === undefined ? times : { ...times, stoppedAfterMs };
      rows.push({ table: "runaway", row: `${spinners} spinning guests`, who: `loopgate ${runtime}`, values: all });
    }
  }
  return rows;
}

interface Times {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From the request to its 504; of one guest alone, so only for one. */
  readonly stoppedAfterMs?: number;
}

async function measure(
  runtime: "node" | "deno",
  spinners: number,
  { guests, rounds }: { readonly guests: Readonly<Record<string, string>>; readonly rounds: number },
): Promise<Times> {
  const busy = guests["rust_busy_handler"] ?? "";
  const hello = guests["rust_http_probe"] ?? "";
  const limits = { cpu: `${CPU_LIMIT_MS}ms`, wall: "5m" };
  const folder = writeFolder({
    spin: { component: busy, mode: "fresh", limits },
    hello: { component: hello, mode: "fresh" },
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(...gatewayCommand(runtime, folder, port), {
    url,
    onStop: () => rmSync(folder, { recursive: true }),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  try {
    for (let at = 0; at < 200; at++) await timed(`${url}/hello`, agent);
    const stops: number[] = [];
    if (spinners === 1) {
      for (let at = 0; at < rounds; at++) stops.push((await timed(`${url}/spin`, agent)).ms);
    }
    const load = { isOver: false };
    const spinning = Array.from({ length: spinners }, async () => {
      while (!load.isOver) await timed(`${url}/spin`, agent);
    });
    const times: number[] = [];
    for (let at = 0; at < NEIGHBOUR_REQUESTS; at++) {
      const { ms, status } = await timed(`${url}/hello`, agent);
      if (status !== 200) throw new Error(`The neighbour was answered with ${status}, expected 200`);
      times.push(ms);
    }
    load.isOver = true;
    // They end when the server does: their limit counts the time that each computes.
    agent.destroy();
    await Promise.allSettled(spinning);
    times.sort((a, b) => a - b);
    return {
      p50Ms: median(times),
      p99Ms: times[Math.ceil(times.length * 0.99) - 1] ?? Number.NaN,
      ...(stops.length > 0 && { stoppedAfterMs: median(stops) }),
    };
  } finally {
    await server.stop();
  }
}

function timed(url: string, agent: Agent): Promise<{ readonly status: number; readonly ms: number }> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, ms: performance.now() - startMs }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}
