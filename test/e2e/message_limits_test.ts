/** The limits of a route for fields, bodies and sockets, with a real guest behind a real socket: who is told what. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { LimitName } from "../../src/telemetry/limit_counts.ts";
import { closeToNothing, componentBytes, type GatewayHarness, startTestGateway } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { bodyOf, RawClient, statusOf } from "../support/raw_client.ts";

const KIB = 1024;
let harness: GatewayHarness;

before(async () => {
  harness = await startTestGateway({
    "probe/tight.route.jsonc": {
      match: { path: "/*", host: "tight.example" },
      component: "probe.wasm",
      limits: { requestBody: "64KiB", responseBody: "64KiB", headerBytes: "4KiB", sockets: 5 },
    },
    "probe/roomy.route.jsonc": { match: { path: "/*", host: "roomy.example" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
  });
});

after(async () => {
  assert.deepEqual(await closeToNothing(harness), {});
});

/** How often the route had an instance for a request. */
function instancesUsed(): number {
  const used = harness.gateway.metrics().instances.filter(({ route, outcome }) =>
    route === "tight" && ["created", "recycled", "reused"].includes(outcome)
  );
  return used.reduce((sum, { total }) => sum + total, 0);
}

/** Nothing is left of the requests; instances may be kept for the next one. */
async function released(): Promise<void> {
  const kinds = ["requests", "instances", "streams", "pollables", "tcpSockets", "udpSockets"] as const;
  await eventually(() => kinds.every((kind) => harness.gateway.counters()[kind] === 0));
}

/** What the route has counted, and how many lines of its own the log has. */
function told(limit: LimitName): readonly [counted: number, lines: number] {
  const counts = harness.gateway.metrics().limited.filter((count) => count.limit === limit && count.route === "tight");
  const lines = harness.events.filter((event) => event.kind === "limited" && event.limit === limit);
  return [counts.reduce((sum, { total }) => sum + total, 0), lines.length];
}

interface Row {
  readonly name: string;
  readonly path: string;
  /** Field lines; each ends with CRLF. */
  readonly fields?: string;
  readonly body?: string;
  readonly status: number;
  readonly text?: RegExp;
  /** No instance is asked for it. */
  readonly isRefused?: boolean;
  /** The answer is cut: its last chunk never comes. */
  readonly isCut?: boolean;
  /** Which limit it counts for, and whether with a line besides the request's own. */
  readonly limit?: LimitName;
  readonly hasLine?: boolean;
  /** What a route with more room answers. */
  readonly roomy: number | RegExp;
}

const CHUNKED = "Transfer-Encoding: chunked\r\n";

function chunk(bytes: number): string {
  return `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`;
}

const ROWS: readonly Row[] = [
  {
    name: "a body at its limit",
    path: "/sink",
    fields: CHUNKED,
    body: `${chunk(64 * KIB)}0\r\n\r\n`,
    status: 200,
    text: /^65536 bytes$/,
    roomy: /^65536 bytes$/,
  },
  {
    name: "a length past the limit",
    path: "/sink",
    fields: `Content-Length: ${64 * KIB + 1}\r\n`,
    body: "x".repeat(64 * KIB + 1),
    status: 413,
    isRefused: true,
    limit: "requestBody",
    roomy: /^65537 bytes$/,
  },
  {
    name: "a chunked body past the limit, which the guest reads before it answers",
    path: "/sink",
    fields: CHUNKED,
    body: `${chunk(40 * KIB)}${chunk(40 * KIB)}0\r\n\r\n`,
    status: 413,
    limit: "requestBody",
    roomy: /^81920 bytes$/,
  },
  {
    name: "a chunked body past the limit after the head of the answer",
    path: "/echo",
    fields: CHUNKED,
    body: `${chunk(40 * KIB)}${chunk(40 * KIB)}0\r\n\r\n`,
    status: 200,
    isCut: true,
    limit: "requestBody",
    hasLine: true,
    roomy: 200,
  },
  {
    name: "fields past the limit",
    path: "/name",
    fields: `X-Large: ${"x".repeat(5 * KIB)}\r\n`,
    status: 431,
    isRefused: true,
    limit: "headerBytes",
    roomy: /^\/name$/,
  },
  {
    name: "fields of an answer past the limit",
    path: "/fields",
    status: 502,
    limit: "headerBytes",
    roomy: 200,
  },
  {
    name: "an answer that announces more than the limit",
    path: "/announce",
    status: 502,
    limit: "responseBody",
    roomy: 502,
  },
  {
    name: "sockets past the limit",
    path: "/sockets",
    status: 200,
    text: /^5 new-socket-limit$/,
    limit: "sockets",
    hasLine: true,
    roomy: /^128 new-socket-limit$/,
  },
];

async function send(host: string, { path, fields = "", body = "" }: Row): Promise<string> {
  const method = body === "" ? "GET" : "POST";
  const client = new RawClient(harness.port);
  return await client
    .send(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields}\r\n${body}`)
    .untilClosed();
}

/** The body of an answer, whose chunks are put together. */
function textOf(answer: string): string {
  const body = bodyOf(answer);
  if (!/^transfer-encoding: chunked/im.test(answer.slice(0, -body.length || undefined))) return body;
  return body.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, "").trimEnd();
}

for (const row of ROWS) {
  const { name, status, text, isRefused = false, isCut = false, limit, hasLine = false, roomy } = row;
  test(`limits: ${name}`, async () => {
    const before = limit === undefined ? undefined : told(limit);
    const instances = instancesUsed();
    const answer = await send("tight.example", row);
    assert.equal(statusOf(answer), status);
    assert.equal(instancesUsed() === instances, isRefused);
    // It must not be taken for the whole.
    if (isCut) assert.doesNotMatch(answer.slice(-200), /0\r\n\r\n$/);
    if (text !== undefined) assert.match(textOf(answer), text);
    if (limit !== undefined && before !== undefined) {
      await eventually(() => told(limit)[0] === before[0] + 1);
      assert.equal(told(limit)[1], before[1] + (hasLine ? 1 : 0), "lines of its own");
    }
    const neighbour = await send("roomy.example", row);
    if (typeof roomy === "number") assert.equal(statusOf(neighbour), roomy);
    else assert.match(textOf(neighbour), roomy);
    await released();
  });
}

test("limits: an answer without end is cut at its limit, and its guest ends", async () => {
  const [counted, lines] = told("responseBody");
  const client = new RawClient(harness.port);
  const answer = await client.send("GET /flood HTTP/1.1\r\nHost: tight.example\r\n\r\n").untilClosed();
  assert.equal(statusOf(answer), 200);
  // No more than the limit and its framing.
  assert.ok(bodyOf(answer).length <= 65 * KIB, `${bodyOf(answer).length} bytes`);
  assert.doesNotMatch(answer.slice(-200), /0\r\n\r\n$/);
  await eventually(() => told("responseBody")[0] === counted + 1);
  assert.equal(told("responseBody")[1], lines + 1);
  await released();
});
