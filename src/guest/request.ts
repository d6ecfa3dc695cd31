/** `Request`, as the Fetch standard has it, without what only browsers need (mode, credentials, cache). */
import { AbortController, type AbortSignal } from "./abort.ts";
import { type BodyInit, contentOf, takeContent } from "./body.ts";
import { toText } from "./convert.ts";
import { Headers, type HeadersInit } from "./headers.ts";
import { PlainRequest, type RequestParts } from "./plain_request.ts";
import { URL } from "./url.ts";

/** What a request may have. */
export interface RequestInit {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: BodyInit | null;
  /** Redirects are answers: "follow" is taken for "manual", "error" makes one an error. */
  readonly redirect?: "manual" | "follow" | "error";
  readonly signal?: AbortSignal | null;
  /** Asked for by the standard when the body is a stream; a request here is always "half". */
  readonly duplex?: "half";
}

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
/** Only these are written in upper case whatever the case they came in. */
const NORMALISED = /^(?:delete|get|head|options|post|put)$/i;
const FORBIDDEN = /^(?:connect|trace|track)$/i;

/** What `new Request()` makes; requests that come in count as instances of it too. */
export class Request extends PlainRequest {
  constructor(input: PlainRequest | string | { toString(): string }, init: RequestInit = {}) {
    super(partsOf(input, init));
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof PlainRequest;
  }
}

function partsOf(input: PlainRequest | string | { toString(): string }, init: RequestInit): RequestParts {
  const base = input instanceof PlainRequest ? input : undefined;
  const url = base === undefined ? parseUrl(toText(input)) : base.url;
  const method = init.method === undefined ? (base?.method ?? "GET") : validMethod(init.method);
  const headers = new Headers(init.headers ?? base?.headers);
  const isBodyless = method === "GET" || method === "HEAD";
  if (isBodyless && init.body !== undefined && init.body !== null) {
    throw new TypeError(`Cannot make a ${method} request with a body: expected none`);
  }
  const { content, type } = init.body === undefined && base !== undefined
    ? { content: isBodyless ? ({ tag: "none" } as const) : takeContent(base), type: undefined }
    : contentOf(init.body);
  if (type !== undefined && !headers.has("content-type")) headers.set("content-type", type);
  const signal = init.signal === null ? undefined : (init.signal ?? base?.signal);
  return {
    method,
    content,
    redirect: init.redirect ?? base?.redirect ?? "follow",
    url: () => url,
    headers: () => headers,
    signal: () => signal ?? new AbortController().signal,
  };
}

function parseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) throw new TypeError(`Cannot make a Request: ${JSON.stringify(text)} is no absolute URL`);
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("Cannot make a Request: its URL has a user name or password, expected an authorization header");
  }
  return url.href;
}

function validMethod(method: string): string {
  const text = toText(method);
  if (!TOKEN.test(text)) throw new TypeError(`Cannot make a Request: the method ${JSON.stringify(text)} is no token`);
  if (FORBIDDEN.test(text)) throw new TypeError(`Cannot make a Request: the method ${text} is not allowed`);
  return NORMALISED.test(text) ? text.toUpperCase() : text;
}
