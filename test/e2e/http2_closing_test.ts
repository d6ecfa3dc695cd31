/** How streams and connections of HTTP/2 end: answers that break off, the gateway's own end. On Node, for Deno has no HTTP/2 here. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { answer, eventually, readBody, startHarness, utf8 } from "../support/http_harness.ts";
import { ask, FrameClient, http2Test, politeClient } from "../support/http2_client.ts";
import { FLAG, FRAME, frame, GET, literal, POST, uint32 } from "../support/http2_frames.ts";
import { CODE, NO_WINDOWS, WHOLE } from "../support/http2_server.ts";
import { speakTls } from "../support/transport.ts";

speakTls();

http2Test("http2: an answer that is broken off has no END_STREAM, whatever its windows are", async () => {
  const harness = await startHarness(async (exchange) => {
    const sink = exchange.respond({ status: 200, headers: [] });
    sink.write(new Uint8Array(50_000));
    if (exchange.head.pathWithQuery === "/") await new Promise((resolve) => setTimeout(resolve, 10));
    sink.abort("it broke");
  }, { http2: true });
  for (const settings of [new Uint8Array(), NO_WINDOWS, Buffer.from([0, 4, 0, 0, 0, 10])]) {
    const client = await FrameClient.open(harness.port, settings);
    client.send(frame(FRAME.headers, WHOLE, 1, GET));
    await client.until(() => client.resetCodes(1).length > 0);
    assert.deepEqual(client.resetCodes(1), [CODE.internal]);
    assert.deepEqual(
      client.seen.filter(({ type, flags }) => type <= FRAME.headers && (flags & FLAG.endStream) !== 0),
      [],
    );
    client.destroy();
  }
  assert.deepEqual(harness.listener.streamResets, [{ reason: "internal_error", total: 3 }]);
  await harness.close();
});

http2Test("http2: trailers go out before the rest of a body that nobody wants is refused", async () => {
  const harness = await startHarness(async (exchange) => {
    const sink = exchange.respond({ status: 200, headers: [] });
    sink.write(utf8("abc"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    sink.finish([["grpc-status", utf8("0")]]);
  }, { http2: true });
  const client = await FrameClient.open(harness.port);
  client.send(frame(FRAME.headers, FLAG.endHeaders, 1, POST), frame(FRAME.data, 0, 1, new Uint8Array(100)));
  await client.until(() => client.resetCodes(1).length > 0);
  const ofStream = client.seen.filter(({ stream, type }) => stream === 1 && type !== FRAME.windowUpdate);
  assert.deepEqual(ofStream.map(({ type }) => type), [FRAME.headers, FRAME.data, FRAME.headers, FRAME.reset]);
  assert.equal((ofStream[2]?.flags ?? 0) & FLAG.endStream, FLAG.endStream);
  assert.deepEqual(client.resetCodes(1), [CODE.none]);
  client.destroy();
  await harness.close();
});

http2Test("http2: an answer that nobody reads leaves its neighbours on the connection theirs", async () => {
  const size = 300_000;
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "x".repeat(size)), { http2: true });
  const client = await FrameClient.open(harness.port, NO_WINDOWS);
  client.send(...[1, 3, 5].map((id) => frame(FRAME.headers, WHOLE, id, GET))).widen(size, 3);
  const bytesOf = (id: number): number =>
    client.framesOf(FRAME.data, id).reduce((sum, { payload }) => sum + payload.length, 0);
  await client.until(() => bytesOf(3) === size);
  assert.deepEqual([bytesOf(1), bytesOf(3), bytesOf(5)], [0, size, 0]);
  client.widen(size, 5);
  await client.until(() => bytesOf(5) === size);
  assert.deepEqual([bytesOf(1), bytesOf(5)], [0, size]);
  client.destroy();
  await harness.close();
});

http2Test("http2: a body that breaks off, or has another length than it said, is never whole", async (t) => {
  const seen: string[] = [];
  const harness = await startHarness(async (exchange) => {
    const body = await readBody(exchange).catch((error: unknown) => String(error));
    seen.push(typeof body === "string" ? body : `${body.length} bytes`);
  }, { http2: true });
  const head = (...fields: readonly Uint8Array[]): Uint8Array =>
    frame(FRAME.headers, FLAG.endHeaders, 1, Buffer.concat([POST, ...fields]));
  const [five, last] = [0, FLAG.endStream].map((flags) => frame(FRAME.data, flags, 1, new Uint8Array(5)));
  assert.ok(five && last);
  const reset = (code: number): Uint8Array => frame(FRAME.reset, 0, 1, uint32(code));
  const rows: readonly (readonly [name: string, sent: readonly Uint8Array[], isLeft: boolean, told: RegExp])[] = [
    ["whole", [head(), five, last], false, /^10 bytes$/],
    ["whole, with a length", [head(literal("content-length", "10")), five, last], false, /^10 bytes$/],
    ["whole, and reset in the same piece", [head(), five, last, reset(CODE.cancel)], false, /bytes$|terminated$/],
    ["reset", [head(), five, reset(CODE.cancel)], false, /connection-terminated$/],
    ["reset without an error", [head(), five, reset(CODE.none)], false, /connection-terminated$/],
    [
      "a GOAWAY with a code",
      [head(), five, frame(FRAME.goaway, 0, 0, Buffer.concat([uint32(0), uint32(1)]))],
      false,
      /terminated$/,
    ],
    ["its client leaves", [head(), five], true, /connection-terminated$/],
    ["shorter than it said", [head(literal("content-length", "10")), last], false, /connection-terminated$/],
    ["longer than it said", [head(literal("content-length", "3")), last], false, /connection-terminated$/],
    [
      "without the bytes it said",
      [head(literal("content-length", "3")), frame(FRAME.data, FLAG.endStream, 1)],
      false,
      /terminated$/,
    ],
  ];
  for (const [name, sent, isLeft, told] of rows) {
    await t.test(name, async () => {
      seen.length = 0;
      const client = (await FrameClient.open(harness.port)).send(...sent);
      if (isLeft) {
        await eventually(() => harness.counters.get("requests") === 1);
        client.destroy();
      }
      await eventually(() => seen.length === 1);
      assert.match(seen[0] ?? "", told);
      client.destroy();
      await eventually(() => harness.listener.connectionCount === 0);
    });
  }
  await harness.close();
});

http2Test("http2: closing lets streams finish, begins no new one, and ends idle connections at once", async () => {
  let release = (): void => {};
  const harness = await startHarness(async (exchange) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    answer(exchange, 200, "last");
  }, { http2: true });
  const idle = await FrameClient.open(harness.port);
  const kept = await FrameClient.open(harness.port);
  kept.send(frame(FRAME.headers, WHOLE, 1, GET));
  await eventually(() => harness.counters.get("requests") === 1);
  release();
  await kept.until(() => kept.framesOf(FRAME.data).length > 0);
  const busy = await FrameClient.open(harness.port);
  busy.send(frame(FRAME.headers, WHOLE, 1, GET));
  await eventually(() => harness.counters.get("requests") === 1);
  const closing = harness.close();
  await busy.until(() => busy.goawayCode !== undefined);
  assert.equal(busy.goawayCode, CODE.none);
  await kept.closed;
  busy.send(frame(FRAME.headers, WHOLE, 3, GET));
  await idle.closed;
  release();
  await busy.closed;
  await closing;
  assert.deepEqual(busy.framesOf(FRAME.data).map(({ stream, payload }) => [stream, Buffer.from(payload).toString()]), [[
    1,
    "last",
  ]]);
  assert.deepEqual(harness.events.map((event) => event.kind === "request" && event.status), [200, 200]);
});

http2Test("http2: at closing, half a header is no stream that was begun, and can be asked for elsewhere", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "first"), { http2: true });
  const client = await FrameClient.open(harness.port);
  client.send(frame(FRAME.headers, WHOLE, 1, GET));
  await client.until(() => client.framesOf(FRAME.data, 1).length > 0);
  // In one piece with a ping: once that is answered, both have been read.
  const half = frame(FRAME.headers, FLAG.endStream, 3, GET.subarray(0, 3));
  client.send(frame(FRAME.ping, 0, 0, new Uint8Array(8)), half);
  await client.until(() => client.framesOf(FRAME.ping).length > 0);
  const closing = harness.close();
  await client.until(() => client.goawayCode !== undefined);
  const begun = client.framesOf(FRAME.goaway).map(({ payload }) => Buffer.from(payload).readUInt32BE(0));
  assert.ok(begun.length > 0 && begun.every((id) => id === 1), begun.join());
  assert.equal(client.goawayCode, CODE.none);
  // One that is whole all the same is refused, and not served.
  client.send(frame(FRAME.continuation, FLAG.endHeaders, 3, GET.subarray(3)));
  await client.closed;
  await closing;
  assert.deepEqual(client.framesOf(FRAME.headers, 3), []);
  assert.deepEqual(harness.events.map((event) => event.kind === "request" && event.status), [200]);
});

http2Test("http2: past the limit of closing the rest is cut, each with its line", async () => {
  const harness = await startHarness(async (exchange) => {
    if (exchange.head.pathWithQuery === "/begun") exchange.respond({ status: 200, headers: [] });
    await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
  }, { http2: true });
  const client = await politeClient(harness.port);
  const answers = ["/begun", "/waits"].map((path) => ask(client, { ":path": path }));
  await eventually(() => harness.counters.get("requests") === 2);
  await harness.listener.close(50);
  await harness.close();
  assert.deepEqual((await Promise.all(answers)).map(({ status }) => status), [200, 503]);
  const told = harness.events.flatMap((event) =>
    event.kind === "request" ? [`${event.path} ${event.status} ${event.cause}`] : []
  );
  assert.deepEqual(told.toSorted(), [
    "/begun 200 the gateway is being closed",
    "/waits 503 the gateway is being closed",
  ]);
});

http2Test("http2: while connections that wait are accepted no request begins", async () => {
  let begun = 0;
  const harness = await startHarness(async (exchange) => {
    begun++;
    answer(exchange, 200, String((await readBody(exchange)).length));
  }, { http2: true });
  const client = await FrameClient.open(harness.port);
  await client.until(() => client.framesOf(FRAME.settings).length > 0);
  // A client in its handshake is waited for.
  const shaking = connect(harness.port, "127.0.0.1");
  shaking.on("error", () => {});
  await eventually(() => harness.listener.connectionCount === 2);
  const accepting = harness.listener.acceptWaiting();
  client.send(frame(FRAME.headers, WHOLE, 1, GET), frame(FRAME.headers, FLAG.endHeaders, 3, POST));
  await eventually(() => harness.listener.streamCount === 2);
  // Broken off before it has begun.
  client.send(frame(FRAME.reset, 0, 3, Buffer.from([0, 0, 0, 8])));
  await eventually(() => harness.listener.streamCount === 1);
  // What comes of a body meanwhile is part of it.
  client.send(frame(FRAME.headers, FLAG.endHeaders, 5, POST));
  for (let sent = 0; sent < 10; sent++) client.send(frame(FRAME.data, 0, 5, new Uint8Array(5_000)));
  client.send(frame(FRAME.data, FLAG.endStream, 5));
  await eventually(() => harness.listener.streamCount === 2);
  assert.equal(begun, 0);
  shaking.destroy();
  const closing = harness.listener.close(await accepting);
  await client.closed;
  await closing;
  assert.equal(begun, 2);
  const told = harness.events.map((event) => event.kind === "request" && [event.status, event.requestBytes]);
  assert.deepEqual(told, [[200, 0], [200, 50_000]]);
  assert.deepEqual(client.framesOf(FRAME.data, 5).map(({ payload }) => Buffer.from(payload).toString()), ["50000"]);
  await harness.close();
});
