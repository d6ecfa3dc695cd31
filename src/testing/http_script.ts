/** What answers a guest's outgoing requests in a test. */
import { HTTP_FAILURES, type HttpErrorTag } from "../network/http_failure_table.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { ScriptError } from "./script_error.ts";

/** A request as a script gets it: whole. */
export interface SentRequest {
  /** As it was sent. */
  readonly method: string;
  /** Absolute, with path and query. */
  readonly url: string;
  /** As they were sent. */
  readonly headers: Headers;
  /** Empty where there is none. */
  readonly body: Uint8Array;
  /** The body as text. */
  text(): string;
  /** The body as JSON. */
  json(): unknown;
}

/** Gives the answer to one request. */
export type AnswerRequest = (request: SentRequest) => Response | Promise<Response>;

/** Whoever answers requests. A plain function is `http.handles` of it. */
export type HttpScript =
  | AnswerRequest
  | { readonly kind: "http"; readonly delayMs: number; readonly answer: AnswerRequest | "never" | HttpErrorTag };

/** Keys are a URL, with a method before it or without (any), and `*` at the end for what follows. The first that fits answers. */
export type HttpScripts = Readonly<Record<string, HttpScript>>;

/** What makes scripts of HTTP: see `http`. */
export interface HttpScriptMakers {
  /** Answers with this body: text, bytes, or none. `init` is that of `Response`. */
  answers(body?: string | Uint8Array, init?: ResponseInit): HttpScript;
  /** Answers with `value` as JSON. */
  json(value: unknown, init?: ResponseInit): HttpScript;
  /** Answers with what `answer` gives. */
  handles(answer: AnswerRequest): HttpScript;
  /** Fails with a `wasi:http/types.error-code`, such as "connection-refused", "DNS-error" or "TLS-certificate-error". */
  fails(code: HttpErrorTag): HttpScript;
  /** Takes the request and never answers; the guest's own timeouts, or its route's limits, end it. */
  hangs(): HttpScript;
  /** As `script`, after so much of the guest's time. */
  after(ms: number, script: HttpScript): HttpScript;
}

/**
 * Scripts for the `http` option, beside plain functions from a request to a `Response`.
 *
 * @example
 * http: {
 *   "GET https://api.example.com/users/7": http.json({ name: "Ada" }),
 *   "https://api.example.com/*": http.fails("connection-refused"),
 *   "POST https://log.example.com/": (request) => new Response(`${request.body.length} bytes`),
 * }
 */
export const http: HttpScriptMakers = {
  answers(body?: string | Uint8Array, init?: ResponseInit): HttpScript {
    return http.handles(() => new Response(body === undefined ? null : new Uint8Array(bytesOfBody(body)), init));
  },

  json(value: unknown, init?: ResponseInit): HttpScript {
    return http.handles(() => Response.json(value, init));
  },

  handles(answer: AnswerRequest): HttpScript {
    return { kind: "http", delayMs: 0, answer };
  },

  fails(code: HttpErrorTag): HttpScript {
    if (!Object.hasOwn(HTTP_FAILURES, code)) {
      const near = nearestWord(code, Object.keys(HTTP_FAILURES));
      const words = near === undefined ? 'one such as "connection-refused"' : `"${near}"`;
      throw new ScriptError(`Cannot fail with "${code}": wasi:http has no such code, expected ${words}`);
    }
    return { kind: "http", delayMs: 0, answer: code };
  },

  hangs(): HttpScript {
    return { kind: "http", delayMs: 0, answer: "never" };
  },

  after(ms: number, script: HttpScript): HttpScript {
    if (!(ms >= 0)) throw new ScriptError(`Cannot delay a script by ${ms} ms: expected 0 or more`);
    const plain = plainScript(script);
    return { ...plain, delayMs: plain.delayMs + ms };
  },
};

/** One key, read. */
export interface HttpEntry {
  readonly key: string;
  readonly script: Exclude<HttpScript, AnswerRequest>;
  /** Of its URL, as the policy's names are. */
  readonly host: string;
  readonly matches: (method: string, url: string) => boolean;
  isUsed: boolean;
}

const KEY = /^(?:([A-Z][A-Z0-9-]*) )?(https?:\/\/[^/?#\s]+)(\/[^\s#*]*)?(\*)?$/;

/** All keys of one test. */
export class HttpTable {
  readonly #entries: readonly HttpEntry[];

  /** @throws {ScriptError} for a key that is no URL */
  constructor(scripts: HttpScripts) {
    this.#entries = Object.entries(scripts).map(([key, script]) => readEntry(key, script));
  }

  /** Keys that no request met. */
  get unused(): readonly string[] {
    return this.#entries.filter((entry) => !entry.isUsed).map(({ key }) => `http["${key}"]`);
  }

  /** Hosts that a script speaks of. */
  get hosts(): readonly string[] {
    return this.#entries.map(({ host }) => host);
  }

  /** The first key that fits, which is used now. */
  find(method: string, url: string): HttpEntry | undefined {
    const entry = this.#entries.find(({ matches }) => matches(method, url));
    if (entry !== undefined) entry.isUsed = true;
    return entry;
  }
}

function readEntry(key: string, script: HttpScript): HttpEntry {
  const [, keyMethod, origin = "", path = "/", star] = KEY.exec(key) ?? [];
  const url = URL.parse(`${origin}${path}`);
  if (url === null || origin === "") {
    throw new ScriptError(
      `Cannot script http["${key}"]: it is no URL, expected one such as "https://api.example.com/users" or "POST https://api.example.com/*"`,
    );
  }
  const wanted = `${url.origin}${path}`;
  const matches = (method: string, asked: string): boolean => {
    if (keyMethod !== undefined && keyMethod !== method) return false;
    return star === undefined ? asked === wanted : asked.startsWith(wanted);
  };
  return { key, script: plainScript(script), host: url.hostname, matches, isUsed: false };
}

function plainScript(script: HttpScript): Exclude<HttpScript, AnswerRequest> {
  return typeof script === "function" ? { kind: "http", delayMs: 0, answer: script } : script;
}

function bytesOfBody(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}
