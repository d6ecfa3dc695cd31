/** Volumes behind the gateway: whose files are whose, what limits do to guests, and what reloads and drains leave. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { FolderContent } from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { eventually } from "../support/http_harness.ts";
import { type WatchedGateway, watchFolder } from "../support/watched_folder.ts";

const HAS_GUEST = hasGuests("rust_http_probe");

/** One workload "a" with a route for all paths. */
async function serve(
  { route = {}, workload, gateway }: {
    readonly route?: object;
    readonly workload?: object;
    readonly gateway?: object;
  },
): Promise<WatchedGateway> {
  const content: FolderContent = {
    "a/handler.wasm": await guestBytes("rust_http_probe"),
    "a/data/.keep": "",
    "a/all.route.jsonc": { match: { host: "a.example", path: "/*" }, component: "handler.wasm", ...route },
    "a/two.route.jsonc": { match: { host: "two.example", path: "/*" }, component: "handler.wasm" },
    ...(workload !== undefined && { "a/workload.jsonc": workload }),
    ...(gateway !== undefined && { "gateway.jsonc": gateway }),
  };
  return await watchFolder(content);
}

function volumesTest(name: string, body: () => Promise<void>): void {
  test(`volumes: ${name}`, async (t) => {
    if (HAS_GUEST) await body();
    else t.skip("the Rust guests are not built");
  });
}

volumesTest("without any, a guest has no files", async () => {
  const served = await serve({});
  assert.match(await served.ask("a", "/add?/data/f"), /^error: /);
  assert.deepEqual(await served.close(), {});
});

volumesTest("a fresh instance finds its memory empty, whoever was there before", async () => {
  const served = await serve({ route: { volumes: { "/tmp": { memory: "1MiB" } } } });
  for (let request = 0; request < 3; request++) assert.equal(await served.ask("a", "/add?/tmp/f"), "line\n");
  assert.equal(await served.ask("a", "/names?/tmp"), "");
  assert.deepEqual(await served.close(), {});
});

volumesTest("an instance that is used again keeps its memory", async () => {
  const served = await serve({ route: { volumes: { "/tmp": { memory: "1MiB" } }, instance: "reuse" } });
  assert.equal(await served.ask("a", "/add?/tmp/f"), "line\n");
  assert.equal(await served.ask("a", "/add?/tmp/f"), "line\nline\n");
  assert.deepEqual(await served.close(), {});
});

volumesTest("shared memory is the workload's, and what a new version begins without", async () => {
  const served = await serve({ workload: { volumes: { "/tmp": { memory: "1MiB", shared: true } } } });
  assert.equal(await served.ask("a", "/add?/tmp/f"), "line\n");
  assert.equal(await served.ask("two", "/add?/tmp/f"), "line\nline\n");
  await served.folder.write("a/workload.jsonc", { volumes: { "/tmp": { memory: "2MiB", shared: true } } });
  await served.untilReloads(1);
  assert.equal(await served.ask("a", "/add?/tmp/f"), "line\n");
  assert.deepEqual(await served.close(), {});
});

volumesTest("a route's own stand in place of the workload's", async () => {
  const served = await serve({
    workload: { volumes: { "/data": { folder: "data", write: true } } },
    route: { volumes: {} },
  });
  assert.match(await served.ask("a", "/add?/data/f"), /^error: /);
  assert.equal(await served.ask("two", "/add?/data/f"), "line\n");
  assert.deepEqual(await served.close(), {});
});

volumesTest("a folder is read only unless it says write, and its changes reload nothing", async () => {
  const served = await serve({ route: { volumes: { "/data": { folder: "data" } } } });
  const data = join(served.folder.path, "a/data");
  writeFileSync(join(data, "f"), "text\n");
  mkdirSync(join(data, "deep"));
  assert.equal(await served.ask("a", "/add?/data/f"), "error: ReadOnlyFilesystem");
  assert.equal(await served.ask("a", "/names?/data"), ".keep deep f");
  assert.equal(readFileSync(join(data, "f"), "utf8"), "text\n");
  await served.folder.write("a/all.route.jsonc", {
    match: { host: "a.example", path: "/*" },
    component: "handler.wasm",
    volumes: { "/data": { folder: "data", write: true } },
  });
  await served.untilReloads(1);
  assert.equal(await served.ask("a", "/add?/data/f"), "text\nline\n");
  assert.equal(readFileSync(join(data, "f"), "utf8"), "text\nline\n");
  for (let index = 0; index < 20; index++) await served.ask("a", `/add?/data/deep/f${index}`);
  // What the watch would have seen is past; the reading that this asks for finds nothing new either.
  assert.deepEqual(await served.gateway.reload(), []);
  assert.deepEqual(served.reloads(), ["replaced a"]);
  assert.deepEqual(await served.close(), {});
});

volumesTest("a guest that fills its volume is told so, and counted", async () => {
  const served = await serve({
    workload: { volumes: { "/data": { folder: "data", write: true, size: "1MiB" }, "/tmp": { memory: "1MiB" } } },
  });
  assert.equal(await served.ask("a", "/fill?/data/big"), "1048576 StorageFull");
  assert.equal(await served.ask("a", "/fill?/data/other"), "0 StorageFull");
  assert.match(await served.ask("a", "/fill?/tmp/big"), /^1032192 StorageFull$/);
  const limited = served.gateway.metrics().limited.filter(({ limit }) => limit === "volumeSize");
  assert.deepEqual(limited, [{ workload: "a", route: "all", role: "component", limit: "volumeSize", total: 3 }]);
  assert.deepEqual(await served.close(), {});
});

volumesTest("memory of volumes is memory of the instance", async () => {
  const served = await serve({
    route: { volumes: { "/tmp": { memory: "64MiB" } }, limits: { memory: "8MiB" } },
  });
  const written = Number((await served.ask("a", "/fill?/tmp/big")).split(" ")[0]);
  assert.ok(written > 1 << 20 && written < 8 << 20, String(written));
  const limits = served.gateway.metrics().limited.map(({ limit }) => limit);
  assert.ok(limits.includes("memory"), limits.join());
  assert.equal(await served.ask("a", "/names?/tmp"), "");
  assert.deepEqual(await served.close(), {});
});

volumesTest("a folder that is gone ends the guest that asks for it, with the reason in the log", async () => {
  const served = await serve({ route: { volumes: { "/data": { folder: "data" } } } });
  assert.equal(await served.ask("a", "/names?/data"), ".keep");
  await served.folder.remove("a/data");
  await eventually(() => served.reloads().length > 0);
  assert.deepEqual(served.reloads(), ["kept a"]);
  await served.ask("a", "/names?/data");
  const causes = served.events.flatMap((
    event,
  ) => (event.kind === "request" && event.cause !== undefined ? [event.cause] : []));
  assert.match(causes.join(), /Cannot open the volume "\/data": no-entry/);
  mkdirSync(join(served.folder.path, "a/data"));
  // The same names, and nothing else to go by: what was served before goes on, with the new folder.
  await eventually(() => served.events.some((event) => event.kind === "reload" && event.outcome === "kept"));
  for (let tries = 0; tries < 100 && (await served.ask("a", "/names?/data")) !== ""; tries++) await pause(10);
  assert.equal(await served.ask("a", "/names?/data"), "");
  assert.deepEqual(await served.close(), {});
});

volumesTest("the operator's ceiling takes volumes away from those that ask for more", async () => {
  const served = await serve({ route: { volumes: { "/data": { folder: "data", write: true } } } });
  assert.equal(await served.ask("a", "/add?/data/f"), "line\n");
  await served.folder.write("gateway.jsonc", { volumes: false });
  await eventually(() => served.reloads().length > 1);
  assert.deepEqual(served.reloads(), ["replaced", "kept a"]);
  assert.match(await served.ask("a", "/add?/data/f"), /^error: /);
  assert.equal(readFileSync(join(served.folder.path, "a/data/f"), "utf8"), "line\n");
  await served.folder.write("gateway.jsonc", {});
  for (let tries = 0; tries < 100 && (await served.ask("a", "/add?/data/f")).startsWith("error"); tries++) {
    await pause(10);
  }
  assert.match(await served.ask("a", "/add?/data/f"), /^line\nline\n/);
  assert.deepEqual(await served.close(), {});
});
