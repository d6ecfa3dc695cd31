/**
 * `npm test`: the gate, the sample workloads and test guests, then every test on Node and on Deno.
 * Words after it choose test files: `npm test -- router` runs those with "router" in their path, without the gate.
 * The last line is `N passed, N failed`.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { buildGuests } from "./build_guests.ts";
import { buildWorkloads } from "./build_workloads.ts";
import { gateChecks, runGate } from "./ok.ts";
import { testOnNode } from "./test_on_node.ts";
import type { TestCounts } from "./test_reporter.ts";
import { pinned, ROOT, run } from "./tools.ts";

/** A file that takes this long hangs. */
const FILE_DEADLINE_MS = 300_000;
/** The same for all files on Deno, which runs them in one process. */
const RUN_DEADLINE_MS = 1_800_000;

const chosen = process.argv.slice(2);
const totals: TestCounts = { passed: 0, failed: 0, skipped: [] };

if (chosen.length === 0) {
  console.log("gate");
  if (await runGate()) totals.passed += gateChecks().length;
  else totals.failed++;
}
const files = globSync(["src/**/*_test.ts", "scripts/**/*_test.ts", "test/**/*_test.ts", "workloads/**/*_test.ts"], {
  cwd: ROOT,
})
  .filter((file) => chosen.length === 0 || chosen.some((word) => file.includes(word)))
  .toSorted();
if (files.length === 0) {
  console.log(`Cannot test: no test file has ${chosen.join(" or ")} in its path`);
  process.exit(2);
}
await buildWorkloads(join(ROOT, "workloads"));
// Tests beside their files need no guests, and the toolchains of the first time take minutes.
if (files.some((file) => file.startsWith("test"))) {
  const { skipped } = await buildGuests();
  for (const { name, reason } of skipped) console.log(`skipped: guest ${name} (${reason})`);
  totals.skipped.push(...skipped.map(({ name }) => name));
}
console.log(`node: ${files.length} files`);
const onNode = await testOnNode(files, {
  node: pinned("node") ?? process.execPath,
  deadlineMs: FILE_DEADLINE_MS,
  processes: 2,
  print: (text) => console.log(text),
});
add("node", onNode);
add("deno", await testOnDeno(onNode.skipped.length));
checkSkips();
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 ? 0 : 1);

async function testOnDeno(skippedOnNode: number): Promise<TestCounts> {
  const deno = pinned("deno");
  if (deno === undefined) throw new Error("Cannot test on Deno: no pinned Deno, expected one for this platform");
  console.log(`deno: ${files.length} files`);
  const setup = ["--preload", join(ROOT, "test/support/setup.ts"), "--v8-flags=--expose-gc"];
  const { code, output } = await run(deno, ["test", "-A", "--no-check", ...setup, ...files], {
    env: { NO_COLOR: "1" },
    deadlineMs: RUN_DEADLINE_MS,
  });
  const summary = /(\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/.exec(
    output,
  );
  // Its summary has no names. What Node skips too is named already, so only more than that is news.
  const more = Math.max(0, Number(summary?.[3] ?? 0) - skippedOnNode);
  const skipped = Array.from({ length: more }, () => "a test that only Deno skips (deno test names it)");
  const counts: TestCounts = { passed: Number(summary?.[1] ?? 0), failed: Number(summary?.[2] ?? 1), skipped };
  if (code !== 0 || counts.failed > 0) {
    console.log(output.slice(Math.max(0, output.search(/^ ERRORS $/m))).trimEnd());
    // Without a summary it was ended, or ended itself, in the last file that began.
    if (summary === null) console.log(`FAILED: ${/.*^running \d+ tests? from (\S+)/ms.exec(output)?.[1] ?? "no file"}`);
  }
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function add(runtime: string, counts: TestCounts): void {
  console.log(`${runtime}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`);
  totals.passed += counts.passed;
  totals.failed += counts.failed;
  totals.skipped.push(...counts.skipped);
}

/** In CI a skip that nobody agreed to is a failure: a toolchain that went missing must not go unnoticed. */
function checkSkips(): void {
  const agreed = new Set(
    Object.keys(JSON.parse(readFileSync(join(ROOT, "test/skips.json"), "utf8")) as Record<string, string>),
  );
  const surprising = [...new Set(totals.skipped)].filter((name) => !agreed.has(name));
  if (surprising.length === 0) return;
  console.log(`skips that test/skips.json does not list: ${surprising.join(", ")}`);
  if (process.env.CI === "true") totals.failed += surprising.length;
}
