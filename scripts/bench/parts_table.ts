/** What single parts cost, on both runtimes: an instance, its recycling, a decision of the policy, the private loopback. */
import { join } from "node:path";
import { pinned, ROOT, run } from "../tools.ts";
import { type BenchRow, median, round, spread } from "./results.ts";

const RUNTIMES = ["node", "deno"] as const;

/** Rows by the names of the worker's values. */
const ROWS: Readonly<Record<string, string>> = {
  instantiateUs: "instantiate (Rust, 300 KB): CPU us",
  recycleUs: "recycle after a hello: us",
  decisionUs: "decision of the policy, 20 rules: us",
  bytesPerS: "loopback, one connection: bytes/s",
};

/** Measures and prints both runtimes. */
export async function partsTable(guests: Readonly<Record<string, string>>): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const columns: Record<string, readonly number[]>[] = [];
  for (const runtime of RUNTIMES) {
    const rounds = await measure(runtime, guests["rust_http_probe"] ?? "");
    columns.push(rounds);
    for (const [name, row] of Object.entries(ROWS)) {
      const values = { [name]: median(rounds[name] ?? []) };
      rows.push({ table: "parts", row, who: runtime, values });
    }
  }
  console.log("Median (spread) of 9 rounds\n\n| | node | deno |\n| --- | ---: | ---: |");
  for (const [name, row] of Object.entries(ROWS)) {
    const cells = columns.map((rounds) => `${round(median(rounds[name] ?? []))} (${spread(rounds[name] ?? [])})`);
    console.log(`| ${row} | ${cells.join(" | ")} |`);
  }
  return rows;
}

async function measure(runtime: "node" | "deno", handler: string): Promise<Record<string, readonly number[]>> {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : ["--disable-warning=ExperimentalWarning"];
  const worker = join(ROOT, "scripts/bench/parts_worker.ts");
  const { code, output } = await run(pinned(runtime) ?? "", [...flags, worker, handler]);
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined) throw new Error(`Cannot measure the parts on ${runtime}: ${output}`);
  return JSON.parse(line) as Record<string, readonly number[]>;
}
