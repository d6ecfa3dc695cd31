/** The listener on real sockets: what it takes for a request, and how answers are framed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, startHarness, utf8 } from "../support/http_harness.ts";
import { bodyOf, RawClient, rawRequest, statusOf } from "../support/raw_client.ts";

const HOST = "Host: a.example";

test("a listener refuses what is no request for it, with a problem body", async (t) => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "reached"), {
    match: { host: "*", path: "/known", methods: ["GET", "PUT"] },
  });
  const rows: readonly (readonly [name: string, head: string, status: number])[] = [
    ["no Host", "GET /known HTTP/1.1", 400],
    ["two Hosts", "GET /known HTTP/1.1\r\nHost: a\r\nHost: a", 400],
    ["an empty Host", "GET /known HTTP/1.1\r\nHost:", 400],
    ["a Host with a user name", "GET /known HTTP/1.1\r\nHost: u@a", 400],
    ["a Host with a path", "GET /known HTTP/1.1\r\nHost: a/b", 400],
    ["a Host with a bad port", "GET /known HTTP/1.1\r\nHost: a:65536", 400],
    ["an asterisk with GET", `GET * HTTP/1.1\r\n${HOST}`, 400],
    ["a fragment", `GET /known#x HTTP/1.1\r\n${HOST}`, 400],
    ["an unknown scheme", `GET ftp://a/known HTTP/1.1\r\n${HOST}`, 400],
    ["a user name in the target", `GET http://u@a/known HTTP/1.1\r\n${HOST}`, 400],
    ["an https target", `GET https://a/known HTTP/1.1\r\n${HOST}`, 421],
    ["authority form", `GET a:80 HTTP/1.1\r\n${HOST}`, 400],
    ["CONNECT", `CONNECT a:80 HTTP/1.1\r\n${HOST}`, 501],
    ["an unknown expectation", `GET /known HTTP/1.1\r\n${HOST}\r\nExpect: tea`, 417],
    ["an unknown path", `GET /unknown HTTP/1.1\r\n${HOST}`, 404],
    ["an unknown method", `DELETE /known HTTP/1.1\r\n${HOST}`, 405],
    ["a header that is too large", `GET /known HTTP/1.1\r\n${HOST}\r\nX-A: ${"a".repeat(20_000)}`, 431],
    ["both framings", `GET /known HTTP/1.1\r\n${HOST}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked`, 400],
    ["an unknown coding", `PUT /known HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: gzip, chunked`, 501],
    ["a coding that is not chunked", `PUT /known HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: gzip`, 501],
    ["identity", `PUT /known HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: identity`, 501],
    ["chunks in HTTP/1.0", `PUT /known HTTP/1.0\r\n${HOST}\r\nTransfer-Encoding: chunked`, 400],
    ["HTTP/2.0", `GET /known HTTP/2.0\r\n${HOST}`, 505],
    ["HTTP/0.9", `GET /known HTTP/0.9\r\n${HOST}`, 505],
    ["garbage", "\0\x01\x02", 400],
  ];
  for (const [name, head, status] of rows) {
    await t.test(name, async () => {
      const response = await rawRequest(harness.port, head);
      assert.equal(statusOf(response), status, response);
      assert.match(response, /content-type: application\/problem\+json/);
      assert.equal(JSON.parse(bodyOf(response)).status, status);
    });
  }
  await t.test("Upgrade", async () => {
    const client = new RawClient(harness.port).send(
      `GET /known HTTP/1.1\r\n${HOST}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    assert.equal(statusOf(await client.untilClosed()), 501);
  });
  await harness.idle();
  await harness.close();
  const refused = harness.events.filter((event) => event.kind === "request");
  assert.equal(refused.length, rows.length + 1);
  assert.deepEqual(refused.filter((event) => event.cause === undefined), []);
});

test("a connection ends with a request whose framing is refused", async (t) => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "reached"));
  const heads = [
    `PUT / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: gzip, chunked`,
    `PUT / HTTP/1.0\r\n${HOST}\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked`,
    `PUT / HTTP/2.0\r\n${HOST}\r\nTransfer-Encoding: chunked`,
  ];
  for (const head of heads) {
    await t.test(head.split("\r\n", 1)[0] ?? "", async () => {
      const client = new RawClient(harness.port).send(`${head}\r\n\r\n0\r\n\r\nGET /next HTTP/1.1\r\n${HOST}\r\n\r\n`);
      const received = await client.untilClosed();
      assert.match(received, /^HTTP\/1\.1 [45]/);
      assert.doesNotMatch(received, /reached/);
    });
  }
  await harness.close();
});

test("a listener takes every form of target", async (t) => {
  const seen: unknown[] = [];
  const harness = await startHarness(async (exchange) => {
    seen.push([exchange.head.authority, exchange.head.pathWithQuery]);
    answer(exchange, 200, "ok");
  });
  const rows: readonly (readonly [name: string, head: string, authority: string | undefined, path: string])[] = [
    ["origin form", "GET /a?b HTTP/1.1\r\nHost: A.example:8080", "A.example:8080", "/a?b"],
    ["absolute form wins over Host", "GET http://b:81/x?y HTTP/1.1\r\nHost: a", "b:81", "/x?y"],
    ["absolute form without a path", "GET http://b?q HTTP/1.1\r\nHost: a", "b", "/?q"],
    ["an address", "GET / HTTP/1.1\r\nHost: [::1]:80", "[::1]:80", "/"],
    ["HTTP/1.0 without Host", "GET /old HTTP/1.0", undefined, "/old"],
  ];
  for (const [name, head, authority, path] of rows) {
    await t.test(name, async () => {
      const response = await rawRequest(harness.port, head);
      assert.equal(statusOf(response), 200, response);
      assert.deepEqual(seen.pop(), [authority, path]);
    });
  }
  await t.test("OPTIONS * is about the server", async () => {
    assert.equal(statusOf(await rawRequest(harness.port, `OPTIONS * HTTP/1.1\r\n${HOST}`)), 204);
    assert.equal(seen.length, 0);
  });
  await harness.close();
});

test("a guest sees the client's fields, without those of the connection and with the gateway's own", async () => {
  let seen: Record<string, string> = {};
  const harness = await startHarness(async (exchange) => {
    seen = Object.fromEntries(
      exchange.head.headers.map(([name, value]) => [name, Buffer.from(value).toString("latin1")]),
    );
    answer(exchange, 200, "ok");
  });
  const client = new RawClient(harness.port).send([
    "GET / HTTP/1.1",
    "Host: a.example:81",
    "X-Bytes: \xe9\xff",
    "X-Dropped: 1",
    "Forwarded: for=1.2.3.4",
    "X-Forwarded-For: 1.2.3.4",
    "X_Forwarded_Host: evil",
    "X-Real-IP: 1.2.3.4",
    "Keep-Alive: 5",
    "Proxy-Authorization: x",
    "TE: trailers",
    "Cookie: kept",
    "Connection: close, x-dropped, cookie",
    "\r\n",
  ].join("\r\n"));
  const [, requestId = "none"] = /\r\nx-request-id: (\S+)\r\n/.exec(await client.untilClosed()) ?? [];
  assert.deepEqual(seen, {
    "x-bytes": "\xe9\xff",
    "te": "trailers",
    "cookie": "kept",
    "forwarded": 'for=127.0.0.1;proto=http;host="a.example:81"',
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "a.example:81",
    "x-request-id": requestId,
  });
  await harness.close();
});

test("an answer is framed as it has to be", async (t) => {
  const rows: readonly (readonly [name: string, method: string, path: string, expected: RegExp])[] = [
    [
      "known at once: a length",
      "GET",
      "/short",
      /^HTTP\/1\.1 200 OK\r\nx-a: \xe9\r\nx-request-id: \w+\r\ncontent-length: 2\r\n(?:[^\r]+\r\n)*\r\nok$/,
    ],
    ["in parts: chunks", "GET", "/parts", /Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/],
    ["with trailers", "GET", "/trailers", /\r\n\r\n2\r\nok\r\n0\r\nx-t: v\r\n\r\n$/],
    ["HEAD", "HEAD", "/short", /^HTTP\/1\.1 200 OK\r\nx-a: \xe9\r\n(?:[^\r]+\r\n)*\r\n$/],
    ["HEAD with a length", "HEAD", "/length", /content-length: 5\r\n(?:[^\r]+\r\n)*\r\n$/],
    [
      "204",
      "GET",
      "/204",
      /^HTTP\/1\.1 204 No Content\r\n(?!.*(?:content-length|transfer-encoding))(?:[^\r]+\r\n)*\r\n$/i,
    ],
    [
      "304 keeps the length",
      "GET",
      "/304",
      /^HTTP\/1\.1 304 Not Modified\r\ncontent-length: 5\r\n(?:[^\r]+\r\n)*\r\n$/,
    ],
    ["its own Date", "GET", "/short", /\r\nDate: /],
    ["no fields of the connection", "GET", "/hop", /^(?!.*evil)/s],
  ];
  const harness = await startHarness(async (exchange) => {
    switch (exchange.head.pathWithQuery ?? "") {
      case "/short": {
        const sink = exchange.respond({ status: 200, headers: [["x-a", Uint8Array.of(0xe9)]] });
        sink.write(utf8("ok"));
        sink.finish(undefined);
        return;
      }
      case "/parts": {
        const sink = exchange.respond({ status: 200, headers: [] });
        sink.write(utf8("one"));
        await new Promise((resolve) => setTimeout(resolve, 5));
        sink.write(utf8("two"));
        sink.finish(undefined);
        return;
      }
      case "/trailers": {
        const sink = exchange.respond({ status: 200, headers: [["trailer", utf8("x-t")]] });
        sink.write(utf8("ok"));
        sink.finish([["x-t", utf8("v")]]);
        return;
      }
      case "/length":
        exchange.respond({ status: 200, headers: [["content-length", utf8("5")]] }).finish(undefined);
        return;
      case "/204":
        exchange.respond({ status: 204, headers: [["content-length", utf8("0")]] }).finish(undefined);
        return;
      case "/304":
        exchange.respond({ status: 304, headers: [["content-length", utf8("5")]] }).finish(undefined);
        return;
      default: {
        const headers = ["connection", "keep-alive", "transfer-encoding", "upgrade"].map((name) =>
          [name, utf8("evil")] as const
        );
        exchange.respond({ status: 200, headers }).finish(undefined);
      }
    }
  });
  for (const [name, method, path, expected] of rows) {
    await t.test(name, async () => {
      assert.match(await rawRequest(harness.port, `${method} ${path} HTTP/1.1\r\n${HOST}`), expected);
    });
  }
  await harness.close();
});

test("an answer that is not whole cannot be taken for one", async (t) => {
  const harness = await startHarness(async (exchange) => {
    const path = exchange.head.pathWithQuery;
    if (path === "/status") {
      exchange.respond({ status: 101, headers: [] }).finish(undefined);
      return;
    }
    const length = path === "/short" || path === "/long" ? [["content-length", utf8("5")] as const] : [];
    const sink = exchange.respond({ status: 200, headers: length });
    sink.write(utf8("ab"));
    if (path === "/long") sink.write(utf8("cdef"));
    if (path === "/abort" || path === "/old") sink.abort("the guest trapped");
    else sink.finish(undefined);
  });
  await t.test("aborted after its head", async () => {
    const response = await rawRequest(harness.port, `GET /abort HTTP/1.1\r\n${HOST}`);
    assert.match(response, /^HTTP\/1\.1 200 OK/);
    assert.doesNotMatch(response, /0\r\n\r\n$/);
  });
  await t.test("less than its length", async () => {
    const response = await rawRequest(harness.port, `GET /short HTTP/1.1\r\n${HOST}`);
    assert.match(response, /content-length: 5/);
    assert.equal(bodyOf(response), "ab");
  });
  await t.test("more than its length: nothing past it", async () => {
    const response = await rawRequest(harness.port, `GET /long HTTP/1.1\r\n${HOST}`);
    assert.equal(bodyOf(response), "ab");
  });
  await t.test("for HTTP/1.0 the connection is reset", async () => {
    const client = new RawClient(harness.port);
    let error: unknown;
    client.socket.on("error", (met) => {
      error = met;
    });
    client.send("GET /old HTTP/1.0\r\n\r\n");
    await client.untilClosed();
    assert.match(String(error), /ECONNRESET|reset/);
  });
  await t.test("a head that cannot be sent is a 502", async () => {
    assert.equal(statusOf(await rawRequest(harness.port, `GET /status HTTP/1.1\r\n${HOST}`)), 502);
  });
  await harness.idle();
  const causes = harness.events.flatMap((event) => event.kind === "request" ? [event.cause] : []);
  assert.deepEqual(causes.map((cause) => cause?.split(":")[0]), [
    "the guest trapped",
    "the guest wrote 2 of the 5 bytes of its content-length",
    "the guest wrote more than its content-length of 5 bytes",
    "the guest trapped",
    "the guest answered with the error-code HTTP-protocol-error",
  ]);
  await harness.close();
});

test("a body that was sent in one piece with its head is there, to its end, when its guest begins", async () => {
  const seen: unknown[] = [];
  const harness = await startHarness(async (exchange) => {
    const { body } = exchange;
    const piece = body.read(100);
    seen.push(piece instanceof Uint8Array ? new TextDecoder().decode(piece) : piece, body.isReady(), body.read(100));
    return answer(exchange, 200, "read");
  });
  const head = `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5`;
  assert.equal(statusOf(await rawRequest(harness.port, head, "hello")), 200);
  assert.deepEqual(seen, ["hello", true, "closed"]);
  await harness.idle();
  await harness.close();
});
