/** What a workload can learn by naming a secret, and what it cannot. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Content } from "../../test/support/memory_files.ts";
import { memoryFiles } from "../../test/support/memory_files.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import { diagnosticsText } from "../base/diagnostics_text.ts";
import { revealArguments, revealEnvironment } from "../base/secret.ts";
import { folderFiles } from "./folder_files.ts";
import { loadFolder } from "./load_folder.ts";

const NAMES_ONE = `{ "match": { "path": "/" }, "component": "a.wasm", "env": { "PASSWORD": { "secret": "db" } } }`;
const BY_FILE = `{ "secrets": { "db": { "from": "file", "path": "/run/db", "workloads": ["shop"] } } }`;
const BY_VARIABLE = `{ "secrets": { "db": { "from": "env", "name": "DB", "workloads": ["shop"] } } }`;

function faultsOf(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.length === 0 ? "" : diagnosticsText(diagnostics);
}

async function load(
  contents: Readonly<Record<string, Content>>,
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly env: readonly (readonly [string, string])[]; readonly faults: string; readonly all: string }> {
  const files = memoryFiles({ "w/shop/a.wasm": "", "w/shop/a.route.jsonc": NAMES_ONE, ...contents }, variables);
  const loaded = await loadFolder("w", files);
  const faults = faultsOf(loaded.diagnostics);
  const env = revealEnvironment(loaded.workloads.find(({ name }) => name === "shop")?.routes[0]?.env ?? []);
  return { env, faults, all: JSON.stringify([loaded.workloads, loaded.gateway]) + faults };
}

const VALUES: readonly (readonly [bytes: string, value: string])[] = [
  ["s3cret", "s3cret"],
  ["s3cret\n", "s3cret"],
  ["s3cret\r\n", "s3cret"],
  ["s3cret\n\n", "s3cret\n"],
  ["\ns3cret ", "\ns3cret "],
  ["\ufeffs3cret", "\ufeffs3cret"],
];
for (const [bytes, value] of VALUES) {
  test(`secrets: a file with ${JSON.stringify(bytes)} is ${JSON.stringify(value)}, and is shown nowhere`, async () => {
    const { env, faults, all } = await load({ "w/gateway.jsonc": BY_FILE, "/run/db": bytes });
    assert.deepEqual([env, faults], [[["PASSWORD", value]], ""]);
    assert.ok(!all.includes("s3cret") && all.includes("***"), all);
  });
}

for (const file of ["a.route.jsonc", "workload.jsonc"] as const) {
  test(`secrets: one among the arguments of ${file} is in its place, and is shown nowhere`, async () => {
    const args = `"args": ["--key", { "secret": "db" }, "***"]`;
    const files = memoryFiles({
      "w/shop/a.wasm": "",
      "w/gateway.jsonc": BY_VARIABLE,
      "w/shop/a.route.jsonc": `{ "match": { "path": "/" }, "component": "a.wasm", ${
        file === "a.route.jsonc" ? args : `"args": []`
      } }`,
      "w/shop/workload.jsonc": `{ "service": { "component": "a.wasm", ${
        file === "workload.jsonc" ? args : `"args": []`
      } } }`,
    }, { DB: "s3cret" });
    const { workloads: [shop], diagnostics } = await loadFolder("w", files);
    const given = file === "workload.jsonc" ? shop?.service?.args : shop?.routes[0]?.args;
    assert.equal(faultsOf(diagnostics), "");
    assert.deepEqual(revealArguments(given ?? []), ["--key", "s3cret", "***"]);
    assert.ok(!JSON.stringify(shop).includes("s3cret"));
  });
}

test("secrets: an argument that names what is not given is a fault with its place", async () => {
  const route = `{ "match": { "path": "/" }, "component": "a.wasm", "args": ["a", { "secret": "other" }] }`;
  const { faults } = await load({ "w/gateway.jsonc": BY_VARIABLE, "w/shop/a.route.jsonc": route }, { DB: "s3cret" });
  assert.match(faults, /a\.route\.jsonc:1:\d+/);
  assert.match(faults, /Cannot use "args\[1\]": there is no secret "other"/);
  assert.ok(!faults.includes("s3cret"));
});

test("secrets: a variable is what it is", async () => {
  const { env, all } = await load({ "w/gateway.jsonc": BY_VARIABLE }, { DB: "s3cret\n" });
  assert.deepEqual(env, [["PASSWORD", "s3cret\n"]]);
  assert.ok(!all.includes("s3cret"));
});

const BROKEN: readonly (readonly [
  name: string,
  contents: Readonly<Record<string, Content>>,
  variables: Readonly<Record<string, string>>,
  sentence: RegExp,
])[] = [
  ["a file that is not there", { "w/gateway.jsonc": BY_FILE }, {}, /"\/run\/db" cannot be read: it is not there/],
  ["an empty file", { "w/gateway.jsonc": BY_FILE, "/run/db": "\n" }, {}, /"\/run\/db" is empty, expected a value/],
  ["a NUL", { "w/gateway.jsonc": BY_FILE, "/run/db": "s3cret\0" }, {}, /has a NUL character/],
  ["bytes", { "w/gateway.jsonc": BY_FILE, "/run/db": new Uint8Array([0xff]) }, {}, /is no UTF-8/],
  ["no variable", { "w/gateway.jsonc": BY_VARIABLE }, {}, /the variable "DB" is not set/],
  ["an empty variable", { "w/gateway.jsonc": BY_VARIABLE }, { DB: "" }, /the variable "DB" is empty/],
  ["no operator", {}, {}, /there is no secret "db" for the workload "shop".*none is given to it/],
];
for (const [name, contents, variables, sentence] of BROKEN) {
  test(`secrets: ${name} is a fault where it is used`, async () => {
    const { faults, all } = await load(contents, variables);
    assert.match(faults, sentence);
    assert.match(faults, /w\/shop\/a\.route\.jsonc:1:/);
    assert.match(faults, /Cannot use "env\.PASSWORD": /);
    assert.ok(!all.includes("s3cret"));
  });
}

test("secrets: what another workload may use is to this one as if it were not there", async () => {
  const others = `{ "secrets": { "db": { "from": "file", "path": "/run/db", "workloads": ["blog"] } } }`;
  const none = await load({ "w/gateway.jsonc": `{ "secrets": {} }`, "/run/db": "s3cret" });
  const hidden = await load({ "w/gateway.jsonc": others, "/run/db": "s3cret" });
  assert.match(hidden.faults, /there is no secret "db"/);
  assert.equal(hidden.faults, none.faults);
});

test("secrets: a near miss is told among those that the workload may use", async () => {
  const gateway = `{ "secrets": { "db1": { "from": "env", "name": "A", "workloads": ["shop"] },
    "dbs": { "from": "env", "name": "B", "workloads": ["blog"] } } }`;
  const { faults } = await load({ "w/gateway.jsonc": gateway });
  assert.match(faults, /given to it: "db1"\)/);
  assert.ok(!faults.includes("dbs"));
});

const ATTEMPTS: readonly (readonly [name: string, value: string, sentence: RegExp])[] = [
  [
    "names a file",
    `{ "from": "file", "path": "/etc/shadow" }`,
    /it says where it is from, which is the operator's to say/,
  ],
  ["names a variable", `{ "from": "env", "name": "HOME" }`, /it says where it is from/],
  ["adds a source", `{ "secret": "db", "path": "/etc/shadow" }`, /it says where it is from/],
  ["reaches for a prototype", `{ "secret": "constructor" }`, /there is no secret "constructor"/],
  ["climbs", `{ "secret": "../db" }`, /it names no secret/],
  ["is a list", `["db"]`, /it is a list/],
  ["is null", `null`, /it is null/],
];
for (const [name, value, sentence] of ATTEMPTS) {
  test(`secrets: a workload that ${name} gets nothing`, async () => {
    const route = NAMES_ONE.replace(`{ "secret": "db" }`, value);
    const contents = { "w/gateway.jsonc": BY_FILE, "/run/db": "s3cret", "w/shop/a.route.jsonc": route };
    const { env, faults } = await load(contents, { HOME: "/root" });
    assert.match(faults, sentence);
    assert.deepEqual(env, []);
  });
}

const PLACES: readonly (readonly [name: string, path: string, sentence: RegExp | undefined])[] = [
  ["outside", "run/db", undefined],
  ["by a link outside", "run/link", undefined],
  ["beside the workloads", "w/db", /lies in ".*\/w", where others than the operator may put a link/],
  ["in a workload", "w/shop/db", /lies in/],
  ["by a link that an author put into a workload", "w/shop/planted", /lies in/],
  ["by a link into a workload", "run/into", /lies in/],
  ["by a folder that is a link into a workload", "run/folder/planted", /lies in/],
  ["in a folder that guests may write", "shared/planted", /lies in ".*\/shared"/],
];
for (const [name, path, sentence] of PLACES) {
  test(`secrets: a file ${name} is ${sentence === undefined ? "read" : "refused"}`, async () => {
    const top = await realpath(await mkdtemp(join(tmpdir(), "loopgate-secrets-")));
    try {
      for (const folder of ["w/shop", "run", "shared"]) await mkdir(join(top, folder), { recursive: true });
      await writeFile(join(top, "theirs"), "s3cret of the operator");
      for (const file of ["run/db", "w/db", "w/shop/db"]) await writeFile(join(top, file), "mine");
      await symlink(join(top, "run/db"), join(top, "run/link"));
      await symlink(join(top, "w/shop/db"), join(top, "run/into"));
      await symlink(join(top, "w/shop"), join(top, "run/folder"));
      for (const planted of ["w/shop/planted", "shared/planted"]) {
        await symlink(join(top, "theirs"), join(top, planted));
      }
      await writeFile(join(top, "w/shop/a.wasm"), "");
      await writeFile(join(top, "w/shop/a.route.jsonc"), NAMES_ONE);
      const secrets = { db: { from: "file", path: join(top, path), workloads: ["shop"] } };
      const volumes = { folders: { [join(top, "shared")]: "write" } };
      await writeFile(join(top, "w/gateway.jsonc"), JSON.stringify({ secrets, volumes }));
      const { workloads, diagnostics } = await loadFolder(join(top, "w"), folderFiles);
      const faults = faultsOf(diagnostics);
      if (sentence === undefined) {
        assert.equal(faults, "");
        assert.deepEqual(revealEnvironment(workloads[0]?.routes[0]?.env ?? []), [["PASSWORD", "mine"]]);
      } else assert.match(faults, sentence);
      assert.ok(!faults.includes("s3cret"));
    } finally {
      await rm(top, { recursive: true });
    }
  });
}

test("secrets: a broken gateway.jsonc has no faults of workloads in its wake", async () => {
  const { faults } = await load({ "w/gateway.jsonc": `{ "secrets": { "db": { "from": "file" } } }` });
  assert.match(faults, /"secrets\.db"/);
  assert.ok(!faults.includes("PASSWORD"), faults);
});

test("secrets: the service and the workload have them too, each over the other", async () => {
  const gateway = `{ "secrets": { "a": { "from": "env", "name": "A", "workloads": ["shop"] },
    "b": { "from": "env", "name": "B", "workloads": ["shop"] } } }`;
  const workload = `{ "env": { "X": { "secret": "a" }, "Y": { "secret": "a" }, "Z": "plain" },
    "service": { "component": "a.wasm", "env": { "Y": { "secret": "b" }, "Z": { "secret": "b" } } } }`;
  const files = memoryFiles(
    { "w/gateway.jsonc": gateway, "w/shop/workload.jsonc": workload, "w/shop/a.wasm": "" },
    { A: "of a", B: "of b" },
  );
  const { workloads, diagnostics } = await loadFolder("w", files);
  assert.deepEqual(diagnostics, []);
  const env = revealEnvironment(workloads[0]?.service?.env ?? []);
  assert.deepEqual(env, [["X", "of a"], ["Y", "of b"], ["Z", "of b"]]);
});
