/** `wasi:http/types`, as a guest sees it. */
import type { U64 } from "../engine/types.ts";
import type { Pollable } from "./io_poll.ts";
import type { InputStream, OutputStream } from "./io_streams.ts";

/** A method; those without a name of their own are "other". */
export type Method = { readonly tag: string; readonly val?: string };

/** A scheme. */
export type Scheme = { readonly tag: "HTTP" | "HTTPS" } | { readonly tag: "other"; readonly val: string };

/** Why a request or an answer failed. */
export type ErrorCode = { readonly tag: string; readonly val?: unknown };

/** Names and values of a header. */
export declare class Fields implements Disposable {
  constructor();
  /** @throws HeaderError */
  static fromList(entries: readonly (readonly [name: string, value: Uint8Array])[]): Fields;
  entries(): readonly (readonly [name: string, value: Uint8Array])[];
  [Symbol.dispose](): void;
}

/** A request as it came in. */
export declare class IncomingRequest implements Disposable {
  private constructor();
  method(): Method;
  pathWithQuery(): string | null | undefined;
  scheme(): Scheme | null | undefined;
  authority(): string | null | undefined;
  headers(): Fields;
  /** Once only. */
  consume(): IncomingBody;
  [Symbol.dispose](): void;
}

/** A body as it comes in. */
export declare class IncomingBody implements Disposable {
  private constructor();
  /** Once only. */
  stream(): InputStream;
  [Symbol.dispose](): void;
}

/** An answer on its way out. */
export declare class OutgoingResponse implements Disposable {
  constructor(headers: Fields);
  /** @throws when it is no status */
  setStatusCode(status: number): void;
  /** Once only. */
  body(): OutgoingBody;
  [Symbol.dispose](): void;
}

/** A body on its way out; dropped without `finish` it is cut. */
export declare class OutgoingBody implements Disposable {
  private constructor();
  /** Once only. */
  write(): OutputStream;
  /** @throws ErrorCode when its length is not the one that was announced */
  static finish(body: OutgoingBody, trailers: Fields | null | undefined): void;
  [Symbol.dispose](): void;
}

/** Where the answer goes. */
export declare class ResponseOutparam implements Disposable {
  private constructor();
  static set(
    param: ResponseOutparam,
    response: { readonly tag: "ok"; readonly val: OutgoingResponse } | {
      readonly tag: "err";
      readonly val: ErrorCode;
    },
  ): void;
  [Symbol.dispose](): void;
}

/** A request on its way out. Setters throw where WIT has a `result`. */
export declare class OutgoingRequest implements Disposable {
  constructor(headers: Fields);
  setMethod(method: Method): void;
  setPathWithQuery(path: string | null): void;
  setScheme(scheme: Scheme | null): void;
  setAuthority(authority: string | null): void;
  body(): OutgoingBody;
  [Symbol.dispose](): void;
}

/** Timeouts of a request. */
export declare class RequestOptions implements Disposable {
  constructor();
  setConnectTimeout(duration: U64 | null): void;
  [Symbol.dispose](): void;
}

/** An answer that is being waited for. */
export declare class FutureIncomingResponse implements Disposable {
  private constructor();
  subscribe(): Pollable;
  /** Null or undefined while it is not there; the outer result is an error when it was taken before. */
  get():
    | { readonly tag: "ok"; readonly val: Result<IncomingResponse, ErrorCode> }
    | { readonly tag: "err" }
    | null
    | undefined;
  [Symbol.dispose](): void;
}

/** An answer as it comes in. */
export declare class IncomingResponse implements Disposable {
  private constructor();
  status(): number;
  headers(): Fields;
  consume(): IncomingBody;
  [Symbol.dispose](): void;
}

/** A WIT result as a value. */
export type Result<T, E> = { readonly tag: "ok"; readonly val: T } | { readonly tag: "err"; readonly val: E };
