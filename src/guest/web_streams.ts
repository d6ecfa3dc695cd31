/** The web's streams, for an engine without them. */
import * as streams from "web-streams-polyfill";
import { ByteReadable, takeSource } from "./byte_readable.ts";
import { type ByteSource, useStreams } from "./byte_source.ts";

/** As in the Streams standard. */
export const ReadableStream = streams.ReadableStream as unknown as typeof globalThis.ReadableStream;
/** As in the Streams standard. */
export type ReadableStream<Chunk = Uint8Array> = globalThis.ReadableStream<Chunk>;
/** As in the Streams standard. */
export const WritableStream = streams.WritableStream as unknown as typeof globalThis.WritableStream;
/** As in the Streams standard. */
export type WritableStream<Chunk = Uint8Array> = globalThis.WritableStream<Chunk>;
/** As in the Streams standard. */
export const TransformStream = streams.TransformStream as unknown as typeof globalThis.TransformStream;
/** As in the Streams standard. */
export const ByteLengthQueuingStrategy = streams.ByteLengthQueuingStrategy;
/** As in the Streams standard. */
export const CountQueuingStrategy = streams.CountQueuingStrategy;

/** The library's stream of what a source has. */
function wholeStream(source: ByteSource): ReadableStream {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const bytes = await source.read();
      if (bytes === null) controller.close();
      else controller.enqueue(bytes);
    },
    cancel: (reason) => source.cancel(reason),
    // Nothing is read ahead: what nobody asked for stays with the sender.
  }, { highWaterMark: 0 });
}

useStreams({
  make: (source) => new ByteReadable(source, wholeStream) as unknown as ReadableStream,
  take: takeSource,
});

// To programs it is one of these.
Object.setPrototypeOf(ByteReadable.prototype, ReadableStream.prototype);
Object.defineProperty(ByteReadable.prototype, "constructor", {
  value: ReadableStream,
  configurable: true,
  writable: true,
});
const pipeWhole = Reflect.get(ReadableStream.prototype, "pipeThrough") as (
  this: ReadableStream,
  pair: ReadableWritablePair,
  options?: StreamPipeOptions,
) => void;
Object.defineProperty(ReadableStream.prototype, "pipeThrough", {
  value: function (this: ReadableStream, pair: ReadableWritablePair, options?: StreamPipeOptions): unknown {
    const { readable, writable } = pair;
    // The library wants one of its own there, and does no more with it than give it back.
    pipeWhole.call(this, { readable: readable instanceof ByteReadable ? this : readable, writable }, options);
    return readable;
  },
  configurable: true,
  writable: true,
});
const fromIterable = Reflect.get(ReadableStream, "from") as (iterable: unknown) => ReadableStream<unknown>;
Object.defineProperty(ReadableStream, "from", {
  // The library takes a reader of a stream and keeps it: iterated over, it is unlocked in the end, as the standard has it.
  value: function from(iterable: unknown): ReadableStream<unknown> {
    return fromIterable(
      iterable instanceof ReadableStream ? { [Symbol.asyncIterator]: () => iterable.values() } : iterable,
    );
  },
  configurable: true,
  enumerable: true,
  writable: true,
});
