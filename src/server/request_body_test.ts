import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { RequestBody } from "./request_body.ts";

interface StartedBody {
  readonly request: IncomingMessage;
  readonly body: RequestBody;
  /** What was asked of the connection. */
  readonly asked: string[];
  /** The parts that it was told of. */
  readonly parts: number[];
}

function startBody(windowBytes: number): StartedBody {
  const request = new IncomingMessage(new Socket());
  request.headers = { "transfer-encoding": "chunked" };
  const asked: string[] = [];
  const parts: number[] = [];
  const flow = {
    holdBody: () => void asked.push("hold"),
    releaseBody: () => void asked.push("release"),
    countPart: (bytes: number) => void parts.push(bytes),
    cut: () => void asked.push("cut"),
  };
  const body = new RequestBody(request, {
    flow,
    windowBytes,
    discardBytesMax: 1_000,
    onTooMuch: () => void asked.push("too much"),
  });
  return { request, body, asked, parts };
}

/** Streams hand their data on in ticks of their own. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("RequestBody holds chunks of one byte as the bytes they are, and its connection back long before", async () => {
  const { request, body, asked } = startBody(10_000);
  await settle();
  for (let count = 0; count < 15_000; count++) {
    request.push(Uint8Array.of(count % 251));
    // The connection is asked once; what was read already still comes, and nothing of it stays with the stream.
    assert.deepEqual(asked, count < 156 ? [] : ["hold"], `${count}`);
  }
  assert.equal(body.heldBytes, 15_000);
  assert.equal(request.readableLength, 0);
  request.push(null);
  await settle();
  let [received, reads] = [0, 0];
  for (;;) {
    const part = body.read(65_536);
    if (part === "closed") break;
    assert.ok(part instanceof Uint8Array);
    for (const byte of part) assert.equal(byte, received++ % 251);
    reads++;
    if (part.length === 0) await settle();
  }
  assert.equal(received, 15_000);
  assert.ok(reads < 100, `${reads}`);
  // At the end, which came while it was held.
  assert.deepEqual(asked, ["hold", "release"]);
});

test("RequestBody gives no more than was asked for, and keeps the rest", async () => {
  const { request, body } = startBody(100);
  request.push(Uint8Array.of(1, 2, 3));
  await settle();
  assert.deepEqual([...(body.read(2) as Uint8Array)], [1, 2]);
  assert.equal(body.heldBytes, 1);
  assert.deepEqual([...(body.read(2) as Uint8Array)], [3]);
});

test("RequestBody drops what it holds when it is disposed of, and then counts what still comes", async () => {
  const { request, body, asked, parts } = startBody(100);
  request.push(new Uint8Array(50));
  await settle();
  body.dispose();
  assert.equal(body.heldBytes, 0);
  assert.equal(body.read(10), "closed");
  for (let count = 0; count < 15; count++) request.push(Uint8Array.of(count));
  await settle();
  assert.deepEqual(asked, []);
  // Each counts as 64.
  for (let count = 0; count < 15; count++) request.push(Uint8Array.of(count));
  await settle();
  assert.deepEqual(asked, ["too much"], "once");
  assert.equal(body.receivedBytes, 80);
  assert.deepEqual(parts, [50, ...Array<number>(30).fill(1)], "also what is thrown away takes time to read");
});

const PIECES: readonly (readonly [name: string, chunks: number, bytes: number, asked: readonly string[]])[] = [
  ["large chunks", 3, 30_000, ["hold", "release"]],
  ["chunks of a kilobyte", 70, 1_000, ["hold", "release"]],
  ["many small chunks", 1_100, 50, ["hold", "release"]],
  ["chunks of a byte", 1_100, 1, ["hold", "release"]],
  ["less than a window", 64, 1_000, []],
];

for (const [name, chunks, bytes, expected] of PIECES) {
  test(`RequestBody: ${name} are read on when the guest has read all`, async () => {
    const { request, body, asked } = startBody(65_536);
    await settle();
    for (let count = 0; count < chunks; count++) request.push(new Uint8Array(bytes));
    while (body.heldBytes > 0) body.read(10_000);
    assert.deepEqual(asked, expected);
    request.push(new Uint8Array(100));
    assert.equal(body.heldBytes, 100);
    body.dispose();
  });
}

test("RequestBody lets its connection go when it is disposed of", async () => {
  const { request, body, asked } = startBody(100);
  await settle();
  request.push(new Uint8Array(200));
  assert.deepEqual(asked, ["hold"]);
  body.dispose();
  assert.deepEqual(asked, ["hold", "release"]);
});
