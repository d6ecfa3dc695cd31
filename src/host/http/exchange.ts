/**
 * One HTTP exchange as the host's `wasi:http` classes see it. The server implements it over `node:http`;
 * tests implement it in memory. No bytes are buffered beyond one window on either side.
 */
import type { ByteSink, ByteSource } from "../../base/byte_stream.ts";

/** Names are lower case; values are the raw bytes of the field. */
export type FieldEntries = readonly (readonly [name: string, value: Uint8Array])[];

export interface RequestHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string | undefined;
  /** Origin form (RFC 9112 section 3.2.1), as received. */
  readonly pathWithQuery: string | undefined;
  readonly headers: FieldEntries;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: FieldEntries;
}

/** A variant of `wasi:http/types.error-code`. */
export interface HttpErrorCode {
  readonly tag: string;
  readonly val?: unknown;
}

export interface HttpExchange {
  readonly head: RequestHead;
  /** Reads "closed" after the last byte, a failure with `httpCode` when the client breaks off. */
  readonly body: ByteSource;
  /** What followed the body; known once `body` has read "closed". */
  trailers(): FieldEntries | undefined;
  /** The outparam was set to a response: sends the head and gives the body's sink. Called at most once, and never with `fail`. */
  respond(head: ResponseHead): ResponseBody;
  /** The outparam was set to an error. Called at most once, and never with `respond`. */
  fail(code: HttpErrorCode): void;
}

export interface ResponseBody extends ByteSink {
  /** `outgoing-body.finish`: the answer is whole. */
  finish(trailers: FieldEntries | undefined): void;
  /** The body was dropped unfinished, or its guest trapped: the client must not take what it has for the whole. */
  abort(reason: string): void;
}
