/**
 * A connection of ours (the private loopback's) as a stream of the runtime, so that a client that knows only sockets can
 * speak over it. Nothing is read that was not asked for, and a write is done when the connection has taken it.
 */
import { Duplex } from "node:stream";
import { Buffer } from "node:buffer";
import type { StreamEnd } from "../base/byte_stream.ts";
import { CONNECTION_RESET, type TcpConnection } from "./tcp_connection.ts";

/** One piece of what is read. */
const READ_BYTES = 65_536;

/**
 * `end()` half-closes; `destroy()` closes, with or without an error, as for a socket; `resetAndDestroy()` resets.
 *
 * @example
 * const socket = new ConnectionDuplex(connection); // all handles of `connection` are the stream's now
 */
export class ConnectionDuplex extends Duplex {
  readonly #connection: TcpConnection;
  #withdrawRead: (() => void) | undefined;
  #withdrawWrite: (() => void) | undefined;
  #isReset = false;

  constructor(connection: TcpConnection) {
    super({ allowHalfOpen: true, autoDestroy: true, decodeStrings: true });
    this.#connection = connection;
  }

  /** The peer must not take what it has for the whole. */
  resetAndDestroy(): this {
    this.#isReset = true;
    return this.destroy();
  }

  override _read(): void {
    if (this.#withdrawRead === undefined) this.#pull();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    const { output } = this.#connection;
    let left = chunk;
    while (left.length > 0) {
      const permit = output.permit();
      if (typeof permit !== "number") return done(writeError(permit));
      if (permit === 0) {
        this.#withdrawWrite = output.onReady(() => {
          this.#withdrawWrite = undefined;
          if (!this.destroyed) this._write(left, _encoding, done);
        });
        return;
      }
      const end = output.write(left.subarray(0, permit));
      if (end !== undefined) return done(writeError(end));
      left = left.subarray(permit);
    }
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.shutdown("send");
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#withdrawRead?.();
    this.#withdrawWrite?.();
    this.#connection.end(this.#isReset ? "reset" : "close");
    done(error);
  }

  #pull(): void {
    const { input } = this.#connection;
    for (;;) {
      const read = input.read(READ_BYTES);
      if (read === "closed") {
        this.push(null);
        return;
      }
      if (!(read instanceof Uint8Array)) {
        this.destroy(resetError(read.failed.message));
        return;
      }
      if (read.length === 0) {
        this.#withdrawRead = input.onReady(() => {
          this.#withdrawRead = undefined;
          if (!this.destroyed) this.#pull();
        });
        return;
      }
      if (!this.push(Buffer.from(read.buffer, read.byteOffset, read.byteLength))) return;
    }
  }
}

/** As the system's sockets say it. */
function writeError(end: StreamEnd): Error {
  if (end !== "closed") return resetError(end.failed.message);
  return Object.assign(new Error("Cannot write: the peer reads no more"), { code: "EPIPE" });
}

function resetError(message: string): Error {
  return Object.assign(new Error(message || CONNECTION_RESET.message), { code: "ECONNRESET" });
}
