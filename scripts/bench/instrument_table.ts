/** What fuel and tracked writes cost compute: programs in C and Rust, beside themselves as they were compiled. */
import { join } from "node:path";
import { pinned, ROOT, run } from "../tools.ts";
import { buildComputePrograms, COMPUTE_SIZES, EXTREME_SIZES } from "./compute_programs.ts";
import type { InstrumentTimes } from "./instrument.ts";
import type { BenchRow } from "./results.ts";

const RUNTIMES = ["node", "deno"] as const;

type Times = Readonly<Record<string, InstrumentTimes>>;

/** Measures and prints. */
export async function instrumentTable(): Promise<readonly BenchRow[]> {
  const modules = await buildComputePrograms();
  const all = new Map<string, Times>();
  for (const runtime of RUNTIMES) all.set(runtime, await measure(runtime, modules));
  console.log(
    "Best of 40 rounds, CPU time. Longer than without, in per cent: with fuel; with fuel and tracked writes\n",
  );
  console.log(
    `| program | ${RUNTIMES.map((runtime) => `${runtime}, ms | fuel | and writes | us a tick`).join(" | ")} |`,
  );
  console.log(`| --- |${RUNTIMES.map(() => " ---: | ---: | ---: | ---: |").join("")}`);
  const rows = Object.keys(COMPUTE_SIZES).flatMap((name) => printRow(name, all));
  const mean = RUNTIMES.map((runtime) => {
    const times = Object.keys(COMPUTE_SIZES).flatMap((name) => all.get(runtime)?.[name] ?? []);
    return `| ${percent(geometricMean(times, "fuel"))} | ${percent(geometricMean(times, "writes"))} |`;
  });
  console.log(`| **geometric mean** | ${mean.join(" | ")} |`);
  return [...rows, ...Object.keys(EXTREME_SIZES).flatMap((name) => printRow(name, all))];
}

async function measure(runtime: "node" | "deno", modules: readonly string[]): Promise<Times> {
  const binary = pinned(runtime);
  if (binary === undefined) return {};
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  const worker = join(ROOT, "scripts/bench/instrument.ts");
  const { code, output } = await run(binary, [...flags, worker, ...modules]);
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined) throw new Error(`Cannot measure instrumentation on ${runtime}: ${output}`);
  return JSON.parse(line) as Times;
}

function printRow(name: string, all: ReadonlyMap<string, Times>): readonly BenchRow[] {
  const rows: BenchRow[] = [];
  const cells = RUNTIMES.map((runtime) => {
    const times = all.get(runtime)?.[name];
    if (times === undefined) return "- | - | - | -";
    const [fuel, writes] = [times.fuel / times.plain, times.writes / times.plain];
    rows.push({ table: "instrument", row: name, who: runtime, values: { fuelRatio: fuel, writesRatio: writes } });
    const tickUs = (times.fuel * 1000) / times.ticks;
    return `${times.plain.toFixed(2)} | ${percent(fuel)} | ${percent(writes)} | ${tickUs.toFixed(0)}`;
  });
  console.log(`| ${name} | ${cells.join(" | ")} |`);
  return rows;
}

function geometricMean(times: readonly InstrumentTimes[], variant: "fuel" | "writes"): number {
  return Math.exp(times.reduce((sum, each) => sum + Math.log(each[variant] / each.plain), 0) / times.length);
}

function percent(ratio: number): string {
  return `${((ratio - 1) * 100).toFixed(0)} %`;
}
