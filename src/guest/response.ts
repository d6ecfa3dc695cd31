/** `Response`, as the Fetch standard has it. */
import { Body, type BodyContent, type BodyInit, cloneContent, contentOf } from "./body.ts";
import { toNumber, toText } from "./convert.ts";
import { addDefaultHeader, Headers, type HeadersInit } from "./headers.ts";

/** What a response has besides its body. */
export interface ResponseInit {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: HeadersInit;
}

const STATUS_WITHOUT_BODY: readonly number[] = [101, 103, 204, 205, 304];
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const STATUS_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

type ResponseType = "default" | "error" | "basic";

/** What cannot be given to the public constructor. */
interface ResponseParts {
  readonly content: BodyContent;
  readonly status: number;
  readonly statusText?: string;
  readonly headers: Headers;
  readonly type: ResponseType;
  readonly url?: string;
}

/** Marks a call from within this module. */
class Whole {
  readonly parts: ResponseParts;
  constructor(parts: ResponseParts) {
    this.parts = parts;
  }
}

/** An answer: what a handler returns, and what `fetch` gives. */
export class Response extends Body {
  readonly headers: Headers;
  readonly status: number;
  readonly statusText: string;
  readonly type: ResponseType;
  readonly url: string;

  constructor(body?: BodyInit | null, init: ResponseInit = {}) {
    const parts = body instanceof Whole ? body.parts : partsOf(body, init);
    super(parts.content);
    this.status = parts.status;
    this.statusText = parts.statusText ?? "";
    this.headers = parts.headers;
    this.type = parts.type;
    this.url = parts.url ?? "";
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  /** Always false: a redirect is an answer here, nobody follows it. */
  get redirected(): boolean {
    return false;
  }

  clone(): Response {
    const { status, statusText, type, url } = this;
    return wholeResponse({
      content: cloneContent(this),
      status,
      statusText,
      headers: new Headers(this.headers),
      type,
      url,
    });
  }

  get [Symbol.toStringTag](): string {
    return "Response";
  }

  /** A network error; it cannot be an answer. */
  static error(): Response {
    return wholeResponse({ content: { tag: "none" }, status: 0, headers: new Headers(), type: "error" });
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const text: string | undefined = JSON.stringify(data);
    if (text === undefined) throw new TypeError(`Cannot make JSON of it: it is ${typeof data}`);
    const headers = new Headers(init.headers);
    addDefaultHeader(headers, "content-type", "application/json");
    return new Response(text, { ...init, headers });
  }

  static redirect(url: string | { toString(): string }, status = 302): Response {
    if (!REDIRECTS.includes(status)) {
      throw new RangeError(`Cannot redirect with status ${status}: expected one of ${REDIRECTS.join(", ")}`);
    }
    return new Response(null, { status, headers: { location: String(url) } });
  }
}

/** A response of parts that were checked or came from outside. */
export function wholeResponse(parts: ResponseParts): Response {
  return new Response(new Whole(parts) as unknown as null);
}

function partsOf(body: BodyInit | null | undefined, init: ResponseInit): ResponseParts {
  const { content, type } = contentOf(body);
  const status = statusOf(init.status ?? 200);
  const statusText = init.statusText === undefined ? "" : toText(init.statusText);
  if (statusText !== "" && !STATUS_TEXT.test(statusText)) {
    throw new TypeError("Cannot make a Response: its statusText has a control character");
  }
  const headers = new Headers(init.headers);
  if (content.tag !== "none") {
    if (STATUS_WITHOUT_BODY.includes(status)) {
      throw new TypeError(`Cannot make a Response with status ${status} and a body: expected null for the body`);
    }
    if (type !== undefined) addDefaultHeader(headers, "content-type", type);
  }
  return { content, status, statusText, headers, type: "default" };
}

function statusOf(status: number): number {
  const number = toNumber(status);
  if (Number.isInteger(number) && number >= 200 && number <= 599) return number;
  throw new RangeError(`Cannot make a Response: its status is ${String(status)}, expected 200 to 599`);
}
