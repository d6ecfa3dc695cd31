/** Hundreds of edits in a row under load: every request is answered by one of the versions, and nothing of the old ones stays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { componentBytes } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { requestHost } from "../support/request_host.ts";
import { marked, routeFile, serviceContent, serviceFile, watchFolder, within } from "../support/watched_folder.ts";

const EDITS = 200;
const CLIENTS = 6;
/** A route asks its service, echoes, or answers over some time. */
const PATHS = ["/connect", "/plain", "/tick"];

test("reload: 200 edits under load lose no request", async () => {
  const watched = await watchFolder({
    ...within("one", await serviceContent("one", "0")),
    ...within("two", await serviceContent("two", "0")),
  });
  const { gateway, folder } = watched;
  const probe = await componentBytes("probe");
  const progress = { isDone: false, answered: 0 };
  const wrong: string[] = [];
  const client = async (index: number): Promise<void> => {
    for (let turn = index; !progress.isDone; turn++) {
      const path = PATHS[turn % PATHS.length] ?? "/";
      const host = turn % 4 === 0 ? "two.example" : "one.example";
      const answer = await requestHost(gateway.url + path, host).catch((error: unknown) => error);
      const isGood = answer instanceof Response && answer.status === 200 && isWhole(path, await answer.text());
      if (!isGood) wrong.push(`${host}${path}: ${answer instanceof Response ? answer.status : String(answer)}`);
      progress.answered++;
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, index) => client(index));
  for (let edit = 1; edit <= EDITS; edit++) {
    if (edit % 25 === 0) await folder.write("one/probe.wasm", marked(probe, String(edit)));
    else if (edit % 5 === 0) await folder.write("one/workload.jsonc", serviceFile(String(edit)));
    else await folder.write("one/all.route.jsonc", routeFile("one", String(edit)));
    // Some are taken together, some come in the middle of another.
    await new Promise((resolve) => setTimeout(resolve, edit % 3 === 0 ? 60 : 5));
  }
  await folder.write("one/workload.jsonc", serviceFile("last"));
  await eventually(() => gateway.workloads.find(({ name }) => name === "one")?.service?.env[0]?.[1] === "last");
  progress.isDone = true;
  await Promise.all(clients);
  assert.deepEqual(wrong, []);
  assert.ok(progress.answered > EDITS, `${progress.answered} requests`);
  const replaced = gateway.metrics().reloads.find(({ outcome }) => outcome === "replaced")?.total ?? 0;
  assert.ok(replaced >= EDITS / 10, `${replaced} versions`);
  assert.deepEqual(gateway.metrics().reloads.map(({ workload, outcome }) => [workload, outcome]), [[
    "one",
    "replaced",
  ]]);
  // The two workloads with their services, and nothing of the versions before.
  await eventually(() => gateway.counters().workloads === 2 && gateway.counters().requests === 0);
  await eventually(() => gateway.counters().instances === 2);
  assert.equal(await watched.ask("one", "/connect"), "last");
  assert.equal(await watched.ask("two", "/connect"), "0");
  assert.deepEqual(await watched.close(), {});
});

function isWhole(path: string, body: string): boolean {
  if (path === "/tick") return body === "tick 1\ntick 2\ntick 3\n";
  return path === "/plain" ? body === "/plain" : /^\d+|last$/.test(body);
}
