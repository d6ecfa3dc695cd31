/** `streams.ts`: output-stream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertWaiting,
  bytesOf,
  errorOf,
  FAILURE,
  openInput,
  openOutput,
  suspended,
  U64_MAX,
} from "../../../test/support/stream_calls.ts";
import { HostTrap } from "../../base/errors.ts";
import { IoError } from "./error.ts";
import { BLOCKING_WRITE_BYTES_MAX, type OutputStream, WRITE_PERMIT_BYTES_MAX } from "./streams.ts";

const OUTPUT_VERBS: readonly (readonly [name: string, run: (output: OutputStream) => unknown])[] = [
  ["check-write", (output) => output.checkWrite()],
  ["write", (output) => output.write(bytesOf("x"))],
  ["write-zeroes", (output) => output.writeZeroes(1n)],
  ["flush", (output) => output.flush()],
  ["blocking-flush", (output) => output.blockingFlush()],
  ["blocking-write-and-flush", (output) => output.blockingWriteAndFlush(bytesOf("x"))],
  ["blocking-write-zeroes-and-flush", (output) => output.blockingWriteZeroesAndFlush(1n)],
  ["splice", (output) => output.splice(openInput().input, 1n)],
  ["blocking-splice", (output) => output.blockingSplice(openInput().input, 1n)],
];

for (const [name, run] of OUTPUT_VERBS) {
  test(`output-stream.${name} on a closed stream is closed, again and again`, async () => {
    const { sink, output } = openOutput();
    output.checkWrite();
    sink.end();
    assert.deepEqual(await errorOf(() => run(output)), { tag: "closed" });
    assert.deepEqual(await errorOf(() => run(output)), { tag: "closed" });
  });

  test(`output-stream.${name} reports a failure once, then closed`, async () => {
    const { sink, output } = openOutput();
    output.checkWrite();
    sink.end(FAILURE);
    const first = await errorOf(() => run(output));
    assert.ok(first.tag === "last-operation-failed" && first.val instanceof IoError);
    assert.equal(first.val.toDebugString(), "the cable is cut");
    assert.equal(first.val.failure.networkCode, "connection-reset");
    for (const [, again] of OUTPUT_VERBS) assert.deepEqual(await errorOf(() => again(output)), { tag: "closed" });
  });
}

test("output-stream.write traps without a permit, past it, and after a flush", () => {
  const { sink, output } = openOutput(4);
  assert.throws(() => output.write(bytesOf("a")), HostTrap);
  assert.throws(() => output.writeZeroes(1n), HostTrap);
  assert.equal(output.checkWrite(), 4n);
  assert.throws(() => output.write(bytesOf("abcde")), HostTrap);
  output.write(bytesOf("abc"));
  assert.throws(() => output.write(bytesOf("de")), HostTrap, "one permit is not two");
  assert.equal(output.checkWrite(), 1n);
  output.flush();
  assert.throws(() => output.write(bytesOf("d")), HostTrap);
  assert.equal(sink.text, "abc");
});

test("output-stream.write-zeroes traps on any length past the permit before it allocates", () => {
  const { sink, output } = openOutput();
  assert.equal(output.checkWrite(), BigInt(WRITE_PERMIT_BYTES_MAX), "a sink without a bound gets one");
  assert.throws(() => output.writeZeroes(U64_MAX), HostTrap);
  output.writeZeroes(10_000n);
  assert.deepEqual(sink.written, new Uint8Array(10_000));
});

test("output-stream.check-write is 0 while the sink is full or flushing, and its pollable is not ready", () => {
  const { sink, output } = openOutput(1);
  const pollable = output.subscribe();
  sink.holdsFlush = true;
  assert.equal(output.checkWrite(), 1n);
  output.flush();
  assert.equal(output.checkWrite(), 0n);
  assert.equal(pollable.ready(), false);
  sink.endFlush();
  assert.equal(pollable.ready(), true);
  assert.equal(output.checkWrite(), 1n);
  output.write(bytesOf("x"));
  assert.equal(output.checkWrite(), 0n);
  assert.equal(pollable.ready(), false);
});

test("output-stream.blocking-write-and-flush traps past 4096 bytes", () => {
  const { sink, output } = openOutput();
  const tooMany = BLOCKING_WRITE_BYTES_MAX + 1;
  assert.throws(() => output.blockingWriteAndFlush(new Uint8Array(tooMany)), HostTrap);
  assert.throws(() => output.blockingWriteZeroesAndFlush(BigInt(tooMany)), HostTrap);
  assert.throws(() => output.blockingWriteZeroesAndFlush(U64_MAX), HostTrap);
  assert.equal(sink.written.length, 0);
  assert.equal(output.blockingWriteAndFlush(new Uint8Array(BLOCKING_WRITE_BYTES_MAX)), undefined);
  assert.equal(output.blockingWriteZeroesAndFlush(BigInt(BLOCKING_WRITE_BYTES_MAX)), undefined);
  assert.equal(sink.written.length, 2 * BLOCKING_WRITE_BYTES_MAX);
  assert.equal(sink.flushes, 2);
});

test("output-stream.blocking-write-and-flush waits for room, then for the flush, and leaves no permit", async () => {
  const { sink, output } = openOutput(2);
  sink.holdsFlush = true;
  const guestMemory = bytesOf("hello");
  const late = suspended(output.blockingWriteAndFlush(guestMemory));
  await assertWaiting(late);
  guestMemory.fill(0x78);
  sink.addRoom(1);
  await assertWaiting(late);
  assert.equal(sink.text, "hel");
  sink.addRoom(10);
  await assertWaiting(late);
  assert.equal(sink.text, "hello");
  assert.equal(sink.flushes, 1);
  sink.endFlush();
  await late;
  assert.equal(sink.waiting, 0);
  assert.throws(() => output.write(bytesOf("12345678901234")), HostTrap);
});

test("output-stream.blocking-write-and-flush of nothing only flushes", async () => {
  const { sink, output } = openOutput(0);
  const late = suspended(output.blockingWriteAndFlush(new Uint8Array(0)));
  await assertWaiting(late);
  assert.equal(sink.flushes, 1);
  sink.addRoom(1);
  await late;
});

test("output-stream.blocking-flush fails with what happens meanwhile", async () => {
  const { sink, output } = openOutput();
  sink.holdsFlush = true;
  const late = suspended(output.blockingFlush());
  await assertWaiting(late);
  sink.end(FAILURE);
  assert.equal((await errorOf(() => late)).tag, "last-operation-failed");
  assert.deepEqual(await errorOf(() => output.checkWrite()), { tag: "closed" });
});

test("output-stream.splice moves what both ends allow, and spends the permit", () => {
  const { source, input } = openInput();
  const { sink, output } = openOutput(4);
  assert.equal(output.splice(input, 10n), 0n, "nothing to read");
  source.push("abcdefgh");
  assert.equal(output.splice(input, 0n), 0n);
  assert.equal(output.splice(input, 3n), 3n);
  assert.throws(() => output.write(bytesOf("xy")), HostTrap);
  assert.equal(output.splice(input, U64_MAX), 1n);
  assert.equal(output.splice(input, U64_MAX), 0n, "no room");
  assert.equal(sink.text, "abcd");
  assert.equal(source.bytesLeft, 4, "what has no place is not taken");
});

test("output-stream.splice passes on the source's end and stays open itself", async () => {
  const { source, input } = openInput();
  const { sink, output } = openOutput(10);
  source.push("ab").end(FAILURE);
  assert.equal(output.blockingSplice(input, 9n), 2n);
  assert.equal((await errorOf(() => output.splice(input, 9n))).tag, "last-operation-failed");
  assert.deepEqual(await errorOf(() => output.blockingSplice(input, 9n)), { tag: "closed" });
  assert.equal(output.checkWrite(), 8n);
  assert.equal(sink.text, "ab");
});

test("output-stream.blocking-splice waits for room and bytes, in whichever order they come", async () => {
  for (const order of ["room first", "bytes first"]) {
    const { source, input } = openInput();
    const { sink, output } = openOutput(0);
    const late = suspended(output.blockingSplice(input, 3n));
    await assertWaiting(late);
    if (order === "room first") sink.addRoom(2);
    else source.push("abc");
    await assertWaiting(late);
    if (order === "room first") source.push("abc");
    else sink.addRoom(2);
    assert.equal(await late, 2n, order);
    assert.equal(sink.text, "ab");
    assert.equal(source.waiting + sink.waiting, 0);
  }
});

test("output-stream.blocking-splice of 0 bytes waits for both ends and moves none", async () => {
  const { source, input } = openInput();
  const { sink, output } = openOutput(0);
  const late = suspended(output.blockingSplice(input, 0n));
  await assertWaiting(late);
  sink.addRoom(1);
  await assertWaiting(late);
  source.push("a");
  assert.equal(await late, 0n);
  assert.equal(output.blockingSplice(input, 0n), 0n);
  assert.equal(source.bytesLeft, 1);
});

test("dropping a stream disposes of its sink once and ends a wait on it", async () => {
  const { sink, output, counters } = openOutput(0);
  const late = output.blockingWriteAndFlush(bytesOf("x"));
  output[Symbol.dispose]();
  output[Symbol.dispose]();
  assert.equal(sink.isDisposed, true);
  assert.equal(sink.waiting, 0);
  await assert.rejects(Promise.resolve(late), HostTrap);
  assert.equal(counters.get("streams"), 0);
});

test("a suspended call touches nothing when its stream is dropped before the wake-up arrives", async () => {
  const { source, input } = openInput();
  const { sink, output } = openOutput(0);
  const reading = suspended(input.blockingRead(1n));
  await assertWaiting(reading);
  const writing = suspended(output.blockingWriteAndFlush(bytesOf("x")));
  await assertWaiting(writing);
  // Wake-ups are microtasks: these drops run before them.
  queueMicrotask(() => {
    input[Symbol.dispose]();
    output[Symbol.dispose]();
  });
  source.push("a");
  sink.addRoom(1);
  await assert.rejects(reading, HostTrap);
  await assert.rejects(writing, HostTrap);
  assert.equal(source.bytesLeft, 1);
  assert.equal(sink.written.length, 0);
});

test("a suspended write touches nothing when its stream is dropped between wake-up and resumption", async () => {
  const { sink, output } = openOutput(0);
  const writing = suspended(output.blockingWriteAndFlush(bytesOf("x")));
  await assertWaiting(writing);
  sink.addRoom(1);
  // The wake-up is a microtask in the queue already: this drop runs after it and before what it resumes.
  queueMicrotask(() => output[Symbol.dispose]());
  await assert.rejects(writing, HostTrap);
  assert.equal(sink.written.length, 0);
});
