/**
 * What the gateway is to reach, as far as possible as ratios to others in the same run: each target with its value on both
 * runtimes, and whether it is met.
 */
import { type BenchRow, round } from "./results.ts";

const RUNTIMES = ["node", "deno"] as const;
type Runtime = typeof RUNTIMES[number];

/** Values of a run by table, row, server and name; NaN where it has none. */
type Find = (table: BenchRow["table"], row: string, who: string, name: string) => number;

/** One thing to reach. */
interface Target {
  readonly what: string;
  readonly limit: { readonly least: number } | { readonly most: number };
  /** Where only one runtime has to reach it. */
  readonly only?: Runtime;
  /** Beside a server that few have: without it the target is no line. */
  readonly isOptional?: true;
  value(find: Find, runtime: Runtime): number;
}

const MIB = 1024 ** 2;
const WASMTIME = "wasmtime serve";
const WASMCLOUD = "wasmcloud";
/** Deno's column says how far it is behind Node, in the rows of the load and in these. */
const DENO_SLOWER_MOST = 1.5;
const DENO_ROWS: readonly (readonly [table: BenchRow["table"], row: string, name: string, isMoreBetter: boolean])[] = [
  ...[
    "hello fresh, 1 connections",
    "hello fresh, 32 connections",
    "hello fresh, 320 connections",
    "hello reuse, 1 connections",
    "hello reuse, 32 connections",
    "hello reuse, 320 connections",
    "loopback round trip fresh, 32 connections",
    "loopback round trip reuse, 32 connections",
    "64 KiB echo reuse, 32 connections",
    "outbound fetch proxy fresh, 32 connections",
  ].map((row) => ["load", row, "requestsPerS", true] as const),
  ["footprint", "100 MB echo", "bytesPerS", true],
  ["footprint", "cold start to the first answer, from the files", "coldStartMs", false],
  ["footprint", "new workload", "firstAnswerMs", false],
  ["footprint", "1000 idle workloads", "eachMiB", false],
];

const TARGETS: readonly Target[] = [
  {
    what: "hello fresh, requests/s: times those of wasmtime serve",
    limit: { least: 3 },
    value: (find, runtime) => toWasmtime(find, "hello fresh, 32 connections", "requestsPerS", runtime),
  },
  {
    what: "hello fresh, p99: times that of wasmtime serve",
    limit: { most: 1 },
    value: (find, runtime) => toWasmtime(find, "hello fresh, 32 connections", "p99Ms", runtime),
  },
  {
    what: "hello reuse, requests/s: times those of wasmtime serve with reuse",
    limit: { least: 1.2 },
    value: (find, runtime) => toWasmtime(find, "hello reuse, 32 connections", "requestsPerS", runtime),
  },
  {
    what: "the same with two replicas, which have both cores as wasmtime has",
    limit: { least: 1.2 },
    value: (find, runtime) => toWasmtime(find, "hello reuse, 32 connections", "requestsPerS", `${runtime}, 2 replicas`),
  },
  {
    what: "hello reuse, CPU of a request: times that of bare Hono",
    limit: { most: 2 },
    value: (find, runtime) => {
      const cpu = (who: string): number => find("load", "hello reuse, 32 connections", `${who} ${runtime}`, "cpuUs");
      return cpu("loopgate") / cpu("hono");
    },
  },
  {
    what: "loopback round trip fresh, CPU of a request: times that of hello fresh",
    limit: { most: 2.5 },
    value: (find, runtime) => {
      const cpu = (row: string): number => find("load", `${row}, 32 connections`, `loopgate ${runtime}`, "cpuUs");
      return cpu("loopback round trip fresh") / cpu("hello fresh");
    },
  },
  {
    what: "loopback round trip fresh, requests/s: times those of wasmCloud's development host",
    limit: { least: 6 },
    isOptional: true,
    value: (find, runtime) => {
      const rate = (who: string): number =>
        find("load", "loopback round trip fresh, 32 connections", who, "requestsPerS");
      return rate(`loopgate ${runtime}`) / rate(WASMCLOUD);
    },
  },
  footprint("100 MB echo: MB/s", "100 MB echo", "bytesPerS", { limit: { least: 300 }, only: "node", unit: 1e6 }),
  footprint("500 MB more echoed, after 3 GB: MiB that memory grows", "100 MB echo", "growthMiB", {
    limit: { most: 16 },
  }),
  footprint(
    "cold start with one cached workload: ms",
    "cold start to the first answer, from the start's cache",
    "coldStartMs",
    {
      limit: { most: 400 },
      only: "node",
    },
  ),
  footprint("a new workload's first answer: ms", "new workload", "firstAnswerMs", { limit: { most: 50 } }),
  footprint("1,000 idle workloads: MiB each", "1000 idle workloads", "eachMiB", { limit: { most: 3e6 / MIB } }),
  footprint("1,000 idle workloads: CPU in per cent", "1000 idle workloads", "idleCpuPercent", { limit: { most: 1 } }),
  ...DENO_ROWS.map(([table, row, name, isMoreBetter]): Target => ({
    what: `${row}: times slower than on Node`,
    limit: { most: DENO_SLOWER_MOST },
    only: "deno",
    value: (find, runtime) => {
      const ratio = find(table, row, "loopgate node", name) / find(table, row, `loopgate ${runtime}`, name);
      return isMoreBetter ? ratio : 1 / ratio;
    },
  })),
];

/** A table that says which targets a run has met, which not, and which it has no rows for. */
export function targetLines(rows: readonly BenchRow[]): readonly string[] {
  const find: Find = (table, row, who, name) =>
    rows.find((each) => each.table === table && each.row === row && isNamed(each.who, who))?.values[name] ?? Number.NaN;
  const lines = ["| | target | node | deno |", "| --- | ---: | ---: | ---: |"];
  let missed = 0;
  let unknown = 0;
  for (const target of TARGETS) {
    if (target.isOptional && RUNTIMES.every((runtime) => Number.isNaN(target.value(find, runtime)))) continue;
    const cells = RUNTIMES.map((runtime) => {
      const value = target.value(find, runtime);
      if (target.only !== undefined && target.only !== runtime) return "";
      if (Number.isNaN(value)) {
        unknown++;
        return "not measured";
      }
      const isMet = "least" in target.limit ? value >= target.limit.least : value <= target.limit.most;
      if (!isMet) missed++;
      return `${round(value)} ${isMet ? "met" : "**missed**"}`;
    });
    const limit = "least" in target.limit
      ? `at least ${round(target.limit.least)}`
      : `at most ${round(target.limit.most)}`;
    lines.push(`| ${target.what} | ${limit} | ${cells.join(" | ")} |`);
  }
  return [...lines, "", `${missed} missed, ${unknown} not measured`];
}

/** Names of others have their versions. */
function isNamed(name: string, wanted: string): boolean {
  return name === wanted || ((wanted === WASMTIME || wanted === WASMCLOUD) && name.startsWith(`${wanted} `));
}

/** `gateway` is a runtime, with how many replicas there are. */
function toWasmtime(find: Find, row: string, name: string, gateway: string): number {
  return find("load", row, `loopgate ${gateway}`, name) / find("load", row, WASMTIME, name);
}

function footprint(
  what: string,
  row: string,
  name: string,
  { unit = 1, ...target }: Pick<Target, "limit" | "only"> & { readonly unit?: number },
): Target {
  return { what, ...target, value: (find, runtime) => find("footprint", row, `loopgate ${runtime}`, name) / unit };
}
