/** What `node:http2` is told for each connection, with the attack that each value stops. */
import type { ServerSessionOptions } from "node:http2";
import type { ListenerLimits } from "./listener_limits.ts";

/**
 * Of the list of a request's fields, in headers of `limits.headerBytesMax`: past one the gateway answers 431, past this the stream is reset,
 * which nobody is told of but its client. Stops bombs of HPACK, where a byte stands for a field of kilobytes.
 */
const HEADERS_MAX = 2;
/** What each field counts for beyond its bytes (RFC 9113 section 6.5.2): no more of them fit into the list. */
const FIELD_BYTES_MIN = 32;
/** Streams that a client may open and reset at once, and each second from then on: a page that is left resets a hundred. */
const RESETS_AT_ONCE_MAX = 500;
const RESETS_PER_SECOND_MAX = 200;
/**
 * Of an answer: `limits.headerBytes` of a route is the bound, up to 1 MiB; past this one `node:http2` ends the connection, and takes
 * a field for 12 bytes more than it has.
 */
const ANSWER_HEADER_BYTES_MAX = 16 * 1024 * 1024;

/** What a connection may take in memory before new streams are refused: Node's own, and a piece of an answer for each stream. */
const MEMORY_MB = 10;
const STREAM_BYTES = 16 * 1024;
const MB = 1_000_000;

/**
 * The window of a connection. It opens again with what comes, and each stream has its own, so it bounds no memory: it is what is on its way
 * to us, and with the 64 KiB of the RFC all streams together would be as slow as one.
 */
export const CONNECTION_WINDOW_BYTES = 1024 * 1024;

/** What a connection is opened with. */
export function http2Options(limits: ListenerLimits): ServerSessionOptions {
  const headerListBytes = HEADERS_MAX * limits.headerBytesMax;
  return {
    settings: {
      // Of each stream; what it has sent and nobody reads is held besides `RequestBody`, so a request may hold two of them.
      initialWindowSize: limits.bodyWindowBytes,
      maxConcurrentStreams: limits.streamsMax,
      maxHeaderListSize: headerListBytes,
      enablePush: false,
    },
    maxHeaderListPairs: Math.ceil(headerListBytes / FIELD_BYTES_MIN),
    maxSendHeaderBlockLength: ANSWER_HEADER_BYTES_MAX,
    maxSessionMemory: MEMORY_MB + Math.ceil((limits.streamsMax * STREAM_BYTES) / MB),
    streamResetBurst: RESETS_AT_ONCE_MAX,
    streamResetRate: RESETS_PER_SECOND_MAX,
    // Guests may say a field twice; over HTTP/1.1 it goes out as well.
    strictSingleValueFields: false,
  };
}
