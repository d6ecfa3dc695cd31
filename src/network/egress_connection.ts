/**
 * A connection to the outside over a socket of the runtime: bounded buffers both ways, half-close, and an end that
 * still delivers what was written. The socket is handed in; only its type is known here.
 */
import type { Socket } from "node:net";
import type { ByteSink, ByteSource, StreamEnd, StreamFailure } from "../base/byte_stream.ts";
import type { Clock } from "../base/clock.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import { keptBytes } from "../base/kept_bytes.ts";
import { resetSocketNow } from "../base/reset_socket.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { ByteQueue } from "./byte_queue.ts";
import { CONNECTION_RESET, ConnectionHandles, type EndKind, type TcpConnection } from "./tcp_connection.ts";
import type { TcpOptions } from "./tcp_options.ts";

/** A dropped connection may take this long for each step of delivering its last bytes; then it is cut. */
const LINGER_MS = 30_000;
/** ... and this long, once all is sent, for the peer to end as well. Closing at once could reset what it has not read. */
const LINGER_SENT_MS = 5_000;
/** What a queued write costs beyond its bytes; a guest that writes single bytes fills its buffer sooner. */
const WRITE_COST_BYTES = 128;
const NS_PER_S = 1_000_000_000n;

/** What a connection is made of once its socket is connected. */
export interface EgressConnectionOptions {
  /** Connected, with `allowHalfOpen`. */
  readonly socket: Socket;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly options: TcpOptions;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** The guest has no more handles on it; the socket may still be delivering. */
  readonly onGone: () => void;
}

/** A connected socket of the runtime as the core sees it. */
export class EgressConnection implements TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly input: ByteSource;
  readonly output: ByteSink;
  readonly #options: EgressConnectionOptions;
  readonly #handles: ConnectionHandles;
  readonly #reader: EgressReader;
  readonly #writer: EgressWriter;
  #isGone = false;
  #cancelLinger: (() => void) | undefined;

  constructor(options: EgressConnectionOptions) {
    const { socket } = options;
    this.#options = options;
    this.local = options.local;
    this.remote = options.remote;
    this.#handles = new ConnectionHandles(() => this.end("close"));
    const failure = new SharedFailure();
    this.#reader = new EgressReader(socket, {
      options: options.options,
      failure,
      onDispose: () => this.#handles.drop("input"),
    });
    this.#writer = new EgressWriter(socket, {
      options: options.options,
      failure,
      onDispose: () => this.#handles.drop("output"),
      onProgress: () => this.#linger(LINGER_MS),
    });
    this.input = this.#reader;
    this.output = this.#writer;
    this.optionsChanged();
    socket.on("finish", () => this.#linger(LINGER_SENT_MS));
    socket.on("close", () => {
      this.#stopLinger();
      this.failed(CONNECTION_RESET);
    });
  }

  /** The socket failed. Only the first failure counts, and none after an orderly end. */
  failed(failure: StreamFailure): void {
    this.#reader.fail(failure);
    this.#writer.fail(failure);
  }

  shutdown(how: "receive" | "send" | "both"): void {
    if (how !== "receive") this.#writer.finish();
    if (how !== "send") this.#reader.discard();
  }

  dropSocket(): void {
    this.#handles.drop("socket");
  }

  buffersChanged(): void {
    this.#reader.sizeChanged();
    this.#writer.sizeChanged();
  }

  /** Keep-alive acts on the socket (whole seconds); the runtimes have no way to set a TCP socket's hop limit. */
  optionsChanged(): void {
    const { keepAliveEnabled, keepAliveIdleNs, keepAliveIntervalNs, keepAliveCount } = this.#options.options;
    const [idleMs, intervalMs] = [toWholeSecondsMs(keepAliveIdleNs), toWholeSecondsMs(keepAliveIntervalNs)];
    this.#options.socket.setKeepAlive(keepAliveEnabled, idleMs, intervalMs, keepAliveCount);
  }

  end(how: EndKind): void {
    const { socket, onGone } = this.#options;
    if (!this.#isGone) {
      this.#isGone = true;
      this.#reader.discard();
      if (how === "close") {
        this.#linger(LINGER_MS);
        this.#writer.finish();
      }
      onGone();
    }
    // Also for one that is still delivering: the workload is going away.
    if (how === "reset") resetSocketNow(socket);
  }

  /** Resets it while its guest lives on: the guest reads what was received, and then of the reset. */
  cut(): void {
    resetSocketNow(this.#options.socket);
  }

  /** (Re)starts the time that a dropped connection has left. */
  #linger(delayMs: number): void {
    const { socket, clock, counters } = this.#options;
    this.#stopLinger();
    if (!this.#isGone || socket.destroyed) return;
    const isSent = socket.writableFinished;
    const cancel = clock.startTimer(isSent ? Math.min(delayMs, LINGER_SENT_MS) : delayMs, () => {
      this.#stopLinger();
      socket.destroy();
    });
    counters.add("timers", 1);
    this.#cancelLinger = cancel;
  }

  #stopLinger(): void {
    if (this.#cancelLinger === undefined) return;
    this.#cancelLinger();
    this.#cancelLinger = undefined;
    this.#options.counters.add("timers", -1);
  }
}

/** Input and output learn of one failure; see `ResetNotice` for who reports it. */
class SharedFailure {
  isReported = false;
}

interface HalfOptions {
  readonly options: TcpOptions;
  readonly failure: SharedFailure;
  readonly onDispose: () => void;
}

class EgressReader implements ByteSource {
  readonly #socket: Socket;
  readonly #half: HalfOptions;
  readonly #queue = new ByteQueue();
  readonly #waiters = new WaitList();
  #end: StreamEnd | undefined;
  #isDiscarding = false;

  constructor(socket: Socket, half: HalfOptions) {
    this.#socket = socket;
    this.#half = half;
    socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
    socket.on("end", () => this.#endWith("closed"));
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#isDiscarding) return "closed";
    if (this.#queue.length > 0) {
      const bytes = this.#queue.take(bytesMax);
      this.sizeChanged();
      return bytes;
    }
    if (this.#end === undefined) return new Uint8Array(0);
    const end = this.#end;
    this.#end = "closed";
    if (end !== "closed") this.#half.failure.isReported = true;
    return end;
  }

  isReady(): boolean {
    return this.#isDiscarding || this.#queue.length > 0 || this.#end !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  dispose(): void {
    this.#half.onDispose();
  }

  /** What is queued or still to come is thrown away; the socket is read on, so that the peer can go on. */
  discard(): void {
    this.#isDiscarding = true;
    this.#queue.clear();
    this.#socket.resume();
    this.#waiters.wakeAll();
  }

  fail(failure: StreamFailure): void {
    this.#endWith({ failed: failure });
  }

  /** There may be room again. */
  sizeChanged(): void {
    if (this.#queue.length < this.#half.options.receiveBufferBytes && this.#socket.isPaused()) this.#socket.resume();
  }

  #received(bytes: Uint8Array): void {
    if (this.#isDiscarding) return;
    this.#queue.give(bytes);
    if (this.#queue.length >= this.#half.options.receiveBufferBytes) this.#socket.pause();
    this.#waiters.wakeAll();
  }

  #endWith(end: StreamEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#waiters.wakeAll();
  }
}

class EgressWriter implements ByteSink {
  readonly #socket: Socket;
  readonly #half: HalfOptions & { readonly onProgress: () => void };
  readonly #waiters = new WaitList();
  #end: StreamEnd | undefined;
  /** Of the writes that the system has not taken yet. */
  #costBytes = 0;
  #isFlushing = false;

  constructor(socket: Socket, half: HalfOptions & { readonly onProgress: () => void }) {
    this.#socket = socket;
    this.#half = half;
  }

  permit(): number | StreamEnd {
    if (this.#end !== undefined) return this.#takeEnd(this.#end);
    return this.#isFlushing ? 0 : this.#room();
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    if (this.#end !== undefined) return this.#takeEnd(this.#end);
    if (bytes.length === 0) return undefined;
    const costBytes = bytes.length + WRITE_COST_BYTES;
    this.#costBytes += costBytes;
    // The socket keeps its own copy until the system has taken it. A failure comes as the socket's "error".
    this.#socket.write(keptBytes(bytes), () => this.#written(costBytes));
    return undefined;
  }

  flush(): StreamEnd | undefined {
    if (this.#end !== undefined) return this.#takeEnd(this.#end);
    this.#isFlushing = this.#costBytes > 0;
    return undefined;
  }

  isReady(): boolean {
    return this.#end !== undefined || (!this.#isFlushing && this.#room() > 0);
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  dispose(): void {
    this.#half.onDispose();
  }

  /** Sends the end after what was written. */
  finish(): void {
    if (this.#end === undefined) this.#socket.end();
    this.#end = "closed";
    this.#waiters.wakeAll();
  }

  fail(failure: StreamFailure): void {
    this.#end ??= { failed: failure };
    this.#waiters.wakeAll();
  }

  /** There may be room again. */
  sizeChanged(): void {
    this.#waiters.wakeAll();
  }

  /** An idle connection has room for its whole buffer, whatever a single write costs. */
  #room(): number {
    return Math.max(0, this.#half.options.sendBufferBytes - this.#costBytes);
  }

  #written(costBytes: number): void {
    this.#costBytes -= costBytes;
    if (this.#costBytes === 0) this.#isFlushing = false;
    this.#waiters.wakeAll();
    this.#half.onProgress();
  }

  #takeEnd(end: StreamEnd): StreamEnd {
    this.#end = "closed";
    if (end === "closed" || this.#half.failure.isReported) return "closed";
    this.#half.failure.isReported = true;
    return end;
  }
}

/** Rounded up: 0 would mean the system's default. */
function toWholeSecondsMs(durationNs: bigint): number {
  return Number((durationNs + NS_PER_S - 1n) / NS_PER_S) * 1000;
}
