/**
 * What an instance, a request and a round trip over the loopback cost, under the engine and under jco's glue, on the
 * same component bytes with the same host, in alternating processes on Node and on Deno.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pinned, ROOT, run } from "../tools.ts";
import type { WorkerResult } from "./worker.ts";
import type { BenchRow } from "./results.ts";

interface Pair {
  readonly name: string;
  readonly handler: string;
  readonly service: string;
}

const RUNTIMES = ["node", "deno"] as const;
const GLUES = ["engine", "jco"] as const;

/** Measures and prints; `guests` are the built test guests by name. */
export async function engineTable(guests: Readonly<Record<string, string>>): Promise<readonly BenchRow[]> {
  const pairs: readonly Pair[] = [
    { name: "Rust (wstd)", handler: guests["rust_http_api"] ?? "", service: guests["rust_service_leet"] ?? "" },
    {
      name: "TypeScript (QuickJS)",
      handler: join(ROOT, "workloads/service-tcp/dist/http_api.wasm"),
      service: join(ROOT, "workloads/service-tcp/dist/service_leet.wasm"),
    },
  ].filter(({ handler, service }) => existsSync(handler) && existsSync(service));
  const all = new Map<string, WorkerResult>();
  for (const pair of pairs) {
    for (const runtime of RUNTIMES) {
      for (const glue of GLUES) all.set(`${pair.name}|${runtime}|${glue}`, await measure(pair, runtime, glue));
    }
  }
  console.log("CPU microseconds per operation, median (best) of 7 rounds");
  return pairs.flatMap((pair) => print(pair, all));
}

async function measure(pair: Pair, runtime: "node" | "deno", glue: "engine" | "jco"): Promise<WorkerResult> {
  const binary = pinned(runtime);
  if (binary === undefined) return {};
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : ["--disable-warning=ExperimentalWarning"];
  const worker = join(ROOT, "scripts/bench/worker.ts");
  const { code, output } = await run(binary, [...flags, worker, glue, pair.handler, pair.service]);
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined) {
    throw new Error(`Cannot measure ${pair.name} with ${glue} on ${runtime}: ${output}`);
  }
  return JSON.parse(line) as WorkerResult;
}

function print(pair: Pair, all: ReadonlyMap<string, WorkerResult>): readonly BenchRow[] {
  const columns = RUNTIMES.flatMap((runtime) => GLUES.map((glue) => ({ runtime, glue })));
  const names = Object.keys(all.get(`${pair.name}|node|engine`) ?? {});
  const rows: BenchRow[] = [];
  console.log(`\n| ${pair.name} | ${columns.map(({ runtime, glue }) => `${runtime} ${glue}`).join(" | ")} |`);
  console.log(`| --- |${columns.map(() => " ---: |").join("")}`);
  for (const name of names) {
    const cells = columns.map(({ runtime, glue }) => {
      const cost = all.get(`${pair.name}|${runtime}|${glue}`)?.[name];
      if (cost === undefined) return "-";
      if ("failed" in cost) return `fails: ${cost.failed.slice(0, 40)}`;
      rows.push({
        table: "engine",
        row: `${pair.name}: ${name}`,
        who: `${runtime} ${glue}`,
        values: { cpuUs: cost.median },
      });
      return `${cost.median.toFixed(0)} (${cost.best.toFixed(0)})`;
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
  return rows;
}
