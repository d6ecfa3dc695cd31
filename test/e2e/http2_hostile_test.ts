/** Hostile clients of HTTP/2: each is refused, cut or bounded, and nothing of it stays. On Node alone, for Deno has no HTTP/2 here. */
import assert from "node:assert/strict";
import type { ResponseBody } from "../../src/host/http/exchange.ts";
import { answer, eventually, type HttpHarness, readBody, startHarness, steady } from "../support/http_harness.ts";
import { ask, FrameClient, http2Test, politeClient } from "../support/http2_client.ts";
import { FLAG, FRAME, frame, GET, literal, POST, PREFACE, uint32 } from "../support/http2_frames.ts";
import { speakTls } from "../support/transport.ts";

const WHOLE = FLAG.endHeaders | FLAG.endStream;
const OPEN_GET = frame(FRAME.headers, WHOLE, 1, GET);
const OPEN_POST = frame(FRAME.headers, FLAG.endHeaders, 1, POST);
const [PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, ENHANCE_YOUR_CALM] = [1, 2, 7, 11];
const NO_WINDOWS = Buffer.from([0, 4, 0, 0, 0, 0]);
/** Past what any of them may take. */
const FLOOD_BYTES_MAX = 512 * 1024 * 1024;
const SHORT = {
  headersTimeoutMs: 300,
  keepAliveTimeoutMs: 300,
  requestTimeoutMs: 400,
  responseStallTimeoutMs: 300,
  lingerMs: 100,
} as const;

speakTls();

/** Reads a body and answers; `/wait` waits for its client to go, `/flood` writes for ever. */
async function startServer(limits: Parameters<typeof startHarness>[1] = {}): Promise<HttpHarness> {
  return await startHarness(async (exchange) => {
    const path = exchange.head.pathWithQuery;
    if (path === "/wait") return await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
    if (path === "/flood") return await flood(exchange.respond({ status: 200, headers: [] }));
    const body = await readBody(exchange).catch(() => undefined);
    if (body !== undefined) answer(exchange, 200, `read ${body.length}`);
  }, { http2: true, ...limits });
}

let floodedBytes = 0;
async function flood(sink: ResponseBody): Promise<void> {
  const piece = new Uint8Array(65_536);
  for (;;) {
    const permit = sink.permit();
    if (typeof permit !== "number") return;
    if (permit === 0) await new Promise<void>((resolve) => void sink.onReady(resolve));
    else if (sink.write(piece.subarray(0, permit)) === undefined) floodedBytes += permit;
  }
}

/** Nothing is left of any client. */
async function assertIdle(harness: HttpHarness): Promise<void> {
  await eventually(() => harness.listener.connectionCount === 0 && harness.counters.get("requests") === 0);
  assert.equal(harness.listener.streamCount, 0);
  assert.equal(harness.events.filter((event) => event.kind === "fault").length, 0);
}

function repeated(count: number, ...frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, () => frames).flat());
}

/** Frames that say nothing, without end, behind what opens the way to them. */
const FLOODS: readonly (readonly [name: string, before: Uint8Array, piece: Uint8Array])[] = [
  ["CONTINUATION", frame(FRAME.headers, 0, 1, GET), repeated(500, frame(FRAME.continuation, 0, 1))],
  [
    "CONTINUATION with fields",
    frame(FRAME.headers, 0, 1, GET),
    frame(FRAME.continuation, 0, 1, literal("a", "b".repeat(9_000))),
  ],
  ["PING", new Uint8Array(), repeated(500, frame(FRAME.ping, 0, 0, new Uint8Array(8)))],
  [
    "PING that is acknowledged",
    new Uint8Array(),
    repeated(500, frame(FRAME.ping, FLAG.acknowledged, 0, new Uint8Array(8))),
  ],
  ["SETTINGS", new Uint8Array(), repeated(500, frame(FRAME.settings, 0, 0, NO_WINDOWS))],
  ["SETTINGS that are acknowledged", new Uint8Array(), repeated(500, frame(FRAME.settings, FLAG.acknowledged, 0))],
  ["PRIORITY", new Uint8Array(), repeated(500, frame(FRAME.priority, 0, 3, new Uint8Array(5)))],
  ["DATA without bytes", OPEN_POST, repeated(500, frame(FRAME.data, 0, 1))],
  [
    "DATA of padding",
    OPEN_POST,
    repeated(200, frame(FRAME.data, FLAG.padded, 1, Buffer.concat([Buffer.from([255, 1]), new Uint8Array(255)]))),
  ],
  ["DATA of a stream that is over", OPEN_GET, repeated(200, frame(FRAME.data, 0, 1, new Uint8Array(100)))],
  ["WINDOW_UPDATE of the connection", new Uint8Array(), repeated(500, frame(FRAME.windowUpdate, 0, 0, uint32(1)))],
  ["WINDOW_UPDATE of a stream", OPEN_POST, repeated(500, frame(FRAME.windowUpdate, 0, 1, uint32(1)))],
  ["WINDOW_UPDATE of a stream that is over", OPEN_GET, repeated(500, frame(FRAME.windowUpdate, 0, 1, uint32(1)))],
  ["RST_STREAM of a stream that is over", OPEN_GET, repeated(500, frame(FRAME.reset, 0, 1, uint32(0)))],
  ["GOAWAY", OPEN_POST, repeated(500, frame(FRAME.goaway, 0, 0, new Uint8Array(8)))],
  ["frames of no known type", new Uint8Array(), repeated(500, frame(0x42, 0, 0, new Uint8Array(8)))],
  ["large frames of no known type", new Uint8Array(), frame(0x42, 0, 0, new Uint8Array(16_000))],
];

http2Test("http2: a flood of frames that say nothing ends its connection", async (t) => {
  const harness = await startServer({ limits: { ...SHORT, requestTimeoutMs: 60_000 } });
  for (const [name, before, piece] of FLOODS) {
    await t.test(name, async () => {
      const client = (await FrameClient.open(harness.port)).send(before);
      const sent = await client.flood(piece, FLOOD_BYTES_MAX);
      assert.ok(sent < FLOOD_BYTES_MAX, "it was read on");
      await client.closed;
      await assertIdle(harness);
    });
  }
  await harness.close();
});

http2Test("http2: what is no request of HTTP/2 ends its connection", async (t) => {
  const harness = await startServer({ limits: SHORT });
  const preface = Buffer.from(PREFACE);
  const settings = frame(FRAME.settings, 0, 0);
  const rows: readonly (readonly [name: string, sent: readonly Uint8Array[]])[] = [
    ["nothing", []],
    ["half a preface", [preface.subarray(0, 10)]],
    ["a request of HTTP/1.1", [Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]],
    ["garbage", [Buffer.from("\x00\xff\x01garbage\xfe".repeat(5_000), "latin1")]],
    ["no settings", [preface, OPEN_GET]],
    ["a frame that is too large", [preface, settings, frame(0x42, 0, 0, new Uint8Array(17_000))]],
    ["half a header", [preface, settings, frame(FRAME.headers, FLAG.endStream, 1, GET)]],
    ["half a frame", [preface, settings, OPEN_GET.subarray(0, 12)]],
    ["a stream of the server's numbers", [preface, settings, frame(FRAME.headers, WHOLE, 2, GET)]],
    ["a push", [preface, settings, OPEN_POST, frame(FRAME.push, FLAG.endHeaders, 1, Buffer.concat([uint32(2), GET]))]],
    ["a broken header block", [
      preface,
      settings,
      frame(FRAME.headers, WHOLE, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
    ]],
    ["a window past all numbers", [
      preface,
      settings,
      repeated(2, frame(FRAME.windowUpdate, 0, 0, uint32(0x7fffffff))),
    ]],
    ["data of a stream that never was", [preface, settings, frame(FRAME.data, 0, 5, new Uint8Array(5))]],
  ];
  for (const [name, sent] of rows) {
    await t.test(name, async () => {
      const client = await FrameClient.connect(harness.port);
      client.send(...sent);
      await client.closed;
      await assertIdle(harness);
    });
  }
  await harness.close();
});

http2Test("http2: malformed requests are refused, and their neighbours served", async (t) => {
  const harness = await startServer();
  const client = await FrameClient.open(harness.port);
  const path = (text: string): Uint8Array => literal(":path", text);
  const [method, scheme, root, authority] = [
    Buffer.from([0x82]),
    Buffer.from([0x87]),
    Buffer.from([0x84]),
    literal(":authority", "a.example"),
  ];
  const rows: readonly (readonly [name: string, block: readonly Uint8Array[], status: number | undefined])[] = [
    ["no method", [scheme, root, authority], undefined],
    ["two methods", [method, method, scheme, root, authority], undefined],
    ["no path", [method, scheme, authority], undefined],
    ["an empty path", [method, scheme, path(""), authority], undefined],
    ["a name in capitals", [method, scheme, root, authority, literal("X-A", "1")], undefined],
    ["a field of the connection", [method, scheme, root, authority, literal("connection", "close")], undefined],
    ["a transfer coding", [method, scheme, root, authority, literal("transfer-encoding", "chunked")], undefined],
    ["TE that is not trailers", [method, scheme, root, authority, literal("te", "gzip")], undefined],
    ["a colon behind the fields", [method, scheme, root, literal("x-a", "1"), authority], undefined],
    ["an unknown name with a colon", [method, scheme, root, authority, literal(":x", "1")], undefined],
    ["a status", [method, scheme, root, authority, literal(":status", "200")], undefined],
    [
      "extended CONNECT",
      [literal(":method", "CONNECT"), scheme, root, authority, literal(":protocol", "websocket")],
      undefined,
    ],
    ["a length that the body has not", [method, scheme, root, authority, literal("content-length", "5")], undefined],
    ["CONNECT", [literal(":method", "CONNECT"), authority], 501],
    ["no authority", [method, scheme, root], undefined],
    ["an empty authority", [method, scheme, root, literal(":authority", "")], undefined],
    ["a user in the authority", [method, scheme, root, literal(":authority", "u@a.example")], undefined],
    ["another Host", [method, scheme, root, authority, literal("host", "b.example")], 400],
    ["an asterisk for GET", [method, scheme, path("*"), authority], undefined],
    ["a target of the other scheme", [method, literal(":scheme", "http"), root, authority], 421],
    ["a target of an unknown scheme", [method, literal(":scheme", "ftp"), path("/a"), authority], 400],
    ["a path that is an address", [method, literal(":scheme", "ftp"), path("https://b.example/"), authority], 400],
    ["a space in the path", [method, scheme, path("/a b"), authority], undefined],
    ["another expectation", [method, scheme, root, authority, literal("expect", "tea")], 417],
    // Left out, as no guest may see it.
    ["a line end in a value", [method, scheme, root, authority, literal("x-a", "1\r\nx-b: 2")], 200],
    ["Host alone", [method, scheme, root, literal("host", "a.example")], 200],
    ["the same Host", [method, scheme, root, authority, literal("host", "a.example")], 200],
  ];
  let stream = 1;
  for (const [name, block, status] of rows) {
    await t.test(name, async () => {
      harness.events.length = 0;
      const [asked, neighbour] = [stream, stream + 2];
      stream += 4;
      client.send(frame(FRAME.headers, WHOLE, asked, Buffer.concat(block)));
      client.send(frame(FRAME.headers, WHOLE, neighbour, GET));
      const isOver = (id: number): boolean =>
        client.resetCodes(id).length > 0 ||
        client.seen.some((each) => each.stream === id && (each.flags & FLAG.endStream) !== 0);
      await client.until(() => isOver(asked) && isOver(neighbour));
      assert.deepEqual(client.resetCodes(asked), status === undefined ? [PROTOCOL_ERROR] : []);
      const expected = [...(status === undefined ? [] : [status]), 200];
      await eventually(() => harness.events.length === expected.length);
      const statuses = harness.events.map((event) => event.kind === "request" && event.status);
      assert.deepEqual(statuses, expected);
    });
  }
  client.destroy();
  await assertIdle(harness);
  await harness.close();
});

/** A header block of GET for this path. */
function getOf(path: string, ...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    Buffer.from([0x82, 0x87]),
    literal(":path", path),
    literal(":authority", "a.example"),
    ...fields,
  ]);
}

/** Odd numbers, as clients have them. */
function streamIds(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => 2 * index + 1);
}

http2Test("http2: a bomb of HPACK ends its stream alone, a long header is told of", async () => {
  const harness = await startServer();
  const client = await FrameClient.open(harness.port);
  // Each byte of what follows stands for the 3,900 of the first field.
  const bomb = Buffer.concat([GET, literal("x", "a".repeat(3_900), true), new Uint8Array(10_000).fill(0xbe)]);
  client.send(frame(FRAME.headers, WHOLE, 1, bomb));
  await client.until(() => client.resetCodes(1).length > 0);
  assert.deepEqual(client.resetCodes(1), [ENHANCE_YOUR_CALM]);
  client.send(frame(FRAME.headers, WHOLE, 3, Buffer.concat([GET, ...Array<Uint8Array>(2_000).fill(literal("a", ""))])));
  await client.until(() => client.resetCodes(3).length > 0);
  assert.deepEqual(client.resetCodes(3), [ENHANCE_YOUR_CALM]);
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
  const harness = await startServer({ limits: { streamsMax: 10, streamsTotalMax: 15 } });
  const clients = await Promise.all([1, 2].map(() => FrameClient.open(harness.port)));
  for (const client of clients) {
    client.send(...streamIds(12).map((id) => frame(FRAME.headers, WHOLE, id, getOf("/wait"))));
    await client.until(() => client.framesOf(FRAME.reset).length >= 2);
  }
  await eventually(() => harness.counters.get("requests") === 15);
  const [first, second] = clients.map((client) =>
    streamIds(12).filter((id) => client.resetCodes(id)[0] === REFUSED_STREAM)
  );
  assert.deepEqual([first, second?.length], [[21, 23], 7]);
  assert.equal(harness.listener.streamCount, 15);
  // Each that is refused for the sake of all is reported; the others their client has been told not to open.
  assert.equal(harness.events.filter((event) => event.kind === "limited" && event.limit === "streamsTotal").length, 5);
  for (const client of clients) client.destroy();
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
    assert.ok(runningMax <= 8, `${runningMax}`);
    assert.ok(begun < 500, `${begun}`);
    await assertIdle(harness);
    await harness.close();
  },
);

http2Test(
  "http2: a body that comes byte by byte, or never, ends with 408 and its guest, and its neighbour goes on",
  async () => {
    const harness = await startServer({ limits: SHORT });
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
  let heldMax = 0;
  let release = (): void => {};
  const harness = await startHarness(async (exchange) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    if ("heldBytes" in exchange.body) heldMax = Number(exchange.body.heldBytes);
    answer(exchange, 200, `read ${(await readBody(exchange)).length}`);
  }, { http2: true });
  const client = await FrameClient.open(harness.port);
  const count = 60_000;
  client.send(
    OPEN_POST,
    repeated(count, frame(FRAME.data, 0, 1, new Uint8Array(1))),
    frame(FRAME.data, FLAG.endStream, 1),
  );
  await eventually(() => harness.counters.get("requests") === 1);
  const before = process.memoryUsage().heapUsed;
  await new Promise((resolve) => setTimeout(resolve, 200));
  // An object for each byte would be some 10 MB.
  assert.ok(process.memoryUsage().heapUsed - before < 8_000_000);
  release();
  await eventually(() => harness.events.length === 1);
  const [event] = harness.events;
  assert.deepEqual(event?.kind === "request" && [event.status, event.requestBytes], [200, count]);
  assert.ok(heldMax <= 65_536, `${heldMax}`);
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
  const harness = await startServer({ limits: SHORT });
  const HUGE_WINDOWS = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff]);
  const rows: readonly (readonly [name: string, settings: Uint8Array, isRead: boolean])[] = [
    ["no windows", NO_WINDOWS, true],
    ["the usual windows", new Uint8Array(), true],
    ["huge windows, and the socket is not read", HUGE_WINDOWS, false],
  ];
  for (const [name, settings, isRead] of rows) {
    await t.test(name, async () => {
      floodedBytes = 0;
      harness.events.length = 0;
      const client = await FrameClient.open(harness.port, settings);
      if (!isRead) client.widen(0x7ffe0000).socket.pause();
      client.send(...streamIds(100).map((id) => frame(FRAME.headers, WHOLE, id, getOf("/flood"))));
      await eventually(() => harness.counters.get("requests") === 100);
      await assertIdle(harness);
      assert.ok(floodedBytes <= 100 * 3 * 65_536, `${floodedBytes}`);
      const causes = new Set(harness.events.map((event) => event.kind === "request" && event.cause));
      assert.deepEqual([...causes], [
        "the client read nothing for 300ms; listener.responseStallTimeout of gateway.jsonc",
      ]);
      if (isRead) assert.deepEqual(client.resetCodes(1), [INTERNAL_ERROR]);
      client.destroy();
    });
  }
  await harness.close();
});

http2Test("http2: an answer of the gateway itself that nobody reads is cut too", async () => {
  const harness = await startServer({ limits: SHORT });
  const client = await FrameClient.open(harness.port, NO_WINDOWS);
  client.send(frame(FRAME.headers, WHOLE, 1, getOf("/", literal("expect", "tea"))));
  client.send(
    frame(FRAME.headers, WHOLE, 3, Buffer.concat([literal(":method", "CONNECT"), literal(":authority", "a")])),
  );
  await client.closed;
  assert.deepEqual([client.resetCodes(1), client.resetCodes(3)], [[INTERNAL_ERROR], [INTERNAL_ERROR]]);
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
  for (const [name, step, isWhole] of [["slowly", 200, true], ["a byte at a time", 1, false]] as const) {
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
  const harness = await startServer({ limits: { keepAliveTimeoutMs: 300 } });
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
