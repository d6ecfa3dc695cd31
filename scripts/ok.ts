/** The gate: format, lint, ranks and sizes, both type checkers. Prints what failed in full and nothing of what passed. */
import process from "node:process";
import { join } from "node:path";
import { pinned, ROOT, run, tool } from "./tools.ts";

interface Check {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** What to run to mend it, where a tool can. */
  readonly fix?: string;
}

/** All checks; `deno` ones need the pinned Deno. */
export function gateChecks(): readonly Check[] {
  const deno = pinned("deno");
  const node = pinned("node") ?? process.execPath;
  if (deno === undefined) throw new Error("Cannot run the gate: no pinned Deno, expected one for this platform");
  return [
    { name: "format", file: deno, args: ["fmt", "--check", "--quiet"], fix: "deno fmt" },
    { name: "lint", file: tool("oxlint"), args: ["--type-aware", "--quiet"] },
    { name: "tidy", file: node, args: [join(ROOT, "scripts/tidy.ts")] },
    { name: "types (tsc)", file: tool("tsc"), args: ["-p", "."] },
    { name: "types (deno)", file: deno, args: ["check", "--quiet", "src", "scripts", "test"] },
  ];
}

/** Runs every check; true when all passed. */
export async function runGate(): Promise<boolean> {
  let isGood = true;
  for (const check of gateChecks()) {
    const startedMs = performance.now();
    const { code, output } = await run(check.file, check.args);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
    if (code === 0) continue;
    isGood = false;
    console.log(output.trimEnd());
    if (check.fix !== undefined) console.log(`to mend it: ${check.fix}`);
  }
  return isGood;
}

if (import.meta.main) process.exit((await runGate()) ? 0 : 1);
