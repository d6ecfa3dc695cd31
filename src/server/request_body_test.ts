import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { RequestBody } from "./request_body.ts";

function startBody(windowBytes: number): { readonly request: IncomingMessage; readonly body: RequestBody } {
  const request = new IncomingMessage(new Socket());
  request.headers = { "transfer-encoding": "chunked" };
  const body = new RequestBody(request, { windowBytes, discardBytesMax: 10, onTooMuch: () => request.destroy() });
  return { request, body };
}

/** Streams hand their data on in ticks of their own. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("RequestBody holds chunks of one byte as the bytes they are, up to its window", async () => {
  const { request, body } = startBody(10_000);
  for (let count = 0; count < 15_000; count++) request.push(Uint8Array.of(count % 251));
  await settle();
  assert.ok(body.heldBytes >= 10_000 && body.heldBytes <= 15_000, `${body.heldBytes}`);
  request.push(null);
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
  const { request, body } = startBody(100);
  request.push(new Uint8Array(50));
  await settle();
  body.dispose();
  assert.equal(body.heldBytes, 0);
  assert.equal(body.read(10), "closed");
  request.push(new Uint8Array(11));
  await settle();
  assert.equal(request.destroyed, true);
});
