/** Bytes that are hardly requests: framing without end, and chunks of a byte. Neither takes memory, nor goes on for long. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { HandlerExchange } from "../../src/instance/handler_exchange.ts";
import { answer, eventually, type HttpHarness, readBody, startHarness } from "../support/http_harness.ts";
import { RawClient, rawRequest, statusOf } from "../support/raw_client.ts";

const HOST = "Host: a.example";
const GET = `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`;
const CHUNKED = `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`;

/** Answers what it is asked at once, but for bodies. */
async function untilGone(exchange: HandlerExchange): Promise<void> {
  if (exchange.head.method === "GET" && exchange.head.pathWithQuery === "/") return answer(exchange, 200, "ok");
  await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
}

/** Sends `begin`, then `unit` as long as somebody takes it. */
async function sendForEver(harness: HttpHarness, begin: string, unit: string): Promise<string> {
  const client = new RawClient(harness.port).send(begin);
  const bytes = Buffer.from(unit.repeat(Math.ceil(65_536 / unit.length)), "latin1");
  const more = (): void => {
    // In turns: a listener in the same process wants to read.
    if (client.socket.writable) client.socket.write(bytes, () => setImmediate(more));
  };
  more();
  return await client.untilClosed();
}

const ENDLESS: readonly (readonly [name: string, begin: string, unit: string])[] = [
  ["empty lines", "", "\r\n"],
  ["empty lines behind a request that is served", `GET /wait HTTP/1.1\r\n${HOST}\r\n\r\n`, "\r\n"],
  ["spaces behind the target", "GET / ", " "],
  ["zeros of a chunk's size", CHUNKED, "0"],
  ["zeros of a chunk's size, behind a request that is served", `GET /wait HTTP/1.1\r\n${HOST}\r\n\r\n${CHUNKED}`, "0"],
  ["an extension of a chunk", `${CHUNKED}1;`, "a"],
  ["extensions of chunks", CHUNKED, `1;${"a".repeat(200)}\r\nx\r\n`],
];

test("what is framing and nothing else ends its connection", async (t) => {
  const harness = await startHarness(async (exchange) => {
    if (exchange.head.method === "POST") await readBody(exchange).catch(() => undefined);
    await untilGone(exchange);
  });
  for (const [name, begin, unit] of ENDLESS) {
    await t.test(name, async () => {
      const received = await sendForEver(harness, begin, unit);
      // One that is cut because more is behind it hears nothing.
      assert.match(received.slice(0, 40), /^(?:HTTP\/1\.1 4(?:00|13|31) |$)/);
      await eventually(() => harness.listener.connectionCount === 0 && harness.counters.get("requests") === 0);
    });
  }
  assert.equal(statusOf(await rawRequest(harness.port, `GET / HTTP/1.1\r\n${HOST}`)), 200);
  await harness.close();
});

test("a long connection with much behind it is no such thing", async () => {
  const harness = await startHarness(async (exchange) => {
    const body = await readBody(exchange);
    await new Promise((resolve) => setTimeout(resolve, 20));
    answer(exchange, 200, String(body.length));
  });
  const client = new RawClient(harness.port);
  // Bodies of 16 MB, and of chunks of a byte, some of them sent ahead.
  const large = `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 16000000\r\n\r\n${"x".repeat(16_000_000)}`;
  const small = `${CHUNKED}${"1\r\nx\r\n".repeat(50_000)}0\r\n\r\n`;
  client.send(large + small + large + GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  const received = await client.untilClosed();
  const lengths = [...received.matchAll(/\r\n\r\n(\d+)/g)].map(([, length]) => Number(length));
  assert.deepEqual(lengths, [16_000_000, 50_000, 16_000_000, 0]);
  await harness.close();
});

test("chunks of a byte, with their head in one piece, cost bytes and not objects", async () => {
  const count = 60;
  const harness = await startHarness(untilGone);
  const before = process.memoryUsage().rss;
  // A socket gives 64 KiB at most at a time.
  const piece = Buffer.from(CHUNKED + "1\r\nx\r\n".repeat(10_000), "latin1");
  let rssMax = 0;
  const clients: RawClient[] = [];
  for (let at = 0; at < count; at++) {
    const client = new RawClient(harness.port);
    client.socket.write(piece);
    clients.push(client);
  }
  await eventually(() => {
    rssMax = Math.max(rssMax, process.memoryUsage().rss);
    return harness.counters.get("requests") === count;
  });
  // Somebody else is served while they are all held back.
  assert.equal(statusOf(await rawRequest(harness.port, `GET / HTTP/1.1\r\n${HOST}`)), 200);
  rssMax = Math.max(rssMax, process.memoryUsage().rss);
  // As objects they would be 5 MB for each connection.
  assert.ok(rssMax - before < count * 2_000_000, `${rssMax - before}`);
  for (const client of clients) client.socket.resetAndDestroy();
  await harness.close();
});
