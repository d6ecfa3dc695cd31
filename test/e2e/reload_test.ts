/** Files that change under a running gateway: what is served afterwards, and what is kept. */
import assert from "node:assert/strict";
import { mkdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { componentBytes } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { requestHost } from "../support/request_host.ts";
import {
  marked,
  routeContent,
  routeFile,
  serviceContent,
  serviceFile,
  type WatchedGateway,
  watchFolder,
  within,
} from "../support/watched_folder.ts";

async function versionOf(watched: WatchedGateway, workload: string): Promise<unknown> {
  const { env } = JSON.parse(await watched.ask(workload, "/environment")) as { env: [string, string][] };
  return env.find(([name]) => name === "VERSION")?.[1];
}

test("reload: a changed route file replaces its workload and no other", async () => {
  const watched = await watchFolder({
    ...within("one", await serviceContent("one", "1")),
    ...within("two", await serviceContent("two", "1")),
  });
  await watched.folder.write("one/all.route.jsonc", routeFile("one", "2"));
  await watched.untilReloads(1);
  assert.deepEqual([await versionOf(watched, "one"), await versionOf(watched, "two")], ["2", "1"]);
  assert.equal(await watched.ask("one", "/connect"), "1", "its service was started again, as the file says");
  await watched.folder.write("one/workload.jsonc", serviceFile("3"));
  await watched.untilReloads(2);
  assert.equal(await watched.ask("one", "/connect"), "3");
  assert.deepEqual(watched.reloads(), ["replaced one", "replaced one"]);
  const states = watched.events.filter((event) => event.kind === "service-state" && event.workload === "two");
  assert.equal(states.length, 2, "starting, ready");
  await eventually(() => watched.gateway.counters().workloads === 2);
  assert.deepEqual(await watched.close(), {});
});

test("reload: a component that is replaced is used, one that is broken is not and says why", async () => {
  const watched = await watchFolder(within("one", await routeContent("one", "1")));
  const probe = await componentBytes("probe");
  await watched.folder.write("one/probe.wasm", marked(probe, "second"));
  assert.equal((await watched.untilReloads(1)).outcome, "replaced");
  await watched.folder.write("one/probe.wasm", probe.slice(0, probe.length - 100));
  const kept = await watched.untilReloads(2);
  assert.equal(kept.outcome, "kept");
  assert.match(kept.detail ?? "", /one\/all\.route\.jsonc:1:\d+: Cannot use "component" \(.*probe\.wasm\): /);
  assert.equal(await versionOf(watched, "one"), "1");
  await watched.folder.write("one/probe.wasm", marked(probe, "third"));
  assert.equal((await watched.untilReloads(3)).outcome, "replaced");
  assert.deepEqual(watched.gateway.metrics().reloads, [
    { workload: "one", outcome: "replaced", total: 2 },
    { workload: "one", outcome: "kept", total: 1 },
  ]);
  assert.deepEqual(await watched.close(), {});
});

test("reload: the same bytes written again change nothing, and neither does a file that nobody names", async () => {
  const watched = await watchFolder(within("one", await routeContent("one", "1")));
  const file = join(watched.folder.path, "one/all.route.jsonc");
  await watched.folder.write("one/all.route.jsonc", await readFile(file, "utf8"));
  await watched.folder.write("one/notes.txt", "nothing");
  await utimes(file, new Date(), new Date());
  // A change comes after them; were they changes, they would have come first.
  await watched.folder.write("one/all.route.jsonc", routeFile("one", "2"));
  await watched.untilReloads(1);
  assert.equal(await versionOf(watched, "one"), "2");
  assert.deepEqual(watched.reloads(), ["replaced one"]);
  assert.deepEqual(await watched.close(), {});
});

test("reload: a broken file leaves the old version, and so does a tie with another workload", async () => {
  const watched = await watchFolder({
    ...within("one", await routeContent("one", "1")),
    ...within("two", await routeContent("two", "1")),
  });
  await watched.folder.overwrite("one/all.route.jsonc", '{ "match": {\n  "path": "task" } }');
  const broken = await watched.untilReloads(1);
  assert.match(broken.detail ?? "", /one\/all\.route\.jsonc:1:1: .*"component" is missing.*; .*:2:11: .*"match\.path"/);
  await watched.folder.write("one/all.route.jsonc", routeFile("two", "2"));
  const tied = await watched.untilReloads(2);
  assert.match(tied.detail ?? "", /answers the same requests/);
  assert.deepEqual([await versionOf(watched, "one"), await versionOf(watched, "two")], ["1", "1"]);
  // The tie goes with the other one: what was refused is served without another write.
  await watched.folder.remove("two");
  await eventually(() => watched.reloads().length === 4);
  assert.deepEqual(watched.reloads().toSorted(), ["kept one", "kept one", "removed two", "replaced one"]);
  assert.equal(await versionOf(watched, "two"), "2");
  assert.deepEqual(await watched.close(), {});
});

const BAD_SERVICES: readonly { readonly mode: string; readonly why: RegExp }[] = [
  { mode: "fail", why: /returned an error/ },
  { mode: "return", why: /it returned before it listened on port 7777, as "ready" says/ },
  { mode: "never", why: /did not listen within 300ms/ },
];

for (const { mode, why } of BAD_SERVICES) {
  test(`reload: a new service that does not start (${mode}) leaves the old version with its service`, async () => {
    const watched = await watchFolder(within("one", await serviceContent("one", "1")), {
      limits: { service: { startMs: 300 } },
    });
    await watched.folder.write("one/workload.jsonc", serviceFile("2", { MODE: mode }));
    const kept = await watched.untilReloads(1);
    assert.equal(kept.outcome, "kept");
    assert.match(kept.detail ?? "", why);
    const states = watched.events.flatMap((event) => event.kind === "service-state" ? event.state : []);
    assert.deepEqual(states.includes("restarting"), false, "nobody starts it again");
    assert.equal(await watched.ask("one", "/connect"), "1");
    assert.equal(watched.gateway.counters().workloads, 1);
    // Taken back before it ever served: nothing to do, and told, for the fault was.
    await watched.folder.write("one/workload.jsonc", serviceFile("1"));
    assert.equal((await watched.untilReloads(2)).outcome, "unchanged");
    await watched.folder.write("one/all.route.jsonc", routeFile("one", "2"));
    await eventually(() => watched.reloads().includes("replaced one"));
    assert.equal(await watched.ask("one", "/connect"), "1");
    assert.deepEqual(await watched.close(), {});
  });
}

test("reload: a new version whose service listens on another port than its file says is told of before its limit", async () => {
  const watched = await watchFolder(within("one", await serviceContent("one", "1")), {
    limits: { service: { startMs: 60_000 } },
  });
  await watched.folder.write("one/workload.jsonc", serviceFile("2", {}, 7778));
  const hints = () =>
    watched.events.flatMap((event) =>
      event.kind === "service-state" && event.state === "starting" ? [event.detail] : []
    )
      .filter((detail) => detail !== undefined);
  await eventually(() => hints().length > 0);
  assert.deepEqual(hints(), [
    'it listens on 7777, and not yet on port 7778, as "ready" says; it is waited for up to 1m',
  ]);
  assert.equal(await watched.ask("one", "/connect"), "1");
  await watched.folder.write("one/workload.jsonc", serviceFile("2"));
  await watched.untilReloads(1);
  assert.equal(await watched.ask("one", "/connect"), "2");
  assert.deepEqual(await watched.close(), {});
});

test("reload: requests in flight finish in the old version, whose service stays for them", async () => {
  const watched = await watchFolder(within("one", await serviceContent("one", "1")));
  const inFlight = watched.ask("one", "/tick");
  await eventually(() => watched.gateway.counters().requests === 1);
  await watched.folder.write("one/workload.jsonc", serviceFile("2"));
  await watched.untilReloads(1);
  assert.equal(await watched.ask("one", "/connect"), "2");
  assert.equal(await inFlight, "tick 1\ntick 2\ntick 3\n");
  await eventually(() => watched.gateway.counters().workloads === 1);
  assert.deepEqual(await watched.close(), {});
});

test("reload: a guest that never ends is cut at the drain limit, with 503", async () => {
  const watched = await watchFolder(within("one", await routeContent("one", "1")), {
    limits: { listener: { drainTimeoutMs: 300 } },
  });
  const inFlight = requestHost(`${watched.gateway.url}/hang`, "one.example");
  await eventually(() => watched.gateway.counters().requests === 1);
  await watched.folder.write("one/all.route.jsonc", routeFile("one", "2"));
  await watched.untilReloads(1);
  assert.equal((await inFlight).status, 503);
  await eventually(() => watched.gateway.counters().workloads === 1);
  assert.deepEqual(await watched.close(), {});
});

test("reload: folders that come and go", async () => {
  const watched = await watchFolder(within("one", await routeContent("one", "1")));
  await watched.folder.deploy("two", await serviceContent("two", "1"));
  assert.equal((await watched.untilReloads(1)).outcome, "added");
  assert.equal(await watched.ask("two", "/connect"), "1");
  assert.deepEqual(watched.gateway.workloads.map(({ name }) => name), ["one", "two"]);
  await watched.folder.remove("one");
  await watched.untilReloads(2);
  assert.equal((await requestHost(`${watched.gateway.url}/x`, "one.example")).status, 404);
  await watched.folder.deploy("one", await routeContent("one", "2"));
  await watched.untilReloads(3);
  assert.equal(await versionOf(watched, "one"), "2");
  assert.deepEqual(watched.reloads(), ["added two", "removed one", "added one"]);
  assert.deepEqual(await watched.close(), {});
});

test("reload: the operator's file concerns all, and a broken one nobody", async () => {
  const watched = await watchFolder({
    ...within("one", await routeContent("one", "1")),
    ...within("two", await routeContent("two", "1")),
  });
  await watched.folder.write("gateway.jsonc", { net: ["192.0.2.0/24:80"] });
  await watched.untilReloads(3);
  const all = ["replaced", "replaced one", "replaced two"];
  assert.deepEqual(watched.reloads().toSorted(), all);
  await watched.folder.write("gateway.jsonc", '{ "net": [');
  const kept = await watched.untilReloads(4);
  assert.equal(kept.workload, undefined);
  assert.match(kept.detail ?? "", /gateway\.jsonc:1:/);
  assert.equal(await versionOf(watched, "one"), "1");
  await watched.folder.write("gateway.jsonc", { net: ["192.0.2.0/24:80"] });
  const { workload, outcome } = await watched.untilReloads(5);
  assert.deepEqual([workload, outcome], [undefined, "unchanged"]);
  await watched.folder.remove("gateway.jsonc");
  await watched.untilReloads(8);
  assert.deepEqual(watched.reloads().slice(5).toSorted(), all);
  assert.deepEqual(await watched.close(), {});
});

test("reload: a mounted ConfigMap, whose files are links through one that is switched", async () => {
  const probe = await componentBytes("probe");
  const watched = await watchFolder({
    ...within("two", await routeContent("two", "1")),
    "one/..2024_1/all.route.jsonc": routeFile("one", "1"),
    "one/..2024_1/probe.wasm": probe,
  });
  const one = join(watched.folder.path, "one");
  const link = async (target: string): Promise<void> => {
    await symlink(target, join(one, "..data_tmp"));
    await rename(join(one, "..data_tmp"), join(one, "..data"));
  };
  await link("..2024_1");
  for (const name of ["all.route.jsonc", "probe.wasm"]) await symlink(`..data/${name}`, join(one, name));
  await watched.untilReloads(1);
  assert.equal(await versionOf(watched, "one"), "1");
  await mkdir(join(one, "..2024_2"));
  await writeFile(join(one, "..2024_2/all.route.jsonc"), JSON.stringify(routeFile("one", "2")));
  await writeFile(join(one, "..2024_2/probe.wasm"), probe);
  await link("..2024_2");
  await eventually(() => watched.reloads().includes("replaced one"));
  assert.equal(await versionOf(watched, "one"), "2");
  assert.deepEqual(await watched.close(), {});
});

test("reload: without a watch, when it is asked for", async () => {
  const watched = await watchFolder(within("one", await serviceContent("one", "1")), { watch: false });
  const { gateway, folder } = watched;
  assert.deepEqual(await gateway.reload(), []);
  await folder.write("one/workload.jsonc", serviceFile("2"));
  await folder.deploy("two", await routeContent("two", "1"));
  const outcomes = await gateway.reload();
  assert.deepEqual(outcomes.map(({ workload, outcome }) => [workload, outcome]), [["one", "replaced"], [
    "two",
    "added",
  ]]);
  assert.equal(await watched.ask("one", "/connect"), "2");
  await folder.write("two/all.route.jsonc", "{");
  const [kept] = await gateway.reload();
  assert.deepEqual([kept?.workload, kept?.outcome, kept?.diagnostics.length], ["two", "kept", 1]);
  assert.deepEqual(await watched.close(), {});
});
