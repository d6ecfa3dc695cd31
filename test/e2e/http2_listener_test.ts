/** HTTP/2 on the listener, with well-behaved clients: what requests and answers become, and how connections end. On Node alone. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ResponseBody } from "../../src/host/http/exchange.ts";
import { answer, readBody, startHarness, utf8 } from "../support/http_harness.ts";
import { ask, FrameClient, http2Test, politeClient, secureClient } from "../support/http2_client.ts";
import { FLAG, FRAME, frame, POST, uint32 } from "../support/http2_frames.ts";
import { CODE } from "../support/http2_server.ts";
import { speakTls } from "../support/transport.ts";
import { writeAll } from "../support/write_body.ts";

speakTls();

http2Test("http2: a guest sees of a request what HTTP/1.1 would have told, and nothing of the connection", async () => {
  const harness = await startHarness(async (exchange) => {
    const { method, scheme, authority, pathWithQuery, headers } = exchange.head;
    const body = await readBody(exchange);
    const fields = headers.map(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
    const trailers = exchange.trailers()?.map(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
    answer(
      exchange,
      200,
      JSON.stringify({ method, scheme, authority, pathWithQuery, fields, body: body.length, trailers }),
    );
  }, { http2: true });
  const client = await politeClient(harness.port);
  const { body } = await ask(client, {
    ":method": "PUT",
    ":path": "/a/b?c=d",
    ":authority": "A.example:8443",
    cookie: ["a=1", "b=2", "c=3"],
    te: "trailers",
    "x-twice": ["1", "2"],
    "x-forwarded-for": "10.1.1.1",
    forwarded: "for=10.1.1.1",
  }, { body: new Uint8Array(200_000), trailers: { "x-sum": "7" } });
  const seen = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown> & { fields: string[][] };
  assert.match(seen.fields.at(-1)?.join() ?? "", /^x-request-id,[0-9a-f]{32}$/);
  assert.deepEqual({ ...seen, fields: seen.fields.slice(0, -1) }, {
    method: "PUT",
    scheme: "https",
    authority: "A.example:8443",
    pathWithQuery: "/a/b?c=d",
    fields: [
      ["cookie", "a=1; b=2; c=3"],
      ["te", "trailers"],
      ["x-twice", "1"],
      ["x-twice", "2"],
      ["forwarded", 'for=127.0.0.1;proto=https;host="A.example:8443"'],
      ["x-forwarded-for", "127.0.0.1"],
      ["x-forwarded-proto", "https"],
      ["x-forwarded-host", "A.example:8443"],
    ],
    body: 200_000,
    trailers: [["x-sum", "7"]],
  });
  client.close();
  await harness.close();
});

http2Test("http2: what trusted proxies say of a client is believed", async () => {
  const harness = await startHarness(async (exchange) => {
    const fields = exchange.head.headers.map(([name, value]) => `${name}=${Buffer.from(value).toString()}`);
    const client = fields.find((field) => field.startsWith("x-forwarded-for"));
    answer(exchange, 200, `${exchange.head.scheme} ${client ?? "nobody"}`);
  }, { http2: true, trustedProxies: ["127.0.0.1/32"] });
  const client = await politeClient(harness.port);
  const { body } = await ask(client, { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "http" });
  assert.equal(Buffer.from(body).toString(), "http x-forwarded-for=192.0.2.1");
  client.close();
  await harness.close();
});

http2Test("http2: answers of all kinds arrive as their guest meant them", async (t) => {
  // In several frames; clients with the same library as the gateway take 64 KiB at most.
  const large = "x".repeat(50_000);
  const harness = await startHarness(async (exchange) => {
    const respond = (status: number, ...fields: (readonly [string, string])[]): ResponseBody =>
      exchange.respond({ status, headers: fields.map(([name, value]) => [name, utf8(value)]) });
    switch (exchange.head.pathWithQuery ?? "") {
      case "/empty":
        return respond(200).finish(undefined);
      case "/no-content":
        return respond(204).finish(undefined);
      case "/not-modified":
        return respond(304, ["content-length", "5"]).finish(undefined);
      case "/trailers": {
        const sink = respond(200);
        await writeAll(sink, 300_000);
        return sink.finish([["x-a", utf8("1")], ["x-a", utf8("2")], ["te", utf8("Trailers")]]);
      }
      case "/trailers-alone":
        return respond(200).finish([["grpc-status", utf8("0")]]);
      case "/length": {
        const sink = respond(200, ["content-length", "300000"]);
        await writeAll(sink, 300_000);
        return sink.finish(undefined);
      }
      case "/streamed": {
        const sink = respond(200);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await writeAll(sink, 300_000);
        return sink.finish(undefined);
      }
      case "/odd-fields":
        return respond(
          200,
          ["te", "Trailers"],
          ["x-blank", " \t a b\t"],
          ["x-utf8", "voilà"],
          ["content-type", "a/b"],
          ["content-type", "c/d"],
          [
            "connection",
            "x",
          ],
        )
          .finish(undefined);
      case "/large-fields":
        return respond(200, ["x-large", large]).finish(undefined);
      case "/status-600":
        return respond(600).finish(undefined);
      case "/short": {
        const sink = respond(200, ["content-length", "10"]);
        sink.write(utf8("abc"));
        return sink.finish(undefined);
      }
      case "/broken": {
        const sink = respond(200);
        sink.write(utf8("abc"));
        return sink.abort("it broke");
      }
      default:
        answer(exchange, 200, "hello");
    }
  }, { http2: true });
  const client = await politeClient(harness.port);
  const rows: readonly (readonly [
    path: string,
    status: number,
    bytes: number,
    more?: {
      readonly trailers?: object;
      readonly fields?: Readonly<Record<string, string>>;
      readonly code?: number;
      readonly method?: string;
    },
  ])[] = [
    ["/", 200, 5, { fields: { "content-length": "5" } }],
    ["/", 200, 0, { method: "HEAD" }],
    ["/empty", 200, 0, { fields: { "content-length": "0" } }],
    ["/no-content", 204, 0],
    ["/not-modified", 304, 0, { fields: { "content-length": "5" } }],
    ["/trailers", 200, 300_000, { trailers: { "x-a": "1, 2" } }],
    ["/trailers", 200, 0, { method: "HEAD" }],
    ["/trailers-alone", 200, 0, { trailers: { "grpc-status": "0" } }],
    ["/length", 200, 300_000, { fields: { "content-length": "300000" } }],
    ["/length", 200, 0, { method: "HEAD", fields: { "content-length": "300000" } }],
    ["/streamed", 200, 300_000],
    ["/odd-fields", 200, 0, { fields: { "x-blank": "a b", "x-utf8": Buffer.from("voilà").toString("latin1") } }],
    ["/large-fields", 200, 0, { fields: { "x-large": large } }],
    // Of three digits, and no status of HTTP (RFC 9110 section 15).
    ["/status-600", 502, 99],
    ["/short", 200, 3, { code: CODE.internal }],
    ["/broken", 200, 3, { code: CODE.internal }],
  ];
  for (const [path, status, bytes, { trailers, fields = {}, code = CODE.none, method = "GET" } = {}] of rows) {
    await t.test(`${method} ${path}`, async () => {
      const got = await ask(client, { ":path": path, ":method": method });
      assert.deepEqual([got.status, got.code], [status, code]);
      assert.equal(got.body.length, bytes);
      assert.deepEqual(got.trailers && Object.fromEntries(Object.entries(got.trailers)), trailers);
      for (const [name, value] of Object.entries(fields)) assert.equal(got.fields[name], value, name);
      for (const name of ["connection", "keep-alive", "transfer-encoding", "te"]) {
        assert.equal(got.fields[name], undefined, name);
      }
      assert.match(String(got.fields["x-request-id"]), /^[0-9a-f]{32}$/);
    });
  }
  await harness.idle();
  assert.deepEqual(harness.events.flatMap((event) => event.kind === "request" && event.cause ? [event.cause] : []), [
    "the guest answered with the error-code HTTP-protocol-error: the guest set the status 600",
    "the guest wrote 3 of the 10 bytes of its content-length",
    "it broke",
  ]);
  client.close();
  await harness.close();
});

http2Test("http2: clients that do not ask for it get HTTP/1.1 on the same listener", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, exchange.head.pathWithQuery ?? ""), {
    http2: true,
  });
  const offers: readonly (readonly string[])[] = [["http/1.1"], ["h3", "http/1.1"], []];
  for (const protocols of offers) {
    const socket = await secureClient(harness.port, protocols);
    assert.equal(socket.alpnProtocol, protocols.includes("http/1.1") ? "http/1.1" : false);
    let received = "";
    socket.on("data", (bytes: Uint8Array) => void (received += Buffer.from(bytes).toString()));
    socket.write("GET /one HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve));
    assert.match(received, /^HTTP\/1\.1 200 OK[^]*\/one$/);
  }
  const client = await politeClient(harness.port);
  assert.equal(client.alpnProtocol, "h2");
  client.close();
  await harness.close();
});

http2Test("http2: a body is asked for when the guest reads it, and one that nobody wants is told of", async (t) => {
  const harness = await startHarness(async (exchange) => {
    if (exchange.head.pathWithQuery === "/read") answer(exchange, 200, String((await readBody(exchange)).length));
    else answer(exchange, 403, "no");
  }, { http2: true });
  const client = await politeClient(harness.port);
  await t.test("asked for", async () => {
    const stream = client.request({ ":method": "POST", ":path": "/read", expect: "100-continue" });
    await new Promise((resolve) => stream.on("continue", resolve));
    stream.end("abc");
    let text = "";
    for await (const piece of stream) text += String(piece);
    assert.equal(text, "3");
  });
  await t.test("not asked for", async () => {
    const stream = client.request({ ":method": "POST", ":path": "/refuse", expect: "100-continue" });
    let status: number | undefined;
    stream.on("response", (fields) => (status = fields[":status"]));
    stream.on("continue", () => assert.fail("nobody reads it"));
    stream.resume();
    await new Promise((resolve) => stream.on("close", resolve));
    assert.deepEqual([status, stream.rstCode], [403, CODE.none]);
  });
  await t.test("in the middle of a large one", async () => {
    const frames = await FrameClient.open(harness.port);
    frames.send(frame(FRAME.headers, FLAG.endHeaders, 1, POST));
    const sent = frames.flood(frame(FRAME.data, 0, 1, new Uint8Array(100)), 30_000);
    await frames.until(() => frames.resetCodes(1).length > 0);
    await sent;
    const ofStream = frames.seen.filter(({ stream, type }) => stream === 1 && type !== FRAME.windowUpdate);
    assert.deepEqual(ofStream.map(({ type }) => type), [FRAME.headers, FRAME.data, FRAME.reset]);
    assert.equal((ofStream[1]?.flags ?? 0) & FLAG.endStream, FLAG.endStream);
    assert.deepEqual(frames.resetCodes(1), [CODE.none]);
    frames.destroy();
  });
  client.close();
  await harness.close();
});

http2Test(
  "http2: a client whose bodies are refused, and that resets what was refused, keeps its connection",
  async () => {
    const harness = await startHarness(async (exchange) => answer(exchange, 413, "too large"), { http2: true });
    const client = await FrameClient.open(harness.port);
    const piece = new Uint8Array(16_000);
    for (let from = 1; from < 1_000; from += 200) {
      const ids = Array.from({ length: 100 }, (_, index) => from + 2 * index);
      client.send(...ids.map((id) => frame(FRAME.headers, FLAG.endHeaders, id, POST)));
      await client.until(() => ids.every((id) => client.resetCodes(id).length > 0));
      // What was on its way, more than may say nothing.
      client.send(
        ...ids.flatMap((id) => [frame(FRAME.data, 0, id, piece), frame(FRAME.reset, 0, id, uint32(CODE.cancel))]),
      );
    }
    await harness.idle();
    assert.deepEqual([client.isClosed, client.goawayCode], [false, undefined]);
    assert.equal(harness.events.filter((event) => event.kind === "request" && event.status === 413).length, 500);
    client.destroy();
    await harness.close();
  },
);

http2Test("http2: an echo of many streams goes on in both directions at once", async () => {
  const size = 500_000;
  const harness = await startHarness(async (exchange) => {
    const sink = exchange.respond({ status: 200, headers: [] });
    for (;;) {
      const part = exchange.body.read(16_384);
      if (part === "closed") return sink.finish(exchange.trailers());
      assert.ok(part instanceof Uint8Array);
      if (part.length === 0) await new Promise<void>((resolve) => void exchange.body.onReady(resolve));
      else {
        while (sink.permit() === 0) await new Promise<void>((resolve) => void sink.onReady(resolve));
        sink.write(part);
      }
    }
  }, { http2: true });
  const client = await politeClient(harness.port);
  const bodies = Array.from({ length: 20 }, (_, index) => new Uint8Array(size).fill(index));
  const answers = await Promise.all(
    bodies.map((body) => ask(client, { ":method": "POST" }, { body, trailers: { "x-t": "1" } })),
  );
  for (const [index, { body, trailers }] of answers.entries()) {
    assert.ok(Buffer.from(body).equals(bodies[index] ?? new Uint8Array()), `${index}: ${body.length} bytes`);
    assert.equal(trailers?.["x-t"], "1");
  }
  assert.equal(harness.listener.connectionCount, 1);
  client.close();
  await harness.close();
});

http2Test("http2: curl asks over it, sends a body, and gets the end of the connection told", async (t) => {
  const run = promisify(execFile);
  const version = await run("curl", ["--version"]).catch(() => ({ stdout: "" }));
  if (!/HTTP2/.test(version.stdout)) return t.skip("there is no curl that speaks HTTP/2");
  const harness = await startHarness(
    async (exchange) => answer(exchange, 200, String((await readBody(exchange)).length)),
    {
      http2: true,
    },
  );
  const ca = fileURLToPath(new URL("../fixtures/tls/ca.pem", import.meta.url));
  const { stdout } = await run("curl", [
    "--silent",
    "--http2",
    "--cacert",
    ca,
    "--resolve",
    `good.test:${harness.port}:127.0.0.1`,
    "--data-binary",
    "x".repeat(100_000),
    "--write-out",
    " %{http_version} %{http_code}",
    `https://good.test:${harness.port}/`,
  ]);
  assert.equal(stdout, "100000 2 200");
  await harness.close();
});
