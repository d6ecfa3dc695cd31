import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { settle } from "../../../test/support/fake_clock.ts";
import { FakeAnswer } from "../../../test/support/fake_exchange.ts";
import { BodyPipe, UNSENT_BODY_BYTES_MAX } from "./body_pipe.ts";

const FAILURE = { failed: { message: "the cable is cut", httpCode: { tag: "connection-terminated" } } };

function openPipe(lengthBytes?: number): BodyPipe {
  return new BodyPipe({ kind: "response", lengthBytes });
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test("BodyPipe holds one window and a blocking write before it is joined, and then permits nothing", () => {
  const pipe = openPipe();
  assert.equal(pipe.permit(), UNSENT_BODY_BYTES_MAX);
  assert.equal(pipe.write(new Uint8Array(UNSENT_BODY_BYTES_MAX)), undefined);
  assert.equal(pipe.flush(), undefined);
  assert.equal(pipe.permit(), 0);
  assert.equal(pipe.isReady(), false);
});

test("BodyPipe wakes a writer whose window was full when it is joined", async () => {
  const pipe = openPipe();
  pipe.write(new Uint8Array(UNSENT_BODY_BYTES_MAX));
  let woken = 0;
  pipe.onReady(() => woken++);
  await settle();
  assert.equal(woken, 0);
  pipe.join(new FakeAnswer());
  await settle();
  assert.equal(woken, 1);
});

test("BodyPipe keeps no reference to what it holds", () => {
  const pipe = openPipe();
  const bytes = bytesOf("abc");
  pipe.write(bytes);
  bytes.fill(0);
  const answer = new FakeAnswer();
  pipe.join(answer);
  assert.equal(answer.text, "abc");
});

test("BodyPipe lets nothing overtake what it holds", async () => {
  const pipe = openPipe();
  pipe.write(bytesOf("first "));
  const answer = new FakeAnswer(3);
  pipe.join(answer);
  assert.equal(pipe.permit(), 0);
  answer.addRoom(100);
  await settle();
  assert.equal(pipe.permit(), 97);
  pipe.write(bytesOf("second"));
  assert.equal(answer.text, "first second");
});

test("BodyPipe flushes what it held once that has left", async () => {
  const pipe = openPipe();
  pipe.write(bytesOf("held"));
  const answer = new FakeAnswer(1);
  answer.holdsFlush = true;
  pipe.join(answer);
  assert.equal(pipe.flush(), undefined);
  assert.equal(answer.flushes, 0);
  answer.addRoom(100);
  await settle();
  assert.equal(answer.flushes, 1);
  assert.equal(pipe.permit(), 0);
  answer.endFlush();
  assert.equal(pipe.permit(), 97);
});

test("BodyPipe finishes after what it holds, although nobody asks any more", async () => {
  const pipe = openPipe();
  pipe.write(bytesOf("held"));
  const answer = new FakeAnswer(1);
  pipe.join(answer);
  const trailers = [["x", bytesOf("1")]] as const;
  assert.equal(pipe.finish(trailers), undefined);
  assert.equal(answer.ending, undefined);
  answer.addRoom(3);
  await settle();
  assert.equal(answer.text, "held");
  assert.equal(answer.ending, "finished");
  assert.equal(answer.trailers, trailers);
  assert.equal(answer.waiting, 0);
});

test("BodyPipe abandons what it holds when it is aborted", async () => {
  const pipe = openPipe();
  pipe.write(bytesOf("held"));
  const answer = new FakeAnswer(1);
  pipe.join(answer);
  pipe.abort("trapped");
  assert.equal(answer.ending, "aborted");
  assert.equal(answer.abortReason, "trapped");
  assert.equal(answer.waiting, 0);
  answer.addRoom(3);
  await settle();
  assert.equal(answer.text, "h");
});

const ENDINGS: readonly (readonly [what: string, end: (pipe: BodyPipe) => unknown, ending: string])[] = [
  ["finished", (pipe) => pipe.finish(undefined), "finished"],
  ["aborted", (pipe) => pipe.abort("dropped"), "aborted"],
];

for (const [what, end, ending] of ENDINGS) {
  test(`BodyPipe that was ${what} before it is joined ends so, takes no more, and ends once`, () => {
    const pipe = openPipe();
    end(pipe);
    pipe.finish(undefined);
    pipe.abort("late");
    assert.equal(pipe.permit(), "closed");
    assert.equal(pipe.write(bytesOf("x")), "closed");
    assert.equal(pipe.flush(), "closed");
    assert.equal(pipe.isReady(), true);
    const answer = new FakeAnswer();
    pipe.join(answer);
    assert.equal(answer.ending, ending);
    assert.equal(answer.text, "");
  });
}

for (const lengthBytes of [0, 1, 3, 5]) {
  test(`BodyPipe of 4 bytes finishes with an error under a content-length of ${lengthBytes}, and is cut`, () => {
    const pipe = openPipe(lengthBytes);
    const answer = new FakeAnswer();
    pipe.join(answer);
    const refused = pipe.write(bytesOf("1234"));
    assert.equal(typeof refused, lengthBytes < 4 ? "object" : "undefined");
    assert.deepEqual(pipe.finish(undefined), { tag: "HTTP-response-body-size", val: 4n });
    assert.equal(answer.ending, "aborted");
    assert.equal(answer.text, lengthBytes < 4 ? "" : "1234");
  });
}

test("BodyPipe fails a write past the content-length with the code of its kind, and then is closed", () => {
  for (const [kind, tag] of [["request", "HTTP-request-body-size"], ["response", "HTTP-response-body-size"]] as const) {
    const pipe = new BodyPipe({ kind, lengthBytes: 3 });
    assert.equal(pipe.write(bytesOf("123")), undefined);
    const end = pipe.write(bytesOf("4"));
    assert.ok(typeof end === "object");
    assert.deepEqual(end.failed.httpCode, { tag, val: 4n });
    assert.equal(pipe.permit(), "closed");
  }
});

test("BodyPipe says once what the sink failed with, also when the pump met it", async () => {
  const pipe = openPipe();
  pipe.write(bytesOf("held"));
  const answer = new FakeAnswer(1);
  pipe.join(answer);
  let woken = 0;
  pipe.onReady(() => woken++);
  answer.end(FAILURE);
  await settle();
  assert.equal(woken, 1);
  assert.equal(pipe.isReady(), true);
  assert.deepEqual(pipe.permit(), FAILURE);
});

test("BodyPipe whose client left says closed, and still ends its sink", async () => {
  const pipe = openPipe();
  const answer = new FakeAnswer();
  pipe.join(answer);
  answer.end("closed");
  assert.equal(pipe.permit(), "closed");
  assert.equal(pipe.write(bytesOf("x")), "closed");
  assert.equal(pipe.finish(undefined), undefined);
  assert.equal(answer.ending, "finished");
});

test("BodyPipe that is discarded takes all bytes and counts them", () => {
  const pipe = openPipe(4);
  pipe.write(bytesOf("12"));
  pipe.discard();
  assert.ok(Number(pipe.permit()) > 0);
  assert.equal(pipe.write(bytesOf("34")), undefined);
  assert.equal(pipe.finish(undefined), undefined);
});

test("BodyPipe that is discarded may stay empty under a content-length, but not half", () => {
  const empty = openPipe(4);
  empty.discard();
  assert.equal(empty.finish(undefined), undefined);
  const half = openPipe(4);
  half.discard();
  half.write(bytesOf("12"));
  assert.deepEqual(half.finish(undefined), { tag: "HTTP-response-body-size", val: 2n });
});

test("BodyPipe that is closed fails writes and wakes who waits", async () => {
  const pipe = openPipe();
  pipe.write(new Uint8Array(UNSENT_BODY_BYTES_MAX));
  let woken = 0;
  pipe.onReady(() => woken++);
  pipe.close();
  await settle();
  assert.equal(woken, 1);
  assert.equal(pipe.write(bytesOf("x")), "closed");
});

const step = fc.oneof(
  fc.record({ verb: fc.constant("write" as const), bytes: fc.integer({ min: 0, max: 40_000 }) }),
  fc.record({ verb: fc.constant("room" as const), bytes: fc.integer({ min: 1, max: 60_000 }) }),
  fc.record({ verb: fc.constantFrom("join" as const, "flush" as const, "endFlush" as const) }),
);

test("BodyPipe delivers what was written, in order, within the permits, whatever the order of events", async () => {
  const run = fc.record({
    steps: fc.array(step, { maxLength: 25 }),
    lengthBytes: fc.option(fc.integer({ min: 0, max: 50_000 }), { nil: undefined }),
    isAborted: fc.boolean(),
    holdsFlush: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ steps, lengthBytes, isAborted, holdsFlush }) => {
      const pipe = openPipe(lengthBytes);
      const answer = new FakeAnswer(0);
      answer.holdsFlush = holdsFlush;
      const written: number[] = [];
      let isJoined = false;
      let isCut = false;
      const join = (): void => {
        if (!isJoined) pipe.join(answer);
        isJoined = true;
      };
      for (const one of steps) {
        const permit = pipe.permit();
        assert.equal(pipe.isReady(), permit !== 0);
        if (one.verb === "write" && typeof permit === "number") {
          const bytes = Uint8Array.from({ length: Math.min(one.bytes, permit) }, (_, index) => written.length + index);
          const end = pipe.write(bytes);
          isCut = lengthBytes !== undefined && written.length + bytes.length > lengthBytes;
          assert.equal(end !== undefined, isCut);
          if (!isCut) { for (const byte of bytes) written.push(byte); }
        } else if (one.verb === "room") {
          answer.addRoom(one.bytes);
        } else if (one.verb === "join") {
          join();
        } else if (one.verb === "flush" && typeof permit === "number") {
          pipe.flush();
        } else if (one.verb === "endFlush") {
          answer.endFlush();
        }
        await Promise.resolve();
        if (isCut) break;
      }
      const isFaulty = isCut || (lengthBytes !== undefined && written.length !== lengthBytes);
      if (isAborted) pipe.abort("dropped");
      else assert.equal(pipe.finish(undefined) !== undefined, isFaulty);
      join();
      answer.holdsFlush = false;
      answer.endFlush();
      answer.addRoom(10_000_000);
      await settle();
      assert.equal(answer.ending, isAborted || isFaulty ? "aborted" : "finished");
      const sent = answer.written;
      assert.deepEqual(sent, Uint8Array.from(written.slice(0, sent.length)));
      if (answer.ending === "finished") assert.equal(sent.length, written.length);
      assert.equal(answer.waiting, 0);
    }),
    { numRuns: 60 },
  );
});
