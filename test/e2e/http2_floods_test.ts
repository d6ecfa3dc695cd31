/** Frames that say nothing, and what is no request: each ends its connection, or its stream alone. On Node, for Deno has no HTTP/2 here. */
import assert from "node:assert/strict";
import { eventually } from "../support/http_harness.ts";
import { FrameClient, http2Test } from "../support/http2_client.ts";
import { FLAG, FRAME, frame, GET, literal, POST, PREFACE, uint32 } from "../support/http2_frames.ts";
import {
  assertIdle,
  CODE,
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
import { startTurnWatch } from "../support/turn_watch.ts";

speakTls();

/** Past what any of them may take. */
const FLOOD_BYTES_MAX = 512 * 1024 * 1024;

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
  const harness = await startHttp2({ ...SHORT, requestTimeoutMs: 60_000 });
  for (const [name, before, piece] of FLOODS) {
    await t.test(name, async () => {
      const client = (await FrameClient.open(harness.port)).send(before);
      const sent = await client.flood(piece, FLOOD_BYTES_MAX);
      assert.ok(sent < FLOOD_BYTES_MAX, `it was read on: ${sent} bytes`);
      await client.closed;
      await assertIdle(harness);
    });
  }
  await harness.close();
});

http2Test(
  "http2: a client that resets what it has asked for may send no more that says nothing than any other",
  async () => {
    const harness = await startHttp2({ ...SHORT, requestTimeoutMs: 60_000 });
    const client = await FrameClient.open(harness.port);
    const nothing = frame(0x42, 0, 0, new Uint8Array(15_000));
    const rounds = 100;
    let round = 0;
    for (; round < rounds && !client.isClosed; round++) {
      const id = 2 * round + 1;
      client.send(frame(FRAME.headers, FLAG.endHeaders, id, POST), frame(FRAME.reset, 0, id, uint32(CODE.cancel)));
      // Less than the window of its stream, whose rest might be on its way if the gateway had reset it.
      client.send(nothing, nothing, nothing, nothing, frame(FRAME.ping, 0, 0, new Uint8Array(8)));
      await client.until(() => client.framesOf(FRAME.ping).length > round);
    }
    client.destroy();
    await assertIdle(harness);
    await harness.close();
    assert.ok(round < rounds, "it was read on");
  },
);

http2Test("http2: what is no request of HTTP/2 ends its connection", async (t) => {
  const harness = await startHttp2(SHORT);
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
  const harness = await startHttp2();
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
    ["a method that HTTP/1.1 has not", [literal(":method", "FOO"), scheme, root, authority], 400],
    ["a method in small letters", [literal(":method", "get"), scheme, root, authority], 400],
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
    [
      "two expectations",
      [method, scheme, root, authority, literal("expect", "tea"), literal("expect", "100-continue")],
      417,
    ],
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
      assert.deepEqual(client.resetCodes(asked), status === undefined ? [CODE.protocol] : []);
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

http2Test(
  "http2: of a read full of requests that reset each other a bounded number is looked at, and its connection ends",
  async () => {
    const streamsMax = 20;
    // Each that is looked at is refused, which is told.
    const harness = await startHttp2({ streamsMax, streamsTotalMax: 0 });
    const reset = (id: number): Uint8Array => frame(FRAME.reset, 0, id, uint32(CODE.cancel));
    const asked = (id: number): Uint8Array => frame(FRAME.headers, FLAG.endHeaders, id, POST);
    const client = await FrameClient.open(harness.port);
    client.send(...streamIds(2_000).flatMap((id) => [asked(id), reset(id)]));
    // Its GOAWAY is lost where more was sent than is read.
    await client.closed;
    await assertIdle(harness);
    const limited = harness.events.filter((event) => event.kind === "limited").length;
    assert.ok(limited > 0 && limited <= 2 * streamsMax, `${limited} were looked at`);
    const refused = harness.events.flatMap((event) =>
      event.kind === "request" ? [`${event.status} ${event.cause}`] : []
    );
    assert.deepEqual(refused, ["400 its connection has too many requests at once"]);
    await harness.close();
  },
);

http2Test("http2: who leaves all of a page and asks for as much again is served", async () => {
  const streamsMax = 20;
  const harness = await startHttp2({ streamsMax });
  const client = await FrameClient.open(harness.port);
  await client.until(() => client.framesOf(FRAME.settings).length > 1);
  const ids = streamIds(2 * streamsMax);
  const [left, wanted] = [ids.slice(0, streamsMax), ids.slice(streamsMax)];
  client.send(
    ...left.map((id) => frame(FRAME.headers, WHOLE, id, GET)),
    ...left.map((id) => frame(FRAME.reset, 0, id, uint32(CODE.cancel))),
    ...wanted.map((id) => frame(FRAME.headers, WHOLE, id, GET)),
  );
  const answered = (): readonly number[] => wanted.filter((id) => client.framesOf(FRAME.data, id).length > 0);
  await client.until(() => answered().length === streamsMax);
  assert.deepEqual(answered(), wanted);
  client.destroy();
  await assertIdle(harness);
  await harness.close();
});

http2Test("http2: of connections with frames of one byte one is read in a turn, and every body is whole", async () => {
  const [connections, frames] = [6, 30_000];
  const { harness, begun, readers } = await startTurnWatch({ http2: true });
  const opening = Array.from(
    { length: connections },
    async () => (await FrameClient.open(harness.port)).send(OPEN_POST),
  );
  const clients = await Promise.all(opening);
  await eventually(() => begun() === connections);
  const body = repeated(frames, frame(FRAME.data, 0, 1, new Uint8Array(1)));
  for (const client of clients) client.send(body, frame(FRAME.data, FLAG.endStream, 1));
  const answered = Promise.all(clients.map((client) => client.until(() => client.framesOf(FRAME.data, 1).length > 0)));
  // Of a piece of 64 KiB there are 6,500.
  const counts = await readers(answered, 1_500);
  await answered;
  const texts = clients.map((client) =>
    Buffer.concat(client.framesOf(FRAME.data, 1).map(({ payload }) => payload)).toString()
  );
  for (const client of clients) client.destroy();
  await assertIdle(harness);
  await harness.close();
  assert.deepEqual(texts, clients.map(() => `read ${frames}`));
  assert.ok(
    counts.filter((count) => count > 2).length <= 1,
    `connections that were read in a turn: ${counts.join(" ")}`,
  );
});
