/** Slow and hostile clients on real sockets: each is answered or cut, and nothing of it stays. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test } from "node:test";
import { answer, eventually, type HttpHarness, readBody, startHarness } from "../support/http_harness.ts";
import { RawClient, rawRequest, statusOf } from "../support/raw_client.ts";
import { schemeOfTests } from "../support/transport.ts";

const HOST = "Host: a.example";
const GET = `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`;

const OPTIONS = `OPTIONS * HTTP/1.1\r\n${HOST}\r\n\r\n`;

/** Over TLS as many as can shake hands in the time of a header, which these tests make short. */
const LATE_COUNT = schemeOfTests() === "https" ? 20 : 200;

/** Nothing is left of any client. */
async function assertIdle(harness: HttpHarness): Promise<void> {
  await eventually(() => harness.listener.connectionCount === 0 && harness.counters.get("requests") === 0);
  assert.equal(harness.listener.aheadCount, 0);
  assert.equal(harness.events.filter((event) => event.kind === "fault").length, 0);
}

test("a listener outlives hostile requests", async (t) => {
  const harness = await startHarness(async (exchange) => {
    const body = await readBody(exchange).catch(() => undefined);
    if (body !== undefined) answer(exchange, 200, `read ${body.length}`);
  });
  const chunked = `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
  const rows: readonly (readonly [name: string, sent: string, answered: RegExp])[] = [
    ["a header of one huge line", `GET / HTTP/1.1\r\n${HOST}\r\nX-A: ${"a".repeat(1_000_000)}`, /^HTTP\/1\.1 431 /],
    ["a header of one huge name", `GET / HTTP/1.1\r\n${HOST}\r\n${"a".repeat(1_000_000)}`, /^HTTP\/1\.1 431 /],
    ["a header of many tiny lines", `GET / HTTP/1.1\r\n${HOST}\r\n${"A:\r\n".repeat(250_000)}`, /^HTTP\/1\.1 431 /],
    ["a huge target", `GET /${"a".repeat(1_000_000)} HTTP/1.1\r\n${HOST}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ["a huge method", "A".repeat(1_000_000), /^HTTP\/1\.1 4/],
    ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\x55".repeat(500), /^HTTP\/1\.1 400 /],
    ["an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1\.1 [45]/],
    ["garbage", "\x00\xff\x01garbage\xfe".repeat(50_000), /^HTTP\/1\.1 400 /],
    ["empty lines only", "\r\n".repeat(500_000) + "\x00", /^HTTP\/1\.1 400 /],
    ["100,000 tiny chunks", `${chunked}${"1\r\nx\r\n".repeat(100_000)}0\r\n\r\n`, /200 OK[^]*read 100000$/],
    // What Deno's parser throws away as it comes, Node's refuses.
    ["a long extension", `${chunked}1;${"a".repeat(1_000_000)}\r\nx\r\n0\r\n\r\n`, /^HTTP\/1\.1 (413|400|200) /],
    [
      "many extensions",
      `${chunked}${`1;${"a".repeat(100)}\r\nx\r\n`.repeat(10_000)}0\r\n\r\n`,
      /200 OK[^]*read 10000$/,
    ],
    ["trailers without end", `${chunked}1\r\nx\r\n0\r\n${"X-T: 1\r\n".repeat(100_000)}\r\n`, /^HTTP\/1\.1 4/],
    ["one huge trailer", `${chunked}1\r\nx\r\n0\r\nX-T: ${"a".repeat(1_000_000)}\r\n\r\n`, /^HTTP\/1\.1 4/],
    ["a chunk size past all numbers", `${chunked}${"f".repeat(40)}\r\n`, /^HTTP\/1\.1 4/],
    ["a chunk size without a number", `${chunked}zz\r\n`, /^HTTP\/1\.1 4/],
  ];
  for (const [name, sent, answered] of rows) {
    await t.test(name, async () => {
      const response = await new RawClient(harness.port).send(sent).untilClosed();
      assert.match(response.slice(0, 2_000), answered);
    });
  }
  await t.test("and serves on", async () => {
    assert.equal(statusOf(await rawRequest(harness.port, `GET / HTTP/1.1\r\n${HOST}`)), 200);
  });
  await assertIdle(harness);
  await harness.close();
});

test("requests in a flood are served one by one, and all are answered", async () => {
  let [running, runningMax, served] = [0, 0, 0];
  let aheadMax = 0;
  const harness = await startHarness(async (exchange) => {
    runningMax = Math.max(runningMax, ++running);
    aheadMax = Math.max(aheadMax, harness.listener.aheadCount);
    await new Promise((resolve) => setImmediate(resolve));
    answer(exchange, 200, `${++served};`);
    running--;
  });
  const count = 5_000;
  const client = new RawClient(harness.port).send(GET.repeat(count - 1));
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`);
  const received = await client.untilClosed();
  assert.equal(received.split("HTTP/1.1 200 OK").length - 1, count);
  assert.ok(received.endsWith(`${count};`), received.slice(-200));
  assert.equal(runningMax, 1);
  // What one read of the socket holds, not what was sent.
  assert.ok(aheadMax < 2_600, `${aheadMax}`);
  await assertIdle(harness);
  await harness.close();
});

test("a flood whose client reads no answer stops the reading", async () => {
  let served = 0;
  const harness = await startHarness(async (exchange) => {
    served++;
    answer(exchange, 200, "x".repeat(100_000));
  }, { limits: { responseStallTimeoutMs: 300 } });
  const client = new RawClient(harness.port);
  client.socket.pause();
  client.send(GET.repeat(100_000));
  await eventually(() => harness.listener.aheadCount > 0);
  await eventually(() => harness.listener.connectionCount === 0);
  assert.ok(served < 10_000, `${served}`);
  await assertIdle(harness);
  const causes = harness.events.filter((event) => event.kind === "request" && event.cause !== undefined);
  assert.deepEqual(causes.map((event) => "cause" in event && event.cause), [
    "the client read nothing for 300ms; listener.responseStallTimeout of gateway.jsonc",
  ]);
  client.destroy();
  await harness.close();
});

test("a connection that sent too much ahead is not parsed on", async () => {
  const harness = await startHarness(async (exchange) => {
    await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
  }, { limits: { aheadRequestsTotalMax: 100 } });
  let parsed = 0;
  const count = (): void => void parsed++;
  // Node alone speaks on it: Deno's parser stops by itself.
  subscribe("http.server.request.start", count);
  const clients = Array.from({ length: 20 }, () => new RawClient(harness.port).send(GET.repeat(1_500)));
  await Promise.all(clients.map((client) => client.untilClosed()));
  unsubscribe("http.server.request.start", count);
  // Each until it has all that may be sent ahead.
  assert.ok(parsed <= clients.length * 102, `${parsed} of 30,000 requests were parsed`);
  for (const client of clients) client.destroy();
  await assertIdle(harness);
  await harness.close();
});

test("what all clients send ahead is bounded together", async () => {
  const harness = await startHarness(async (exchange) => {
    await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
  }, { limits: { aheadRequestsMax: 50, aheadRequestsTotalMax: 100 } });
  const clients = Array.from({ length: 20 }, () => new RawClient(harness.port).send(GET.repeat(20)));
  await eventually(() => harness.events.some((event) => event.kind === "request"));
  const { aheadCount } = harness.listener;
  assert.ok(aheadCount <= 100, `${aheadCount} requests`);
  for (const client of clients) client.destroy();
  await assertIdle(harness);
  await harness.close();
});

test("a header that comes byte by byte ends with 408, on every connection", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "ok"), {
    limits: { headersTimeoutMs: 300 },
  });
  const clients: RawClient[] = [];
  const feed = setInterval(() => {
    for (const client of clients) if (client.socket.writable) client.send("X");
  }, 20);
  // One by one: the handshakes of all at once would take longer than a header may.
  for (let count = 0; count < 100; count++) {
    const client = new RawClient(harness.port).send("GET / HTTP/1.1\r\nHost: a\r\n");
    clients.push(client);
    await client.opened;
  }
  const answers = await Promise.all(clients.map((client) => client.untilClosed()));
  clearInterval(feed);
  assert.deepEqual([...new Set(answers.map(statusOf))], [408]);
  await assertIdle(harness);
  await harness.close();
});

test("a second request's header has its own time", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "ok"), {
    limits: { headersTimeoutMs: 300 },
  });
  const client = new RawClient(harness.port).send(GET);
  await client.until((text) => text.endsWith("ok"));
  client.send("GET / HTTP");
  const received = await client.untilClosed();
  assert.match(received, /okHTTP\/1\.1 408 /);
  await assertIdle(harness);
  await harness.close();
});

test("a body that comes byte by byte, or never, ends with 408 and its guest", async (t) => {
  const seen: string[] = [];
  const harness = await startHarness(async (exchange) => {
    const left = new Promise<void>((resolve) => void exchange.onClientGone(resolve));
    if (exchange.head.pathWithQuery === "/reads") {
      await readBody(exchange).catch((error: unknown) => seen.push(String(error)));
    }
    await left;
    seen.push("left");
  }, { limits: { requestTimeoutMs: 300 } });
  for (const path of ["/reads", "/computes"]) {
    for (const isFed of [true, false]) {
      await t.test(`${path}, ${isFed ? "byte by byte" : "never"}`, async () => {
        seen.length = 0;
        const client = new RawClient(harness.port);
        client.send(`POST ${path} HTTP/1.1\r\n${HOST}\r\nContent-Length: 100000\r\n\r\n`);
        const feed = setInterval(() => isFed && client.socket.writable && client.send("x"), 20);
        assert.equal(statusOf(await client.untilClosed()), 408);
        clearInterval(feed);
        await eventually(() => seen.at(-1) === "left");
        assert.deepEqual(seen, path === "/reads" ? ["Error: connection-read-timeout", "left"] : ["left"]);
      });
    }
  }
  await assertIdle(harness);
  const lines = harness.events.filter((event) => event.kind === "request");
  assert.deepEqual(lines.map(({ status }) => status), [408, 408, 408, 408]);
  await harness.close();
});

test("an event loop that was held up kills no request that lies in its socket", async () => {
  let onBlock = (): void => {};
  const harness = await startHarness(async (exchange) => {
    if (exchange.head.pathWithQuery === "/block") {
      onBlock();
      const end = performance.now() + 1_500;
      while (performance.now() < end);
    }
    answer(exchange, 200, "ok");
  }, {
    limits: { headersTimeoutMs: 300, keepAliveTimeoutMs: 300, requestTimeoutMs: 400, responseStallTimeoutMs: 300 },
  });
  const fresh = new RawClient(harness.port);
  const half = new RawClient(harness.port);
  const kept = new RawClient(harness.port);
  const late: RawClient[] = [];
  await eventually(() => harness.listener.connectionCount === 3);
  await kept.send(GET).until((text) => text.endsWith("ok"));
  half.send("GET / HTTP/1.1\r\n");
  // The event loop has looked at its sockets already, and looks at its timers before it looks at them again.
  onBlock = () => {
    fresh.send(GET);
    half.send(`${HOST}\r\n\r\n`);
    kept.send(GET);
    for (let count = 0; count < LATE_COUNT; count++) late.push(new RawClient(harness.port).send(GET));
  };
  const blocker = new RawClient(harness.port).send(`GET /block HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await blocker.until((text) => text.endsWith("ok"));
  for (const client of [fresh, half, ...late]) {
    assert.match(await client.until((text) => text.endsWith("ok")), /^HTTP\/1\.1 200 /);
  }
  assert.equal((await kept.until((text) => text.split("200 OK").length === 3)).split("200 OK").length, 3);
  for (const client of [fresh, half, kept, blocker, ...late]) client.destroy();
  await assertIdle(harness);
  await harness.close();
});

test("a client that goes away in any phase leaves nothing", async (t) => {
  const large = new Uint8Array(65_536);
  const harness = await startHarness(async (exchange) => {
    if (exchange.head.pathWithQuery === "/waits") {
      return await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
    }
    if (exchange.head.method === "POST" && await readBody(exchange).catch(() => undefined) === undefined) return;
    const sink = exchange.respond({ status: 200, headers: [] });
    for (let sent = 0; sent < 100; sent++) {
      while (sink.permit() === 0) await new Promise<void>((resolve) => void sink.onReady(resolve));
      if (sink.permit() === "closed") return;
      sink.write(large);
    }
    sink.finish(undefined);
  }, { limits: { keepAliveTimeoutMs: 200 } });
  const rows: readonly (readonly [name: string, sent: string, isReached: (client: RawClient) => boolean])[] = [
    ["before a byte", "", () => true],
    ["in the request line", "GET /", () => true],
    ["in the header", `GET / HTTP/1.1\r\n${HOST}\r\n`, () => true],
    ["in the body", `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 9\r\n\r\nabc`, () => isServing()],
    ["in a chunk", `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc`, () => isServing()],
    ["before the answer", `GET /waits HTTP/1.1\r\n${HOST}\r\n\r\n`, () => isServing()],
    ["in the answer", GET, ({ received }) => received.length > 100_000],
    ["with requests ahead", GET + OPTIONS.repeat(1_000), ({ received }) => received.length > 100_000],
    ["after the answer", OPTIONS, ({ received }) => received.endsWith("\r\n\r\n")],
  ];
  const isServing = (): boolean => harness.counters.get("requests") === 1;
  const ways: readonly (readonly [name: string, leave: (client: RawClient) => void])[] = [
    ["FIN", (client) => client.destroy()],
    ["RST", (client) => client.socket.resetAndDestroy()],
    ["half-closed", (client) => client.socket.end()],
  ];
  for (const [phase, sent, isReached] of rows) {
    for (const [way, leave] of ways) {
      await t.test(`${phase}, ${way}`, async () => {
        const client = new RawClient(harness.port);
        await client.opened;
        await eventually(() => harness.listener.connectionCount === 1);
        if (sent !== "") client.send(sent);
        await eventually(() => isReached(client));
        leave(client);
        await client.closed;
        await assertIdle(harness);
      });
    }
  }
  await harness.close();
});

test("connections past the limit are refused, each reported, and make room again", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "ok"), {
    limits: { connectionsMax: 5, keepAliveTimeoutMs: 400 },
  });
  const kept = Array.from({ length: 5 }, () => new RawClient(harness.port));
  await eventually(() => harness.listener.connectionCount === 5);
  const refused = Array.from({ length: 50 }, () => new RawClient(harness.port));
  await Promise.all(refused.map((client) => client.closed));
  await eventually(() => harness.events.filter(({ kind }) => kind === "limited").length === refused.length);
  for (const client of kept) client.destroy();
  await eventually(() => harness.listener.connectionCount === 0);
  assert.equal(statusOf(await rawRequest(harness.port, `GET / HTTP/1.1\r\n${HOST}`)), 200);
  await harness.close();
});
