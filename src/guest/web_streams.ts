/** The web's streams, for an engine without them. */
import * as streams from "web-streams-polyfill";
import { useStreams } from "./byte_source.ts";

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

useStreams((source) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      const bytes = await source.read();
      if (bytes === null) controller.close();
      else controller.enqueue(bytes);
    },
    cancel: (reason) => source.cancel(reason),
    // Nothing is read ahead: what nobody asked for stays with the sender.
  }, { highWaterMark: 0 })
);
