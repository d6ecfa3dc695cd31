/** Closing the listener: nothing that was begun is lost, nothing is waited for past the limit. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { LoopgateError } from "../../src/base/errors.ts";
import type { HandlerExchange } from "../../src/instance/handler_exchange.ts";
import { HttpListener } from "../../src/server/http_listener.ts";
import { LISTENER_LIMITS } from "../../src/server/listener_limits.ts";
import { answer, eventually, startHarness } from "../support/http_harness.ts";
import { RawClient, rawRequest, statusOf } from "../support/raw_client.ts";
import { writeAll } from "../support/write_body.ts";

const HOST = "Host: a.example";
const GET = `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`;

/** Sends `size` bytes with the client's back-pressure. */
async function send(exchange: HandlerExchange, size: number): Promise<void> {
  const sink = exchange.respond({ status: 200, headers: [] });
  await writeAll(sink, size);
  sink.finish(undefined);
}

/** Reads at its own pace and counts. */
function readSlowly(port: number): Promise<number> {
  return new Promise((resolve) => {
    let received = 0;
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (chunk: Uint8Array) => {
      received += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
    socket.write(GET);
  });
}

test("answers of 16 MB arrive whole at slow readers, however late closing begins", async () => {
  const size = 16_000_000;
  let finished = 0;
  const harness = await startHarness(async (exchange) => {
    await send(exchange, size);
    finished++;
  });
  const readers = Array.from({ length: 5 }, () => readSlowly(harness.port));
  await eventually(() => finished > 0);
  await harness.close();
  for (const received of await Promise.all(readers)) assert.ok(received > size, `${received}`);
});

test("an answer whose head is not out yet says that the connection ends", async () => {
  let release = (): void => {};
  const harness = await startHarness(async (exchange) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    answer(exchange, 200, "last");
  });
  const client = new RawClient(harness.port).send(GET + GET);
  await eventually(() => harness.listener.aheadCount === 1);
  const closing = harness.close();
  release();
  const received = await client.untilClosed();
  assert.match(received, /^HTTP\/1\.1 200 OK[^]*Connection: close[^]*last$/i);
  await closing;
  assert.equal(harness.listener.aheadCount, 0);
});

test("who waits in the system to be accepted is answered, however long each request holds the event loop", async () => {
  const count = 150;
  const harness = await startHarness(async (exchange) => {
    // As an instance that is made does, on a busy machine: all of them together take longer than may be waited for new connections.
    const end = performance.now() + 20;
    while (performance.now() < end);
    answer(exchange, 200, "ok");
  }, { limits: { drainTimeoutMs: 3_000 } });
  const clients = Array.from(
    { length: count },
    () => new RawClient(harness.port).send(`GET / HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`),
  );
  let connected = 0;
  for (const { socket } of clients) socket.on("connect", () => void connected++);
  // Before the event loop has turned once: nobody is accepted yet.
  await harness.listener.close(await harness.listener.acceptWaiting());
  const answers = await Promise.all(clients.map((client) => client.untilClosed()));
  const answered = answers.filter((text) => /^HTTP\/1\.1 (?:200|503) /.test(text));
  // Deno may connect only later, when nobody listens any more.
  assert.equal(answered.length, "Deno" in globalThis ? connected : count);
  await harness.close();
});

test("idle connections end at once, those in a header get a moment", async (t) => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "ok"));
  const idle = new RawClient(harness.port);
  const kept = new RawClient(harness.port).send(GET);
  await kept.until((text) => text.endsWith("ok"));
  const [quick, slow] = [0, 1].map(() => new RawClient(harness.port).send("GET / HTTP/1.1\r\n"));
  await eventually(() => harness.listener.connectionCount === 4);
  // Its bytes lie in the socket when closing begins.
  const lucky = new RawClient(harness.port);
  await eventually(() => harness.listener.connectionCount === 5);
  lucky.send(GET);
  const closing = harness.close();
  await t.test("idle", async () => {
    assert.equal(await idle.untilClosed(), "");
    assert.match(await kept.untilClosed(), /ok$/);
  });
  await t.test("a request that was on its way", async () => {
    assert.equal(statusOf(await lucky.untilClosed()), 503);
  });
  await t.test("a header that is completed", async () => {
    quick?.send(`${HOST}\r\n\r\n`);
    const received = await quick?.untilClosed() ?? "";
    assert.equal(statusOf(received), 503);
    assert.match(received, /connection: close/i);
    assert.match(received, /retry-after: \d/i);
  });
  await t.test("a header that is not", async () => {
    assert.equal(statusOf(await slow?.untilClosed() ?? ""), 503);
  });
  await closing;
  assert.equal(harness.listener.connectionCount, 0);
});

test("past the limit the rest is cut, each with its line", async () => {
  const harness = await startHarness(async (exchange) => {
    if (exchange.head.pathWithQuery === "/begun") exchange.respond({ status: 200, headers: [] });
    await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
  });
  const begun = new RawClient(harness.port).send(`GET /begun HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await begun.until((text) => text.length > 0);
  const waiting = new RawClient(harness.port).send(GET);
  await eventually(() => harness.counters.get("requests") === 2);
  await harness.listener.close(50);
  await harness.close();
  assert.doesNotMatch(await begun.untilClosed(), /\r\n0\r\n\r\n$/);
  assert.equal(statusOf(await waiting.untilClosed()), 503);
  const lines = harness.events.filter((event) => event.kind === "request");
  const told = lines.map(({ path, status, cause }) => `${path} ${status} ${cause}`).toSorted();
  assert.deepEqual(told, [
    "/ 503 the gateway is being closed",
    "/begun 200 the gateway is being closed",
  ]);
});

test("a client that never ends its side does not hold closing up", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "ok"), { limits: { lingerMs: 100 } });
  const client = connect({ port: harness.port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("error", () => {});
  client.resume();
  client.write(GET);
  await eventually(() => harness.events.length === 1);
  await harness.close();
  assert.equal(harness.listener.connectionCount, 0);
  client.destroy();
});

test("what a client still sends does not reset the answer that ends its connection", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "x".repeat(300_000)));
  const client = new RawClient(harness.port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n${"x".repeat(200_000)}`);
  assert.match(await client.untilClosed(), /x{300000}$/);
  await harness.close();
});

/** A listener whose requests all get the same answer. */
function startListener(body: string): HttpListener {
  return new HttpListener({
    limits: LISTENER_LIMITS,
    clock: systemClock,
    serve: (_, response) => {
      response.end(body, "latin1");
      return { bodyBytes: 0, giveUp: () => response.destroy(), cut: () => response.destroy(), closed: () => {} };
    },
    onRefused: () => "",
    onFault: assert.ifError,
    onFull: assert.fail,
  });
}

test("a port that is taken is named", async () => {
  const harness = await startHarness(async () => {});
  const { port } = harness;
  await assert.rejects(
    startListener("").listen({ host: "127.0.0.1", port }),
    (error: unknown) => {
      assert.ok(error instanceof LoopgateError);
      assert.equal(error.code, "ERR_LISTEN");
      const is = "another program listens there, expected a free port (0 chooses one)";
      assert.equal(error.message, `Cannot listen on "127.0.0.1:${port}": ${is}`);
      return true;
    },
  );
  await harness.close();
});

test("listeners that ask for it share a port", {
  skip: process.platform === "linux" ? false : "the system does not spread connections over listeners",
}, async () => {
  const [first, second] = [startListener("1"), startListener("2")];
  const { port } = await first.listen({ host: "127.0.0.1", port: 0, reusePort: true });
  await second.listen({ host: "127.0.0.1", port, reusePort: true });
  const answers = await Promise.all(Array.from({ length: 64 }, () => rawRequest(port, `GET / HTTP/1.1\r\n${HOST}`)));
  assert.deepEqual([...new Set(answers.map((text) => text.at(-1)))].toSorted((a, b) => Number(a) - Number(b)), [
    "1",
    "2",
  ]);
  await first.close();
  const left = await Promise.all(Array.from({ length: 8 }, () => rawRequest(port, `GET / HTTP/1.1\r\n${HOST}`)));
  assert.deepEqual([...new Set(left.map((text) => text.at(-1)))], ["2"]);
  await second.close();
});
