/**
 * Requests per second, latency and the server's processor time under load: every server that is there, the same
 * component bytes, in alternating rounds, so that a slow minute of the machine meets all of them.
 */
import { findGenerator, type Load, type LoadResult } from "./load_generator.ts";
import { hono } from "./peers/hono.ts";
import { jco } from "./peers/jco.ts";
import { loopgate } from "./peers/loopgate.ts";
import type { Peer, Served } from "./peers/peer.ts";
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
}

/** One row: what is served, and what is sent. */
interface LoadRow {
  readonly name: string;
  readonly served: Served;
  readonly path: string;
  readonly load?: Pick<Load, "method" | "body" | "headers">;
  readonly connections: readonly number[];
  /** Also by a gateway of two processes, which only pays with many connections and two cores. */
  readonly isReplicated?: true;
}

interface Measured {
  readonly result: LoadResult;
  readonly cpuUs: number;
  readonly residentBytes: number;
}

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
  const single = [loopgate("node"), loopgate("deno"), await wasmtime(), hono("node"), hono("deno"), jco];
  const replicated = [loopgate("node", { replicas: 2 }), loopgate("deno", { replicas: 2 })];
  const upstream = await startUpstream();
  console.log(
    `Load by ${generator.name}: ${options.rounds} rounds of ${options.seconds} s for each cell, after one that is not counted`,
  );
  const rows: BenchRow[] = [];
  try {
    for (const row of rowsOf(guests, upstream.authority)) {
      for (const connections of row.connections) {
        if (!nameOf(row, connections).includes(options.rows)) continue;
        const peers = row.isReplicated === true && connections > 1 ? [...single, ...replicated] : single;
        rows.push(...await measureRow(row, connections, { ...options, peers, run: generator.run }));
      }
    }
  } finally {
    await upstream.stop();
  }
  return rows;
}

function rowsOf(guests: Readonly<Record<string, string>>, upstream: string): readonly LoadRow[] {
  const probe = guests["rust_http_probe"];
  const api = guests["rust_http_api"];
  const service = guests["rust_service_leet"];
  if (probe === undefined || api === undefined || service === undefined) {
    throw new Error(
      "Cannot send load: the Rust guests are not built, expected their toolchain (see scripts/build_guests.ts)",
    );
  }
  const hello = { component: probe, mode: "fresh" } as const;
  return [
    { name: "hello fresh", served: hello, path: "/", connections: [1, 32, 320], isReplicated: true },
    { name: "hello reuse", served: { ...hello, mode: "reuse" }, path: "/", connections: [1, 32, 320] },
    {
      name: "loopback round trip fresh",
      served: { component: api, service, mode: "fresh" },
      path: "/task",
      load: JSON_TASK,
      connections: [32],
    },
    {
      name: "loopback round trip reuse",
      served: { component: api, service, mode: "reuse" },
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
    { name: "outbound fetch proxy fresh", served: hello, path: `/fetch?${upstream}`, connections: [32] },
  ];
}

function nameOf({ name }: LoadRow, connections: number): string {
  return `${name}, ${connections} connections`;
}

async function measureRow(
  row: LoadRow,
  connections: number,
  options: LoadOptions & { readonly peers: readonly Peer[]; readonly run: (load: Load) => Promise<LoadResult> },
): Promise<readonly BenchRow[]> {
  const name = nameOf(row, connections);
  const there: Peer[] = [];
  const absent: string[] = [];
  for (const peer of options.peers) {
    const missing = row.path === "/" || !peer.name.startsWith("hono")
      ? await peer.missing(row.served)
      : "it runs no guests";
    if (missing === undefined) there.push(peer);
    else absent.push(`${peer.name}: ${missing}`);
  }
  const measured = new Map<Peer, Measured[]>(there.map((peer) => [peer, []]));
  for (let at = 0; at < options.rounds; at++) {
    for (const peer of there) {
      const one = await measureOnce(peer, row, connections, options).catch((error: unknown) => {
        // Others may break off under load: that is a result, and no reason to lose all the others.
        if (peer.name.startsWith("loopgate")) throw error;
        return error instanceof Error ? error.message : String(error);
      });
      if (typeof one !== "string") measured.get(peer)?.push(one);
      else if (measured.delete(peer)) absent.push(`${peer.name}: ${one.trim()}`);
    }
  }
  console.log(`\n${name}`);
  if (absent.length > 0) console.log(`(not in this row: ${absent.join("; ")})`);
  console.log("| | requests/s | spread | p50 ms | p99 ms | CPU us/request | MiB | failures | to the first |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  const rows: BenchRow[] = [];
  let first = Number.NaN;
  for (const [peer, rounds] of measured) {
    const of = (value: (each: Measured) => number): number => median(rounds.map(value));
    const rates = rounds.map(({ result }) => result.requestsPerS);
    const values = {
      requestsPerS: of(({ result }) => result.requestsPerS),
      p50Ms: of(({ result }) => result.p50Ms),
      p99Ms: of(({ result }) => result.p99Ms),
      cpuUs: of(({ cpuUs }) => cpuUs),
      residentMiB: of(({ residentBytes }) => residentBytes / 1024 ** 2),
    };
    if (Number.isNaN(first)) first = values.requestsPerS;
    const failures = rounds.reduce((sum, { result }) => sum + result.failures, 0);
    const cells = [
      values.requestsPerS,
      spread(rates),
      values.p50Ms,
      values.p99Ms,
      values.cpuUs,
      values.residentMiB,
      failures,
    ];
    const text = cells.map((cell) => typeof cell === "string" ? cell : round(cell)).join(" | ");
    console.log(`| ${peer.name} | ${text} | ${(values.requestsPerS / first).toFixed(2)} |`);
    rows.push({ table: "load", row: name, who: peer.name, values });
  }
  return rows;
}

/** A server of its own for each round: none of them carries the history of another. */
async function measureOnce(
  peer: Peer,
  row: LoadRow,
  connections: number,
  { seconds, run }: { readonly seconds: number; readonly run: (load: Load) => Promise<LoadResult> },
): Promise<Measured> {
  const server = await peer.start(row.served);
  try {
    const load = { ...row.load, url: `${server.url}${row.path}`, connections };
    await run({ ...load, seconds: Math.max(1, Math.ceil(seconds / 2)) });
    const before = cpuUsOf(server.pid);
    const result = await run({ ...load, seconds });
    const cpuUs = (cpuUsOf(server.pid) - before) / result.requests;
    return { result, cpuUs, residentBytes: residentBytesOf(server.pid) };
  } finally {
    await server.stop();
  }
}
