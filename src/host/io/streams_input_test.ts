/** `streams.ts`: input-stream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeSource } from "../../../test/support/fake_streams.ts";
import {
  assertWaiting,
  bytesOf,
  errorOf,
  FAILURE,
  openInput,
  suspended,
  textOf,
  U64_MAX,
} from "../../../test/support/stream_calls.ts";
import { HostTrap } from "../../base/errors.ts";
import { LiveCounters } from "../../telemetry/live_counters.ts";
import { InputStream, READ_BYTES_MAX } from "./streams.ts";

const INPUT_VERBS: readonly (readonly [name: string, run: (input: InputStream) => unknown])[] = [
  ["read", (input) => input.read(1n)],
  ["read of 0", (input) => input.read(0n)],
  ["blocking-read", (input) => input.blockingRead(1n)],
  ["blocking-read of 0", (input) => input.blockingRead(0n)],
  ["skip", (input) => input.skip(1n)],
  ["blocking-skip", (input) => input.blockingSkip(1n)],
];

for (const [name, run] of INPUT_VERBS) {
  test(`input-stream.${name} on a closed stream is closed, again and again`, async () => {
    const { source, input } = openInput();
    source.end();
    assert.deepEqual(await errorOf(() => input.read(1n)), { tag: "closed" });
    assert.deepEqual(await errorOf(() => run(input)), { tag: "closed" });
    assert.deepEqual(await errorOf(() => run(input)), { tag: "closed" });
  });
}

test("input-stream reports a failure after the bytes before it, once, then closed", async () => {
  const { source, input } = openInput();
  source.push("ab").end(FAILURE);
  assert.equal(textOf(input.read(10n)), "ab");
  assert.equal((await errorOf(() => input.blockingRead(1n))).tag, "last-operation-failed");
  for (const [, again] of INPUT_VERBS) assert.deepEqual(await errorOf(() => again(input)), { tag: "closed" });
});

test("input-stream.read gives what is there, in any length, and an empty list when nothing is", () => {
  const { source, input } = openInput();
  assert.equal(input.read(U64_MAX).length, 0);
  source.push("hello");
  assert.equal(input.read(0n).length, 0);
  assert.equal(textOf(input.read(2n)), "he");
  assert.equal(input.skip(1n), 1n);
  assert.equal(textOf(input.read(U64_MAX)), "lo");
  assert.equal(input.skip(U64_MAX), 0n);
});

test("input-stream.read caps a length of any size", () => {
  const { source, input } = openInput();
  source.push(new Uint8Array(READ_BYTES_MAX + 10));
  assert.equal(input.skip(U64_MAX), BigInt(READ_BYTES_MAX));
  assert.equal(input.read(U64_MAX).length, 10);
});

test("input-stream.blocking-read answers at once when bytes are there, and never with an empty list", async () => {
  const { source, input } = openInput();
  source.push("a");
  assert.deepEqual(input.blockingRead(10n), bytesOf("a"));
  const late = suspended(input.blockingRead(10n));
  await assertWaiting(late);
  source.wakeForNothing();
  await assertWaiting(late);
  source.push("bc");
  assert.equal(textOf(await late), "bc");
  const end = suspended(input.blockingSkip(10n));
  await assertWaiting(end);
  source.end();
  assert.deepEqual(await errorOf(() => end), { tag: "closed" });
  assert.equal(source.waiting, 0);
});

test("input-stream.blocking-skip gives the number of bytes, now or later", async () => {
  const { source, input } = openInput();
  source.push("abc");
  assert.equal(input.blockingSkip(2n), 2n);
  assert.equal(input.blockingSkip(2n), 1n);
  const late = suspended(input.blockingSkip(2n));
  await assertWaiting(late);
  source.push("abc");
  assert.equal(await late, 2n);
});

test("input-stream.blocking-read of 0 bytes waits for bytes and takes none", async () => {
  const { source, input } = openInput();
  const late = suspended(input.blockingRead(0n));
  await assertWaiting(late);
  source.push("a");
  assert.equal((await late).length, 0);
  assert.deepEqual(input.blockingRead(0n), new Uint8Array(0));
  assert.equal(textOf(input.read(9n)), "a");
});

test("a stream with a live pollable cannot be dropped, and its pollable is exact", () => {
  const { source, input, counters } = openInput();
  const pollable = input.subscribe();
  assert.equal(pollable.ready(), false);
  source.end();
  assert.equal(pollable.ready(), true);
  assert.throws(() => input[Symbol.dispose](), HostTrap);
  assert.equal(source.isDisposed, false);
  pollable[Symbol.dispose]();
  input[Symbol.dispose]();
  assert.equal(source.isDisposed, true);
  assert.equal(counters.get("streams") + counters.get("pollables"), 0);
});

test("a source that is ready and gives nothing ends in a trap, not in an endless loop", async () => {
  const source = new FakeSource();
  const input = new InputStream(Object.assign(source, { isReady: () => true }), { counters: new LiveCounters() });
  await assert.rejects(Promise.resolve(input.blockingRead(1n)), HostTrap);
});
