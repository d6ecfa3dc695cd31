/** The listener on real sockets: bodies, back-pressure, departures, timeouts, limits, closing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, eventually, readBody, startHarness, steady } from "../support/http_harness.ts";
import { bodyOf, RawClient, rawRequest, statusOf } from "../support/raw_client.ts";

const HOST = "Host: a.example";

test("a request body comes whole, in windows, and with its trailers", async () => {
  let heldMax = 0;
  const harness = await startHarness(async (exchange) => {
    // A guest that is slow to begin: the client has to wait with what is past the window.
    await new Promise((resolve) => setTimeout(resolve, 100));
    if ("heldBytes" in exchange.body) heldMax = Number(exchange.body.heldBytes);
    const body = await readBody(exchange);
    const trailers = exchange.trailers()?.map(([name, value]) => `${name}=${Buffer.from(value).toString()}`);
    answer(exchange, 200, `${body.length} ${trailers?.join() ?? "none"}`);
  });
  const size = 4_000_000;
  const head = `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: ${size}`;
  assert.equal(bodyOf(await rawRequest(harness.port, head, "x".repeat(size))), `${size} none`);
  assert.ok(heldMax >= 65_536 && heldMax < 4 * 65_536, `${heldMax}`);
  const chunked = await rawRequest(
    harness.port,
    `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked`,
    "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
  );
  assert.match(chunked, /3 x-t=1$/);
  await harness.close();
});

test("no field is lost behind many others", async (t) => {
  const harness = await startHarness(async (exchange) => {
    answer(exchange, 200, `${exchange.head.headers.length > 2_500} ${(await readBody(exchange)).length}`);
  });
  const many = "A:1\r\n".repeat(2_500);
  await t.test("the length of the body", async () => {
    const response = await rawRequest(harness.port, `POST / HTTP/1.1\r\n${HOST}\r\n${many}Content-Length: 3`, "abc");
    assert.match(response, /true 3$/);
  });
  await t.test("a second Host", async () => {
    assert.equal(statusOf(await rawRequest(harness.port, `GET / HTTP/1.1\r\n${HOST}\r\n${many}Host: b.example`)), 400);
  });
  await harness.close();
});

test("a client that leaves with its whole answer has not gone away, though the guest has not ended yet", async () => {
  const left = Promise.withResolvers<void>();
  let hasGone = false;
  const harness = await startHarness(async (exchange) => {
    exchange.onClientGone(() => (hasGone = true));
    const body = exchange.respond({ status: 200, headers: [["content-length", Buffer.from("6")]] });
    body.write(Buffer.from("who"));
    await new Promise((resolve) => setTimeout(resolve, 1));
    body.write(Buffer.from("le!"));
    await left.promise;
    body.finish(undefined);
  });
  const client = new RawClient(harness.port).send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await client.until((text) => text.endsWith("whole!"));
  client.destroy();
  await client.closed;
  await eventually(() => harness.listener.connectionCount === 0);
  left.resolve();
  await harness.idle();
  assert.equal(hasGone, false);
  const lines = harness.events.flatMap((event) => (event.kind === "request" ? [[event.status, event.cause]] : []));
  assert.deepEqual(lines, [[200, undefined]]);
  await harness.close();
});

test("a body is asked for only when the guest reads it", async (t) => {
  const harness = await startHarness(async (exchange) => {
    if (exchange.head.pathWithQuery === "/read") answer(exchange, 200, String((await readBody(exchange)).length));
    else answer(exchange, 403, "no");
  });
  const head = `HTTP/1.1\r\n${HOST}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
  await t.test("read: 100, then the answer", async () => {
    const client = new RawClient(harness.port).send(`POST /read ${head}`);
    assert.match(await client.until((text) => text.includes("\r\n\r\n")), /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.send("abc");
    assert.match(await client.until((text) => text.endsWith("\r\n\r\n3")), /200 OK/);
    client.destroy();
  });
  await t.test("not read: the answer alone, and the connection ends", async () => {
    const client = new RawClient(harness.port).send(`POST /refuse ${head}`);
    const response = await client.untilClosed();
    assert.equal(statusOf(response), 403);
    assert.match(response, /Connection: close/i);
  });
  await harness.close();
});

test("a connection goes on after an answer that left a short body unread, and ends after a long one", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "early"));
  const client = new RawClient(harness.port).send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 300000\r\n\r\n`);
  await client.until((text) => text.endsWith("early"));
  client.send(`${"x".repeat(300_000)}GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await client.until((text) => text.split("early").length === 3);
  client.destroy();
  const greedy = new RawClient(harness.port).send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 90000000\r\n\r\n`);
  await greedy.until((text) => text.endsWith("early"));
  const part = "x".repeat(65_536);
  const feed = setInterval(() => greedy.send(part), 1);
  await greedy.closed;
  clearInterval(feed);
  await harness.close();
});

test("a body that nobody reads holds its client back", async () => {
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const harness = await startHarness(async (exchange) => {
    await isOver;
    answer(exchange, 200, "ok");
  });
  const client = new RawClient(harness.port).send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 999999999\r\n\r\n`);
  const piece = new Uint8Array(65_536);
  let sent = 0;
  const send = (): void => {
    while (!client.socket.destroyed && sent < 256_000_000) {
      sent += piece.length;
      if (!client.socket.write(piece)) return void client.socket.once("drain", send);
    }
  };
  send();
  await steady(() => sent > piece.length ? sent : 0);
  assert.ok(sent < 64_000_000, `${sent}`);
  end();
  await harness.idle();
  client.destroy();
  const [event] = harness.events.filter((each) => each.kind === "request");
  // What the gateway itself took: not what the system holds.
  assert.ok((event?.requestBytes ?? Infinity) < 2_000_000, `${event?.requestBytes}`);
  await harness.close();
});

test("a client that does not read holds the writer back, and one that leaves is told of", async () => {
  let written = 0;
  let gone = 0;
  const harness = await startHarness(async (exchange) => {
    exchange.onClientGone(() => gone++);
    const sink = exchange.respond({ status: 200, headers: [] });
    const piece = new Uint8Array(16_384);
    for (;;) {
      const permit = sink.permit();
      if (permit === "closed") return;
      if (permit === 0) await new Promise<void>((resolve) => void sink.onReady(resolve));
      else if (sink.write(piece) === undefined) written += piece.length;
    }
  });
  const client = new RawClient(harness.port);
  await client.opened;
  client.socket.pause();
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
  const before = await steady(() => written);
  // What the kernel takes on both ends, and not the memory of this process.
  assert.ok(written < 64_000_000, `${written}`);
  client.socket.resume();
  await eventually(() => written > before + 1_000_000);
  client.destroy();
  await harness.idle();
  assert.equal(gone, 1);
  await harness.close();
});

test("requests that were sent ahead wait for their turn, and end with a client that leaves", async () => {
  let gone = 0;
  let begun = 0;
  const harness = await startHarness(async (exchange) => {
    begun++;
    await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
    gone++;
  });
  const client = new RawClient(harness.port).send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(3));
  await eventually(() => begun === 1 && harness.listener.aheadCount === 2);
  client.destroy();
  await eventually(() => gone === 1);
  await harness.idle();
  assert.equal(begun, 1);
  assert.equal(harness.listener.aheadCount, 0);
  assert.equal(harness.events.filter((event) => event.kind === "request").length, 1);
  await harness.close();
});

test("a client that reads nothing for too long is cut", async () => {
  const harness = await startHarness(async (exchange) => {
    const sink = exchange.respond({ status: 200, headers: [] });
    while (sink.permit() !== "closed") {
      if (sink.permit() === 0) await new Promise<void>((resolve) => void sink.onReady(resolve));
      else sink.write(new Uint8Array(65_536));
    }
  }, { limits: { responseStallTimeoutMs: 50 } });
  const client = new RawClient(harness.port);
  client.socket.pause();
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await harness.idle();
  const [event] = harness.events.filter((each) => each.kind === "request");
  assert.equal(event?.cause, "the client read nothing for 50ms; listener.responseStallTimeout of gateway.jsonc");
  client.destroy();
  await harness.close();
});

test("a client that leaves in the middle of its body fails the source once", async () => {
  const seen: string[] = [];
  const harness = await startHarness(async (exchange) => {
    await readBody(exchange).catch((error: unknown) => seen.push(String(error)));
    if (exchange.body.read(1) === "closed") seen.push("closed");
  });
  const client = new RawClient(harness.port).send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\nabc`);
  await eventually(() => harness.counters.get("requests") === 1);
  client.destroy();
  await harness.idle();
  await eventually(() => seen.length === 2);
  assert.deepEqual(seen, ["Error: connection-terminated", "closed"]);
  await harness.close();
});

test("slow requests end with 408 and idle connections are closed", async (t) => {
  const harness = await startHarness(async (exchange) => {
    await readBody(exchange).catch(() => undefined);
  }, { limits: { headersTimeoutMs: 100, requestTimeoutMs: 200, keepAliveTimeoutMs: 50 } });
  const rows: readonly (readonly [name: string, sent: string])[] = [
    ["half a header", "GET / HTTP/1.1\r\nHos"],
    ["half a body", `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\nabc`],
  ];
  for (const [name, sent] of rows) {
    await t.test(name, async () => {
      const client = new RawClient(harness.port).send(sent);
      assert.equal(statusOf(await client.untilClosed()), 408);
    });
  }
  await harness.idle();
  await harness.close();
});

test("connections past the limit are refused", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "ok"), {
    limits: { connectionsMax: 2 },
  });
  const kept = [new RawClient(harness.port), new RawClient(harness.port)];
  for (const client of kept) {
    await client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`).until((text) => text.endsWith("ok"));
  }
  const refused = new RawClient(harness.port).send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
  assert.equal(await refused.untilClosed(), "");
  for (const client of kept) client.destroy();
  await harness.close();
});

test("a fault in serving is a 500 that says nothing, and one event that says it all", async () => {
  const harness = await startHarness(() => Promise.reject(new Error("secret detail")));
  const response = await rawRequest(harness.port, `GET /?x HTTP/1.1\r\n${HOST}`);
  assert.equal(statusOf(response), 500);
  assert.doesNotMatch(response, /secret/);
  await harness.idle();
  const faults = harness.events.flatMap((event) => event.kind === "fault" ? [String(event.error)] : []);
  assert.match(faults.join("\n"), /secret detail/);
  await harness.close();
});

test("closing lets answers finish, refuses new requests, and is idempotent", async () => {
  let release = (): void => {};
  const harness = await startHarness(async (exchange) => {
    const sink = exchange.respond({ status: 200, headers: [] });
    sink.write(new Uint8Array(1_000_000));
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    sink.finish(undefined);
  });
  const idle = new RawClient(harness.port);
  const busy = new RawClient(harness.port).send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await eventually(() => harness.listener.connectionCount === 2 && harness.counters.get("requests") === 1);
  await busy.until((text) => text.length > 100_000);
  const closing = Promise.all([harness.close(), harness.close()]);
  await idle.untilClosed();
  const late = new RawClient(harness.port);
  await late.closed;
  busy.send(`GET /second HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await eventually(() => harness.listener.aheadCount === 1);
  release();
  const received = await busy.untilClosed();
  assert.match(received, /\r\n0\r\n\r\nHTTP\/1\.1 503 /);
  await closing;
});

test("closing cuts what does not finish in time", async () => {
  const harness = await startHarness(async (exchange) => {
    exchange.respond({ status: 200, headers: [] });
    await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
  }, { limits: { drainTimeoutMs: 50 } });
  const client = new RawClient(harness.port).send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await client.until((text) => text.length > 0);
  await harness.close();
  await client.closed;
  assert.equal(harness.counters.get("requests"), 0);
});
