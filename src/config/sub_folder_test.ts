/** A workload that is read by itself, as a reload does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Content, memoryFiles } from "../../test/support/memory_files.ts";
import { loadFolder } from "./load_folder.ts";
import { tieFaults } from "./route_ties.ts";
import { readSubFolder } from "./sub_folder.ts";

const FOLDER: Readonly<Record<string, Content>> = {
  "w/gateway.jsonc": '{ "limits": { "cpu": "1s" }, "ca": "ca.pem" }',
  "w/a/workload.jsonc": '{ "service": { "component": "bin/s.wasm" } }',
  "w/a/r.route.jsonc": '{ "match": { "path": "/a" }, "component": "x.wasm" }',
  "w/a/bin/s.wasm": "",
  "w/a/x.wasm": "",
  "w/b/r.route.jsonc": '{ "match": { "path": "/b" }, "component": "x.wasm" }',
  "w/b/x.wasm": "",
  "w/c/readme.txt": "",
  "w/dist/r.route.jsonc": "{",
};

/** Reads all with `before`, then the workload `name` again with `changes`. */
async function reload(name: string, changes: Readonly<Record<string, Content | undefined>> = {}) {
  const before = { ...FOLDER, "w/gateway.jsonc": '{ "limits": { "cpu": "1s" } }' };
  const { workloads, ceiling, diagnostics: none } = await loadFolder("w", memoryFiles(before));
  assert.deepEqual(none, []);
  const after = Object.entries({ ...before, ...changes }).flatMap(([path, content]) =>
    content === undefined ? [] : [[path, content] as const]
  );
  const others = workloads.filter((workload) => workload.name !== name);
  const files = memoryFiles(Object.fromEntries(after));
  const read = await readSubFolder(name, { folder: "w", files, ceiling });
  const diagnostics = [...read.diagnostics, ...tieFaults(read.routes, others)];
  return { ...read, diagnostics, served: workloads.find((workload) => workload.name === name) };
}

test("readSubFolder: reads what loadFolder read", async () => {
  for (const name of ["a", "b"]) {
    const { isWorkload, workload, served, diagnostics } = await reload(name);
    assert.deepEqual(diagnostics, []);
    assert.ok(isWorkload && workload !== undefined);
    assert.deepEqual(workload, served);
  }
});

test("readSubFolder: names everything that it was made of", async () => {
  const { dependencies } = await reload("a");
  assert.deepEqual(dependencies.toSorted(), [
    "w/a",
    "w/a/bin/s.wasm",
    "w/a/r.route.jsonc",
    "w/a/workload.jsonc",
    "w/a/x.wasm",
  ]);
});

test("readSubFolder: names a component that is not there, so that it can come", async () => {
  const { workload, dependencies, diagnostics } = await reload("b", { "w/b/x.wasm": undefined });
  assert.equal(workload, undefined);
  assert.equal(diagnostics.length, 1);
  assert.ok(dependencies.includes("w/b/x.wasm"));
});

test("readSubFolder: a broken file is a fault, and its workload is still there", async () => {
  const { isWorkload, workload, diagnostics, dependencies } = await reload("b", { "w/b/r.route.jsonc": "{" });
  assert.deepEqual([isWorkload, workload], [true, undefined]);
  assert.deepEqual(diagnostics.map(({ file }) => file), ["w/b/r.route.jsonc"]);
  assert.ok(dependencies.includes("w/b/r.route.jsonc"));
});

test("readSubFolder: a misnamed file is a fault", async () => {
  const { workload, diagnostics } = await reload("b", { "w/b/x.routes.jsonc": "{}" });
  assert.equal(workload, undefined);
  assert.match(diagnostics[0]?.fix ?? "", /x\.route\.jsonc/);
});

const TIES: readonly (readonly [name: string, path: string, message: RegExp | undefined])[] = [
  [
    "with a workload that is served",
    "/a",
    /^Cannot route "\*" "\/a": "w\/a\/r\.route\.jsonc" answers the same requests/,
  ],
  ["with its own former route", "/b", undefined],
];
for (const [name, path, message] of TIES) {
  test(`tieFaults: a tie ${name}`, async () => {
    const route = JSON.stringify({ match: { path }, component: "x.wasm" });
    const { diagnostics } = await reload("b", { "w/b/r.route.jsonc": route });
    assert.equal(diagnostics.length, message === undefined ? 0 : 1);
    if (message !== undefined) assert.match(diagnostics[0]?.message ?? "", message);
  });
}

test("readSubFolder: the ceiling holds", async () => {
  const route = '{ "match": { "path": "/b" }, "component": "x.wasm", "limits": { "cpu": "2s" } }';
  const { workload, diagnostics } = await reload("b", { "w/b/r.route.jsonc": route });
  assert.equal(workload, undefined);
  assert.match(diagnostics[0]?.message ?? "", /"limits\.cpu" of w\/gateway\.jsonc is 1s/);
});

test("readSubFolder: a folder without files of ours is no workload", async () => {
  const read = await reload("c");
  assert.deepEqual([read.isWorkload, read.workload, read.diagnostics], [false, undefined, []]);
  assert.deepEqual(read.dependencies, ["w/c"]);
});

test("readSubFolder: a folder that went away is a fault", async () => {
  const { isWorkload, diagnostics } = await reload("nothing");
  assert.equal(isWorkload, false);
  assert.match(diagnostics[0]?.message ?? "", /^Cannot read the folder "w\/nothing": it is not there/);
});

test("loadFolder: dependencies of each sub-folder, and those that all have in common", async () => {
  const { dependencies, sharedDependencies, diagnostics } = await loadFolder("w", memoryFiles(FOLDER));
  assert.deepEqual([...dependencies.keys()], ["a", "b", "c"]);
  assert.deepEqual(dependencies.get("c"), ["w/c"]);
  // The certificates are not there: a fault, and a file to wait for.
  assert.deepEqual(sharedDependencies, ["w", "w/gateway.jsonc", "w/ca.pem"]);
  assert.equal(diagnostics.length, 1);
});
