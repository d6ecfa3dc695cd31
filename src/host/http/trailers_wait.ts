/** The wait for the trailers of a received message: what is left of the body is read and thrown away, up to a bound. */
import type { ErrorCode } from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { StreamEnd } from "../../base/byte_stream.ts";
import { type Waitable, WaitList } from "../../base/waitable.ts";
import type { BodyReader } from "./body_reader.ts";
import { codeOfFailure } from "./error_code.ts";
import type { FieldEntries } from "./exchange.ts";

/**
 * How much of an unread body is thrown away for its trailers. A client could otherwise keep the gateway busy with an
 * endless upload that no guest asked for; whoever wants the trailers of a longer body reads it.
 */
export const TRAILERS_DRAIN_BYTES_MAX = 1_048_576;

const DRAIN_READ_BYTES = 65_536;

/** `trailers`: undefined inside when the message has none. */
export type TrailersResult =
  | { readonly kind: "trailers"; readonly entries: FieldEntries | undefined }
  | { readonly kind: "failed"; readonly code: ErrorCode };

/** Ready when `result` is there. */
export class TrailersWait implements Waitable {
  readonly #reader: BodyReader;
  readonly #waiters = new WaitList();
  /** The code for a body that is too long to throw away. */
  readonly #tooLong: ErrorCode;
  #drainedBytes = 0;
  #result: TrailersResult | undefined;
  #withdraw: (() => void) | undefined;
  #isDisposed = false;

  constructor(reader: BodyReader, tooLong: ErrorCode) {
    this.#reader = reader;
    this.#tooLong = tooLong;
    this.#drain();
  }

  /** undefined until the body has ended. */
  get result(): TrailersResult | undefined {
    return this.#result;
  }

  isReady(): boolean {
    return this.#result !== undefined;
  }

  onReady(wake: () => void): () => void {
    const withdraw = this.#waiters.add(wake);
    if (this.#result !== undefined) this.#waiters.wakeAll();
    return withdraw;
  }

  /** Nobody waits any more. */
  dispose(): void {
    this.#isDisposed = true;
    this.#withdraw?.();
    this.#withdraw = undefined;
    this.#reader.abandon();
  }

  #drain(): void {
    // A wake-up that was under way when the wait ended.
    if (this.#isDisposed) return;
    let end = this.#reader.end;
    while (end === undefined) {
      const read = this.#reader.read(DRAIN_READ_BYTES);
      if (!(read instanceof Uint8Array)) {
        end = read;
      } else if (read.length === 0) {
        this.#withdraw = this.#reader.onReady(() => this.#drain());
        return;
      } else {
        this.#drainedBytes += read.length;
        if (this.#drainedBytes > TRAILERS_DRAIN_BYTES_MAX) return this.#settle({ kind: "failed", code: this.#tooLong });
      }
    }
    this.#settle(this.#resultOf(end));
  }

  #resultOf(end: StreamEnd): TrailersResult {
    if (end === "closed") return { kind: "trailers", entries: this.#reader.trailers() };
    return { kind: "failed", code: codeOfFailure(end.failed) };
  }

  #settle(result: TrailersResult): void {
    this.#withdraw = undefined;
    this.#result = result;
    if (result.kind === "failed") this.#reader.abandon();
    this.#waiters.wakeAll();
  }
}
