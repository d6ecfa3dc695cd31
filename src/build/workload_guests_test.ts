import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryFiles } from "../../test/support/memory_files.ts";
import { type CommandPlan, planWorkload, type WorkloadPlan } from "./workload_guests.ts";

const ROUTE = `{ "match": { "path": "/" }, "component": "dist/api.wasm" }`;

function plan(files: Readonly<Record<string, string>>): Promise<WorkloadPlan | undefined> {
  const below = Object.fromEntries(Object.entries(files).map(([path, text]) => [`w/a/${path}`, text]));
  return planWorkload("w/a", "a", memoryFiles(below));
}

const PLANS: readonly {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly guests?: WorkloadPlan["guests"];
  readonly command?: Omit<CommandPlan, "place"> & { readonly place: readonly [line: number, column: number] };
}[] = [
  {
    name: "a source for each component, once",
    files: {
      "x.route.jsonc": ROUTE,
      "y.route.jsonc": ROUTE.replace("dist/", "./dist//"),
      "src/api.ts": "",
      "workload.jsonc": `{ "service": { "component": "dist/service.wasm" } }`,
      "src/service.tsx": "",
      "src/service.js": "",
    },
    guests: [
      { kind: "quickjs", source: "w/a/src/service.tsx", component: "w/a/dist/service.wasm" },
      { kind: "quickjs", source: "w/a/src/api.ts", component: "w/a/dist/api.wasm" },
    ],
  },
  {
    name: "a command for what has no source, and for what it says it makes",
    files: {
      "x.route.jsonc": ROUTE,
      "y.route.jsonc": ROUTE.replace("api", "page"),
      "src/page.ts": "",
      "workload.jsonc": `{ "build": { "command": ["make", "all"], "outputs": { "dist/more.wasm": "out/more.wasm" } } }`,
    },
    guests: [{ kind: "quickjs", source: "w/a/src/page.ts", component: "w/a/dist/page.wasm" }],
    command: {
      command: ["make", "all"],
      place: [1, 25],
      components: ["w/a/dist/api.wasm", "w/a/dist/more.wasm"],
      outputs: [{ component: "w/a/dist/more.wasm", file: "w/a/out/more.wasm" }],
    },
  },
  { name: "nothing for a component that is there", files: { "x.route.jsonc": ROUTE, "dist/api.wasm": "" } },
];

for (const { name, files, guests = [], command } of PLANS) {
  test(`planWorkload: ${name}`, async () => {
    const found = await plan(files);
    assert.deepEqual(found?.diagnostics, []);
    assert.deepEqual(found?.guests, guests);
    const made = found?.command;
    assert.deepEqual(made && { ...made, place: [made.place.line, made.place.column] }, command);
  });
}

const FAULTS: readonly (readonly [name: string, files: Readonly<Record<string, string>>, fault: RegExp])[] = [
  ["no source", { "x.route.jsonc": ROUTE }, /"dist\/api\.wasm": there is no src\/api\.ts, expected its source/],
  ["another place", { "x.route.jsonc": ROUTE.replace("dist/", "out/") }, /"out\/api\.wasm": it is not there/],
  [
    "a source, and a broken file",
    { "x.route.jsonc": ROUTE, "src/api.ts": "", "workload.jsonc": "{" },
    /Cannot read the file: the file ends within an object/,
  ],
  [
    "outputs of no command",
    { "workload.jsonc": `{ "build": { "outputs": { "dist/a.wasm": "a.wasm" } } }` },
    /it has "outputs" and no "command", expected the command/,
  ],
  [
    "an output from outside",
    { "workload.jsonc": `{ "build": { "command": ["make"], "outputs": { "dist/a.wasm": "../a.wasm" } } }` },
    /it leaves the workload's folder/,
  ],
];

for (const [name, files, fault] of FAULTS) {
  test(`planWorkload: ${name} is a fault, and nothing is built`, async () => {
    const found = await plan(files);
    assert.equal(found?.diagnostics.length, 1, JSON.stringify(found?.diagnostics));
    assert.match(found.diagnostics[0]?.message ?? "", fault);
    assert.deepEqual([found.guests.length, found.command], [0, undefined]);
  });
}

test("planWorkload: a folder without a file of ours is none", async () => {
  assert.equal(await planWorkload("w/a", "a", memoryFiles({ "w/a/src/api.ts": "" })), undefined);
});
