/** Requests as tests write them. */
import type { WebRequest } from "../server/web_exchange.ts";

/** From RFC 5737: where the client of a test is. */
export const CLIENT_ADDRESS = "203.0.113.77";

/** A stream stays one; what is there at once has a length, as clients of HTTP send it. */
export async function webRequestOf(request: Request): Promise<WebRequest> {
  if (request.body === null) return { request, body: undefined, length: undefined };
  if (STREAMED.has(request)) return { request, body: request.body, length: undefined };
  const body = new Uint8Array(await request.arrayBuffer());
  return { request, body, length: body.length };
}

/** Requests that were made with a stream. */
const STREAMED = new WeakSet<Request>();

/** As `new Request`, with a path in the place of a URL, and streams without `duplex`. */
export function requestOf(input: string | URL | Request, init: RequestInit = {}): Request {
  const isStream = init.body instanceof ReadableStream;
  const where = input instanceof Request ? input : new URL(input, "http://localhost");
  const request = new Request(where, isStream ? { ...init, duplex: "half" } as RequestInit : init);
  if (isStream) STREAMED.add(request);
  return request;
}
