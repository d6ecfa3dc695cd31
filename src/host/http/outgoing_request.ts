/** `wasi:http/types.outgoing-request`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import { plainError } from "./error_code.ts";
import type { Fields } from "./fields.ts";
import type { OutgoingBody } from "./outgoing_body.ts";
import { OutgoingMessage } from "./outgoing_message.ts";
import { isAuthority, isMethodName, isPathWithQuery, isSchemeName } from "./request_target.ts";

/** A request as its guest gave it to `handle`: each part well-formed, the whole not yet checked. */
export interface RequestDraft {
  readonly method: Declared.Method;
  readonly scheme: Declared.Scheme | undefined;
  readonly authority: string | undefined;
  readonly pathWithQuery: string | undefined;
  readonly message: OutgoingMessage;
}

/** The resource `outgoing-request`. */
export class OutgoingRequest extends HostResource implements HostSide<Declared.OutgoingRequest> {
  readonly #message: OutgoingMessage;
  #method: Declared.Method = { tag: "get" };
  #scheme: Declared.Scheme | undefined;
  #authority: string | undefined;
  #pathWithQuery: string | undefined;
  #isSending = false;

  // WIT constructor(headers: headers)
  constructor(headers: Fields) {
    super({ counters: headers.context.counters });
    this.#message = new OutgoingMessage(headers, "request");
  }

  // WIT body: func() -> result<outgoing-body>
  body(): OutgoingBody {
    return this.#message.body();
  }

  // WIT method: func() -> method
  method(): Declared.Method {
    return this.#method;
  }

  // WIT set-method: func(method: method) -> result
  setMethod(method: Declared.Method): void {
    if (method.tag === "other" && !isMethodName(method.val)) throw plainError();
    this.#method = method;
  }

  // WIT path-with-query: func() -> option<string>
  pathWithQuery(): string | undefined {
    return this.#pathWithQuery;
  }

  // WIT set-path-with-query: func(path-with-query: option<string>) -> result
  setPathWithQuery(pathWithQuery: string | undefined): void {
    if (pathWithQuery !== undefined && !isPathWithQuery(pathWithQuery)) throw plainError();
    this.#pathWithQuery = pathWithQuery;
  }

  // WIT scheme: func() -> option<scheme>
  scheme(): Declared.Scheme | undefined {
    return this.#scheme;
  }

  // WIT set-scheme: func(scheme: option<scheme>) -> result
  setScheme(scheme: Declared.Scheme | undefined): void {
    if (scheme?.tag === "other" && !isSchemeName(scheme.val)) throw plainError();
    this.#scheme = scheme;
  }

  // WIT authority: func() -> option<string>
  authority(): string | undefined {
    return this.#authority;
  }

  // WIT set-authority: func(authority: option<string>) -> result
  setAuthority(authority: string | undefined): void {
    if (authority !== undefined && !isAuthority(authority)) throw plainError();
    this.#authority = authority;
  }

  // WIT headers: func() -> headers
  headers(): Fields {
    return this.#message.headers(this);
  }

  /** The guest gave the request away to be sent. Traps while its headers are borrowed. */
  take(): RequestDraft {
    this.#isSending = true;
    try {
      this[Symbol.dispose]();
    } catch (trap) {
      this.#message.lose();
      throw trap;
    }
    return {
      method: this.#method,
      scheme: this.#scheme,
      authority: this.#authority,
      pathWithQuery: this.#pathWithQuery,
      message: this.#message,
    };
  }

  protected override onDrop(): void {
    if (this.#isSending) this.#message.leave();
    else this.#message.lose();
  }
}
