import assert from "node:assert/strict";
import { test } from "node:test";
import { StallWatch, TAKEN_BYTES_MIN } from "./stall_watch.ts";

/** A write of 64 KiB of which so much has gone to the system, as Node and Deno show it in plain and over TLS. */
const SOCKETS: readonly (readonly [name: string, isPartSeen: boolean, state: (taken: number) => object])[] = [
  ["a socket", true, (taken) => ({
    bytesWritten: 65_536,
    writableLength: taken < 65_536 ? 65_536 : 0,
    _handle: { bytesWritten: 65_536, writeQueueSize: 65_536 - taken },
  })],
  ["TLS", true, (taken) => ({
    bytesWritten: 65_536,
    writableLength: taken < 65_536 ? 65_536 : 0,
    _handle: {
      bytesWritten: 65_536,
      writeQueueSize: 0,
      _parent: { bytesWritten: 70_000, writeQueueSize: 70_000 - taken },
    },
  })],
  ["a socket of Deno", false, (taken) => ({ bytesWritten: 65_536, writableLength: taken < 65_536 ? 65_536 : 0 })],
  ["a socket that has gone", false, (taken) => ({
    bytesWritten: 65_536,
    writableLength: taken < 65_536 ? 65_536 : 0,
    _handle: null,
  })],
];

for (const [name, isPartSeen, state] of SOCKETS) {
  test(`StallWatch: of ${name}, a client that takes a little of a large write is not stalled`, () => {
    const socket = state(0) as { bytesWritten: number; writableLength: number };
    const watch = new StallWatch(socket);
    const take = (taken: number): number => watch.stalledMs(Object.assign(socket, state(taken)) && 100);
    assert.equal(take(0), 100);
    assert.equal(take(0), 200);
    assert.equal(take(TAKEN_BYTES_MIN), isPartSeen ? 0 : 300);
    assert.equal(take(TAKEN_BYTES_MIN), isPartSeen ? 100 : 400);
    // Bytes of several checks count together.
    assert.equal(take(2 * TAKEN_BYTES_MIN - 1), isPartSeen ? 200 : 500);
    assert.equal(take(2 * TAKEN_BYTES_MIN), isPartSeen ? 0 : 600);
    // Nothing waits any more.
    assert.equal(take(65_536), 0);
    assert.equal(take(65_536), 0);
  });
}

test("StallWatch: a byte at a time is nothing", () => {
  const socket = {
    bytesWritten: 65_536,
    writableLength: 65_536,
    _handle: { bytesWritten: 65_536, writeQueueSize: 65_536 },
  };
  const watch = new StallWatch(socket);
  for (let check = 1; check < 100; check++) {
    socket._handle.writeQueueSize--;
    assert.equal(watch.stalledMs(100), 100 * check);
  }
});
