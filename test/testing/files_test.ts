/** Files of guests under test: memory, whatever their workload mounts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testComponent, testWorkload } from "../../src/testing/mod.ts";
import { type FolderContent, memoryFiles } from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";

const REASON = hasGuests("rust_http_probe", "rust_std_cli") ? undefined : "the Rust guests are not built";

function filesTest(name: string, body: () => Promise<void>): void {
  test(`files: ${name}`, async (t) => {
    if (REASON === undefined) await body();
    else t.skip(REASON);
  });
}

filesTest("a component alone reads what the test gave it, and the test what it wrote", async () => {
  const files = { "/data/log": "first\n", "/bin/raw": new Uint8Array([0x68, 0x69]) };
  await using component = await testComponent(await guestBytes("rust_http_probe"), { files });
  assert.equal(await (await component.fetch("/add?/data/log")).text(), "first\nline\n");
  assert.equal(await (await component.fetch("/names?/data")).text(), "log");
  // The next request is another instance, with the same files.
  assert.equal(await (await component.fetch("/add?/data/log")).text(), "first\nline\nline\n");
  assert.equal(await (await component.fetch("/add?/data/new")).text(), "line\n");
  assert.deepEqual(component.files(), { "/bin/raw": "hi", "/data/log": "first\nline\nline\n", "/data/new": "line\n" });
  assert.match(await (await component.fetch("/add?/nowhere/log")).text(), /^error: /);
  assert.deepEqual(component.attempts(), []);
});

filesTest("without the option a component has none, not even those of the machine", async () => {
  await using component = await testComponent(await guestBytes("rust_http_probe"));
  assert.match(await (await component.fetch("/add?/etc/hostname")).text(), /^error: /);
  assert.deepEqual(component.files(), {});
});

filesTest("a command reads and writes", async () => {
  await using command = await testComponent(await guestBytes("rust_std_cli"), {
    args: ["files"],
    files: { "/etc/hostname": "tested" },
  });
  assert.equal((await command.run()).exitCode, 0);
  const bytes = [...new TextEncoder().encode("tested")].join(", ");
  assert.match(command.lines()[0]?.line ?? "", new RegExp(`^Ok\\(\\[${bytes}\\]\\)`));
});

async function workloadWith(volumes: unknown): Promise<FolderContent> {
  return {
    "shop/probe.wasm": await guestBytes("rust_http_probe"),
    "shop/data/.keep": "",
    "shop/workload.jsonc": { volumes },
    "shop/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
  };
}

filesTest("a workload's folders are memory with the files of the test, as writable as its files say", async () => {
  const volumes = {
    "/config": { folder: "data" },
    "/var/data": { folder: "store", write: true },
    "/tmp": { memory: "1MiB" },
  };
  const content = { ...await workloadWith(volumes), "shop/store/.keep": "" };
  await using workload = await testWorkload("w/shop", {
    reader: memoryFiles(content),
    files: { "/config/a": "read only\n", "/var/data/deep/b": "" },
  });
  const ask = async (path: string): Promise<string> => await (await workload.fetch(path)).text();
  assert.equal(await ask("/names?/config"), "a");
  assert.match(await ask("/add?/config/a"), /^error: /);
  assert.equal(await ask("/add?/var/data/deep/b"), "line\n");
  // Memory of an instance's own is as in production: empty for each request.
  for (let request = 0; request < 2; request++) assert.equal(await ask("/add?/tmp/c"), "line\n");
  assert.deepEqual(workload.files(), { "/config/a": "read only\n", "/var/data/deep/b": "line\n" });
});

filesTest("a file where no guest has a volume, and what is no path", async () => {
  const reader = memoryFiles(await workloadWith({ "/data": { folder: "data" } }));
  await assert.rejects(testWorkload("w/shop", { reader, files: { "/other/a": "" } }), {
    name: "ScriptError",
    message: /files\["\/other\/a"\]: no guest has a volume there, expected a path below \/data/,
  });
  for (const path of ["data/a", "/data/../a", "/data//a", "/", "/data/"]) {
    await assert.rejects(testWorkload("w/shop", { reader, files: { [path]: "" } }), { message: /it is no path/ });
  }
});
