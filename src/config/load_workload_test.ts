/** A workload that is read by itself, as a reload does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Content, memoryFiles } from "../../test/support/memory_files.ts";
import { loadFolder } from "./load_folder.ts";
import { loadWorkload } from "./load_workload.ts";

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
  const { workloads, ceiling, diagnostics } = await loadFolder("w", memoryFiles(before));
  assert.deepEqual(diagnostics, []);
  const after = Object.entries({ ...before, ...changes }).flatMap(([path, content]) =>
    content === undefined ? [] : [[path, content] as const]
  );
  const others = workloads.filter((workload) => workload.name !== name);
  const files = memoryFiles(Object.fromEntries(after));
  const read = await loadWorkload(name, { folder: "w", files, ceiling, others });
  return { ...read, served: workloads.find((workload) => workload.name === name) };
}

test("loadWorkload: reads what loadFolder read", async () => {
  for (const name of ["a", "b"]) {
    const { isThere, workload, served, diagnostics } = await reload(name);
    assert.deepEqual(diagnostics, []);
    assert.ok(isThere && workload !== undefined);
    assert.deepEqual(workload, served);
  }
});

test("loadWorkload: names everything that it was made of", async () => {
  const { dependencies } = await reload("a");
  assert.deepEqual(dependencies.toSorted(), [
    "w/a",
    "w/a/bin/s.wasm",
    "w/a/r.route.jsonc",
    "w/a/workload.jsonc",
    "w/a/x.wasm",
  ]);
});

test("loadWorkload: names a component that is not there, so that it can come", async () => {
  const { workload, dependencies, diagnostics } = await reload("b", { "w/b/x.wasm": undefined });
  assert.equal(workload, undefined);
  assert.equal(diagnostics.length, 1);
  assert.ok(dependencies.includes("w/b/x.wasm"));
});

test("loadWorkload: a broken file is a fault, and its workload is still there", async () => {
  const { isThere, workload, diagnostics, dependencies } = await reload("b", { "w/b/r.route.jsonc": "{" });
  assert.deepEqual([isThere, workload], [true, undefined]);
  assert.deepEqual(diagnostics.map(({ file }) => file), ["w/b/r.route.jsonc"]);
  assert.ok(dependencies.includes("w/b/r.route.jsonc"));
});

test("loadWorkload: a misnamed file is a fault", async () => {
  const { workload, diagnostics } = await reload("b", { "w/b/x.routes.jsonc": "{}" });
  assert.equal(workload, undefined);
  assert.match(diagnostics[0]?.fix ?? "", /x\.route\.jsonc/);
});

const TIES: readonly (readonly [name: string, route: string, tied: string | undefined])[] = [
  ["with another workload", '{ "match": { "path": "/a" }, "component": "x.wasm" }', "w/a/r.route.jsonc"],
  ["with its own former route", '{ "match": { "path": "/b" }, "component": "x.wasm" }', undefined],
];
for (const [name, route, tied] of TIES) {
  test(`loadWorkload: a tie ${name}`, async () => {
    const { workload, diagnostics } = await reload("b", { "w/b/r.route.jsonc": route });
    assert.equal(workload === undefined, tied !== undefined);
    assert.equal(diagnostics[0]?.file, tied === undefined ? undefined : "w/b/r.route.jsonc");
    if (tied !== undefined) assert.ok(diagnostics[0]?.message.includes(`"${tied}" answers the same requests`));
  });
}

test("loadWorkload: the ceiling holds", async () => {
  const route = '{ "match": { "path": "/b" }, "component": "x.wasm", "limits": { "cpu": "2s" } }';
  const { workload, diagnostics } = await reload("b", { "w/b/r.route.jsonc": route });
  assert.equal(workload, undefined);
  assert.match(diagnostics[0]?.message ?? "", /"limits\.cpu" of w\/gateway\.jsonc is 1s/);
});

const ABSENT: readonly (readonly [name: string, workload: string])[] = [
  ["a folder that is not there", "nothing"],
  ["a folder without files of ours", "c"],
  ["a folder of results", "dist"],
  ["a folder that starts with a dot", ".git"],
  ["a file", "gateway.jsonc"],
];
for (const [name, workload] of ABSENT) {
  test(`loadWorkload: ${name} is no workload`, async () => {
    const read = await reload(workload);
    assert.deepEqual([read.isThere, read.workload, read.diagnostics], [false, undefined, []]);
    assert.deepEqual(read.dependencies, [`w/${workload}`]);
  });
}

test("loadWorkload: a gateway's folder that went away is a fault", async () => {
  const { ceiling } = await loadFolder("w", memoryFiles(FOLDER));
  const read = await loadWorkload("a", { folder: "w", files: memoryFiles({}), ceiling, others: [] });
  assert.deepEqual([read.isThere, read.diagnostics.length], [false, 1]);
});

test("loadFolder: dependencies of each sub-folder, and those that all have in common", async () => {
  const { dependencies, sharedDependencies, diagnostics } = await loadFolder("w", memoryFiles(FOLDER));
  assert.deepEqual([...dependencies.keys()], ["a", "b", "c"]);
  assert.deepEqual(dependencies.get("c"), ["w/c"]);
  // The certificates are not there: a fault, and a file to wait for.
  assert.deepEqual(sharedDependencies, ["w", "w/gateway.jsonc", "w/ca.pem"]);
  assert.equal(diagnostics.length, 1);
});
