/** The numbers of a run: kept as JSON, so that two commits can be compared. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ROOT, run } from "../tools.ts";

/** One measured thing; a value's name ends in its unit. */
export interface BenchRow {
  readonly table: "engine" | "instrument" | "load" | "runaway" | "footprint" | "parts" | "guests";
  readonly row: string;
  /** The server, or runtime and glue, that was measured. */
  readonly who: string;
  readonly values: Readonly<Record<string, number>>;
  /** What values were taken from, in the order of time, where that says more than they do. */
  readonly series?: Readonly<Record<string, readonly number[]>>;
}

/** A run, with what it ran on. */
export interface BenchRun {
  readonly commit: string;
  readonly machine: string;
  readonly rows: readonly BenchRow[];
}

/** Values of which more is better; of all others less is. */
const MORE_IS_BETTER: ReadonlySet<string> = new Set(["requestsPerS", "bytesPerS"]);

/** Where runs are kept; git ignores it. */
export const RESULTS_FOLDER: string = join(ROOT, "bench/out");

/** What the numbers depend on, as a line. */
export function machineLine(): string {
  const gib = Math.round(totalmem() / 1024 ** 3);
  return `${
    cpus()[0]?.model ?? "unknown processor"
  }, ${cpus().length} cores, ${gib} GiB, Linux ${release()}, Node ${process.version}`;
}

/** Writes the run under its commit, and returns the file. */
export async function saveRun(rows: readonly BenchRow[], file?: string): Promise<string> {
  const { output } = await run("git", ["rev-parse", "--short", "HEAD"]);
  const commit = output.trim();
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const path = file ?? join(RESULTS_FOLDER, `${commit}.json`);
  writeFileSync(path, `${JSON.stringify({ commit, machine: machineLine(), rows } satisfies BenchRun, null, 2)}\n`);
  return path;
}

/** Reads a run from a file, or the kept one of a commit. */
export function loadRun(name: string): BenchRun {
  const path = name.endsWith(".json") ? name : join(RESULTS_FOLDER, `${name}.json`);
  return JSON.parse(readFileSync(path, "utf8")) as BenchRun;
}

/** Prints what both runs have, with the ratio of the second to the first; above 1 the second is better. */
export function printComparison(before: BenchRun, after: BenchRun): void {
  if (before.machine !== after.machine) {
    console.log(`The runs are from different machines:\n  ${before.machine}\n  ${after.machine}`);
  }
  console.log(`\n| | ${before.commit} | ${after.commit} | better by |\n| --- | ---: | ---: | ---: |`);
  for (const { table, row, who, values } of after.rows) {
    const earlier = before.rows.find((each) => each.table === table && each.row === row && each.who === who);
    for (const [name, value] of Object.entries(values)) {
      const old = earlier?.values[name];
      if (old === undefined) continue;
      const ratio = MORE_IS_BETTER.has(name) ? value / old : old / value;
      // Memory that grew by nothing, processor time of nobody: there is no ratio to it.
      const better = old > 0 && value > 0 ? ratio.toFixed(2) : "";
      console.log(`| ${row}, ${who}, ${name} | ${round(old)} | ${round(value)} | ${better} |`);
    }
  }
}

/** Three digits that mean something. */
export function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The least and the most of `values`. */
export function spread(values: readonly number[]): string {
  return `${round(Math.min(...values))}-${round(Math.max(...values))}`;
}

/** The middle of `values`; of none, NaN. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
