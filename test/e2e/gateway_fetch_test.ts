/** `createGateway` and `gateway.fetch`: requests of the web without a listener, inside a program that has one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Hono } from "hono";
import { createGateway, type GatewayCore } from "../../src/gateway/gateway.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { componentBytes, memoryFiles } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";

interface Opened extends AsyncDisposable {
  readonly gateway: GatewayCore;
  readonly events: GatewayEvent[];
}

async function opened(
  limits: Readonly<Record<string, unknown>> = {},
  listener: Readonly<{ drainTimeoutMs?: number }> = {},
): Promise<Opened> {
  const events: GatewayEvent[] = [];
  const gateway = await createGateway({
    folder: "w",
    limits: { listener },
    emit: (event) => events.push(event),
    files: memoryFiles({
      "shop/workload.jsonc": { service: { component: "service.wasm", ready: { tcp: 7777 } }, net: [] },
      "shop/task.route.jsonc": { match: { path: "/task", methods: ["POST"] }, component: "api.wasm", limits },
      "shop/probe.route.jsonc": { match: { path: "/probe/*" }, component: "probe.wasm" },
      "shop/hang.route.jsonc": { match: { path: "/hang" }, component: "probe.wasm" },
      "shop/cut.route.jsonc": { match: { path: "/hang-after-head" }, component: "probe.wasm" },
      "shop/api.wasm": await componentBytes("http_api"),
      "shop/probe.wasm": await componentBytes("probe"),
      "shop/service.wasm": await componentBytes("service_leet"),
    }),
  });
  return { gateway, events, [Symbol.asyncDispose]: () => gateway.close() };
}

const TASK = { method: "POST", body: '{"payload":"hello"}' };

function requestsOf(events: readonly GatewayEvent[]) {
  return events.flatMap((event) =>
    event.kind === "request" ? [[event.status, event.route, event.path, event.cause]] : []
  );
}

test("fetch: a request of the web is served like one of the listener, and logged once its answer was read", async () => {
  await using open = await opened();
  const { gateway, events } = open;
  const response = await gateway.fetch(new Request("https://edge.example/task?token=secret", TASK), {
    remoteAddress: "198.51.100.7",
  });
  assert.equal(await response.text(), "h3110");
  await eventually(() => gateway.counters().requests === 0);
  assert.deepEqual(requestsOf(events), [[200, "task", "/task", undefined]]);
});

test("fetch: the gateway's own answers", async () => {
  await using open = await opened({ requestBody: "4B" });
  const { gateway, events } = open;
  const rows: readonly (readonly [Request, number])[] = [
    [new Request("http://edge.example/nowhere"), 404],
    [new Request("http://edge.example/task"), 405],
    [new Request("http://edge.example/task", { ...TASK, headers: { "content-length": "19" } }), 413],
  ];
  for (const [request, status] of rows) {
    const response = await gateway.fetch(request);
    assert.equal(response.status, status, request.url);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal((await response.json() as { status: number }).status, status);
  }
  await eventually(() => gateway.counters().requests === 0);
  assert.deepEqual(requestsOf(events).map(([status]) => status), [404, 405, 413]);
});

test("fetch: who aborts is gone, and nothing of the request is left", async () => {
  await using open = await opened();
  const { gateway, events } = open;
  const abort = new AbortController();
  const body = new ReadableStream({ start: () => {} });
  const request = new Request(
    "http://edge.example/task",
    { method: "POST", body, duplex: "half", signal: abort.signal } as RequestInit,
  );
  const answer = gateway.fetch(request);
  await eventually(() => gateway.counters().requests === 1);
  abort.abort(new Error("enough"));
  await assert.rejects(answer, /enough/);
  await eventually(() => gateway.counters().requests === 0 && gateway.counters().streams === 0);
  assert.deepEqual(requestsOf(events), [[499, "task", "/task", "the client went away"]]);
});

test("fetch: a body that nobody reads to its end is over when it is cancelled", async () => {
  await using open = await opened();
  const response = await open.gateway.fetch(new Request("http://edge.example/task", TASK));
  await response.body?.cancel();
  await eventually(() => open.gateway.counters().requests === 0);
});

test("fetch: mounted in a Hono application", async () => {
  await using open = await opened();
  const app = new Hono().mount("/edge", (request) => open.gateway.fetch(request));
  const response = await app.request("/edge/task", TASK);
  assert.equal(await response.text(), "h3110");
});

test("fetch: after close everything is 503, and close waits for what runs", async () => {
  const open = await opened();
  const { gateway } = open;
  // Who still waits for the service is sent away.
  await eventually(() => gateway.serviceState("shop") === "ready");
  const answer = gateway.fetch(new Request("http://edge.example/task", TASK));
  const closed = gateway.close();
  const late = await gateway.fetch(new Request("http://edge.example/task", TASK));
  assert.equal(late.status, 503);
  const response = await answer;
  assert.deepEqual([response.status, await response.text()], [200, "h3110"]);
  await closed;
  assert.deepEqual(Object.entries(gateway.counters()).filter(([, count]) => count !== 0), []);
});

for (const path of ["/hang-after-head", "/hang"]) {
  test(`fetch: close ends ${path} after the drain, though nobody reads it`, async () => {
    const { gateway, events } = await opened({}, { drainTimeoutMs: 50 });
    await eventually(() => gateway.serviceState("shop") === "ready");
    const answer = gateway.fetch(new Request(`http://edge.example${path}`));
    if (path === "/hang") await eventually(() => gateway.counters().instances === 2);
    else await answer;
    await gateway.close();
    const response = await answer;
    assert.equal(response.status, path === "/hang" ? 503 : 200);
    if (response.status === 200) await assert.rejects(response.text(), /broke off: the gateway is being closed/);
    assert.deepEqual(events.flatMap((event) => (event.kind === "request" ? [event.code] : [])), ["LG7010"]);
    assert.equal(gateway.counters().requests, 0);
  });
}
