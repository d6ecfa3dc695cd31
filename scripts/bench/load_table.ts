/**
 * Requests per second, latency and the server's processor time under load: every server that is there, the same
 * component bytes, in alternating rounds, so that a slow minute of the machine meets all of them. The servers of a row stay
 * up: V8 needs some 30,000 requests until it runs code as it will for the rest of the day.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { findGenerator, type Load, type LoadResult } from "./load_generator.ts";
import { hono } from "./peers/hono.ts";
import { jco } from "./peers/jco.ts";
import { loopgate } from "./peers/loopgate.ts";
import type { Peer, RunningServer, Served } from "./peers/peer.ts";
import { wasmcloud } from "./peers/wasmcloud.ts";
import { wasmtime } from "./peers/wasmtime.ts";
import { cpuUsOf, residentBytesOf } from "./process_usage.ts";
import { type BenchRow, median, round, spread } from "./results.ts";
import { startUpstream } from "./upstream.ts";

/** How long and how often. */
export interface LoadOptions {
  /** Only rows with this in their names. */
  readonly rows: string;
  readonly rounds: number;
  readonly seconds: number;
  /** Files of further servers: each exports `peer`, a `Peer`. */
  readonly adapters: readonly string[];
}

/** One row: what is served, and what is sent. */
interface LoadRow {
  readonly name: string;
  readonly served: Served;
  readonly path: string;
  readonly load?: Pick<Load, "method" | "body" | "headers">;
  readonly connections: readonly number[];
  /** Also by a gateway of two processes, which has both cores as wasmtime has, and only pays with many connections. */
  readonly isReplicated?: true;
}

/** A server of a row. */
interface Contender {
  readonly peer: Peer;
  readonly server: RunningServer;
}

interface Measured {
  readonly result: LoadResult;
  readonly cpuUs: number;
  readonly residentBytes: number;
}

/**
 * Load before the first round, which is not counted: pieces of so long until there were so many requests, or so many pieces.
 * After one time for all, a slow row would show V8 warming up: a round trip costs half as much 30,000 requests later.
 */
const WARM = { connections: 32, seconds: 3 } as const;
const WARM_REQUESTS = 40_000;
const WARM_PIECES_MAX = 6;
/** Before each round, not counted either: while the others had their turns V8 made the heap of one that waited small. */
const AWAKE_S = 1;

const JSON_TASK = {
  method: "POST",
  body: '{"payload":"hello edge"}',
  headers: { "content-type": "application/json" },
} as const;
const ECHO_64_KIB = { method: "POST", body: "x".repeat(65_536), headers: { "content-type": "text/plain" } } as const;

/** Measures every row with every server that can take part. */
export async function loadTable(
  guests: Readonly<Record<string, string>>,
  options: LoadOptions,
): Promise<readonly BenchRow[]> {
  const generator = await findGenerator();
  const own = [
    loopgate("node"),
    loopgate("deno"),
    await wasmtime(),
    await wasmcloud(),
    hono("node"),
    hono("deno"),
    jco,
  ];
  const single = [...own, ...await Promise.all(options.adapters.map(loadAdapter))];
  const replicated = [loopgate("node", { replicas: 2 }), loopgate("deno", { replicas: 2 })];
  const upstream = await startUpstream();
  console.log(
    `Load by ${generator.name}: ${options.rounds} rounds of ${options.seconds} s for each cell, after ${WARM_REQUESTS} requests or ${
      WARM.seconds * WARM_PIECES_MAX
    } s to warm up`,
  );
  if (upstream === undefined) console.log("(no outbound rows: they need a network namespace, of Linux' unshare)");
  const rows: BenchRow[] = [];
  try {
    for (const row of rowsOf(guests, upstream?.authority)) {
      const connections = row.connections.filter((count) => nameOf(row, count).includes(options.rows));
      if (connections.length === 0) continue;
      const peers = row.isReplicated === true ? [...single, ...replicated] : single;
      rows.push(...await measureRow({ ...row, connections }, { ...options, peers, run: generator.run }));
    }
  } finally {
    await upstream?.stop();
  }
  return rows;
}

async function loadAdapter(file: string): Promise<Peer> {
  const { peer } = (await import(pathToFileURL(resolve(file)).href)) as { readonly peer?: Peer };
  if (peer !== undefined) return peer;
  throw new Error(
    `Cannot use the adapter ${file}: it exports no peer, expected one as scripts/bench/peers/jco.ts makes it`,
  );
}

function rowsOf(guests: Readonly<Record<string, string>>, upstream: string | undefined): readonly LoadRow[] {
  const probe = guests["rust_http_probe"];
  const api = guests["rust_http_api"];
  const service = guests["rust_service_leet"];
  if (probe === undefined || api === undefined || service === undefined) {
    throw new Error(
      "Cannot send load: the Rust guests are not built, expected their toolchain (see scripts/build_guests.ts)",
    );
  }
  const hello = { component: probe, mode: "fresh" } as const;
  const trip = { component: api, service, mode: "fresh" } as const;
  const rows: LoadRow[] = [
    { name: "hello fresh", served: hello, path: "/", connections: [1, 32, 320], isReplicated: true },
    {
      name: "hello reuse",
      served: { ...hello, mode: "reuse" },
      path: "/",
      connections: [1, 32, 320],
      isReplicated: true,
    },
    { name: "loopback round trip fresh", served: trip, path: "/task", load: JSON_TASK, connections: [32] },
    {
      name: "loopback round trip reuse",
      served: { ...trip, mode: "reuse" },
      path: "/task",
      load: JSON_TASK,
      connections: [32],
    },
    {
      name: "64 KiB echo reuse",
      served: { ...hello, mode: "reuse" },
      path: "/echo",
      load: ECHO_64_KIB,
      connections: [32],
    },
  ];
  if (upstream === undefined) return rows;
  const proxy = { name: "outbound fetch proxy fresh", served: hello, path: `/fetch?${upstream}`, connections: [32] };
  return [...rows, proxy];
}

function nameOf({ name }: LoadRow, connections: number): string {
  return `${name}, ${connections} connections`;
}

async function measureRow(
  row: LoadRow,
  options: LoadOptions & { readonly peers: readonly Peer[]; readonly run: (load: Load) => Promise<LoadResult> },
): Promise<readonly BenchRow[]> {
  const absent = new Map<Peer, string>();
  const there: Contender[] = [];
  const rows: BenchRow[] = [];
  try {
    for (const peer of options.peers) {
      const missing = row.path === "/" || !peer.name.startsWith("hono")
        ? await peer.missing(row.served)
        : "it runs no guests";
      if (missing !== undefined) {
        absent.set(peer, missing);
        continue;
      }
      await attempt(peer, absent, async () => {
        const server = await peer.start(row.served);
        there.push({ peer, server });
        let requests = 0;
        for (let piece = 0; piece < WARM_PIECES_MAX && requests < WARM_REQUESTS; piece++) {
          requests += (await options.run({ ...loadOf(row, server), ...WARM })).requests;
        }
      });
    }
    for (const connections of row.connections) {
      const contenders = there.filter(({ peer }) => connections > 1 || !peer.name.includes("replicas"));
      const measured = new Map<Peer, Measured[]>(contenders.map(({ peer }) => [peer, []]));
      for (let at = 0; at < options.rounds; at++) {
        for (const contender of contenders) {
          if (absent.has(contender.peer)) continue;
          const one = await attempt(contender.peer, absent, () => measureOnce(contender, row, connections, options));
          if (one !== undefined) measured.get(contender.peer)?.push(one);
        }
      }
      rows.push(...printRow(nameOf(row, connections), measured, absent));
    }
  } finally {
    for (const { server } of there) await server.stop();
  }
  return rows;
}

/** Others may break off under load: that is a result, and no reason to lose all the others. */
async function attempt<T>(peer: Peer, absent: Map<Peer, string>, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (peer.name.startsWith("loopgate")) throw error;
    absent.set(peer, error instanceof Error ? error.message.trim() : String(error));
    return undefined;
  }
}

function printRow(
  name: string,
  measured: ReadonlyMap<Peer, readonly Measured[]>,
  absent: ReadonlyMap<Peer, string>,
): readonly BenchRow[] {
  console.log(`\n${name}`);
  if (absent.size > 0) {
    console.log(`(not in this row: ${[...absent].map(([peer, why]) => `${peer.name}: ${why}`).join("; ")})`);
  }
  console.log("| | requests/s | spread | p50 ms | p99 ms | CPU us/request | MiB | failures | to the first |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  const rows: BenchRow[] = [];
  let first = Number.NaN;
  for (const [peer, rounds] of measured) {
    if (absent.has(peer)) continue;
    const of = (value: (each: Measured) => number): number => median(rounds.map(value));
    const rates = rounds.map(({ result }) => result.requestsPerS);
    const sum = (value: (each: LoadResult) => number): number =>
      rounds.reduce((total, { result }) => total + value(result), 0);
    const values = {
      requestsPerS: of(({ result }) => result.requestsPerS),
      p50Ms: of(({ result }) => result.p50Ms),
      p99Ms: of(({ result }) => result.p99Ms),
      cpuUs: of(({ cpuUs }) => cpuUs),
      residentMiB: of(({ residentBytes }) => residentBytes / 1024 ** 2),
      failuresPercent: sum(({ failures }) => failures) / sum(({ requests }) => requests) * 100,
    };
    if (Number.isNaN(first)) first = values.requestsPerS;
    const cells = [
      values.requestsPerS,
      spread(rates),
      values.p50Ms,
      values.p99Ms,
      values.cpuUs,
      values.residentMiB,
      values.failuresPercent === 0 ? "0" : `${values.failuresPercent.toFixed(2)} %`,
    ];
    const text = cells.map((cell) => typeof cell === "string" ? cell : round(cell)).join(" | ");
    console.log(`| ${peer.name} | ${text} | ${(values.requestsPerS / first).toFixed(2)} |`);
    rows.push({ table: "load", row: name, who: peer.name, values });
  }
  return rows;
}

async function measureOnce(
  { server }: Contender,
  row: LoadRow,
  connections: number,
  { seconds, run }: { readonly seconds: number; readonly run: (load: Load) => Promise<LoadResult> },
): Promise<Measured> {
  await run({ ...loadOf(row, server), connections, seconds: AWAKE_S });
  const before = cpuUsOf(server.pid);
  const result = await run({ ...loadOf(row, server), connections, seconds });
  const cpuUs = (cpuUsOf(server.pid) - before) / result.requests;
  return { result, cpuUs, residentBytes: residentBytesOf(server.pid) };
}

function loadOf({ load, path }: LoadRow, server: RunningServer): Pick<Load, "url" | "method" | "body" | "headers"> {
  return { ...load, url: `${server.url}${path}` };
}
