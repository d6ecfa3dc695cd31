import assert from "node:assert/strict";
import { test } from "node:test";
import { join, relative } from "node:path";
import { withScratch, writeWhole } from "./build_files.ts";
import { checkTypes } from "./check_types.ts";
import type { WorkloadPlan } from "./workload_guests.ts";

const SOURCE = "export const a = 1;\nconst count: number = 'one';\n";
const OF_SOURCE = "src/api.ts(2,7): error TS2322: Type 'string' is not assignable to type 'number'.";
const OF_PROJECT = "error TS2688: Cannot find type definition file for 'nothing'.";

/** What is told, as "file:line:column message", when the compiler prints `lines`. */
async function told(lines: readonly string[]): Promise<readonly string[]> {
  return await withScratch(async (folder) => {
    for (
      const [path, text] of [["tsconfig.json", "{}"], ["src/api.ts", SOURCE], ["node_modules/.bin/tsc", ""]] as const
    ) {
      await writeWhole(join(folder, path), text);
    }
    const plan = { folder, guests: [{ source: "src/api.ts" }] } as unknown as WorkloadPlan;
    const run = { exitCode: lines.length === 0 ? 0 : 2, printed: `${lines.join("\n")}\n`, isMissing: false };
    const faults = await checkTypes([plan], () => Promise.resolve(run));
    return faults.map(({ file, line, column, message }) =>
      `${file.slice(folder.length + 1)}:${line}:${column} ${message}`
    );
  });
}

const ROWS: readonly (readonly [name: string, lines: readonly string[], told: readonly string[]])[] = [
  ["nothing", [], []],
  ["of a source", [OF_SOURCE, "  More of it."], [
    "src/api.ts:2:7 The types do not fit: Type 'string' is not assignable to type 'number' (TS2322)",
  ]],
  ["of the project", [OF_PROJECT, "  The file is in the program because:"], [
    "tsconfig.json:1:1 The types do not fit: Cannot find type definition file for 'nothing' (TS2688)",
  ]],
  ["of both", [OF_PROJECT, OF_SOURCE], [
    "tsconfig.json:1:1 The types do not fit: Cannot find type definition file for 'nothing' (TS2688)",
    "src/api.ts:2:7 The types do not fit: Type 'string' is not assignable to type 'number' (TS2322)",
  ]],
];

for (const [name, lines, expected] of ROWS) {
  test(`checkTypes: faults ${name}`, async () => assert.deepEqual(await told(lines), expected));
}

/** Where the compiler is run, from the folder of workloads, and what is told, for workloads `a` and `b` with these files. */
async function projects(
  files: readonly string[],
): Promise<readonly [runs: readonly string[], told: readonly string[]]> {
  return await withScratch(async (root) => {
    for (const path of [...files, "node_modules/.bin/tsc"]) await writeWhole(join(root, path), "{}");
    const plans = ["a", "b"].map((name) => {
      const source = files.find((file) => file.startsWith(`${name}/src/`));
      return { folder: join(root, name), guests: source === undefined ? [] : [{ source: join(root, source) }] };
    });
    const runs: string[] = [];
    const faults = await checkTypes(plans as unknown as readonly WorkloadPlan[], (_command, folder) => {
      runs.push(relative(root, folder));
      return Promise.resolve({ exitCode: 0, printed: "", isMissing: false });
    });
    return [runs, faults.map(({ file }) => relative(root, file))];
  });
}

const PROJECTS: readonly (readonly [files: string, runs: readonly string[], told: readonly string[]])[] = [
  ["a/src/a.ts a/tsconfig.json b/src/b.ts b/tsconfig.json", ["a", "b"], []],
  ["a/src/a.ts b/src/b.ts tsconfig.json", [""], []],
  ["a/src/a.ts a/tsconfig.json b/src/b.ts tsconfig.json", ["a", ""], []],
  ["a/src/a.ts b/src/b.ts b/tsconfig.json", ["b"], ["a/src/a.ts"]],
  ["a/src/a.mts b/src/b.js", [], ["a/src/a.mts"]],
  ["a/src/a.js a/tsconfig.json b/tsconfig.json", ["a"], []],
];

for (const [files, runs, faults] of PROJECTS) {
  test(`checkTypes: ${files}`, async () => assert.deepEqual(await projects(files.split(" ")), [runs, faults]));
}

test("checkTypes: a compiler that fails without a fault is no workload without faults", async () => {
  await assert.rejects(told(["Segmentation fault"]), /Cannot check the types of .*: Segmentation fault/);
});
