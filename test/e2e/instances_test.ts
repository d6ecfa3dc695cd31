/** Instances over many requests, behind a real socket: each first state is a first state, whatever the last request did. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeToNothing, componentBytes, type GatewayHarness, startTestGateway } from "../support/gateway_harness.ts";
import { COUNTER_PLACES, type CounterPlace, countingHandler } from "../support/counting_handler.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { eventually } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";

/** What became of the instances of a route. */
function outcomes({ gateway }: GatewayHarness, route: string): Record<string, number> {
  const counts = gateway.metrics().instances.filter((count) => count.route === route);
  return Object.fromEntries(counts.map(({ outcome, total }) => [outcome, total]));
}

async function statuses(url: string, times: number): Promise<Set<number>> {
  const seen = new Set<number>();
  for (let count = 0; count < times; count++) seen.add((await fetch(url)).status);
  return seen;
}

/** Why an instance that counts there cannot be put back; the others can. */
const REFUSALS: Partial<Record<CounterPlace, string>> = { table: "table-changed", segment: "segment-dropped" };

test("fresh: a component that counts in a global, in memory, in a table and in what it grew says 1 for ever", async (t) => {
  const content: Record<string, unknown> = {};
  for (const place of COUNTER_PLACES) {
    const name = place.replace(" ", "-");
    content[`count/${name}.route.jsonc`] = { match: { path: `/${name}` }, component: `${name}.wasm` };
    content[`count/${name}.wasm`] = await countingHandler(place);
  }
  const harness = await startTestGateway(content);
  for (const place of COUNTER_PLACES) {
    await t.test(place, async () => {
      const name = place.replace(" ", "-");
      assert.deepEqual(await statuses(`${harness.url}/${name}`, 50), new Set([201]));
      const refusal = REFUSALS[place];
      assert.deepEqual(
        outcomes(harness, name),
        refusal === undefined ? { created: 1, recycled: 49 } : { created: 50, [`dropped: ${refusal}`]: 50 },
      );
      assert.equal(harness.gateway.counters().streams, 0);
    });
  }
  assert.deepEqual(await closeToNothing(harness), {});
});

test("fresh: an instance that trapped, or was ended, is never used again", async () => {
  // Its time passes for whoever hangs alone.
  const clock = new FakeClock();
  const harness = await startTestGateway({
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm", limits: { wall: "200ms" } },
    "probe/probe.wasm": await componentBytes("probe"),
  }, { clock });
  const requests = async (): Promise<unknown> => (await (await fetch(`${harness.url}/environment`)).json()).requests;
  for (const path of ["/trap", "/exit", "/hang", "/trap-after-end"]) {
    const answer = fetch(harness.url + path).then((response) => response.text());
    if (path === "/hang") {
      // It waits in its guest.
      await eventually(() => harness.gateway.counters().pollables > 0);
      await clock.advanceMs(200);
    }
    await answer;
    assert.equal(await requests(), 1, path);
  }
  await harness.backToIdle();
  assert.deepEqual(outcomes(harness, "all"), {
    created: 5,
    recycled: 3,
    // QuickJS makes of an exception a trap.
    "dropped: trapped": 2,
    "dropped: exited": 1,
    "dropped: killed": 1,
  });
  assert.deepEqual(await clock.passing(() => closeToNothing(harness)), {});
});

test("reuse: an instance goes on as it is, up to its number of requests, and never after a trap", async () => {
  const harness = await startTestGateway({
    "probe/all.route.jsonc": {
      match: { path: "/*" },
      component: "probe.wasm",
      instance: { reuse: 3 },
    },
    "probe/probe.wasm": await componentBytes("probe"),
  });
  const requests = async (): Promise<unknown> => (await (await fetch(`${harness.url}/environment`)).json()).requests;
  const seen: unknown[] = [];
  for (let count = 0; count < 7; count++) seen.push(await requests());
  assert.deepEqual(seen, [1, 2, 3, 1, 2, 3, 1]);
  assert.equal((await fetch(`${harness.url}/trap`)).status, 500);
  assert.equal(await requests(), 1);
  const { created, reused, ...dropped } = outcomes(harness, "all");
  assert.deepEqual([created, reused], [4, 5]);
  assert.deepEqual(dropped, { "dropped: requests-served": 2, "dropped: trapped": 1 });
  assert.deepEqual(await closeToNothing(harness), {});
});

test("a pool keeps what its route may keep, and none when that is none", async () => {
  const harness = await startTestGateway({
    "probe/two.route.jsonc": {
      match: { path: "/*", host: "two.example" },
      component: "probe.wasm",
      limits: { idleInstances: 2 },
    },
    "probe/none.route.jsonc": {
      match: { path: "/*", host: "none.example" },
      component: "probe.wasm",
      limits: { idleInstances: 0 },
    },
    "probe/probe.wasm": await componentBytes("probe"),
  });
  for (const host of ["two.example", "none.example"]) {
    const clients = Array.from(
      { length: 5 },
      () => new RawClient(harness.port).send(`GET /tick HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
    );
    await Promise.all(clients.map((client) => client.untilClosed()));
  }
  await harness.backToIdle();
  assert.equal(harness.gateway.counters().idleInstances, 2);
  assert.deepEqual(outcomes(harness, "two"), { created: 5, "dropped: pool-full": 3 });
  assert.deepEqual(outcomes(harness, "none"), { created: 5, "dropped: pool-full": 5 });
  assert.deepEqual(await closeToNothing(harness), {});
});

test("fresh: requests that come at once and wait for nothing take turns with one instance", async () => {
  const harness = await startTestGateway({
    "count/all.route.jsonc": { match: { path: "/*" }, component: "c.wasm", limits: { idleInstances: 2 } },
    "count/c.wasm": await countingHandler("global"),
  });
  await fetch(`${harness.url}/x`);
  const clients = Array.from({ length: 50 }, () => new RawClient(harness.port));
  await eventually(() => clients.every(({ socket }) => !socket.connecting));
  for (const client of clients) client.send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const answers = await Promise.all(clients.map((client) => client.untilClosed()));
  await harness.backToIdle();
  const { created = 0 } = outcomes(harness, "all");
  assert.deepEqual(await closeToNothing(harness), {});
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 201 /);
  // One that gives its turn away in the middle (a slow machine) lets another begin.
  assert.ok(created <= 5, `${created} instances were made for 50 requests`);
});

const CEILINGS = [
  { name: "its workload's", limits: { workload: { instancesMax: 2 } }, limit: "instances" },
  { name: "the process's", limits: { process: { instancesMax: 2 } }, limit: "processInstances" },
  { name: "the process's for stacks", limits: { process: { stacksMax: 2 } }, limit: "stacks" },
] as const;

for (const { name, limits, limit } of CEILINGS) {
  test(`past ${name} limit a request is told to come again soon, and idle instances go first`, async () => {
    const harness = await startTestGateway({
      "probe/one.route.jsonc": { match: { path: "/*", host: "one.example" }, component: "probe.wasm" },
      "probe/two.route.jsonc": { match: { path: "/*", host: "127.0.0.1" }, component: "probe.wasm" },
      "probe/probe.wasm": await componentBytes("probe"),
    }, { limits });
    assert.equal((await fetch(`${harness.url}/x`)).status, 200);
    const hanging = Array.from(
      { length: 2 },
      () => new RawClient(harness.port).send("GET /hang HTTP/1.1\r\nHost: one.example\r\n\r\n"),
    );
    await eventually(() => harness.gateway.counters().instances === 2);
    assert.equal(harness.gateway.counters().idleInstances, limit === "stacks" ? 1 : 0);
    const refused = await fetch(`${harness.url}/x`);
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
    const counted = harness.gateway.metrics().limited.find((count) => count.limit === limit);
    assert.equal(counted?.total, 1);
    for (const client of hanging) client.destroy();
    await eventually(() => harness.gateway.counters().instances === 0);
    assert.equal((await fetch(`${harness.url}/x`)).status, 200);
    assert.deepEqual(await closeToNothing(harness), {});
  });
}
