/**
 * `npm run bench [-- engine instrument parts guests load runaway footprint]`: what things cost, on this machine, beside others that do the same.
 * Without names, all tables. Nothing leaves the machine.
 *
 *     --rounds 4 --seconds 2     how often and how long load is sent for each cell
 *     --rows <text>              of the table load only the rows with this in their names, such as "hello reuse, 32"
 *     --adapter <file>           one more server in the table load, by a module that exports it as `peer` (may be repeated)
 *     --json <file>              where the numbers go (default: bench/out/<commit>.json)
 *     --targets <run>            prints what an earlier run (a commit or a file) says of the targets, and measures nothing
 *     --compare <a> <b>          prints two earlier runs (commits or files) side by side and measures nothing
 */
import { parseArgs } from "node:util";
import { engineTable } from "./bench/engine_table.ts";
import { guestsTable } from "./bench/guests_table.ts";
import { instrumentTable } from "./bench/instrument_table.ts";
import { loadTable } from "./bench/load_table.ts";
import { runInOwnNetwork } from "./bench/own_network.ts";
import { partsTable } from "./bench/parts_table.ts";
import { type BenchRow, loadRun, machineLine, printComparison, saveRun } from "./bench/results.ts";
import { runawayTable } from "./bench/runaway_table.ts";
import { targetLines } from "./bench/targets.ts";
import { footprintTable } from "./bench/footprint_table.ts";
import { buildGuests } from "./build_guests.ts";
import { buildWorkloads } from "./build_workloads.ts";
import { ROOT } from "./tools.ts";
import { join } from "node:path";
import process from "node:process";

/** Paths of the built guests by name. */
type Guests = Readonly<Record<string, string>>;

/** How the run within its own network is told of them. */
const GUESTS_VARIABLE = "LOOPGATE_BENCH_GUESTS";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    adapter: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    rounds: { type: "string", default: "4" },
    rows: { type: "string", default: "" },
    seconds: { type: "string", default: "2" },
    compare: { type: "boolean", default: false },
    targets: { type: "string" },
  },
});

if (values.compare) {
  const [before, after] = positionals;
  if (before === undefined || after === undefined) {
    throw new Error(
      "Cannot compare: --compare needs two commits or files, as in --compare 1a2b3c4 bench/out/5d6e7f8.json",
    );
  }
  printComparison(loadRun(before), loadRun(after));
} else if (values.targets !== undefined) {
  console.log(targetLines(loadRun(values.targets).rows).join("\n"));
} else {
  const given = process.env[GUESTS_VARIABLE];
  if (given !== undefined) await measure(JSON.parse(given) as Guests);
  else {
    await buildWorkloads(join(ROOT, "workloads"));
    const { built } = await buildGuests();
    // Building may need a network, measuring must not have one.
    const code = await runInOwnNetwork({ [GUESTS_VARIABLE]: JSON.stringify(built) });
    if (code === undefined) await measure(built);
    else process.exitCode = code;
  }
}

async function measure(built: Guests): Promise<void> {
  const options = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    rows: values.rows,
    adapters: values.adapter,
  };
  const tables: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
    engine: () => engineTable(built),
    instrument: () => instrumentTable(),
    parts: () => partsTable(built),
    guests: () => guestsTable(),
    load: () => loadTable(built, options),
    runaway: () => runawayTable(built, options),
    footprint: () => footprintTable(built),
  };
  const unknown = positionals.filter((name) => !(name in tables));
  if (unknown.length > 0) {
    throw new Error(
      `Cannot measure "${unknown.join('", "')}": there is no such table, expected ${Object.keys(tables).join(", ")}`,
    );
  }
  console.log(machineLine());
  const rows: BenchRow[] = [];
  for (const [name, table] of Object.entries(tables)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.log(`\n## ${name}\n`);
    rows.push(...await table());
  }
  if (rows.some(({ table }) => table === "load" || table === "footprint")) {
    console.log(`\n## targets\n\n${targetLines(rows).join("\n")}`);
  }
  console.log(`\nKept in ${await saveRun(rows, values.json)}`);
}
