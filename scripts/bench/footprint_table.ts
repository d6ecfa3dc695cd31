/**
 * What a gateway weighs: from the start of its process to the first answer, memory and processor time with 1, 100 and
 * 1,000 workloads (a handler and a service each) of which nobody asks anything, bytes per second through a handler, and
 * how soon a new workload answers.
 */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayCommand, writeFolder } from "./peers/loopgate.ts";
import { freePort, type RunningServer, startServer } from "./peers/peer.ts";
import { cpuUsOf, residentBytesOf } from "./process_usage.ts";
import { type BenchRow, median, round, spread } from "./results.ts";

const STARTS = 5;
const IDLE_S = 3;
const STREAM_BYTES = 100 * 1024 * 1024;
/**
 * Bodies until the memory of a process that keeps nothing has found its size: V8 enlarges its young generation, and the
 * allocator its arenas, while buffers are in flight. After 3 GB both runtimes stand still.
 */
const ECHOES_WARM = 30;
/** The highest memory of so many bodies is compared with that of as many before. */
const ECHOES_JUDGED = 5;
const MIB = 1024 ** 2;

type Guests = Readonly<Record<string, string>>;

/** A value, and the least and the most where it was measured several times. */
interface Cell {
  readonly value: number;
  readonly spread: string;
  readonly series?: readonly number[];
}
type Cells = Readonly<Record<string, Cell>>;

/** Measures and prints both runtimes. */
export async function footprintTable(guests: Guests): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  console.log("| | node | deno |\n| --- | ---: | ---: |");
  const print = async (row: string, measure: (runtime: "node" | "deno") => Promise<Cells>) => {
    const measured: Cells[] = [];
    for (const runtime of ["node", "deno"] as const) {
      const values = await measure(runtime);
      measured.push(values);
      const medians = Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
      const series = Object.entries(values).flatMap(([name, cell]) =>
        cell.series ? [[name, cell.series] as const] : []
      );
      rows.push({
        table: "footprint",
        row,
        who: `loopgate ${runtime}`,
        values: medians,
        ...(series.length > 0 && { series: Object.fromEntries(series) }),
      });
    }
    for (const name of Object.keys(measured[0] ?? {})) {
      const cells = measured.map((values) =>
        `${round(values[name]?.value ?? Number.NaN)} ${values[name]?.spread ?? ""}`
      );
      console.log(`| ${row}, ${name} | ${cells.map((cell) => cell.trimEnd()).join(" | ")} |`);
    }
  };
  await print("cold start to the first answer, from the files", (runtime) => coldStart(guests, runtime, false));
  await print("cold start to the first answer, from the start's cache", (runtime) => coldStart(guests, runtime, true));
  const firstMiB = new Map<string, number>();
  for (const count of [1, 100, 1000]) {
    await print(`${count} idle workloads`, async (runtime) => {
      const cells = await idle(guests, runtime, { count, firstMiB: firstMiB.get(runtime) });
      if (count === 1) firstMiB.set(runtime, cells["residentMiB"]?.value ?? Number.NaN);
      return cells;
    });
  }
  await print("100 MB echo", (runtime) => echo(guests, runtime));
  await print("new workload", (runtime) => deploy(guests, runtime));
  return rows;
}

/** The cache is Node's alone; both rows say so for Deno by being the same. */
async function coldStart(guests: Guests, runtime: "node" | "deno", isCached: boolean): Promise<Cells> {
  const folder = writeFolder({ bench: { component: guests["rust_http_probe"] ?? "", mode: "fresh" } });
  const cache = mkdtempSync(join(tmpdir(), "loopgate-bench-"));
  const times: number[] = [];
  try {
    // The first ones fill the cache.
    for (let at = -2; at < STARTS; at++) {
      const startMs = performance.now();
      const server = await serve(runtime, folder, { LOOPGATE_CACHE: isCached ? cache : "off" });
      if (at >= 0) times.push(performance.now() - startMs);
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(cache, { recursive: true });
  }
  return { coldStartMs: middle(times) };
}

async function idle(
  guests: Guests,
  runtime: "node" | "deno",
  { count, firstMiB }: { readonly count: number; readonly firstMiB: number | undefined },
): Promise<Cells> {
  const component = guests["rust_http_api"] ?? "";
  const service = guests["rust_service_leet"] ?? "";
  const names = Array.from({ length: count }, (_, at) => `w${at}`);
  const folder = writeFolder(Object.fromEntries(names.map((name) => [name, { component, service, mode: "fresh" }])));
  const server = await serve(runtime, folder);
  try {
    // Each handler has served once, so that each has an instance.
    for (const name of names) await send(`${server.url}/${name}`, "GET");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const before = cpuUsOf(server.pid);
    await new Promise((resolve) => setTimeout(resolve, IDLE_S * 1_000));
    const residentMiB = residentBytesOf(server.pid) / MIB;
    return {
      idleCpuPercent: once((cpuUsOf(server.pid) - before) / (IDLE_S * 1e6) * 100),
      residentMiB: once(residentMiB),
      ...(firstMiB !== undefined && { eachMiB: once((residentMiB - firstMiB) / (count - 1)) }),
    };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

async function echo(guests: Guests, runtime: "node" | "deno"): Promise<Cells> {
  const folder = writeFolder({ bench: { component: guests["rust_http_probe"] ?? "", mode: "fresh" } });
  const server = await serve(runtime, folder);
  try {
    const rates: number[] = [];
    const peaks: number[] = [];
    for (let at = 0; at < ECHOES_WARM + ECHOES_JUDGED; at++) {
      const startMs = performance.now();
      let peak = 0;
      const watch = setInterval(() => peak = Math.max(peak, residentBytesOf(server.pid)), 20);
      const received = await send(`${server.url}/echo`, "POST", STREAM_BYTES);
      clearInterval(watch);
      if (received !== STREAM_BYTES) throw new Error(`The echo has ${received} bytes, expected ${STREAM_BYTES}`);
      rates.push(STREAM_BYTES / ((performance.now() - startMs) / 1000));
      peaks.push(peak / MIB);
    }
    const judged = Math.max(...peaks.slice(-ECHOES_JUDGED));
    const before = Math.max(...peaks.slice(-2 * ECHOES_JUDGED, -ECHOES_JUDGED));
    return {
      bytesPerS: middle(rates.slice(-ECHOES_JUDGED)),
      peakMiB: { ...once(judged), series: peaks },
      growthMiB: once(judged - before),
    };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

/** From the rename that makes the folder appear to the first answer of its route. */
async function deploy(guests: Guests, runtime: "node" | "deno"): Promise<Cells> {
  const component = guests["rust_http_probe"] ?? "";
  const folder = writeFolder({ bench: { component: guests["rust_http_api"] ?? "", mode: "fresh" } });
  const server = await serve(runtime, folder);
  const times: number[] = [];
  try {
    for (let at = 0; at < STARTS; at++) {
      const name = `new${at}`;
      const made = writeFolder({ [name]: { component, mode: "fresh" } });
      const startMs = performance.now();
      renameSync(join(made, name), join(folder, name));
      // The other workload answers 404 until the new one is there.
      while (await statusOf(`${server.url}/${name}`) !== 200) {
        if (performance.now() - startMs > 10_000) throw new Error("The new workload does not answer within 10 s");
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      times.push(performance.now() - startMs);
      rmSync(made, { recursive: true });
    }
    return { firstAnswerMs: middle(times) };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

async function serve(
  runtime: "node" | "deno",
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const port = await freePort();
  return await startServer(...gatewayCommand(runtime, folder, port), { url: `http://127.0.0.1:${port}`, env });
}

function middle(values: readonly number[]): Cell {
  return { value: median(values), spread: `(${spread(values)})` };
}

/** What is measured once. */
function once(value: number): Cell {
  return { value, spread: "" };
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

/** Sends `bytes` of body and counts those of the answer. */
function send(url: string, method: string, bytes = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const sent = request(url, { method, headers: bytes > 0 ? { "content-length": bytes } : {} }, (response) => {
      response.on("data", (chunk: Buffer) => received += chunk.length);
      response.on("end", () => resolve(received));
      response.on("error", reject);
    });
    sent.on("error", reject);
    const chunk = Buffer.alloc(65_536, 120);
    let left = bytes;
    const more = (): void => {
      while (left > 0) {
        const piece = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= piece.length;
        if (!sent.write(piece) && left > 0) return void sent.once("drain", more);
      }
      sent.end();
    };
    more();
  });
}
