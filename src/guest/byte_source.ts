/** Bytes that come in pieces, from a socket or a body. */
import { concat } from "./bytes.ts";

/** What a stream's bytes are read from. */
export interface ByteSource {
  /** The next bytes, never none of them; null at the end. Rejects when the other side broke off. */
  read(): Promise<Uint8Array | null>;
  /** Nobody wants the rest. Also after the end, and more than once. */
  cancel(reason?: unknown): void;
}

/** What is read of a stream: the standard's own type, whoever made it. */
type ReadableStream<Chunk> = globalThis.ReadableStream<Chunk>;

/** How streams are made, and how their sources are got back, once a program has some (see `web_streams.ts`). */
export interface Streams {
  readonly make: (source: ByteSource) => ReadableStream<Uint8Array>;
  /** The source of a stream that nobody has read from, which locks it for good; undefined for any other. */
  readonly take: (stream: object) => ByteSource | undefined;
}

let streams: Streams | undefined;

/** Called by the module that has the streams: most programs need none, and they are large. */
export function useStreams(made: Streams): void {
  streams = made;
}

/** A stream that reads from `source` when it is read. */
export function streamOf(source: ByteSource): ReadableStream<Uint8Array> {
  if (streams === undefined) {
    throw new Error(
      'Cannot make a stream: the program was built without them, expected "ReadableStream" or ".body" in its source',
    );
  }
  return streams.make(source);
}

/** A stream to its end, as a source. Locks it. */
export function sourceOf(stream: ReadableStream<Uint8Array>): ByteSource {
  // Who passes on a stream that nobody has read from needs none of its machinery.
  return streams?.take(stream) ?? readerSource(stream.getReader());
}

function readerSource(reader: ReadableStreamDefaultReader<Uint8Array>): ByteSource {
  return {
    async read() {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return null;
        const chunk: unknown = value;
        if (!(chunk instanceof Uint8Array)) throw new TypeError("Cannot send a chunk of the body: it is no Uint8Array");
        if (chunk.length > 0) return chunk;
      }
    },
    cancel: (reason) => void reader.cancel(reason).catch(() => {}),
  };
}

/** Bytes that are all there. */
export function sourceOfBytes(bytes: Uint8Array): ByteSource {
  let rest: Uint8Array | null = bytes.length === 0 ? null : bytes.slice();
  return {
    read() {
      const next = rest;
      rest = null;
      return Promise.resolve(next);
    },
    cancel() {
      rest = null;
    },
  };
}

/** Everything, as one piece. */
export async function readAll(source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for (let bytes = await source.read(); bytes !== null; bytes = await source.read()) parts.push(bytes);
  return concat(parts);
}
