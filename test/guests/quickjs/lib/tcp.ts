/** TCP on the workload's private loopback: a service listens, everybody connects. */
import type { InputStream, OutputStream } from "wasi:io/streams@0.2.10";
import { instanceNetwork } from "wasi:sockets/instance-network@0.2.10";
import type { ErrorCode, IpSocketAddress, Ipv4Address } from "wasi:sockets/network@0.2.10";
import { createTcpSocket } from "wasi:sockets/tcp-create-socket@0.2.10";
import type { TcpSocket } from "wasi:sockets/tcp@0.2.10";
import type { Job } from "./job.ts";
import { Reader, Writer } from "./streams.ts";
import { witError } from "./wit_error.ts";

const LOOPBACK: Ipv4Address = [127, 0, 0, 1];
const EVERY_ADDRESS: Ipv4Address = [0, 0, 0, 0];

/** A socket's call failed; `code` is the `wasi:sockets` error code. */
export class SocketError extends Error {
  readonly code: ErrorCode;
  constructor(action: string, code: ErrorCode) {
    super(`Cannot ${action}: ${code}`);
    this.code = code;
  }
}

/** An open connection. Dispose it when done: what was written is still delivered. */
export class Connection implements Disposable {
  readonly reader: Reader;
  readonly writer: Writer;
  readonly #socket: TcpSocket;

  constructor(socket: TcpSocket, input: InputStream, output: OutputStream) {
    this.#socket = socket;
    this.reader = new Reader(input);
    this.writer = new Writer(output);
  }

  [Symbol.dispose](): void {
    this.reader[Symbol.dispose]();
    this.writer[Symbol.dispose]();
    this.#socket[Symbol.dispose]();
  }
}

/**
 * Connects to a port of the workload's own loopback.
 * @throws {SocketError}
 */
export function* connect(port: number): Job<Connection> {
  const action = `connect to 127.0.0.1:${port}`;
  using network = instanceNetwork();
  using owned = new DisposableStack();
  const socket = owned.use(createSocket(action));
  yield* settle(socket, action, () => socket.startConnect(network, ipv4(LOOPBACK, port)));
  const [input, output] = yield* settle(socket, action, () => socket.finishConnect());
  owned.move();
  return new Connection(socket, input, output);
}

/**
 * Listens on a port, on every address of the workload's own loopback. Only a service may.
 * @throws {SocketError}
 */
export function* listen(port: number): Job<Listener> {
  const action = `listen on port ${port}`;
  using network = instanceNetwork();
  using owned = new DisposableStack();
  const socket = owned.use(createSocket(action));
  yield* settle(socket, action, () => socket.startBind(network, ipv4(EVERY_ADDRESS, port)));
  yield* settle(socket, action, () => socket.finishBind());
  yield* settle(socket, action, () => socket.startListen());
  yield* settle(socket, action, () => socket.finishListen());
  owned.move();
  return new Listener(socket);
}

/** A listening socket. */
export class Listener implements Disposable {
  readonly #socket: TcpSocket;

  constructor(socket: TcpSocket) {
    this.#socket = socket;
  }

  /** The next client. @throws {SocketError} */
  *accept(): Job<Connection> {
    const [socket, input, output] = yield* settle(this.#socket, "accept", () => this.#socket.accept());
    return new Connection(socket, input, output);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** Calls until the answer is another than `would-block`, and waits for the socket in between. */
function* settle<T>(socket: TcpSocket, action: string, call: () => T): Job<T> {
  using pollable = socket.subscribe();
  for (;;) {
    try {
      return call();
    } catch (error) {
      const code = witError(error) as ErrorCode;
      if (code !== "would-block") throw new SocketError(action, code);
    }
    yield pollable;
  }
}

function createSocket(action: string): TcpSocket {
  try {
    return createTcpSocket("ipv4");
  } catch (error) {
    throw new SocketError(action, witError(error) as ErrorCode);
  }
}

function ipv4(address: Ipv4Address, port: number): IpSocketAddress {
  return { tag: "ipv4", val: { port, address } };
}
