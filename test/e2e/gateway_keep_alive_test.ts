/** What clients are told of their connection: how long it is kept, exactly where it goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, startHarness, utf8 } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";

const HOST = "Host: a.example";

const KEPT = ["connection: keep-alive", "keep-alive: timeout=4"];
const ENDED = ["connection: close"];

/** The connection's own fields of an answer, as sent. */
function connectionFields(received: string): readonly string[] {
  const [head = ""] = received.split("\r\n\r\n");
  return head.split("\r\n").map((line) => line.toLowerCase()).filter((line) => /^(connection|keep-alive):/.test(line))
    .sort();
}

test("an answer says that its connection is kept, and how long, exactly where it goes on", async (t) => {
  const harness = await startHarness(async (exchange) => {
    const path = exchange.head.pathWithQuery;
    if (path === "/length") answer(exchange, 200, "whole");
    else if (path === "/204") exchange.respond({ status: 204, headers: [] }).finish(undefined);
    else if (path === "/fail") exchange.fail({ tag: "internal-error" });
    else {
      // A value that looks like the name of the length.
      const sink = exchange.respond({ status: 200, headers: [["vary", utf8("content-length")]] });
      sink.write(utf8("a"));
      await new Promise<void>((resolve) => void setTimeout(resolve, 1));
      sink.write(utf8("b"));
      sink.finish(undefined);
    }
  }, { match: { host: "*", path: "/*", methods: ["GET", "HEAD", "OPTIONS"] } });
  const rows: readonly (readonly [name: string, head: string, expected: readonly string[]])[] = [
    ["1.1", `GET /length HTTP/1.1\r\n${HOST}`, KEPT],
    ["1.1, chunked", `GET /stream HTTP/1.1\r\n${HOST}`, KEPT],
    ["1.1, HEAD", `HEAD /length HTTP/1.1\r\n${HOST}`, KEPT],
    ["1.1, 204", `GET /204 HTTP/1.1\r\n${HOST}`, KEPT],
    ["1.1, close", `GET /length HTTP/1.1\r\n${HOST}\r\nConnection: close`, ENDED],
    ["1.1, chunked, close", `GET /stream HTTP/1.1\r\n${HOST}\r\nConnection: close`, ENDED],
    ["1.1, a failure", `GET /fail HTTP/1.1\r\n${HOST}`, KEPT],
    ["1.1, another method", `POST /length HTTP/1.1\r\n${HOST}\r\nContent-Length: 0`, KEPT],
    ["1.1, a ping", `OPTIONS * HTTP/1.1\r\n${HOST}`, KEPT],
    ["1.1, malformed", `GET /#a HTTP/1.1\r\n${HOST}`, ENDED],
    ["1.0", `GET /length HTTP/1.0\r\n${HOST}`, ENDED],
    ["1.0, keep-alive", `GET /length HTTP/1.0\r\n${HOST}\r\nConnection: keep-alive`, KEPT],
    ["1.0, keep-alive, a failure", `GET /fail HTTP/1.0\r\n${HOST}\r\nConnection: keep-alive`, KEPT],
    ["1.0, keep-alive, no length", `GET /stream HTTP/1.0\r\n${HOST}\r\nConnection: keep-alive`, ENDED],
    ["1.0, keep-alive, 204", `GET /204 HTTP/1.0\r\n${HOST}\r\nConnection: keep-alive`, ENDED],
  ];
  for (const [name, head, expected] of rows) {
    await t.test(name, async () => {
      const client = new RawClient(harness.port).send(`${head}\r\n\r\n`);
      assert.deepEqual(connectionFields(await client.until((text) => text.includes("\r\n\r\n"))), expected);
      if (expected === ENDED) await client.closed;
      client.destroy();
    });
  }
  await harness.idle();
  await harness.close();
});

test("the answer under way when the listener closes tells of no time", async () => {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const harness = await startHarness(async (exchange) => {
    await release;
    answer(exchange, 200, "last");
  });
  const client = new RawClient(harness.port).send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
  while (harness.counters.get("requests") === 0) await new Promise((next) => setTimeout(next, 1));
  const closed = harness.listener.close();
  resolve();
  assert.deepEqual(connectionFields(await client.untilClosed()), ENDED);
  await closed;
  await harness.close();
});
