/** A listener that speaks HTTP/2 with handlers in JavaScript, for hostile clients of it. */
import assert from "node:assert/strict";
import { answer, eventually, type HarnessOptions, type HttpHarness, readBody, startHarness } from "./http_harness.ts";
import { FLAG, FRAME, frame, GET, literal, POST } from "./http2_frames.ts";
import { flood } from "./write_body.ts";

/** The flags of a request that is whole with its header. */
export const WHOLE = FLAG.endHeaders | FLAG.endStream;
/** A request on the first stream, whole, or with a body to come. */
export const OPEN_GET = frame(FRAME.headers, WHOLE, 1, GET);
export const OPEN_POST = frame(FRAME.headers, FLAG.endHeaders, 1, POST);
/** Settings of a client whose streams may be sent nothing. */
export const NO_WINDOWS = Buffer.from([0, 4, 0, 0, 0, 0]);
/** Codes of RST_STREAM and GOAWAY (RFC 9113 section 7). */
export const CODE = { none: 0, protocol: 1, internal: 2, refused: 7, cancel: 8, calm: 11 } as const;
/** Limits that a test can wait for. */
export const SHORT = {
  headersTimeoutMs: 300,
  keepAliveTimeoutMs: 300,
  requestTimeoutMs: 400,
  responseStallTimeoutMs: 300,
  lingerMs: 100,
} as const;

/** What `/flood` has written since the start of the process. */
export const flooded = { bytes: 0 };

/** Reads a body and answers; `/wait` waits for its client to go, `/flood` writes for ever. */
export async function startHttp2(limits: HarnessOptions["limits"] = {}): Promise<HttpHarness> {
  return await startHarness(async (exchange) => {
    const path = exchange.head.pathWithQuery;
    if (path === "/wait") return await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
    if (path === "/flood") {
      return await flood(exchange.respond({ status: 200, headers: [] }), (bytes) => (flooded.bytes += bytes));
    }
    const body = await readBody(exchange).catch(() => undefined);
    if (body !== undefined) answer(exchange, 200, `read ${body.length}`);
  }, { http2: true, limits });
}

/** Nothing is left of any client. */
export async function assertIdle(harness: HttpHarness): Promise<void> {
  await eventually(() => harness.listener.connectionCount === 0 && harness.counters.get("requests") === 0);
  assert.equal(harness.listener.streamCount, 0);
  assert.equal(harness.events.filter((event) => event.kind === "fault").length, 0);
}

/** The same frames again and again. */
export function repeated(count: number, ...frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, () => frames).flat());
}

/** A header block of GET for this path. */
export function getOf(path: string, ...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    Buffer.from([0x82, 0x87]),
    literal(":path", path),
    literal(":authority", "a.example"),
    ...fields,
  ]);
}

/** Odd numbers, as clients have them. */
export function streamIds(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => 2 * index + 1);
}
