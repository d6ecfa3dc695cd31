/** An open TCP connection with a stream for each direction. */
import { streamOf } from "./byte_source.ts";
import { StreamSink, StreamSource } from "./byte_streams.ts";
import { toBytes } from "./bytes.ts";
import { fromSocketAddress, type SocketAddress } from "./socket_address.ts";
import { socketCode, SocketError } from "./socket_error.ts";
import { type ReadableStream, WritableStream } from "./web_streams.ts";
import type { InputStream, OutputStream } from "./wasi/io_streams.ts";
import type { IpSocketAddress } from "./wasi/sockets_network.ts";
import type { TcpSocket } from "./wasi/sockets_tcp.ts";

/**
 * Reads wait for the other side, writes for room there. It closes by itself when the reading side has ended and the
 * writing side was closed; `close()` ends both at once, and what was written and awaited is still delivered.
 *
 * @example
 * using connection = await connect({ port: 7777 });
 * await connection.write(new TextEncoder().encode("PING\n"));
 * await connection.closeWrite();
 * const answer = await new Response(connection.readable).text();
 */
export class Connection implements Disposable {
  readonly #source: StreamSource;
  readonly #sink: StreamSink;
  #socket: TcpSocket | null;
  #hasRead = false;
  #hasWritten = false;
  #readable: ReadableStream | undefined;
  #writable: WritableStream | undefined;

  /** `connect` and listeners make them. */
  constructor(socket: TcpSocket, input: InputStream, output: OutputStream) {
    this.#socket = socket;
    this.#source = new StreamSource(input, () => this.#ended("read"));
    this.#sink = new StreamSink(output);
  }

  /** What the other side sends. */
  get readable(): ReadableStream {
    return this.#readable ??= streamOf(this.#source);
  }

  /** What the other side gets; closing it tells the other side that there is no more. */
  get writable(): WritableStream {
    return this.#writable ??= new WritableStream<Uint8Array>({
      write: (chunk) => this.#sink.write(toBytes(chunk)),
      close: () => this.#finishWriting(),
      abort: (reason) => this.abort(reason),
    });
  }

  /**
   * Resolves when all bytes are handed over. It does what a writer of `writable` does, without the stream that an interpreter
   * is slow to make; writes of both come out one after the other.
   * @throws ConnectionLost when the other side is gone
   */
  write(bytes: Uint8Array): Promise<void> {
    return this.#sink.write(toBytes(bytes));
  }

  /** Tells the other side that there is no more, behind all writes; it can still be read from. */
  closeWrite(): Promise<void> {
    return this.#finishWriting();
  }

  /** Of this end. */
  get localAddress(): SocketAddress {
    return this.#address("local", (socket) => socket.localAddress());
  }

  /** Of the other end. */
  get remoteAddress(): SocketAddress {
    return this.#address("remote", (socket) => socket.remoteAddress());
  }

  /** Ends both directions at once; who reads gets the end. Also more than once. */
  close(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    this.#source.cancel();
    this.#sink.close();
    socket[Symbol.dispose]();
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As `close`, but who reads gets `reason`. */
  abort(reason: unknown): void {
    this.#source.fail(reason);
    this.close();
  }

  async #finishWriting(): Promise<void> {
    await this.#sink.finish();
    this.#ended("written");
    // Without this the other side sees the end only when reading is over too.
    this.#call("close the connection for writing", (socket) => socket.shutdown("send"));
  }

  #ended(side: "read" | "written"): void {
    if (side === "read") this.#hasRead = true;
    else this.#hasWritten = true;
    if (this.#hasRead && this.#hasWritten) this.close();
  }

  #address(side: string, ask: (socket: TcpSocket) => IpSocketAddress): SocketAddress {
    const address = this.#call(`tell the ${side} address`, ask);
    if (address === undefined) throw new SocketError(`tell the ${side} address`, "invalid-state");
    return fromSocketAddress(address);
  }

  #call<T>(action: string, ask: (socket: TcpSocket) => T): T | undefined {
    if (this.#socket === null) return undefined;
    try {
      return ask(this.#socket);
    } catch (error) {
      throw new SocketError(action, socketCode(error));
    }
  }
}
