/** The part of `Request` that needs no parser of URLs. */
import type { AbortSignal } from "./abort.ts";
import { Body, type BodyContent, cloneContent } from "./body.ts";
import { Headers } from "./headers.ts";

/** What a request is made of. */
export interface RequestParts {
  readonly method: string;
  readonly content: BodyContent;
  readonly redirect: "manual" | "follow" | "error";
  /** Made when somebody asks for it. */
  readonly url: () => string;
  readonly headers: () => Headers;
  readonly signal: () => AbortSignal;
}

/** A request that came in, and what `Request` is on top of. */
export class PlainRequest extends Body {
  readonly method: string;
  readonly redirect: "manual" | "follow" | "error";
  #makeUrl: () => string;
  #makeHeaders: () => Headers;
  #makeSignal: () => AbortSignal;
  #url: string | undefined;
  #headers: Headers | undefined;
  #signal: AbortSignal | undefined;

  constructor(parts: RequestParts) {
    super(parts.content);
    this.method = parts.method;
    this.redirect = parts.redirect;
    this.#makeUrl = parts.url;
    this.#makeHeaders = parts.headers;
    this.#makeSignal = parts.signal;
  }

  get url(): string {
    return this.#url ??= this.#makeUrl();
  }

  get headers(): Headers {
    return this.#headers ??= this.#makeHeaders();
  }

  get signal(): AbortSignal {
    return this.#signal ??= this.#makeSignal();
  }

  clone(): PlainRequest {
    const headers = new Headers(this.headers);
    return new PlainRequest({
      method: this.method,
      content: cloneContent(this),
      redirect: this.redirect,
      url: () => this.url,
      headers: () => headers,
      signal: () => this.signal,
    });
  }

  get [Symbol.toStringTag](): string {
    return "Request";
  }
}
