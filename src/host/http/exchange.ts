/**
 * One HTTP exchange as the host's `wasi:http` classes see it. The server implements it over `node:http`;
 * tests implement it in memory. No bytes are buffered beyond one window on either side.
 *
 * What the two sides may rely on:
 * - The host calls `respond` or `fail`, at most one of them and at most once. Neither comes when the guest never set
 *   its outparam: then the caller of the guest answers (`OpenExchange.outcome`).
 * - After `respond` the host calls `finish` or `abort`, exactly once, nothing after it, and never `dispose`. Both may
 *   come long after the guest has returned: what it wrote in time still flows through `permit` and `write`.
 * - For HEAD, 204, 205 and 304 the host calls `finish` right after `respond` and never writes.
 * - The host's head has no field of the connection or of framing (`field_grammar.ts`) and at most one content-length,
 *   none with 204 and 205. The bytes up to `finish` match it exactly, except for HEAD and 304. Without one, framing is
 *   the exchange's choice.
 * - The host disposes of `body` when the guest is through with the request, read or not.
 */
import type { ByteSink, ByteSource } from "../../base/byte_stream.ts";
import type { FaultCode } from "../../base/fault_codes.ts";
import type { Waitable } from "../../base/waitable.ts";

/**
 * Names are lower case; values are the raw bytes of the field and are never changed by either side.
 * Of what a client sent, all field lines in their order: the host hides what guests may not see.
 */
export type FieldEntries = readonly (readonly [name: string, value: Uint8Array])[];

/** The request as received. */
export interface RequestHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string | undefined;
  /** Origin form (RFC 9112 section 3.2.1), as received. */
  readonly pathWithQuery: string | undefined;
  readonly headers: FieldEntries;
}

/** The answer as the guest set it: a final status (200 to 599) and fields. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: FieldEntries;
}

/** A variant of `wasi:http/types.error-code`. */
export interface HttpErrorCode {
  readonly tag: string;
  readonly val?: unknown;
}

/** One request and its one answer. */
export interface HttpExchange {
  readonly head: RequestHead;
  /** Reads "closed" after the last byte, a failure with `httpCode` when the client breaks off. */
  readonly body: ByteSource;
  /** What followed the body; known once `body` has read "closed". */
  trailers(): FieldEntries | undefined;
  /** The outparam was set to a response: sends the head and gives the body's sink. Called at most once, and never with `fail`. */
  respond(head: ResponseHead): ResponseBody;
  /**
   * The outparam was set to an error, or to a response that cannot be sent. Called at most once, and never with
   * `respond`. Strings in `code` come from the guest, cut to `ERROR_TEXT_LENGTH_MAX`.
   */
  fail(code: HttpErrorCode): void;
}

/** Where the bytes of an answer go. A client that has left reads as "closed" from `permit` and `write`. */
export interface ResponseBody extends ByteSink {
  /** `outgoing-body.finish`: the answer is whole. Trailers that the framing cannot carry are dropped. */
  finish(trailers: FieldEntries | undefined): void;
  /** The body was dropped unfinished, or its guest trapped (then with a code): the client must not take what it has for the whole. */
  abort(reason: string, code?: FaultCode): void;
}

/** The answer to an outgoing request, as whoever sent it received it. */
export interface ReceivedResponse {
  readonly status: number;
  readonly headers: FieldEntries;
  /** As `HttpExchange.body`, with the failures of the answering side. */
  readonly body: ByteSource;
  /** As `HttpExchange.trailers`. */
  trailers(): FieldEntries | undefined;
}

/** An outgoing request under way. Ready when `result()` would return something. */
export interface PendingResponse extends Waitable {
  /** undefined while it is under way; afterwards always the same. */
  result(): ReceivedResponse | { readonly failed: HttpErrorCode } | undefined;
  /** Nobody waits for it any more: cancels it, and the response's body if nobody took it. Idempotent. */
  dispose(): void;
}
