/**
 * `npm run soak`: ten workloads under faults for minutes; at its end nothing is left, and nothing was lost.
 * `npm run soak -- --seconds 600` for longer. Ends with 1 and what was wrong.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runSoak } from "./soak/run_soak.ts";

const SECONDS_DEFAULT = 180;
const SECONDS_MAX = 24 * 3600;

const { values } = parseArgs({ options: { seconds: { type: "string", default: String(SECONDS_DEFAULT) } } });
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1 || seconds > SECONDS_MAX) {
  console.error(`Cannot use --seconds "${values.seconds}", expected a number from 1 to ${SECONDS_MAX}`);
  process.exit(2);
}
if ("gc" in globalThis) {
  const faults = await runSoak({ seconds, isMemoryJudged: seconds >= 60, print: (line) => console.log(line) });
  for (const fault of faults) console.log(`FAILED: ${fault}`);
  console.log(faults.length === 0 ? `soak: ${seconds} s, all is well` : `soak: ${faults.length} faults`);
  process.exit(faults.length === 0 ? 0 : 1);
}
/** Those of `run.mjs`, which started this process. */
const SOAK_PERMISSIONS = ["read", "env", "sys", "write", "run", "net", "ffi=node_modules"].map((name) =>
  `--allow-${name}`
);

// Memory can only be judged after a collection that was asked for.
const flags = process.versions["deno"] === undefined
  ? ["--expose-gc", "--disable-warning=ExperimentalWarning"]
  : ["run", "--no-prompt", "--no-check", "--v8-flags=--expose-gc", ...SOAK_PERMISSIONS];
const child = spawn(process.execPath, [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => child.pid !== undefined && process.kill(child.pid, signal));
}
child.on("exit", (code) => process.exit(code ?? 1));
