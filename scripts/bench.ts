/**
 * `npm run bench`: what an instance, a request and a round trip over the loopback cost, under the engine and under jco's
 * glue, on the same component bytes with the same host, in alternating processes on Node and on Deno.
 * `-- --json <file>` also writes the numbers. Nothing leaves the machine.
 */
import { existsSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { WorkerResult } from "./bench/worker.ts";
import { buildGuests } from "./build_guests.ts";
import { buildWorkloads } from "./build_workloads.ts";
import { pinned, ROOT, run } from "./tools.ts";

interface Pair {
  readonly name: string;
  readonly handler: string;
  readonly service: string;
}

const { values } = parseArgs({ options: { json: { type: "string" } } });
await buildWorkloads(join(ROOT, "workloads"));
const { built } = await buildGuests();
const pairs: Pair[] = [
  { name: "Rust (wstd)", handler: built["rust_http_api"] ?? "", service: built["rust_service_leet"] ?? "" },
  {
    name: "TypeScript (QuickJS)",
    handler: join(ROOT, "workloads/service-tcp/dist/http_api.wasm"),
    service: join(ROOT, "workloads/service-tcp/dist/service_leet.wasm"),
  },
].filter(({ handler, service }) => existsSync(handler) && existsSync(service));

const all: Record<string, WorkerResult> = {};
for (const pair of pairs) {
  for (const runtime of ["node", "deno"] as const) {
    for (const glue of ["engine", "jco"] as const) {
      all[`${pair.name}|${runtime}|${glue}`] = await measure(pair, runtime, glue);
    }
  }
}
console.log(
  `CPU microseconds per operation, median (best) of 7 rounds; ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores`,
);
for (const pair of pairs) print(pair);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(all, null, 2));

async function measure(pair: Pair, runtime: "node" | "deno", glue: "engine" | "jco"): Promise<WorkerResult> {
  const binary = pinned(runtime);
  if (binary === undefined) return {};
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : ["--disable-warning=ExperimentalWarning"];
  const { code, output } = await run(binary, [
    ...flags,
    join(ROOT, "scripts/bench/worker.ts"),
    glue,
    pair.handler,
    pair.service,
  ]);
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined) {
    throw new Error(`Cannot measure ${pair.name} with ${glue} on ${runtime}: ${output}`);
  }
  return JSON.parse(line) as WorkerResult;
}

function print(pair: Pair): void {
  const columns = (["node", "deno"] as const).flatMap((runtime) =>
    (["engine", "jco"] as const).map((glue) => ({ runtime, glue }))
  );
  const cell = (name: string, runtime: string, glue: string): string => {
    const cost = all[`${pair.name}|${runtime}|${glue}`]?.[name];
    if (cost === undefined) return "-";
    return "failed" in cost
      ? `fails: ${cost.failed.slice(0, 40)}`
      : `${cost.median.toFixed(0)} (${cost.best.toFixed(0)})`;
  };
  console.log(`\n| ${pair.name} | ${columns.map(({ runtime, glue }) => `${runtime} ${glue}`).join(" | ")} |`);
  console.log(`| --- |${columns.map(() => " ---: |").join("")}`);
  const names = Object.keys(all[`${pair.name}|node|engine`] ?? {});
  for (const name of names) {
    console.log(`| ${name} | ${columns.map(({ runtime, glue }) => cell(name, runtime, glue)).join(" | ")} |`);
  }
}
