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
  helloFreshUs: "hello fresh, without the listener: CPU us",
  helloReuseUs: "hello reuse, without the listener: CPU us",
  tripFreshUs: "loopback round trip fresh, without the listener: CPU us",
  tripReuseUs: "loopback round trip reuse, without the listener: CPU us",
};

const GUESTS = ["rust_http_probe", "rust_http_api", "rust_service_leet"] as const;

/** Measures and prints both runtimes. */
export async function partsTable(guests: Readonly<Record<string, string>>): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const columns: Readonly<Record<string, readonly number[] | undefined>>[] = [];
  for (const runtime of RUNTIMES) {
    const [hello = "", handler = "", service = ""] = GUESTS.map((name) => guests[name]);
    const rounds = {
      ...await measure(runtime, "parts_worker.ts", [hello]),
      ...await measure(runtime, "request_worker.ts", [hello, handler, service]),
    };
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

async function measure(
  runtime: "node" | "deno",
  worker: string,
  files: readonly string[],
): Promise<Record<string, readonly number[]>> {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : ["--disable-warning=ExperimentalWarning"];
  const { code, output } = await run(pinned(runtime) ?? "", [...flags, join(ROOT, "scripts/bench", worker), ...files]);
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined) throw new Error(`Cannot measure the parts on ${runtime}: ${output}`);
  return JSON.parse(line) as Record<string, readonly number[]>;
}
