/** Traces from a client's request to what its guest asks of others, as a collector gets them. On real sockets. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeToNothing, componentBytes, type GatewayHarness, startTestGateway } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver, treeOf } from "../support/otlp_receiver.ts";
import { bodyOf, rawRequest } from "../support/raw_client.ts";
import { startTravels, type Travels } from "../support/traveller.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const PARENT = `00-${TRACE}-${SPAN}-01`;
const CLOUD = "203.0.113.10";

let collector: OtlpReceiver;
let travels: Travels;
let harness: GatewayHarness;

before(async () => {
  collector = await startOtlpReceiver();
  travels = await startTravels({
    default: { service: true },
    told: { dns: true },
  }, { otlp: collector.endpoint, traceTo: ["told.test", "*.also.test"] });
  harness = await startTestGateway({
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm", limits: { concurrency: 1 } },
    "probe/probe.wasm": await componentBytes("probe"),
    "web/app.route.jsonc": { match: { host: "web.example", path: "/*" }, component: "web_app.wasm" },
    "web/web_app.wasm": await componentBytes("web_app"),
  }, { otlp: collector.endpoint });
});

after(async () => {
  await travels.close();
  assert.deepEqual(await closeToNothing(harness), {});
  await collector.close();
});

/** The trace of the request that the client called so. */
function traceOf(traceId: string): Promise<readonly ReceivedSpan[]> {
  return collector.trace((span) => span.kind === 2 && span.traceId === traceId);
}

/** A trace that nobody else has. */
function newTrace(): { readonly traceId: string; readonly traceparent: string } {
  const traceId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  return { traceId, traceparent: `00-${traceId}-${SPAN}-01` };
}

test("a request, its instance, its guest and what the guest asks of others are one tree", async () => {
  const { traceId, traceparent } = newTrace();
  const told = await travels.go("default", [
    { do: "http", scheme: "http", authority: CLOUD, path: "/a?token=s3cret" },
    { do: "http", scheme: "http", authority: "169.254.169.254", path: "/latest" },
    { do: "tcp", address: [127, 0, 0, 1], port: 8080 },
    { do: "tcp", address: [127, 0, 0, 1], port: 9 },
  ], { traceparent, tracestate: "vendor=1" });
  assert.deepEqual(told.slice(1), ["at once: HTTP-request-denied", "connected", "connection-refused"]);
  const spans = await traceOf(traceId);
  assert.deepEqual(treeOf(spans), [
    "POST /default",
    "POST /default > instance",
    "POST /default > guest",
    "POST /default > guest > GET",
    "POST /default > guest > GET",
    "POST /default > guest > connect",
    "POST /default > guest > connect",
  ]);
  // Who waits for a turn depends on the machine.
  const steady = spans.filter(({ attributes }) => attributes["loopgate.waits_for"] !== "turn");
  const [request, instance, guest, sent, denied, connected, refused] = steady.toSorted((one, other) =>
    BigInt(one.startTimeUnixNano) < BigInt(other.startTimeUnixNano) ? -1 : 1
  );
  assert.equal(request?.parentSpanId, SPAN);
  assert.equal(request?.traceState, "vendor=1");
  assert.deepEqual([request, sent].map((span) => span?.kind), [2, 3]);
  assert.equal(request?.resource["service.name"], "loopgate");
  const { attributes } = request ?? assert.fail("there is no request");
  assert.match(String(attributes["loopgate.request_id"]), /^[0-9a-f]{32}$/);
  assert.deepEqual(
    ["loopgate.workload", "loopgate.route", "http.route", "url.path", "http.response.status_code"].map((key) =>
      attributes[key]
    ),
    ["default", "main", "/default", "/default", 200],
  );
  assert.match(String(instance?.attributes["loopgate.instance"]), /^(new|kept)$/);
  assert.equal(typeof guest?.attributes["loopgate.guest.cpu_ms"], "number");
  assert.equal(sent?.attributes["url.full"], `http://${CLOUD}/a`);
  assert.equal(sent?.attributes["http.response.status_code"], 200);
  assert.deepEqual([denied?.status.code, denied?.attributes["error.type"]], [2, "denied"]);
  assert.deepEqual([connected?.status.code ?? 0, connected?.attributes["network.peer.port"]], [0, 8080]);
  assert.equal(refused?.attributes["error.type"], "connection-refused");
  assert.doesNotMatch(JSON.stringify(spans), /s3cret/);
  assert.deepEqual([...new Set(collector.asked)], ["POST /v1/traces application/json"]);
});

test("the log has the trace of a request that is recorded", async () => {
  const { traceId, traceparent } = newTrace();
  await travels.go("default", [], { traceparent });
  await eventually(() => travels.events.some((event) => event.kind === "request" && event.traceId === traceId));
});

test("the private loopback and the hosts of traceTo are told the trace, and nobody else", async () => {
  travels.dns.script("told.test", { addresses: [CLOUD] });
  travels.dns.script("x.also.test", { addresses: [CLOUD] });
  travels.dns.script("other.test", { addresses: [CLOUD] });
  const { traceId, traceparent } = newTrace();
  travels.outside.traceparents.length = 0;
  const own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await travels.go("told", [
    { do: "http", scheme: "http", authority: "told.test" },
    { do: "http", scheme: "http", authority: "x.also.test" },
    { do: "http", scheme: "http", authority: "other.test" },
    { do: "http", scheme: "http", authority: CLOUD },
    { do: "http", scheme: "http", authority: "other.test", headers: [["traceparent", own]] },
    { do: "http", scheme: "http", authority: "told.test", headers: [["traceparent", own]] },
  ], { traceparent });
  const spans = await traceOf(traceId);
  const sent = spans.filter(({ kind }) => kind === 3).map(({ spanId }) => `00-${traceId}-${spanId}-01`);
  const [first, second, ...others] = travels.outside.traceparents;
  assert.ok(sent.includes(first ?? "") && sent.includes(second ?? ""), `${first}, ${second}: ${sent.join()}`);
  assert.notEqual(first, second);
  assert.deepEqual(others, [undefined, undefined, own, own]);
});

test("a guest sees the span that it works in, and not what its client sent", async () => {
  const { traceId, traceparent } = newTrace();
  const head = ["GET /headers HTTP/1.1", "Host: web.example", `traceparent: ${traceparent}`, "tracestate: a=1,b=2"];
  const seen = JSON.parse(bodyOf(await rawRequest(harness.port, head.join("\r\n")))) as [string, string][];
  const spans = await traceOf(traceId);
  const guest = spans.find(({ name }) => name === "guest");
  assert.deepEqual(seen.filter(([name]) => name.startsWith("trace")), [
    ["traceparent", `00-${traceId}-${guest?.spanId}-01`],
    ["tracestate", "a=1,b=2"],
  ]);
});

test("who waits for a place has a span for it, and a guest that traps is an error", async () => {
  const [first, second] = [newTrace(), newTrace()];
  const ask = async (path: string, { traceparent }: { readonly traceparent: string }): Promise<void> => {
    await (await fetch(harness.url + path, { headers: { traceparent } })).text();
  };
  await Promise.all([ask("/tick", first), ask("/trap", second)]);
  const spans = await traceOf(second.traceId);
  assert.deepEqual(treeOf(spans), ["GET /*", "GET /* > queue", "GET /* > instance", "GET /* > guest"]);
  const [request, queue] = ["GET /*", "queue"].map((name) => spans.find((span) => span.name === name));
  assert.equal(queue?.attributes["loopgate.waits_for"], "place");
  assert.deepEqual([request?.status.code, request?.attributes["error.type"]], [2, "500"]);
  assert.match(spans.find(({ name }) => name === "guest")?.status.message ?? "", /trapped/);
});

test("what comes to no route is a span alone", async () => {
  const { traceId, traceparent } = newTrace();
  const refused = await rawRequest(harness.port, `POST * HTTP/1.1\r\nHost: a\r\ntraceparent: ${traceparent}`);
  assert.match(refused, /^HTTP\/1.1 400/);
  assert.deepEqual(treeOf(await traceOf(traceId)), ["POST"]);
});

const IGNORED: readonly (readonly [name: string, fields: readonly string[]])[] = [
  ["none", []],
  ["of the wrong form", [`traceparent: ${PARENT.toUpperCase()}`]],
  ["two of them", [`traceparent: ${PARENT}`, `traceparent: ${PARENT}`]],
];

for (const [name, fields] of IGNORED) {
  test(`traceparent, ${name}: the request begins a trace of its own`, async () => {
    const path = `/own-${name.replaceAll(" ", "-")}`;
    await rawRequest(harness.port, [`GET ${path} HTTP/1.1`, "Host: a", ...fields].join("\r\n"));
    const [root] = await collector.trace(({ kind, attributes }) => kind === 2 && attributes["url.path"] === path);
    const request = collector.spans.find(({ kind, traceId }) => kind === 2 && traceId === root?.traceId);
    assert.equal(request?.parentSpanId ?? "", "");
    assert.notEqual(request?.traceId, TRACE);
  });
}

test("a client can have its request not recorded, and its guest hears so", async () => {
  const { traceId } = newTrace();
  const head = ["GET /headers HTTP/1.1", "Host: web.example", `traceparent: 00-${traceId}-${SPAN}-00`];
  const answer = bodyOf(await rawRequest(harness.port, head.join("\r\n")));
  const seen = new Map(JSON.parse(answer) as [string, string][]).get("traceparent") ?? "";
  assert.match(seen, new RegExp(`^00-${traceId}-(?!${SPAN})[0-9a-f]{16}-00$`));
  // What comes after it has arrived by then.
  await (await harness.gateway.fetch(new Request("http://a/after"))).text();
  await collector.trace(({ attributes }) => attributes["url.path"] === "/after");
  assert.deepEqual(collector.spans.filter((span) => span.traceId === traceId), []);
});

test("gateway.fetch is traced as the listener is", async () => {
  const { traceId, traceparent } = newTrace();
  await (await harness.gateway.fetch(new Request("http://a/x", { headers: { traceparent } }))).text();
  assert.deepEqual(treeOf(await traceOf(traceId)), ["GET /*", "GET /* > instance", "GET /* > guest"]);
});

test("a guest that connects without end has no more than its part of the queue", async () => {
  const { traceId, traceparent } = newTrace();
  const steps = Array.from({ length: 200 }, () => ({ do: "tcp", address: [127, 0, 0, 1], port: 9 }) as const);
  await travels.go("default", steps, { traceparent });
  assert.equal((await traceOf(traceId)).length, 65);
});

test("without an endpoint nothing is sent, and what a client says of its trace goes to the guest as it is", async () => {
  const asked = collector.asked.length;
  const quiet = await startTestGateway({
    "web/app.route.jsonc": { match: { path: "/*" }, component: "web_app.wasm" },
    "web/web_app.wasm": await componentBytes("web_app"),
  });
  const response = await fetch(`${quiet.url}/headers`, { headers: { traceparent: PARENT } });
  assert.equal(new Map(await response.json() as [string, string][]).get("traceparent"), PARENT);
  assert.deepEqual(quiet.gateway.metrics().spans, []);
  assert.deepEqual(await closeToNothing(quiet), {});
  assert.equal(quiet.events.some((event) => event.kind === "request" && event.traceId !== undefined), false);
  assert.equal(collector.asked.length, asked);
});

test("ratio 0: a client cannot have its request recorded", async () => {
  const own = await startOtlpReceiver();
  const gateway = await startTestGateway({
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
  }, { otlp: own.endpoint, traceRatio: 0 });
  await (await fetch(`${gateway.url}/x`, { headers: { traceparent: PARENT } })).text();
  assert.deepEqual(await closeToNothing(gateway), {});
  assert.deepEqual(own.asked, []);
  await own.close();
});

test("a trusted proxy decides what is recorded, whatever the ratio says of others", async () => {
  const own = await startOtlpReceiver();
  const gateway = await startTestGateway({
    "gateway.jsonc": { trustedProxies: ["127.0.0.1/32"], otlp: own.endpoint, traceRatio: 0 },
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
  });
  await (await fetch(`${gateway.url}/x`, { headers: { traceparent: PARENT } })).text();
  assert.deepEqual(await closeToNothing(gateway), {});
  assert.deepEqual(treeOf(own.spans), ["GET /*", "GET /* > instance", "GET /* > guest"]);
  assert.equal(own.spans.find(({ kind }) => kind === 2)?.parentSpanId, SPAN);
  await own.close();
});

test("a collector that fails costs spans and no request, in one line; at the end what is left is sent", async () => {
  const own = await startOtlpReceiver();
  own.status = 400;
  const gateway = await startTestGateway({
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
  }, { otlp: own.endpoint });
  const ask = async (): Promise<void> => void await (await fetch(`${gateway.url}/x`)).text();
  const total = (outcome: string): number =>
    gateway.gateway.metrics().spans.find((count) => count.outcome === outcome)?.total ?? 0;
  await ask();
  // Three for each request, and one more for each that waits for a turn.
  await eventually(() => total("dropped") >= 3);
  await ask();
  await eventually(() => total("dropped") >= 6);
  const dropped = total("dropped");
  const lines = (): unknown[] => gateway.events.flatMap((event) => event.kind === "traces" ? [event.state] : []);
  assert.deepEqual(lines(), ["failing"]);
  own.status = 200;
  await ask();
  assert.deepEqual(await closeToNothing(gateway), {});
  assert.deepEqual([total("exported"), total("dropped")], [own.spans.length, dropped]);
  assert.deepEqual(lines(), ["failing", "exported"]);
  assert.deepEqual(treeOf(own.spans), ["GET /*", "GET /* > instance", "GET /* > guest"]);
  await own.close();
});
