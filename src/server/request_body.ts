/**
 * The body of a request as a byte source. It reads ahead by one window and then lets the
 * client wait: TCP does the rest.
 */
import type { ByteSource, StreamEnd, StreamFailure } from "../base/byte_stream.ts";
import { WaitList } from "../base/waitable.ts";
import type { FieldEntries } from "../host/http/exchange.ts";
import { ByteQueue } from "../network/byte_queue.ts";
import type { BodyFlow } from "./body_flow.ts";
import type { ClientRequest } from "./client_exchange.ts";
import { trailerFields } from "./request_fields.ts";

/**
 * A chunk counts as so many bytes of the window, and of what is thrown away: a piece of 64 KiB has 10,900 chunks of one byte,
 * which take 20 ms to read, and a window of them would be six such pieces.
 */
const CHUNK_BYTES_MIN = 64;

/** Settings of one request body. */
export interface RequestBodyOptions {
  /** Holds the client back. */
  readonly flow: BodyFlow;
  /** Bytes held before the client has to wait. */
  readonly windowBytes: number;
  /** Bytes thrown away after `dispose` before `onTooMuch`. */
  readonly discardBytesMax: number;
  /** Called at the first read of a body whose client waits for it (`Expect: 100-continue`). */
  readonly onFirstRead?: () => void;
  /** The client goes on sending what nobody wants: the connection should end. */
  readonly onTooMuch: () => void;
}

type BodyState =
  /** Made; nothing was asked of the client yet. */
  | { readonly kind: "waiting" }
  /** Bytes come; left by the end, by a failure, or by `dispose`. */
  | { readonly kind: "flowing" }
  /** All bytes are in; final once the chunks are read. */
  | { readonly kind: "ended" }
  /** Final: the client broke off. Reported once. */
  | { readonly kind: "failed"; readonly failure: StreamFailure; readonly isReported: boolean }
  /** Final: the reader has gone; bytes are counted and thrown away. */
  | { readonly kind: "disposed" };

/** The source that a guest's incoming body reads. */
export class RequestBody implements ByteSource {
  readonly #request: ClientRequest;
  readonly #options: RequestBodyOptions;
  readonly #waiters = new WaitList();
  /** Chunks of one byte share a block: as objects of their own they would take a hundred times their size. */
  readonly #held = new ByteQueue();
  /** What the chunks of `#held` count for beyond their bytes. */
  #extraBytes = 0;
  #isHolding = false;
  #receivedBytes = 0;
  #discardedBytes = 0;
  #state: BodyState;

  constructor(request: ClientRequest, options: RequestBodyOptions) {
    this.#request = request;
    this.#options = options;
    this.#state = { kind: hasBody(request) ? "waiting" : "ended" };
    // With a body read ahead a client that leaves is noticed at once; one that waits for 100 is asked for nothing yet.
    if (this.#state.kind === "waiting" && options.onFirstRead === undefined) this.#start();
  }

  /** Bytes in memory now; never more than a window and what one read of the socket brings. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** Bytes that came, read or thrown away. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  isReady(): boolean {
    if (this.#state.kind === "waiting") this.#start();
    return this.#held.length > 0 || this.#state.kind !== "flowing";
  }

  onReady(wake: () => void): () => void {
    const withdraw = this.#waiters.add(wake);
    if (this.isReady()) this.#waiters.wakeAll();
    return withdraw;
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#state.kind === "waiting") this.#start();
    if (this.#held.length > 0) return this.#take(bytesMax);
    switch (this.#state.kind) {
      case "waiting":
      case "flowing":
        return new Uint8Array();
      case "failed": {
        if (this.#state.isReported) return "closed";
        const { failure } = this.#state;
        this.#state = { ...this.#state, isReported: true };
        return { failed: failure };
      }
      case "ended":
      case "disposed":
        return "closed";
    }
  }

  dispose(): void {
    if (this.#state.kind === "disposed") return;
    const before = this.#state.kind;
    this.#held.clear();
    if (before === "waiting" || before === "flowing") this.#state = { kind: "disposed" };
    this.#release();
  }

  /** The fields after the body; undefined before its end and when there are none. */
  trailers(): FieldEntries | undefined {
    const raw = this.#request.rawTrailers;
    if (this.#state.kind !== "ended" || raw.length === 0) return undefined;
    return trailerFields(raw);
  }

  /** The connection broke. What was received can still be read. */
  fail(failure: StreamFailure): void {
    if (this.#state.kind !== "waiting" && this.#state.kind !== "flowing") return;
    this.#state = { kind: "failed", failure, isReported: false };
    this.#waiters.wakeAll();
  }

  #start(): void {
    this.#state = { kind: "flowing" };
    this.#options.onFirstRead?.();
    this.#request.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    this.#request.on("end", () => this.#finish());
    // Until a stream was read once it keeps what comes, an object for each chunk, and on Deno the reading of all others comes first.
    this.#request.read(0);
  }

  #receive(chunk: Uint8Array): void {
    this.#receivedBytes += chunk.length;
    this.#options.flow.countPart(chunk.length);
    if (this.#state.kind === "disposed") {
      const before = this.#discardedBytes;
      this.#discardedBytes += Math.max(chunk.length, CHUNK_BYTES_MIN);
      const { discardBytesMax } = this.#options;
      // What was read already still comes.
      if (before <= discardBytesMax && this.#discardedBytes > discardBytesMax) this.#options.onTooMuch();
      return;
    }
    if (chunk.length === 0 || this.#state.kind !== "flowing") return;
    this.#held.give(chunk);
    this.#extraBytes += Math.max(0, CHUNK_BYTES_MIN - chunk.length);
    if (!this.#isHolding && !this.#hasRoom()) {
      this.#isHolding = true;
      this.#options.flow.holdBody();
    }
    this.#waiters.wakeAll();
  }

  #finish(): void {
    if (this.#state.kind !== "flowing") return;
    this.#state = { kind: "ended" };
    // What follows on the connection is another request.
    this.#release();
    this.#waiters.wakeAll();
  }

  #take(bytesMax: number): Uint8Array {
    const taken = this.#held.take(bytesMax);
    if (this.#held.length === 0) this.#extraBytes = 0;
    if (this.#hasRoom()) this.#release();
    return taken;
  }

  #hasRoom(): boolean {
    return this.#held.length + this.#extraBytes < this.#options.windowBytes;
  }

  #release(): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#options.flow.releaseBody();
  }
}

/** A request has a body exactly when its header says so (RFC 9112 section 6.3). */
export function hasBody(request: ClientRequest): boolean {
  const { headers } = request;
  if (headers["transfer-encoding"] !== undefined) return true;
  const length = headers["content-length"];
  return length !== undefined && Number(length) !== 0;
}
