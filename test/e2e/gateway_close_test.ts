/** The close of a gateway: who waits is told at once, who runs may finish, and what never ends is ended. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeToNothing, componentBytes, type GatewayHarness, startTestGateway } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";
import { serviceContent, serviceFile, watchFolder, within } from "../support/watched_folder.ts";

const ALL = { match: { path: "/*" }, component: "probe.wasm" };

/** Of a whole answer. */
async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

async function statusesAt(harness: GatewayHarness, paths: readonly string[]): Promise<{
  readonly statuses: Promise<readonly (number | string)[]>;
  readonly done: (number | string)[];
}> {
  const done: (number | string)[] = [];
  const statuses = Promise.all(paths.map(async (path) => {
    const status = await statusOf(harness.url + path).catch(() => "cut");
    done.push(status);
    return status;
  }));
  await eventually(() => harness.gateway.counters().requests === paths.length);
  return { statuses, done };
}

test("close: who was connected when it began, and waits in the system to be accepted, is answered and not reset", async () => {
  const harness = await startTestGateway({ "w/all.route.jsonc": ALL, "w/probe.wasm": await componentBytes("probe") });
  const clients = Array.from(
    { length: 50 },
    () => new RawClient(harness.port).send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
  );
  let connected = 0;
  for (const { socket } of clients) socket.on("connect", () => void connected++);
  // Before the event loop has turned once: nobody is accepted yet.
  assert.deepEqual(await closeToNothing(harness), {});
  const answers = await Promise.all(clients.map((client) => client.untilClosed()));
  const answered = answers.filter((text) => /^HTTP\/1\.1 (?:200|503) /.test(text));
  // Deno may connect only later, when nobody listens any more.
  assert.equal(answered.length, "Deno" in globalThis ? connected : clients.length);
});

test("close: requests that wait for a service get 503 at once", async () => {
  const harness = await startTestGateway({
    "w/all.route.jsonc": ALL,
    "w/probe.wasm": await componentBytes("probe"),
    "w/workload.jsonc": {
      service: { component: "greeter.wasm", env: { MODE: "never" }, ready: { tcp: 7777 } },
      net: [],
    },
    "w/greeter.wasm": await componentBytes("greeter"),
  }, { limits: { listener: { drainTimeoutMs: 60_000 } } });
  const { statuses } = await statusesAt(harness, ["/a", "/b", "/c"]);
  // Were they waited for, the drain would outlast the test.
  assert.deepEqual(await closeToNothing(harness), {});
  assert.deepEqual(await statuses, [503, 503, 503]);
});

test("close: requests in the queue get 503 at once, the one that runs finishes", async () => {
  const harness = await startTestGateway({ "w/all.route.jsonc": ALL, "w/probe.wasm": await componentBytes("probe") }, {
    limits: { listener: { drainTimeoutMs: 60_000 }, route: { concurrencyMax: 1, queueMax: 8 } },
  });
  const first = fetch(`${harness.url}/tick`);
  await eventually(() => harness.gateway.counters().instances === 1);
  const queued = [1, 2].map(async () => (await fetch(`${harness.url}/queued`)).status);
  await eventually(() => harness.gateway.counters().requests === 3);
  const closing = closeToNothing(harness);
  assert.deepEqual(await Promise.all(queued), [503, 503]);
  assert.equal(await (await first).text(), "tick 1\ntick 2\ntick 3\n");
  assert.deepEqual(await closing, {});
});

for (const path of ["/hang", "/spin", "/hang-after-head"]) {
  test(`close: a guest that does not end (${path}) is ended at the drain limit`, async () => {
    const harness = await startTestGateway(
      { "w/all.route.jsonc": ALL, "w/probe.wasm": await componentBytes("probe") },
      {
        limits: { listener: { drainTimeoutMs: 300 }, route: { cpuMs: 60_000, wallMs: 60_000 } },
      },
    );
    const { done } = await statusesAt(harness, [path]);
    assert.deepEqual(await closeToNothing(harness), {});
    await eventually(() => done.length === 1);
    assert.ok(done[0] === 503 || done[0] === "cut", String(done[0]));
  });
}

test("close: in the middle of a reload, the new version goes too", async () => {
  const watched = await watchFolder(within("one", await serviceContent("one", "1")), { watch: false });
  await watched.folder.write("one/workload.jsonc", serviceFile("2", { MODE: "never" }));
  const reloading = watched.gateway.reload();
  await eventually(() => watched.gateway.counters().workloads === 2);
  assert.deepEqual(await watched.close(), {});
  assert.deepEqual(await reloading, []);
  assert.deepEqual(watched.reloads(), []);
});
