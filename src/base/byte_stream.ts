/**
 * Neutral byte streams: what `wasi:io/streams` wraps and what sockets, bodies, pipes and log lines implement.
 * Nothing blocks here: who wants to wait uses the `Waitable` side.
 */
import type { Waitable } from "./waitable.ts";

/** Why a stream failed; the WIT `error` resource of `last-operation-failed` carries it. */
export interface StreamFailure {
  /** For people: `error.to-debug-string`. */
  readonly message: string;
  /** A `wasi:sockets/network.error-code`, when the failure is one (`network-error-code`). */
  readonly networkCode?: string;
  /** A `wasi:filesystem/types.error-code`, when the failure is one (`filesystem-error-code`). */
  readonly fileCode?: string;
  /** A `wasi:http/types.error-code` variant, when the failure is one (`http-error-code`). */
  readonly httpCode?: { readonly tag: string; readonly val?: unknown };
}

/** A failure is reported once; every later call says "closed". */
export type StreamEnd = "closed" | { readonly failed: StreamFailure };

/** Ready when `read(1)` would return bytes or an end. */
export interface ByteSource extends Waitable {
  /** Up to `bytesMax` (>= 1) bytes, which nobody else changes any more; an empty array when none are there now. */
  read(bytesMax: number): Uint8Array | StreamEnd;
  /** The reader is gone; what is still to come is discarded. Idempotent. */
  dispose(): void;
}

/** Ready when `permit()` would return more than 0 or an end. */
export interface ByteSink extends Waitable {
  /** How many bytes the next `write` may hold (WIT `check-write`); 0 when it has to wait. */
  permit(): number | StreamEnd;
  /**
   * Takes all of `bytes` (at most the last permit). They are the sink's from now on, which may keep them as they are:
   * nobody changes them any more.
   */
  write(bytes: Uint8Array): StreamEnd | undefined;
  /** Starts a flush (WIT `flush`): `permit()` is 0 until everything written before is out of the sink's hands. */
  flush(): StreamEnd | undefined;
  /** The writer is gone. What was written is still delivered. Idempotent. */
  dispose(): void;
}
