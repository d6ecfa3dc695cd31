import assert from "node:assert/strict";
import { test } from "node:test";
import type { BenchRow } from "./results.ts";
import { targetLines } from "./targets.ts";

const HELLO = { table: "load", row: "hello fresh, 32 connections" } as const;

function lineOf(rows: readonly BenchRow[], start: string): string | undefined {
  return targetLines(rows).find((line) => line.startsWith(`| ${start}`));
}

test("targetLines: a target is missed on one runtime and met on the other, beside the wasmtime of any version", () => {
  const rows: readonly BenchRow[] = [
    { ...HELLO, who: "loopgate deno", values: { requestsPerS: 2_900, p99Ms: 3 } },
    { ...HELLO, who: "loopgate node", values: { requestsPerS: 3_000, p99Ms: 5 } },
    { ...HELLO, who: "wasmtime serve 48.0.8", values: { requestsPerS: 1_000, p99Ms: 4 } },
  ];
  assert.equal(
    lineOf(rows, "hello fresh, requests/s"),
    "| hello fresh, requests/s: times those of wasmtime serve | at least 3.00 | 3.00 met | 2.90 **missed** |",
  );
  assert.equal(
    lineOf(rows, "hello fresh, p99"),
    "| hello fresh, p99: times that of wasmtime serve | at most 1.00 | 1.25 **missed** | 0.750 met |",
  );
  assert.equal(
    lineOf(rows, "hello fresh, 32 connections: times slower"),
    "| hello fresh, 32 connections: times slower than on Node | at most 1.50 |  | 1.03 met |",
  );
});

test("targetLines: what was not measured is neither met nor missed", () => {
  const lines = targetLines([{ ...HELLO, who: "loopgate node", values: { requestsPerS: 3_000 } }]);
  assert.ok(lines.some((line) => line.endsWith("| not measured | not measured |")));
  assert.match(lines.at(-1) ?? "", /^0 missed, [1-9][0-9]* not measured$/);
});

test("targetLines: times count the other way round than rates", () => {
  const row = { table: "footprint", row: "new workload" } as const;
  const rows: readonly BenchRow[] = [
    { ...row, who: "loopgate node", values: { firstAnswerMs: 20 } },
    { ...row, who: "loopgate deno", values: { firstAnswerMs: 40 } },
  ];
  assert.match(lineOf(rows, "new workload: times slower") ?? "", /\| 2\.00 \*\*missed\*\* \|$/);
});

test("targetLines: a target beside a server that few have is a line only where that took part", () => {
  const row = { table: "load", row: "loopback round trip fresh, 32 connections" } as const;
  const own = { ...row, who: "loopgate node", values: { requestsPerS: 6_600 } };
  const start = "loopback round trip fresh, requests/s";
  assert.equal(lineOf([own], start), undefined);
  const lines = lineOf([own, { ...row, who: "wasmcloud 2.7.0", values: { requestsPerS: 1_000 } }], start);
  assert.match(lines ?? "", /\| at least 6\.00 \| 6\.60 met \| not measured \|$/);
});
