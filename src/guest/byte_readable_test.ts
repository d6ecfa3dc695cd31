import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { ByteReadable } from "./byte_readable.ts";
import type { ByteSource } from "./byte_source.ts";
import { streamOf } from "./byte_source.ts";
import { ReadableStream, TransformStream } from "./web_streams.ts";

/** A source whose bytes come when the test says so. */
class Scripted implements ByteSource {
  readonly cancelled: unknown[] = [];
  /** Who waits is not told that nobody wants the rest: bytes were on their way. */
  readonly #isDeaf: boolean;
  #waiting: PromiseWithResolvers<Uint8Array | null> | undefined;
  #next = 0;

  constructor(isDeaf: boolean) {
    this.#isDeaf = isDeaf;
  }

  read(): Promise<Uint8Array | null> {
    assert.equal(this.#waiting, undefined, "one read at a time");
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  cancel(reason?: unknown): void {
    this.cancelled.push(reason);
    if (!this.#isDeaf) this.settle(({ resolve }) => resolve(null));
  }

  deliver(): void {
    this.settle(({ resolve }) => resolve(Uint8Array.of(this.#next++)));
  }

  settle(how: (waiting: PromiseWithResolvers<Uint8Array | null>) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) how(waiting);
  }
}

/** The same bytes as a stream of the runtime: what the standard says. */
function standard(source: ByteSource): globalThis.ReadableStream<Uint8Array> {
  return new globalThis.ReadableStream({
    async pull(controller) {
      const bytes = await source.read();
      if (bytes === null) controller.close();
      else controller.enqueue(bytes);
    },
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 });
}

const STEPS = [
  "read",
  "deliver",
  "end",
  "fail",
  "getReader",
  "release",
  "closed",
  "cancel",
  "cancel stream",
  "locked",
  "values",
  "next",
  "return",
] as const;
type Step = (typeof STEPS)[number];

/** What the steps came to, by the step behind which it was known: the turn of a promise within a step is nobody's business. */
async function outcomes(
  make: (source: ByteSource) => globalThis.ReadableStream<Uint8Array>,
  steps: readonly Step[],
  isDeaf: boolean,
): Promise<readonly string[]> {
  const source = new Scripted(isDeaf);
  const stream = make(source);
  const log: string[][] = [];
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let iterator: AsyncIterator<Uint8Array> | undefined;
  for (const [at, step] of steps.entries()) {
    log.push([]);
    const say = (text: string): void => void log.at(-1)?.push(`${step} ${at}: ${text}`);
    const tell = (promise: Promise<unknown> | undefined): void =>
      void promise?.then(
        (value) => say(inspect(value, { sorted: true })),
        (error: unknown) => say(error instanceof TypeError ? "TypeError" : String(error)),
      );
    switch (step) {
      case "read":
        tell(reader?.read());
        break;
      case "deliver":
        source.deliver();
        break;
      case "end":
        source.settle(({ resolve }) => resolve(null));
        break;
      case "fail":
        source.settle(({ reject }) => reject("broke off"));
        break;
      case "getReader":
        try {
          reader = stream.getReader();
        } catch (error) {
          say(error instanceof TypeError ? "TypeError" : String(error));
        }
        break;
      case "release":
        reader?.releaseLock();
        break;
      case "closed":
        tell(reader?.closed);
        break;
      case "cancel":
        tell(reader?.cancel(at));
        break;
      case "cancel stream":
        tell(stream.cancel(at));
        break;
      case "locked":
        say(String(stream.locked));
        break;
      case "values":
        try {
          iterator = stream.values();
        } catch (error) {
          say(error instanceof TypeError ? "TypeError" : String(error));
        }
        break;
      case "next":
        tell(iterator?.next());
        break;
      case "return":
        tell(iterator?.return?.(at));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return [...log.map((known) => known.toSorted().join(", ")), `cancelled by ${JSON.stringify(source.cancelled)}`];
}

test("ByteReadable: whatever is done with it comes to what the standard says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: 14 }), fc.boolean(), async (steps, isDeaf) => {
      const first: readonly Step[] = steps.length % 2 === 0 ? ["getReader", "read"] : ["values"];
      const all: readonly Step[] = [...first, ...steps];
      assert.deepEqual(await outcomes(streamOf, all, isDeaf), await outcomes(standard, all, isDeaf));
    }),
    { numRuns: 600 },
  );
});

/** Gives its parts at once. */
function parts(...list: readonly string[]): ByteSource & { cancelled: boolean } {
  const left = list.map((part) => new TextEncoder().encode(part));
  return {
    cancelled: false,
    read: () => Promise.resolve(left.shift() ?? null),
    cancel() {
      this.cancelled = true;
    },
  };
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test("ByteReadable: a loop reads it to its end, and leaves it unlocked and used", async () => {
  const stream = streamOf(parts("a", "b"));
  const got: string[] = [];
  for await (const part of stream) got.push(text(part));
  assert.deepEqual([got, stream.locked, "_disturbed" in stream && stream._disturbed], [["a", "b"], false, true]);
});

test("ByteReadable: a loop that is left gives the source up, unless it says otherwise", async () => {
  for (const preventCancel of [false, true]) {
    const source = parts("a", "b");
    const stream = streamOf(source);
    for await (const part of stream.values({ preventCancel })) {
      assert.equal(text(part), "a");
      break;
    }
    assert.deepEqual([source.cancelled, stream.locked], [!preventCancel, false]);
    const { value } = await stream.getReader().read();
    assert.equal(value === undefined ? "" : text(value), preventCancel ? "b" : "");
  }
});

test("ByteReadable: an iterator that is given up before anything was asked gives the source up and the lock", async () => {
  const source = parts("a", "b");
  const stream = streamOf(source);
  const iterator: AsyncIterator<Uint8Array, unknown> = stream.values();
  assert.deepEqual(await iterator.return?.("enough"), { done: true, value: "enough" });
  assert.deepEqual([source.cancelled, stream.locked], [true, false]);
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
});

test("ReadableStream.from: a stream that it has read to its end, or given up, is unlocked", async () => {
  const ours = (): globalThis.ReadableStream<Uint8Array> => streamOf(parts("a", "b"));
  const library = (): globalThis.ReadableStream<Uint8Array> =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("a"));
        controller.enqueue(new TextEncoder().encode("b"));
        controller.close();
      },
    });
  const from = Reflect.get(ReadableStream, "from") as (iterable: unknown) => globalThis.ReadableStream<Uint8Array>;
  for (const make of [ours, library]) {
    const [read, given] = [make(), make()];
    const got: string[] = [];
    for await (const part of from(read)) got.push(text(part));
    await from(given).cancel();
    assert.deepEqual([got, read.locked, given.locked], [["a", "b"], false, false]);
  }
  assert.deepEqual(await from(["x"]).getReader().read(), { value: "x", done: false });
  assert.throws(() => from(1), TypeError);
});

test("ByteReadable: what breaks off breaks a loop off", async () => {
  const stream = streamOf({ read: () => Promise.reject(new RangeError("broke off")), cancel() {} });
  await assert.rejects(stream.values().next(), RangeError);
  await assert.rejects(stream.getReader().read(), RangeError);
});

test("ByteReadable: to a program it is a ReadableStream", () => {
  const stream = streamOf(parts());
  assert.ok(stream instanceof ReadableStream && stream instanceof ByteReadable);
  assert.equal(stream.constructor, ReadableStream);
  assert.equal(Object.prototype.toString.call(stream), "[object ReadableStream]");
});

test("ByteReadable: what needs the whole machinery of streams gets it", async () => {
  const upper = (): TransformStream<Uint8Array, string> =>
    new TransformStream({ transform: (chunk, controller) => controller.enqueue(text(chunk).toUpperCase()) });
  const piped: string[] = [];
  for await (const part of streamOf(parts("a", "b")).pipeThrough(upper())) piped.push(part);
  assert.deepEqual(piped, ["A", "B"]);
  for (const branch of streamOf(parts("a")).tee()) {
    const { value } = await branch.getReader().read();
    assert.equal(value === undefined ? "" : text(value), "a");
  }
  // As the readable half of a pair: a socket's, for one.
  const readable = streamOf(parts("answer"));
  const given = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
  assert.equal(given.pipeThrough({ readable, writable: new TransformStream<Uint8Array>().writable }), readable);
});

test("ByteReadable: the readable half of a pair may have a reader already", () => {
  const readable = streamOf(parts("answer"));
  readable.getReader();
  const { writable } = new TransformStream<Uint8Array>();
  const given = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
  assert.equal(given.pipeThrough({ readable, writable }), readable);
});

test("ByteReadable: bytes that were on their way when it was given up are no more of it", async () => {
  const reader = streamOf(parts("a", "b")).getReader();
  const before = reader.read();
  await reader.cancel();
  const ended = { value: undefined, done: true };
  assert.deepEqual([await before, await reader.read()], [ended, ended]);
});

test("ByteReadable: one that has a reader is nobody else's", async () => {
  const stream = streamOf(parts("a"));
  stream.getReader();
  assert.throws(() => stream.getReader(), TypeError);
  assert.throws(() => stream.values(), TypeError);
  assert.throws(() => stream.tee(), TypeError);
  assert.throws(() => stream.pipeThrough(new TransformStream<Uint8Array, Uint8Array>()), TypeError);
  await assert.rejects(stream.pipeTo(new TransformStream<Uint8Array>().writable), TypeError);
  await assert.rejects(stream.cancel(), TypeError);
});

test("ByteReadable: a reader of bytes of its caller's is refused, as of every stream that is none of a byte source", () => {
  assert.throws(() => streamOf(parts("a")).getReader({ mode: "byob" }), TypeError);
});
