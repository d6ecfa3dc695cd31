/** What StarlingMonkey has natively, in the place of our own (the build puts this file there). */
import { useStreams } from "./byte_source.ts";

/** The engine's own. */
export const { ReadableStream, WritableStream, TransformStream, URL, URLSearchParams, TextEncoder, TextDecoder } =
  globalThis;

useStreams((source) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      const bytes = await source.read();
      if (bytes === null) controller.close();
      else controller.enqueue(bytes);
    },
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 })
);
