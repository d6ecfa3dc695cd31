/** What the log says of a request, and that guest and client have the same name for it. On a real socket. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { closeToNothing, componentBytes, type GatewayHarness, startTestGateway } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { bodyOf, rawRequest } from "../support/raw_client.ts";

type RequestEvent = Extract<GatewayEvent, { kind: "request" }>;

const FORGED = "0".repeat(32);
let harness: GatewayHarness;

before(async () => {
  harness = await startTestGateway({
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
    "web/app.route.jsonc": { match: { host: "web.example", path: "/*" }, component: "web_app.wasm" },
    "web/web_app.wasm": await componentBytes("web_app"),
  });
});

after(async () => {
  assert.deepEqual(await closeToNothing(harness), {});
});

async function logged(id: string | null): Promise<RequestEvent> {
  const find = (): RequestEvent | undefined =>
    harness.events.find((event): event is RequestEvent => event.kind === "request" && event.requestId === id);
  await eventually(() => find() !== undefined);
  const event = find();
  assert.ok(event);
  return event;
}

const SIZES: readonly {
  readonly name: string;
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly sizes: readonly [requestBytes: number, responseBytes: number];
}[] = [
  { name: "a short answer", path: "/abc", status: 200, sizes: [0, 4] },
  { name: "HEAD", path: "/abc", init: { method: "HEAD" }, status: 200, sizes: [0, 0] },
  {
    name: "a body that comes back",
    path: "/echo",
    init: { method: "POST", body: "x".repeat(300_000) },
    status: 200,
    sizes: [300_000, 300_000],
  },
  {
    name: "a body that nobody reads",
    path: "/abc",
    init: { method: "POST", body: "12345" },
    status: 200,
    sizes: [5, 4],
  },
  { name: "a failure", path: "/no-answer", status: 500, sizes: [0, 106] },
];

for (const { name, path, init, status, sizes } of SIZES) {
  test(`the log has the bytes of ${name}`, async () => {
    const response = await fetch(harness.url + path, { ...init, headers: { "x-request-id": FORGED } });
    assert.equal(response.status, status);
    await response.arrayBuffer();
    const id = response.headers.get("x-request-id");
    assert.match(id ?? "", /^[0-9a-f]{32}$/);
    assert.notEqual(id, FORGED);
    const { requestBytes, responseBytes, method } = await logged(id);
    assert.deepEqual([requestBytes, responseBytes, method], [...sizes, init?.method ?? "GET"]);
  });
}

test("gateway.fetch names and measures requests as the listener does", async () => {
  const request = new Request("http://a.example/echo", {
    method: "POST",
    body: "12345",
    headers: { "x-request-id": FORGED },
  });
  const response = await harness.gateway.fetch(request);
  assert.equal(await response.text(), "12345");
  const id = response.headers.get("x-request-id");
  assert.notEqual(id, FORGED);
  const { requestBytes, responseBytes } = await logged(id);
  assert.deepEqual([requestBytes, responseBytes], [5, 5]);
  const refused = await harness.gateway.fetch(new Request("http://a.example/no-answer"));
  const body = await refused.text();
  const { responseBytes: refusedBytes, status } = await logged(refused.headers.get("x-request-id"));
  assert.deepEqual([status, refusedBytes], [500, body.length]);
});

test("what is refused before it is a request has a name too", async () => {
  const text = await rawRequest(harness.port, "GET / HTTP/1.1\r\nHost: a\r\nBad Header: x");
  const id = /^x-request-id: ([0-9a-f]{32})\r$/m.exec(text)?.[1];
  assert.ok(id !== undefined, text);
  assert.equal((await logged(id)).status, 400);
});

test("the name that a trusted proxy gives is kept, in the log, for the guest and for the client", async () => {
  const behind = await startTestGateway({
    "gateway.jsonc": { trustedProxies: ["127.0.0.1/32"] },
    "web/app.route.jsonc": { match: { path: "/*" }, component: "web_app.wasm" },
    "web/web_app.wasm": await componentBytes("web_app"),
  });
  const response = await fetch(`${behind.url}/headers`, { headers: { "x-request-id": FORGED } });
  assert.equal(new Map(await response.json() as [string, string][]).get("x-request-id"), FORGED);
  assert.equal(response.headers.get("x-request-id"), FORGED);
  const other = await behind.gateway.fetch(new Request("http://a/hello/x", { headers: { "x-request-id": FORGED } }), {
    remoteAddress: "192.0.2.1",
  });
  await other.text();
  assert.deepEqual(await closeToNothing(behind), {});
  const ids = behind.events.flatMap((event) => event.kind === "request" ? [event.requestId] : []);
  assert.deepEqual(ids, [FORGED, other.headers.get("x-request-id")]);
  assert.notEqual(ids[1], FORGED);
});

test("a guest sees the name that its client gets, and no other", async () => {
  const headers = { host: "web.example", "x-request-id": FORGED, X_Request_Id: FORGED };
  const answer = await rawRequest(
    harness.port,
    ["GET /headers HTTP/1.1", ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join("\r\n"),
  );
  const seen = JSON.parse(bodyOf(answer)) as [string, string][];
  const names = seen.filter(([name]) => /request.id/.test(name));
  assert.deepEqual(names, [["x-request-id", /^x-request-id: (\S+)/m.exec(answer)?.[1]]]);
});

test("what a guest writes has the name of its request", async () => {
  const response = await fetch(`${harness.url}/print`);
  await response.text();
  const id = response.headers.get("x-request-id");
  await logged(id);
  const lines = harness.events.filter((event) => event.kind === "guest-output" && event.requestId === id);
  assert.deepEqual(lines.map((event) => event.kind === "guest-output" && event.line), ["one", "two"]);
});
