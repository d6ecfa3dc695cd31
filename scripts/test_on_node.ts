/** Test files on Node, each in a process of its own: one that does not end by itself is ended, and fails by its name. */
import { join } from "node:path";
import { COUNTS_MARK, type TestCounts } from "./test_reporter.ts";
import { ROOT, run } from "./tools.ts";

export interface NodeTestOptions {
  /** The program. */
  readonly node: string;
  /** For each test, and for the process of a file: a file whose tests are over can still wait for something. */
  readonly deadlineMs: number;
  /** Files at a time. */
  readonly processes: number;
  /** Takes what a file printed. */
  readonly print: (text: string) => void;
}

/** Runs all files, and adds up. */
export async function testOnNode(files: readonly string[], options: NodeTestOptions): Promise<TestCounts> {
  const totals: TestCounts = { passed: 0, failed: 0, skipped: [] };
  const left = files.values();
  await Promise.all(Array.from({ length: options.processes }, async () => {
    // The files are taken from one row by all.
    for (const file of left) {
      const { passed, failed, skipped } = await testFile(file, options);
      totals.passed += passed;
      totals.failed += failed;
      totals.skipped.push(...skipped);
    }
  }));
  return totals;
}

async function testFile(file: string, { node, deadlineMs, print }: NodeTestOptions): Promise<TestCounts> {
  const { code, output } = await run(node, [
    "--import",
    join(ROOT, "test/support/setup.ts"),
    "--expose-gc",
    "--conditions=loopgate-source",
    "--disable-warning=ExperimentalWarning",
    "--test-reporter",
    join(ROOT, "scripts/test_reporter.ts"),
    "--test-reporter-destination",
    "stdout",
    `--test-timeout=${deadlineMs}`,
    file,
  ], {
    deadlineMs,
    // Set by whoever tests this; it would have the process report in another form.
    env: { NODE_TEST_CONTEXT: "" },
  });
  const at = output.lastIndexOf(COUNTS_MARK);
  const counts = at < 0 ? { passed: 0, failed: 0, skipped: [] } : readCounts(output.slice(at + COUNTS_MARK.length));
  const said = at < 0 ? output : output.slice(0, at) + output.slice(output.indexOf("\n", at) + 1);
  if (said.trim() !== "") print(said.trimEnd());
  const isEmpty = counts.passed + counts.failed + counts.skipped.length === 0;
  if (counts.failed > 0 || (code === 0 && !isEmpty)) return counts;
  // It failed outside of its tests, or before them, or was ended.
  print(`FAILED: ${file} (${code === 0 ? "it has no test" : `its process ended with ${code}`})`);
  return { ...counts, failed: 1 };
}

function readCounts(text: string): TestCounts {
  return JSON.parse(text.slice(0, text.indexOf("\n"))) as TestCounts;
}
