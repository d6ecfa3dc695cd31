/** Clients of HTTP/2 that want more than they may have: each is bounded or cut, and nothing of it stays. On Node, for Deno has no HTTP/2 here. */
import assert from "node:assert/strict";
import { answer, eventually, readBody, startHarness, steady } from "../support/http_harness.ts";
import { ask, FrameClient, http2Test, politeClient } from "../support/http2_client.ts";
import { FLAG, FRAME, frame, GET, literal, POST, uint32 } from "../support/http2_frames.ts";
import {
  assertIdle,
  CODE,
  flooded,
  getOf,
  NO_WINDOWS,
  OPEN_GET,
  OPEN_POST,
  repeated,
  SHORT,
  startHttp2,
  streamIds,
  WHOLE,
} from "../support/http2_server.ts";
import { speakTls } from "../support/transport.ts";

speakTls();

http2Test("http2: a bomb of HPACK ends its stream alone, a long header is told of", async () => {
  const harness = await startHttp2();
  const client = await FrameClient.open(harness.port);
  // Each byte of what follows stands for the 3,900 of the first field.
  const bomb = Buffer.concat([GET, literal("x", "a".repeat(3_900), true), new Uint8Array(10_000).fill(0xbe)]);
  client.send(frame(FRAME.headers, WHOLE, 1, bomb));
  await client.until(() => client.resetCodes(1).length > 0);
  assert.deepEqual(client.resetCodes(1), [CODE.calm]);
  client.send(frame(FRAME.headers, WHOLE, 3, Buffer.concat([GET, ...Array<Uint8Array>(2_000).fill(literal("a", ""))])));
  await client.until(() => client.resetCodes(3).length > 0);
  assert.deepEqual(client.resetCodes(3), [CODE.calm]);
  const long = Buffer.concat([GET, literal("a", "b".repeat(16_384))]);
  client.send(frame(FRAME.headers, FLAG.endStream, 5, long.subarray(0, 16_000)));
  client.send(frame(FRAME.continuation, FLAG.endHeaders, 5, long.subarray(16_000)));
  await eventually(() => harness.events.length === 1);
  client.send(frame(FRAME.headers, WHOLE, 7, GET));
  await eventually(() => harness.events.length === 2);
  assert.deepEqual(harness.events.map((event) => event.kind === "request" && event.status), [431, 200]);
  client.destroy();
  await assertIdle(harness);
  await harness.close();
});

http2Test("http2: streams past the limits are refused, of a connection and of all", async () => {
  const harness = await startHttp2({ streamsMax: 10, streamsTotalMax: 15 });
  const clients = await Promise.all([1, 2].map(() => FrameClient.open(harness.port)));
  for (const client of clients) {
    client.send(...streamIds(12).map((id) => frame(FRAME.headers, WHOLE, id, getOf("/wait"))));
    await client.until(() => client.framesOf(FRAME.reset).length >= 2);
  }
  await eventually(() => harness.counters.get("requests") === 15);
  const [first, second] = clients.map((client) =>
    streamIds(12).filter((id) => client.resetCodes(id)[0] === CODE.refused)
  );
  assert.deepEqual([first, second?.length], [[21, 23], 7]);
  assert.equal(harness.listener.streamCount, 15);
  // Each that is refused for the sake of all is reported; the others their client has been told not to open.
  assert.equal(harness.events.filter((event) => event.kind === "limited" && event.limit === "streamsTotal").length, 5);
  for (const client of clients) client.destroy();
  await assertIdle(harness);
  await harness.close();
});

http2Test("http2: as many streams as may be open are, each with a piece of its answer on its way", async () => {
  const [count, last] = [1_000, 100];
  const harness = await startHttp2({ streamsMax: count });
  // Windows after which the piece that waits is of the largest.
  const client = await FrameClient.open(harness.port, Buffer.from([0, 4, 0, 0, 28 * 4, 0]));
  const asked = streamIds(count).map((id) => frame(FRAME.headers, WHOLE, id, getOf("/flood")));
  client.widen(0x7ffe0000).send(...asked.slice(0, count - last));
  const before = flooded.bytes;
  await steady(() => flooded.bytes - before);
  client.send(...asked.slice(-last));
  await client.until(() => client.framesOf(FRAME.headers).length + client.framesOf(FRAME.reset).length === count);
  assert.equal(harness.listener.streamCount, count);
  assert.deepEqual(client.framesOf(FRAME.reset), []);
  client.destroy();
  await assertIdle(harness);
  await harness.close();
});

http2Test(
  "http2: streams that are reset at once end their connection, and few of them reach a guest at a time",
  async () => {
    let [running, runningMax, begun] = [0, 0, 0];
    const harness = await startHarness(async (exchange) => {
      runningMax = Math.max(runningMax, ++running);
      begun++;
      await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
      running--;
    }, { http2: true });
    const client = await FrameClient.open(harness.port);
    for (let from = 0; from < 100 && !client.isClosed; from++) {
      const pairs = streamIds(200).map((id) => id + 400 * from).flatMap((id) => [
        frame(FRAME.headers, WHOLE, id, getOf("/wait")),
        frame(FRAME.reset, 0, id, uint32(8)),
      ]);
      client.send(...pairs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.closed;
    // Those of one turn of the event loop, and of the one before whose reset is on its way.
    assert.ok(runningMax <= 16, `${runningMax}`);
    assert.ok(begun < 2_000, `${begun}`);
    await assertIdle(harness);
    await harness.close();
  },
);

http2Test(
  "http2: a body that comes byte by byte, or never, ends with 408 and its guest, and its neighbour goes on",
  async () => {
    const harness = await startHttp2(SHORT);
    const client = await FrameClient.open(harness.port);
    client.send(frame(FRAME.headers, FLAG.endHeaders, 1, POST), frame(FRAME.headers, FLAG.endHeaders, 3, POST));
    const feed = setInterval(() => client.send(frame(FRAME.data, 0, 1, new Uint8Array(1))), 20);
    await eventually(() => harness.events.length === 2);
    clearInterval(feed);
    assert.deepEqual(harness.events.map((event) => event.kind === "request" && event.status), [408, 408]);
    // The rest is wanted by nobody.
    await client.until(() => client.framesOf(FRAME.reset).length === 2);
    assert.deepEqual([client.resetCodes(1), client.resetCodes(3)], [[0], [0]]);
    client.send(frame(FRAME.headers, WHOLE, 5, GET));
    await eventually(() => harness.events.length === 3);
    await client.closed;
    await assertIdle(harness);
    await harness.close();
  },
);

http2Test("http2: bodies in frames of one byte are read whole, and cost what they hold", async () => {
  const [count, ids] = [60_000, streamIds(8)];
  const held = new Set<object>();
  const release = Promise.withResolvers<void>();
  const harness = await startHarness(async (exchange) => {
    held.add(exchange.body);
    await release.promise;
    answer(exchange, 200, `read ${(await readBody(exchange)).length}`);
  }, { http2: true });
  const client = await FrameClient.open(harness.port);
  const sent = ids.map((id) =>
    Buffer.concat([
      frame(FRAME.headers, FLAG.endHeaders, id, POST),
      repeated(count, frame(FRAME.data, 0, id, new Uint8Array(1))),
      frame(FRAME.data, FLAG.endStream, id),
    ])
  );
  // Of `npm test`.
  const { gc: collect = () => {} } = globalThis as { gc?: () => void };
  collect();
  const before = process.memoryUsage().heapUsed;
  for (const frames of sent) client.send(frames);
  await eventually(() =>
    held.size === ids.length && [...held].every((body) => "heldBytes" in body && body.heldBytes === count)
  );
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  // An object for each byte would be 50 MB and more.
  assert.ok(grown < 16_000_000, `${grown}`);
  release.resolve();
  await eventually(() => harness.events.length === ids.length);
  for (const event of harness.events) {
    assert.deepEqual(event.kind === "request" && [event.status, event.requestBytes], [200, count]);
  }
  client.destroy();
  await assertIdle(harness);
  await harness.close();
});

http2Test("http2: bodies that nobody reads stay within their windows, and their neighbours are served", async () => {
  const harness = await startHarness(async (exchange) => {
    if (exchange.head.method === "GET") return answer(exchange, 200, "ok");
    await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
  }, { http2: true, limits: { keepAliveTimeoutMs: 300 } });
  const client = await politeClient(harness.port);
  let sent = 0;
  const uploads = Array.from({ length: 20 }, () => {
    const upload = client.request({ ":method": "POST" });
    upload.on("error", () => {});
    const piece = new Uint8Array(16_384);
    const write = (): void => {
      while (!upload.destroyed) {
        if (!upload.write(piece, () => (sent += piece.length))) return void upload.once("drain", write);
      }
    };
    write();
    return upload;
  });
  const taken = await steady(() => sent);
  assert.ok(taken < 20 * 200_000, `${taken}`);
  assert.equal((await ask(client, {})).status, 200);
  for (const upload of uploads) upload.close(8);
  await eventually(() => harness.counters.get("requests") === 0);
  for (const event of harness.events) {
    if (event.kind === "request") assert.ok(event.requestBytes < 200_000, `${event.requestBytes}`);
  }
  client.close();
  await assertIdle(harness);
  await harness.close();
});

http2Test("http2: clients that read nothing are sent a window each, and cut", async (t) => {
  const harness = await startHttp2(SHORT);
  const HUGE_WINDOWS = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff]);
  const rows: readonly (readonly [name: string, settings: Uint8Array, isRead: boolean])[] = [
    ["no windows", NO_WINDOWS, true],
    ["the usual windows", new Uint8Array(), true],
    ["huge windows, and the socket is not read", HUGE_WINDOWS, false],
  ];
  for (const [name, settings, isRead] of rows) {
    await t.test(name, async () => {
      flooded.bytes = 0;
      harness.events.length = 0;
      const client = await FrameClient.open(harness.port, settings);
      if (!isRead) client.widen(0x7ffe0000).socket.pause();
      client.send(...streamIds(100).map((id) => frame(FRAME.headers, WHOLE, id, getOf("/flood"))));
      await eventually(() => harness.events.length === 100);
      await assertIdle(harness);
      assert.ok(flooded.bytes <= 100 * 3 * 65_536, `${flooded.bytes}`);
      const causes = new Set(harness.events.map((event) => event.kind === "request" && event.cause));
      assert.deepEqual([...causes], [
        "the client read nothing for 300ms; listener.responseStallTimeout of gateway.jsonc",
      ]);
      if (isRead) assert.deepEqual(client.resetCodes(1), [CODE.internal]);
      client.destroy();
    });
  }
  await harness.close();
});

http2Test("http2: an answer of the gateway itself that nobody reads is cut too", async () => {
  const harness = await startHttp2(SHORT);
  const client = await FrameClient.open(harness.port, NO_WINDOWS);
  client.send(frame(FRAME.headers, WHOLE, 1, getOf("/", literal("expect", "tea"))));
  client.send(
    frame(FRAME.headers, WHOLE, 3, Buffer.concat([literal(":method", "CONNECT"), literal(":authority", "a")])),
  );
  await client.closed;
  assert.deepEqual([client.resetCodes(1), client.resetCodes(3)], [[CODE.internal], [CODE.internal]]);
  await assertIdle(harness);
  await harness.close();
});

http2Test("http2: who reads slowly gets all of it, who takes a byte at a time is cut", async (t) => {
  const size = 20_000;
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "x".repeat(size)), {
    http2: true,
    limits: { ...SHORT, responseStallTimeoutMs: 1_000 },
  });
  const bytesOf = (client: FrameClient): number =>
    client.framesOf(FRAME.data, 1).reduce((sum, { payload }) => sum + payload.length, 0);
  for (const [name, step, isWhole] of [["slowly", 400, true], ["a byte at a time", 1, false]] as const) {
    await t.test(name, async () => {
      const client = await FrameClient.open(harness.port, NO_WINDOWS);
      client.send(OPEN_GET);
      const widening = setInterval(() => client.send(frame(FRAME.windowUpdate, 0, 1, uint32(step))), 20);
      await client.until(() => bytesOf(client) === size || client.resetCodes(1).length > 0);
      clearInterval(widening);
      assert.equal(bytesOf(client) === size, isWhole);
      client.destroy();
      await assertIdle(harness);
    });
  }
  await harness.close();
});

http2Test("http2: a client that goes away in any phase leaves nothing", async (t) => {
  const harness = await startHttp2({ keepAliveTimeoutMs: 300 });
  const isServing = (): boolean => harness.counters.get("requests") > 0;
  const phases:
    readonly (readonly [name: string, sent: readonly Uint8Array[], isReached: (client: FrameClient) => boolean])[] = [
      ["before a frame", [], () => true],
      ["in a header", [frame(FRAME.headers, FLAG.endStream, 1, GET)], () => true],
      ["in the body", [OPEN_POST, frame(FRAME.data, 0, 1, new Uint8Array(5))], isServing],
      ["before the answer", [frame(FRAME.headers, WHOLE, 1, getOf("/wait"))], isServing],
      [
        "in the answer",
        [frame(FRAME.headers, WHOLE, 1, getOf("/flood"))],
        ({ seen }) => seen.some(({ type }) => type === FRAME.data),
      ],
      [
        "with a hundred streams",
        streamIds(100).map((id) => frame(FRAME.headers, WHOLE, id, getOf("/wait"))),
        isServing,
      ],
      ["after the answer", [OPEN_GET], ({ seen }) => seen.some(({ type }) => type === FRAME.data)],
    ];
  const ways: readonly (readonly [name: string, leave: (client: FrameClient) => void])[] = [
    ["FIN", (client) => client.destroy()],
    ["half-closed", (client) => client.socket.end()],
    ["GOAWAY and FIN", (client) => void client.send(frame(FRAME.goaway, 0, 0, new Uint8Array(8))).socket.end()],
    [
      "GOAWAY with a code",
      (client) => void client.send(frame(FRAME.goaway, 0, 0, Buffer.concat([uint32(0), uint32(1)]))),
    ],
    [
      "RST_STREAM and idle",
      (client) => void client.send(...streamIds(100).map((id) => frame(FRAME.reset, 0, id, uint32(8)))),
    ],
    [
      "RST_STREAM without an error",
      (client) => void client.send(...streamIds(100).map((id) => frame(FRAME.reset, 0, id, uint32(0)))),
    ],
  ];
  for (const [phase, sent, isReached] of phases) {
    for (const [way, leave] of ways) {
      await t.test(`${phase}, ${way}`, async () => {
        const client = (await FrameClient.open(harness.port)).send(...sent);
        await eventually(() => isReached(client));
        leave(client);
        await assertIdle(harness);
        client.destroy();
      });
    }
  }
  await harness.close();
});
