/** What a guest does, good or broken, and what its client and the log get to see. On a real socket. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import {
  closeToNothing,
  componentBytes,
  type FolderContent,
  type GatewayHarness,
  startTestGateway,
} from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";

const HOST = "Host: a.example";
let harness: GatewayHarness;

const content = async (): Promise<FolderContent> => ({
  "probe/all.route.jsonc": {
    match: { path: "/*" },
    component: "probe.wasm",
    env: { COLOUR: "red" },
    args: ["one", "two"],
  },
  "probe/probe.wasm": await componentBytes("probe"),
});

before(async () => {
  harness = await startTestGateway(await content(), { limits: { route: { wallMs: 300, idleMs: 300 } } });
});

after(async () => {
  assert.deepEqual(await closeToNothing(harness), {});
});

/** The one line about the request of that path. */
async function logged(path: string): Promise<Extract<GatewayEvent, { kind: "request" }>> {
  const find = () =>
    harness.events.find((event): event is Extract<GatewayEvent, { kind: "request" }> =>
      event.kind === "request" && event.path === path
    );
  await eventually(() => find() !== undefined);
  const found = find();
  assert.ok(found);
  return found;
}

const FAILURES: readonly {
  readonly name: string;
  readonly path: string;
  readonly status: number;
  readonly cause: RegExp;
  readonly code: string;
}[] = [
  {
    name: "that never answers: 500",
    path: "/no-answer",
    status: 500,
    cause: /ended without an answer: it returned/,
    code: "LG7012",
  },
  {
    name: "that traps before its head: 500",
    path: "/trap",
    status: 500,
    cause: /^the guest trapped: /,
    code: "LG7011",
  },
  {
    name: "that exits before its head: 500",
    path: "/exit",
    status: 500,
    cause: /it exited with code 1/,
    code: "LG7012",
  },
  {
    name: "that answers with an error-code: 502",
    path: "/error-code",
    status: 502,
    cause: /internal-error: inner secret/,
    code: "LG7013",
  },
  {
    name: "that does not answer in time: 504",
    path: "/hang",
    status: 504,
    cause: /no head within 300ms/,
    code: "LG7016",
  },
];

for (const { name, path, status, cause, code } of FAILURES) {
  test(`a guest ${name}`, async () => {
    const response = await fetch(harness.url + path);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const body = await response.text();
    assert.doesNotMatch(body, /secret|wasm|trap/i);
    const event = await logged(path);
    assert.match(event.cause ?? "", cause);
    assert.equal(event.code, code);
    assert.deepEqual([event.workload, event.route], ["probe", "all"]);
    await harness.backToIdle();
  });
}

for (const [path, code] of [["/trap-after-head", "LG7011"], ["/unfinished", "LG7018"]] as const) {
  test(`${path}: the client sees an answer that breaks off`, async () => {
    const client = new RawClient(harness.port).send(`GET ${path} HTTP/1.1\r\n${HOST}\r\n\r\n`);
    const received = await client.untilClosed();
    assert.match(received, /^HTTP\/1\.1 200 OK\r\n.*Transfer-Encoding: chunked.*6\r\na part\r\n$/s);
    const { cause, code: logs } = await logged(path);
    assert.ok(cause);
    assert.equal(logs, code);
    await harness.backToIdle();
  });
}

for (const path of ["/trap-after-end", "/hang-after-end"]) {
  test(`${path}: an answer that was finished is whole`, async () => {
    const response = await fetch(harness.url + path);
    assert.equal(await response.text(), "whole");
    assert.equal((await logged(path)).cause, undefined);
    await harness.backToIdle();
  });
}

test("a guest that hangs after its head is ended by the limit between two pieces, and its answer is cut", async () => {
  const client = new RawClient(harness.port).send(`GET /hang-after-head HTTP/1.1\r\n${HOST}\r\n\r\n`);
  const received = await client.untilClosed();
  assert.match(received, /6\r\na part\r\n$/s);
  await harness.backToIdle();
  assert.equal((await logged("/hang-after-head")).code, "LG7102");
  const limited = harness.events.filter((event) => event.kind === "limited");
  assert.deepEqual([...new Set(limited.map(({ limit }) => limit))], ["idle"]);
  assert.match(limited[0]?.detail ?? "", /did not go on for 300ms/);
});

test("a guest that hangs after its head ends as soon as its client leaves", async () => {
  const client = new RawClient(harness.port).send(`GET /hang-after-head HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await client.until((text) => text.includes("a part"));
  client.destroy();
  await harness.backToIdle();
  const isGone = (event: GatewayEvent): boolean =>
    event.kind === "request" && event.cause === "the client went away" && event.code === "LG7009";
  await eventually(() => harness.events.some(isGone));
});

test("a client that leaves before the head ends its guest at once", async () => {
  const client = new RawClient(harness.port).send(`GET /hang HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await eventually(() => harness.gateway.counters().instances === 1);
  client.destroy();
  await harness.backToIdle();
});

test("an answer streams while its guest runs", async () => {
  const response = await fetch(`${harness.url}/tick`);
  const parts: string[] = [];
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) parts.push(decoder.decode(part));
  assert.deepEqual(parts, ["tick 1\n", "tick 2\n", "tick 3\n"]);
  await harness.backToIdle();
});

test("a body goes through a guest and back, both ways at once", async () => {
  const sent = crypto.getRandomValues(new Uint8Array(65_536));
  const body = new Uint8Array(1_000_000).map((_, index) => sent[index % sent.length] ?? 0);
  const response = await fetch(`${harness.url}/echo`, { method: "POST", body });
  assert.deepEqual(Buffer.compare(new Uint8Array(await response.arrayBuffer()), body), 0);
  await harness.backToIdle();
});

test("a client that does not read stops a guest that floods it", async () => {
  const client = new RawClient(harness.port);
  client.socket.pause();
  client.send(`GET /flood HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await eventually(() => harness.gateway.counters().instances === 1);
  // The guest is suspended as soon as the kernel takes no more; until then it writes without end.
  let before = -1;
  let used = 0;
  while (before !== used) {
    before = used;
    await new Promise((resolve) => setTimeout(resolve, 200));
    used = Math.round(process.memoryUsage().arrayBuffers / 16_000_000);
  }
  assert.ok(used < 20, `${used} times 16 MB in array buffers`);
  client.destroy();
  await harness.backToIdle();
});

test("each request has an instance in its first state, with its environment and arguments", async () => {
  for (let count = 0; count < 3; count++) {
    const seen = await (await fetch(`${harness.url}/environment`)).json();
    assert.deepEqual(seen, { env: [["COLOUR", "red"]], args: ["probe.wasm", "one", "two"], requests: 1 });
  }
});

test("what a guest prints is log lines, the last without a newline too", async () => {
  await (await fetch(`${harness.url}/print`)).text();
  await harness.backToIdle();
  const output = harness.events.filter((event) => event.kind === "guest-output");
  assert.deepEqual(output.filter(({ stream }) => stream === "stdout").map(({ line }) => line), ["one", "two"]);
});

test("a component's bind gets access-denied, and connect finds nobody", async () => {
  assert.equal(await (await fetch(`${harness.url}/bind`)).text(), "access-denied");
  assert.equal(await (await fetch(`${harness.url}/connect`)).text(), "connection-refused");
  const kinds = harness.events.map(({ kind }) => kind);
  assert.ok(kinds.includes("denied"), kinds.join());
});

test("many requests at once and one after the other leave nothing behind", async () => {
  // Without the short limits of the others: fifty of them at once on a busy machine may take their time.
  const harness = await startTestGateway(await content());
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => (await fetch(`${harness.url}/x${index}`)).text()),
    );
    assert.deepEqual(answers, Array.from({ length: 50 }, (_, index) => `/x${index}`));
  }
  await harness.backToIdle();
  assert.deepEqual(await closeToNothing(harness), {});
});
