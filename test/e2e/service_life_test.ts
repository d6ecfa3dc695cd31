/** How services die, and what everybody else gets to see: peers, requests, neighbours, the log, the counters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { LIVE_KINDS } from "../../src/telemetry/live_counters.ts";
import { wat } from "../engine/wat.ts";
import {
  closeToNothing,
  componentBytes,
  type FolderContent,
  type GatewayHarness,
  settledCounters,
  startTestGateway,
} from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { eventually } from "../support/http_harness.ts";
import { startLoopbackService } from "../support/loopback_service.ts";

const PEERS = 500;

/** By itself a service closes its connections; one that is ended must not look as if it had finished (network.md). */
const DEATHS: readonly (readonly [mode: string, end: string, peers: "closed" | "reset"])[] = [
  ["trap", "trapped", "reset"],
  ["memory", "trapped", "reset"],
  ["exit", "exited", "closed"],
  ["exit-err", "exited", "closed"],
  ["fail", "failed", "closed"],
  ["leave", "completed", "closed"],
];

for (const [mode, kind, peers] of DEATHS) {
  test(`a service that dies (${mode}) with ${PEERS} connections open: each peer sees it (${peers}), nothing is left`, async () => {
    const service = await startLoopbackService(await componentBytes("greeter"), {
      port: 7777,
      env: [["NAME", "x".repeat(100)], ["MODE", mode], ["HOLD", String(PEERS)]],
      limits: { memoryBytesMax: 64 * 2 ** 20, handlesMax: 65_536 },
    });
    const clients = await Promise.all(Array.from({ length: PEERS }, () => service.connect()));
    const ends = await Promise.all(clients.map((client) => client.untilOver()));
    assert.deepEqual([...new Set(ends)], [peers]);
    assert.equal((await service.ended).kind, kind);
    for (const client of clients) client.close();
    assert.deepEqual(await service.stop(), {});
  });
}

test("a service that is killed with connections open: each peer sees a reset", async () => {
  const service = await startLoopbackService(await componentBytes("greeter"), {
    port: 7777,
    env: [["HOLD", "1000"]],
  });
  const clients = await Promise.all(Array.from({ length: PEERS }, () => service.connect()));
  const ends = Promise.all(clients.map((client) => client.untilOver()));
  service.kill();
  assert.deepEqual([...new Set(await ends)], ["reset"]);
  for (const client of clients) client.close();
  assert.deepEqual(await service.stop(), {});
});

/** A workload whose route asks its service, and whose service dies when as many ask at once. */
async function mortal(mode: string, count: number): Promise<FolderContent> {
  const api = hasGuests("rust_http_api") ? await guestBytes("rust_http_api") : await componentBytes("http_api");
  return {
    "mortal/workload.jsonc": {
      service: {
        component: "greeter.wasm",
        env: { NAME: "half", MODE: mode, HOLD: String(count) },
        ready: { tcp: 7777 },
        restart: { policy: "on-failure" },
        limits: { memory: "64MiB" },
      },
      net: [],
    },
    "mortal/greeter.wasm": await componentBytes("greeter"),
    "mortal/ask.route.jsonc": { match: { path: "/task" }, component: "api.wasm" },
    "mortal/api.wasm": api,
  };
}

async function post(url: string): Promise<number> {
  const response = await fetch(`${url}/task`, { method: "POST", body: '{"payload":"x"}' });
  await response.arrayBuffer();
  return response.status;
}

function statesOf({ events }: GatewayHarness): readonly string[] {
  return events.flatMap((event) => (event.kind === "service-state" ? [event.state] : []));
}

function requestsOf({ events }: GatewayHarness): readonly Extract<GatewayEvent, { kind: "request" }>[] {
  return events.filter((event) => event.kind === "request");
}

for (const mode of ["trap", "memory", "exit-err", "fail"]) {
  const count = hasGuests("rust_http_api") ? PEERS : 100;
  test(`${count} requests whose service dies (${mode}): each is answered, and the next ones are served`, async () => {
    const harness = await startTestGateway(await mortal(mode, count), {
      limits: { route: { concurrencyMax: 600 } },
    });
    await eventually(() => harness.gateway.serviceState("mortal") === "ready");
    const idle = await settledCounters(harness.gateway);
    const statuses = await Promise.all(Array.from({ length: count }, () => post(harness.url)));
    // 504: on a busy machine some have waited for as long as the handler does, before the last one came.
    assert.deepEqual([...new Set(statuses)].filter((status) => status !== 504), [502]);
    await eventually(() => statesOf(harness).filter((state) => state === "ready").length === 2);
    assert.deepEqual(statesOf(harness), ["starting", "ready", "restarting", "starting", "ready"]);
    // Instances that wait for the next request are idle too, and have a timer.
    const kinds = LIVE_KINDS.filter((kind) => kind !== "idleInstances" && kind !== "timers");
    await eventually(() => kinds.every((kind) => harness.gateway.counters()[kind] === idle[kind]));
    assert.deepEqual(await closeToNothing(harness), {});
  });
}

/** A service that listens on nothing and does what `body` says; the text of its core function's body. */
function runner(body: string, start = ""): Promise<Uint8Array> {
  return wat(`
    (core module $M (memory 1) ${start} (func (export "run") (result i32) ${body}))
    (core instance $m (instantiate $M))
    (func $run (result (result)) (canon lift (core func $m "run")))
    (instance $i (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $i))`);
}

/** A workload with that service and a route that needs no guest of ours to know what it answers. */
async function withService(component: Uint8Array, service: object): Promise<FolderContent> {
  return {
    "one/workload.jsonc": { service: { component: "service.wasm", ...service }, net: [] },
    "one/service.wasm": component,
    "one/all.route.jsonc": { match: { path: "/one/*" }, component: "probe.wasm" },
    "one/probe.wasm": await componentBytes("probe"),
    "two/all.route.jsonc": { match: { path: "/two/*" }, component: "probe.wasm" },
    "two/probe.wasm": await componentBytes("probe"),
  };
}

const SPIN = "(loop $again (br $again)) (i32.const 0)";
const SPINS_AT_START = "(func $s (loop $again (br $again))) (start $s)";
const EATS = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";

async function isServed(harness: GatewayHarness, path: string): Promise<void> {
  const response = await fetch(harness.url + path);
  assert.equal(await response.text(), path);
}

const NEVER_READY: readonly (readonly [name: string, component: () => Promise<Uint8Array>])[] = [
  ["never listens", () => componentBytes("greeter")],
  ["computes instead of listening", () => runner(SPIN)],
  ["computes in its start function", () => runner("(i32.const 0)", SPINS_AT_START)],
];

for (const [name, component] of NEVER_READY) {
  test(`a service that ${name}: its starts fail, its neighbours are served, 503 says when to come again`, async () => {
    const service = {
      env: { MODE: "never" },
      ready: { tcp: 7777 },
      restart: { policy: "on-failure" },
      limits: { start: "150ms" },
    };
    const harness = await startTestGateway(await withService(await component(), service), {
      limits: { route: { serviceWaitMs: 50 } },
    });
    await isServed(harness, "/two/while-it-starts");
    const response = await fetch(`${harness.url}/one/x`);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "1");
    await response.arrayBuffer();
    await eventually(() => statesOf(harness).filter((state) => state === "restarting").length >= 2);
    await isServed(harness, "/two/while-it-starts-again");
    const details = harness.events.flatMap((event) =>
      event.kind === "service-state" && event.state === "restarting" ? [event.detail] : []
    );
    assert.deepEqual(
      details.slice(0, 2),
      [100, 200].map((ms) =>
        `it did not listen within 150ms on port 7777, as "ready" says; it listens nowhere; the next start is in ${ms} ms`
      ),
    );
    const limits = harness.events.flatMap((event) => event.kind === "limited" ? [event.limit] : []);
    assert.ok(limits.includes("start"), limits.join());
    const [refused] = requestsOf(harness).filter(({ path }) => path === "/one/x");
    assert.match(refused?.cause ?? "", /^the service of the workload is (?:starting|restarting: it did not listen)/);
    assert.deepEqual(await closeToNothing(harness), {});
  });
}

test("a service that computes for ever is ready, its neighbours are served, and closing ends it", async () => {
  const harness = await startTestGateway(await withService(await runner(SPIN), {}));
  assert.equal(harness.gateway.serviceState("one"), "ready");
  for (let round = 0; round < 3; round++) {
    await isServed(harness, `/two/${round}`);
    await isServed(harness, `/one/${round}`);
  }
  assert.deepEqual(await closeToNothing(harness), {});
});

test("a service that takes all the memory it may is restarted, to its budget, and then has failed", async () => {
  const service = { restart: { policy: "on-failure", budget: 2 }, limits: { memory: "8MiB" } };
  const harness = await startTestGateway(await withService(await runner(EATS), service));
  await eventually(() => harness.gateway.serviceState("one") === "failed");
  assert.deepEqual(
    statesOf(harness).filter((state) => state !== "ready"),
    ["starting", "restarting", "starting", "restarting", "starting", "failed"],
  );
  const response = await fetch(`${harness.url}/one/x`);
  assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "30"]);
  await response.arrayBuffer();
  await eventually(() => requestsOf(harness).length === 1);
  assert.match(
    requestsOf(harness)[0]?.cause ?? "",
    /^the service of the workload has failed: it trapped: .*unreachable.*; it was restarted 2 times in a row, and that is its limit$/,
  );
  assert.equal(requestsOf(harness)[0]?.code, "LG7015");
  await isServed(harness, "/two/x");
  assert.deepEqual(await closeToNothing(harness), {});
});
