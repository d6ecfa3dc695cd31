/** A start that leaves out workloads with faults: what clients get meanwhile, what operators see, and how it ends. */
import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createGateway } from "../../src/gateway/gateway.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { eventually } from "../support/http_harness.ts";
import { requestHost } from "../support/request_host.ts";
import {
  routeContent,
  routeFile,
  TestFolder,
  type WatchedGateway,
  watchFolder,
  within,
} from "../support/watched_folder.ts";

const BROKEN = '{ "match": { "host": "shop.example", "path": "/*" }, component: "probe.wasm" }';
const UNREAD = '{ "match": ';

/** "site" takes whatever comes, "blog" has a host of its own, and the file of "shop" is `shop`. */
async function contentWith(shop: unknown) {
  return {
    ...within("site", { ...(await routeContent("site", "1")), "all.route.jsonc": routeFile("site", "1", ANY) }),
    ...within("blog", await routeContent("blog", "1")),
    ...within("shop", { ...(await routeContent("shop", "1")), "all.route.jsonc": shop }),
  };
}

const ANY = { match: { path: "/*" } };

async function statusOf({ gateway }: WatchedGateway, host: string): Promise<number> {
  const response = await requestHost(`${gateway.url}/environment`, host);
  await response.text();
  return response.status;
}

async function adminOf({ gateway: { adminAddress } }: WatchedGateway, path: string): Promise<Response> {
  return await fetch(`http://127.0.0.1:${adminAddress?.port}${path}`);
}

const ADMIN = { admin: { host: "127.0.0.1", port: 0 } } as const;

test("startWith: a workload with a fault is left out, shown, and taken in as soon as it is mended", async () => {
  const watched = await watchFolder(await contentWith(BROKEN), { ...ADMIN, startWith: "sound" });
  const { gateway, events, folder } = watched;
  const told = events.filter((event) => event.kind === "left-out");
  assert.deepEqual(told.map(({ workload, fault: { code, line, column } }) => [workload, code, line, column]), [
    ["shop", "LG1004", 1, 54],
  ]);
  assert.deepEqual(gateway.workloads.map(({ name }) => name), ["blog", "site"]);
  assert.deepEqual(await Promise.all(["site", "blog", "shop"].map((name) => statusOf(watched, `${name}.example`))), [
    200,
    200,
    503,
  ]);
  const [request] = events.filter((event) => event.kind === "request" && event.status === 503);
  assert.ok(request?.kind === "request");
  assert.deepEqual([request.workload, request.route, request.code], ["shop", "all", "LG7020"]);
  assert.equal((await requestHost(`${gateway.url}/`, "shop.example")).headers.get("retry-after"), "30");

  const [fault, ...others] = gateway.faults;
  assert.deepEqual(others, []);
  assert.deepEqual([fault?.workload, fault?.state, fault?.count], ["shop", "left-out", 1]);
  const ready = await adminOf(watched, "/readyz");
  assert.equal(ready.status, 200);
  assert.match(
    await ready.text(),
    /^ready\nshop is left out: .*all\.route\.jsonc:1:54: Cannot read the file: .* \[LG1004\]\n$/,
  );
  const metrics = await (await adminOf(watched, "/metrics")).text();
  assert.match(metrics, /^loopgate_standing_faults\{workload="shop",state="left-out"\} 1$/m);
  const shown = await (await adminOf(watched, "/workloads")).json() as {
    faults: { workload: string; count: number }[];
  };
  assert.deepEqual(shown.faults.map(({ workload, count }) => [workload, count]), [["shop", 1]]);

  await folder.write("shop/all.route.jsonc", routeFile("shop", "2"));
  assert.equal((await watched.untilReloads(1)).outcome, "added");
  assert.equal(await statusOf(watched, "shop.example"), 200);
  assert.deepEqual(gateway.faults, []);
  assert.equal(await (await adminOf(watched, "/readyz")).text(), "ready\n");

  await folder.write("shop/all.route.jsonc", BROKEN);
  assert.equal((await watched.untilReloads(2)).outcome, "kept");
  assert.equal(await statusOf(watched, "shop.example"), 200, "what was served before still is");
  assert.deepEqual(gateway.faults.map(({ workload, state }) => [workload, state]), [["shop", "kept"]]);
  assert.match(
    await (await adminOf(watched, "/metrics")).text(),
    /^loopgate_standing_faults\{workload="shop",state="kept"\} 1$/m,
  );
  assert.deepEqual(await watched.close(), {});
});

test("startWith: while routes cannot be read, nobody gets what may be meant for them", async () => {
  const watched = await watchFolder(await contentWith(UNREAD), { startWith: "sound" });
  const { events, folder } = watched;
  assert.deepEqual(
    await Promise.all(["a.example", "shop.example", "blog.example"].map((host) => statusOf(watched, host))),
    [
      503,
      503,
      200,
    ],
  );
  const requests = events.filter((event) => event.kind === "request" && event.status === 503);
  assert.deepEqual(requests.map((event) => event.kind === "request" && event.workload), ["site", "site"]);
  // Other faults, and another half of a file: what is known of it stays, and what is closed by it.
  await folder.write("shop/all.route.jsonc", "{");
  assert.equal((await watched.untilReloads(1)).outcome, "left-out");
  assert.equal(await statusOf(watched, "a.example"), 503);
  await folder.write("shop/all.route.jsonc", BROKEN);
  assert.equal((await watched.untilReloads(2)).outcome, "left-out");
  assert.deepEqual(await Promise.all(["a.example", "shop.example"].map((host) => statusOf(watched, host))), [200, 503]);
  await folder.write("shop/all.route.jsonc", UNREAD);
  await watched.untilReloads(3);
  assert.deepEqual(await Promise.all(["a.example", "shop.example"].map((host) => statusOf(watched, host))), [200, 503]);
  await folder.remove("shop");
  assert.equal((await watched.untilReloads(4)).outcome, "removed");
  assert.equal(await statusOf(watched, "shop.example"), 200, "nothing is meant for it any more");
  assert.deepEqual(watched.gateway.faults, []);
  assert.deepEqual(await watched.close(), {});
});

test("startWith: a link in a circle is a fault of whoever it would be, and keeps nobody from starting or changing", async () => {
  const folder = await TestFolder.make(await contentWith(routeFile("shop", "1")));
  await symlink("notes", join(folder.path, "shop", "notes"));
  await symlink("round", join(folder.path, "round"));
  await assert.rejects(createGateway({ folder: folder.path }), /its files have a fault/);
  const gateway = await createGateway({ folder: folder.path, startWith: "sound" });
  const statusOf = async (host: string) => (await gateway.fetch(new Request(`http://${host}/environment`))).status;
  assert.deepEqual(gateway.workloads.map(({ name }) => name), ["blog", "shop", "site"]);
  const [fault, ...others] = gateway.faults;
  assert.deepEqual([fault?.workload, fault?.state, others], ["round", "left-out", []]);
  assert.match(fault?.detail ?? "", /round": its links lead in a circle, expected a folder of a workload \[LG1001\]$/);
  assert.deepEqual(await Promise.all(["shop.example", "other.example"].map(statusOf)), [200, 503]);

  await folder.remove("round");
  await symlink("again", join(folder.path, "again"));
  await folder.write("shop/all.route.jsonc", routeFile("shop", "2"));
  const outcomes = (await gateway.reload()).map(({ workload, outcome }) => `${outcome} ${workload}`).toSorted();
  assert.deepEqual(outcomes, ["left-out again", "removed round", "replaced shop"]);
  assert.equal(await statusOf("other.example"), 200);
  await gateway.close();
  await folder.remove();
});

test("startWith: no other workload takes the routes of one that is left out", async () => {
  const watched = await watchFolder(await contentWith(BROKEN), { startWith: "sound" });
  await watched.folder.deploy("thief", {
    ...(await routeContent("shop", "1")),
    "all.route.jsonc": routeFile("shop", "9"),
  });
  assert.equal((await watched.untilReloads(1)).outcome, "left-out");
  assert.match(
    watched.gateway.faults.find(({ workload }) => workload === "thief")?.detail ?? "",
    /answers the same requests/,
  );
  assert.equal(await statusOf(watched, "shop.example"), 503);
  await watched.folder.write("shop/all.route.jsonc", routeFile("shop", "2"));
  await eventually(() => watched.reloads().includes("added shop"));
  assert.equal(await statusOf(watched, "shop.example"), 200);
  assert.deepEqual(await watched.close(), {});
});

test("startWith: a workload that is mended by reload comes in, without a watch and in a program's own gateway", async () => {
  const folder = await TestFolder.make(await contentWith(BROKEN));
  const events: GatewayEvent[] = [];
  await assert.rejects(createGateway({ folder: folder.path }), { code: "ERR_CONFIG" });
  await folder.write("gateway.jsonc", { startWith: "sound" });
  await assert.rejects(createGateway({ folder: folder.path, startWith: "all" }), { code: "ERR_CONFIG" });
  const gateway = await createGateway({ folder: folder.path, emit: (event) => events.push(event) });
  const statusOfShop = async () => (await gateway.fetch(new Request("http://shop.example/environment"))).status;
  assert.equal(await statusOfShop(), 503);
  assert.deepEqual(await gateway.reload(), [], "nothing has changed");
  await folder.write("shop/all.route.jsonc", routeFile("shop", "2"));
  assert.deepEqual(await gateway.reload(), [{ workload: "shop", outcome: "added", diagnostics: [] }]);
  assert.equal(await statusOfShop(), 200);
  assert.equal(events.filter((event) => event.kind === "left-out").length, 1);
  await gateway.close();
  await folder.remove();
});

test("faults: a file beside the workloads is told by its name, and a change of gateway.jsonc alone has a line", async () => {
  const watched = await watchFolder(await contentWith(routeFile("shop", "1")), ADMIN);
  const { events, folder, gateway } = watched;
  const last = () => events.findLast((event) => event.kind === "reload" && event.workload === undefined);
  await folder.write("stray.route.jsonc", routeFile("shop", "1"));
  await eventually(() => gateway.faults.length === 1);
  const stray = last();
  assert.ok(stray?.kind === "reload");
  assert.deepEqual([stray.file, stray.outcome], ["stray.route.jsonc", "kept"]);
  assert.match(
    await (await adminOf(watched, "/metrics")).text(),
    /^loopgate_standing_faults\{(?:workload="",)?state="kept"\} 1$/m,
  );
  await folder.remove("stray.route.jsonc");
  await eventually(() => gateway.faults.length === 0);
  const mended = last();
  assert.deepEqual(mended?.kind === "reload" && [mended.file, mended.outcome], ["stray.route.jsonc", "unchanged"]);
  await folder.write("gateway.jsonc", { trustedProxies: ["10.0.0.1"] });
  await eventually(() => events.some((event) => event.kind === "reload" && event.outcome === "replaced"));
  const line = last();
  assert.ok(line?.kind === "reload");
  assert.deepEqual([line.outcome, line.detail], ["replaced", "all of it is used from now on"]);
  assert.deepEqual(await watched.close(), {});
});
