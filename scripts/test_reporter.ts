/**
 * A reporter for `node --test` that prints what failed or was skipped, and one JSON line with the counts at the end
 * (`scripts/test.ts` reads it).
 */
import type { TestEvent } from "node:test/reporters";

/** The counts of one run; skipped tests are named so that they can be held against test/skips.json. */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: string[];
}

/** Marks the line that holds the counts. */
export const COUNTS_MARK = "#counts ";

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts: TestCounts = { passed: 0, failed: 0, skipped: [] };
  for await (const event of source) {
    if (event.type === "test:stdout" || event.type === "test:stderr") yield event.data.message;
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    const { name, file, details } = event.data;
    if (event.data.skip !== undefined && event.data.skip !== false) {
      counts.skipped.push(name);
      yield `skipped: ${name} (${event.data.skip === true ? "no reason given" : event.data.skip})\n`;
    } else if (event.type === "test:pass") {
      if (details.type !== "suite") counts.passed++;
    } else {
      counts.failed++;
      yield `FAILED: ${name}\n  in ${file ?? "?"}:${event.data.line ?? 0}\n${describe(event.data.details.error)}\n`;
    }
  }
  yield `${COUNTS_MARK}${JSON.stringify(counts)}\n`;
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return (cause.stack ?? cause.message).split("\n").map((line) => `  ${line}`).join("\n");
}
