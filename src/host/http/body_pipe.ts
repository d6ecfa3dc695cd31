/**
 * What a guest writes as a body, from its first byte to the moment the message is whole. A guest may write before
 * anybody knows where the bytes go (before `response-outparam.set`): they wait here, one window of them, and flow on
 * once the pipe is joined with a sink. Here also the length that the head declared is held against what was written.
 */
import type { ErrorCode } from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { ByteSink, StreamEnd, StreamFailure } from "../../base/byte_stream.ts";
import type { FaultCode } from "../../base/fault_codes.ts";
import { WaitList } from "../../base/waitable.ts";
import type { FieldEntries, ResponseBody } from "./exchange.ts";
import type { HeldBudget } from "./held_budget.ts";
import { HeldBytes } from "./held_bytes.ts";

/**
 * How much waits for a sink: one window of 64 KiB, and one blocking write more, so that the flush after the write
 * that fills the window still succeeds. A guest that writes more must be able to set its outparam first.
 */
export const UNSENT_BODY_BYTES_MAX = 65_536 + 4_096;

/** What the permit says where bytes are counted and thrown away. */
const DISCARD_PERMIT_BYTES = 65_536;

/** Which error-code tells about a wrong length. */
export type BodyKind = "request" | "response";

/** What the head of the message says about its body. */
export interface BodyPipeOptions {
  readonly kind: BodyKind;
  /** The content-length of the head. */
  readonly lengthBytes: number | undefined;
  /** Its guest's, which is charged with what waits here. */
  readonly budget?: HeldBudget;
}

/**
 * Where the bytes go. `held`: nowhere yet; left by `join`, `discard` or `close`. `joined`: to the sink, after what was
 * held. `discarded`: nowhere, they belong to no body (an answer to HEAD). `closed`: the reader is gone, or the body
 * was aborted; writes fail, and there is no way out.
 */
type Way =
  | { readonly kind: "held" }
  | { readonly kind: "joined"; readonly sink: ResponseBody }
  | { readonly kind: "discarded" }
  | { readonly kind: "closed" };

/** How the guest ended the body; `open` until then. */
type Ending =
  | { readonly kind: "open" }
  | { readonly kind: "finished"; readonly trailers: FieldEntries | undefined }
  | { readonly kind: "aborted"; readonly reason: string; readonly code: FaultCode | undefined };

/** The sink behind the output-stream of an outgoing-body. Dropping the stream does not end the body. */
export class BodyPipe implements ByteSink {
  readonly #options: BodyPipeOptions;
  readonly #held: HeldBytes;
  readonly #writers = new WaitList();
  #way: Way = { kind: "held" };
  #ending: Ending = { kind: "open" };
  #writtenBytes = 0;
  /** A failure that the pump met; the writer is told once. */
  #failure: StreamFailure | undefined;
  #isFlushDue = false;
  #withdrawPump: (() => void) | undefined;

  constructor(options: BodyPipeOptions) {
    this.#options = options;
    this.#held = new HeldBytes(UNSENT_BODY_BYTES_MAX, options.budget);
  }

  /** Whether the guest is through with the body; bytes may still be on their way. */
  get isEnded(): boolean {
    return this.#ending.kind !== "open";
  }

  isReady(): boolean {
    if (this.#isClosedForWriting() || this.#failure !== undefined) return true;
    switch (this.#way.kind) {
      case "held":
        return this.#held.room > 0;
      case "joined":
        return this.#held.length === 0 && this.#way.sink.isReady();
      case "discarded":
      case "closed":
        return true;
    }
  }

  onReady(wake: () => void): () => void {
    const isReady = this.isReady();
    if (!isReady && this.#way.kind === "joined" && this.#held.length === 0) return this.#way.sink.onReady(wake);
    const withdraw = this.#writers.add(wake);
    if (isReady) this.#writers.wakeAll();
    return withdraw;
  }

  permit(): number | StreamEnd {
    const failed = this.#takeFailure();
    if (failed !== undefined) return failed;
    if (this.#isClosedForWriting()) return "closed";
    switch (this.#way.kind) {
      case "held":
        return this.#held.room;
      case "joined":
        return this.#held.length > 0 ? 0 : this.#way.sink.permit();
      case "discarded":
        return DISCARD_PERMIT_BYTES;
      case "closed":
        return "closed";
    }
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    const failed = this.#takeFailure();
    if (failed !== undefined) return failed;
    if (this.#isClosedForWriting()) return "closed";
    if (bytes.length === 0) return undefined;
    this.#writtenBytes += bytes.length;
    const { lengthBytes } = this.#options;
    if (lengthBytes !== undefined && this.#writtenBytes > lengthBytes) return this.#refuseExcess(lengthBytes);
    if (this.#way.kind === "joined") return this.#way.sink.write(bytes);
    if (this.#way.kind === "held") this.#held.push(bytes);
    return undefined;
  }

  /**
   * Held bytes count as flushed: a guest that flushes before it sets its outparam would otherwise wait for itself.
   * After `join` a flush waits until they have left.
   */
  flush(): StreamEnd | undefined {
    const failed = this.#takeFailure();
    if (failed !== undefined) return failed;
    if (this.#isClosedForWriting()) return "closed";
    if (this.#way.kind !== "joined") return undefined;
    if (this.#held.length === 0) return this.#way.sink.flush();
    this.#isFlushDue = true;
    return undefined;
  }

  /** The output-stream is gone; the body may still be finished. */
  dispose(): void {}

  /** The bytes go to `sink` from now on. Only while held. */
  join(sink: ResponseBody): void {
    this.#way = { kind: "joined", sink };
    this.#pump();
    this.#writers.wakeAll();
  }

  /** The message has no body: what the guest writes is counted and thrown away. Only while held. */
  discard(): void {
    this.#way = { kind: "discarded" };
    this.#held.clear();
    this.#writers.wakeAll();
  }

  /** The message will never be sent: writes fail with "closed". Only while held. */
  close(): void {
    this.#way = { kind: "closed" };
    this.#held.clear();
    this.#writers.wakeAll();
  }

  /** The guest says that the body is whole; the error-code says that it is not, and then it is aborted. */
  finish(trailers: FieldEntries | undefined): ErrorCode | undefined {
    const fault = this.#lengthFault();
    if (fault !== undefined) {
      this.abort("its length differs from its content-length");
      return fault;
    }
    if (this.#ending.kind !== "open") return undefined;
    this.#ending = { kind: "finished", trailers };
    this.#pump();
    this.#writers.wakeAll();
    return undefined;
  }

  /** The body stays a part. Does nothing once it is finished. */
  abort(reason: string, code?: FaultCode): void {
    if (this.#ending.kind !== "open") return;
    this.#ending = { kind: "aborted", reason, code };
    this.#held.clear();
    this.#pump();
    this.#writers.wakeAll();
  }

  /** An ended body takes no more bytes, wherever they would go. */
  #isClosedForWriting(): boolean {
    return this.#way.kind === "closed" || this.#ending.kind !== "open";
  }

  /** Moves what is held into the sink, as far as it permits, and then ends the message if the guest has. */
  #pump(): void {
    this.#withdrawPump?.();
    this.#withdrawPump = undefined;
    if (this.#way.kind !== "joined") return;
    const { sink } = this.#way;
    while (this.#held.length > 0) {
      const permit = sink.permit();
      if (permit === 0) {
        this.#withdrawPump = sink.onReady(() => {
          this.#withdrawPump = undefined;
          this.#pump();
        });
        return;
      }
      const end = typeof permit === "number" ? sink.write(this.#held.peek(permit)) : permit;
      if (end !== undefined) this.#loseReader(end);
      else if (typeof permit === "number") this.#held.drop(permit);
    }
    this.#endMessage(sink);
  }

  #endMessage(sink: ResponseBody): void {
    switch (this.#ending.kind) {
      case "open":
        if (this.#isFlushDue && this.#failure === undefined) this.#startDueFlush(sink);
        this.#writers.wakeAll();
        return;
      case "finished":
        sink.finish(this.#ending.trailers);
        break;
      case "aborted":
        sink.abort(this.#ending.reason, this.#ending.code);
        break;
    }
    this.#way = { kind: "closed" };
  }

  #startDueFlush(sink: ResponseBody): void {
    this.#isFlushDue = false;
    const end = sink.flush();
    if (end !== undefined) this.#loseReader(end);
  }

  /** The reader went away while nobody asked; the writer hears of it at its next operation. */
  #loseReader(end: StreamEnd): void {
    this.#held.clear();
    if (end !== "closed") this.#failure = end.failed;
  }

  #takeFailure(): StreamEnd | undefined {
    const failed = this.#failure;
    this.#failure = undefined;
    return failed === undefined ? undefined : { failed };
  }

  #refuseExcess(lengthBytes: number): StreamEnd {
    this.abort("it is longer than its content-length");
    return {
      failed: {
        message: `Cannot write the body: it has ${this.#writtenBytes} bytes or more, expected ${lengthBytes}`,
        httpCode: this.#sizeCode(),
      },
    };
  }

  #lengthFault(): ErrorCode | undefined {
    const { lengthBytes } = this.#options;
    if (lengthBytes === undefined || this.#writtenBytes === lengthBytes) return undefined;
    const isHeadOnly = this.#way.kind === "discarded" && this.#writtenBytes === 0;
    return isHeadOnly ? undefined : this.#sizeCode();
  }

  #sizeCode(): ErrorCode {
    const val = BigInt(this.#writtenBytes);
    return this.#options.kind === "request"
      ? { tag: "HTTP-request-body-size", val }
      : { tag: "HTTP-response-body-size", val };
  }
}
