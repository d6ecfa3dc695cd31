/**
 * `fetch` over `wasi:http/outgoing-handler`. Redirects are never followed: the host judges each request by its own
 * authority, so a program that wants to follow one asks again. A failure is a TypeError with the WASI code as its cause.
 */
import type { AbortSignal } from "./abort.ts";
import { cancelContent, takeContent } from "./body.ts";
import { callPlace, withPlace } from "./call_place.ts";
import { refuseInFirstLines } from "./first_lines.ts";
import { fromFields, toFields } from "./http_fields.ts";
import { incomingBody } from "./incoming_body.ts";
import { forget, ready, wake } from "./loop.ts";
import { sendBody } from "./outgoing_body.ts";
import type { PlainRequest } from "./plain_request.ts";
import { Request, type RequestInit } from "./request.ts";
import { type Response, wholeResponse } from "./response.ts";
import { URL } from "./url.ts";
import { wasiError } from "./wasi_error.ts";
import { handle } from "./wasi/http_outgoing_handler.ts";
import {
  type ErrorCode,
  type FutureIncomingResponse,
  type IncomingResponse,
  type Method,
  OutgoingRequest,
} from "./wasi/http_types.ts";

const METHODS: readonly string[] = ["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"];
const NULL_BODY: readonly number[] = [204, 205, 304];

/** Sends a request; resolves with the head of its answer, whatever its status. @throws TypeError when there is no answer */
export function fetch(
  input: PlainRequest | string | { toString(): string },
  init: RequestInit = {},
): Promise<Response> {
  refuseInFirstLines("fetch");
  return fetchFrom(input, init);
}

async function fetchFrom(
  input: PlainRequest | string | { toString(): string },
  init: RequestInit,
): Promise<Response> {
  const request = new Request(input, init);
  const signal = init.signal ?? (init.signal === null ? undefined : request.signal);
  signal?.throwIfAborted();
  const content = takeContent(request);
  const outgoing = toOutgoing(request, content.tag === "bytes" ? content.bytes.length : undefined);
  const body = outgoing.body();
  let future: FutureIncomingResponse;
  try {
    future = handle(outgoing, null);
  } catch (error) {
    body[Symbol.dispose]();
    cancelContent(content);
    throw failure(request, wasiError(error) as ErrorCode);
  }
  // While it is sent the answer may come already; a request that breaks off shows there too.
  const sending = sendBody(body, content).catch((error: unknown) => ({ error }));
  const place = callPlace();
  try {
    const incoming = await answerOf(request, future, signal);
    void sending;
    return toResponse(request, incoming, signal);
  } catch (error) {
    // The reason of a signal is the program's own.
    throw error === signal?.reason ? error : withPlace(error, place);
  }
}

async function answerOf(
  request: PlainRequest,
  future: FutureIncomingResponse,
  signal: AbortSignal | undefined,
): Promise<IncomingResponse> {
  const pollable = future.subscribe();
  let isAborted = false;
  const abort = (): void => {
    isAborted = true;
    wake(pollable);
  };
  signal?.addEventListener("abort", abort, { once: true });
  try {
    for (;;) {
      const result = future.get();
      if (result !== null && result !== undefined) {
        if (result.tag === "ok" && result.val.tag === "ok") return result.val.val;
        if (result.tag === "ok" && result.val.tag === "err") throw failure(request, result.val.val);
        throw new TypeError("Cannot take the answer: it was taken before");
      }
      await ready(pollable);
      if (isAborted) throw signal?.reason;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    forget(pollable);
    future[Symbol.dispose]();
  }
}

function toOutgoing(request: PlainRequest, bodyLength: number | undefined): OutgoingRequest {
  const url = new URL(request.url);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`Cannot fetch "${request.url}": its scheme is "${url.protocol}", expected http: or https:`);
  }
  const isSized = bodyLength !== undefined && !request.headers.has("content-length");
  const outgoing = new OutgoingRequest(
    toFields(request.headers, isSized ? [["content-length", String(bodyLength)]] : []),
  );
  outgoing.setMethod(toMethod(request.method));
  outgoing.setScheme({ tag: url.protocol === "https:" ? "HTTPS" : "HTTP" });
  outgoing.setAuthority(url.host);
  outgoing.setPathWithQuery(`${url.pathname}${url.search}`);
  return outgoing;
}

function toMethod(method: string): Method {
  const tag = method.toLowerCase();
  return METHODS.includes(tag) && method === method.toUpperCase() ? { tag } : { tag: "other", val: method };
}

function toResponse(request: PlainRequest, incoming: IncomingResponse, signal: AbortSignal | undefined): Response {
  const status = incoming.status();
  using fields = incoming.headers();
  const headers = fromFields(fields);
  const source = incomingBody(incoming);
  if (request.redirect === "error" && status >= 300 && status <= 399 && headers.has("location")) {
    source.close();
    throw new TypeError(`Cannot fetch "${request.url}": it redirects to "${headers.get("location") ?? ""}"`);
  }
  const hasBody = request.method !== "HEAD" && !NULL_BODY.includes(status);
  if (!hasBody) source.close();
  else signal?.addEventListener("abort", () => source.cancel(), { once: true });
  return wholeResponse({
    content: hasBody ? { tag: "source", source } : { tag: "none" },
    status,
    headers,
    type: "basic",
    url: request.url,
  });
}

/** Whoever writes one of these may mean the machine. */
const LOOPBACK = /^https?:\/\/(?:(?:[^/]*\.)?localhost|127\.[\d.]+|\[::1\])[:/]/;

function failure(request: PlainRequest, code: ErrorCode): TypeError {
  const isNobody = code.tag === "connection-refused" && LOOPBACK.test(request.url);
  const detail = isNobody
    ? " (this is the workload's own loopback, where nothing listens on that port; a server of the machine has another address)"
    : payloadText(code.val);
  return new TypeError(`Cannot fetch "${request.url}": ${code.tag}${detail}`, { cause: code });
}

/** What is known of a failure: fields without a value say nothing. */
function payloadText(payload: unknown): string {
  const text: string | undefined = JSON.stringify(
    payload,
    (_key, value: unknown) => typeof value === "bigint" ? String(value) : value ?? undefined,
  );
  return text === undefined || text === "{}" ? "" : ` (${text})`;
}
