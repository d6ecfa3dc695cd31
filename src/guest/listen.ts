/** Listening on the workload's own loopback. Only a service may. */
import { Connection } from "./connection.ts";
import { refuseInFirstLines } from "./first_lines.ts";
import { mayGoOn } from "./loop.ts";
import { reportError } from "./report_error.ts";
import { fromSocketAddress, parseAddress, type SocketAddress, toSocketAddress } from "./socket_address.ts";
import { SocketCall } from "./socket_call.ts";
import { attempt, SocketError } from "./socket_error.ts";
import { setTimeout } from "./timers.ts";
import { instanceNetwork } from "./wasi/sockets_instance_network.ts";
import { createTcpSocket } from "./wasi/sockets_tcp_create_socket.ts";
import type { TcpSocket } from "./wasi/sockets_tcp.ts";

/** Where to listen. */
export interface ListenOptions {
  /** An address. Without one: "0.0.0.0", every address of the workload's loopback. */
  readonly hostname?: string;
  /** Of the private loopback. */
  readonly port: number;
}

/** After a failed accept, so that a lasting failure does not become a busy loop. */
const ACCEPT_RETRY_MS = 100;

/**
 * Listens at once.
 * @throws SocketError "address-in-use", or "access-denied" for who is no service
 *
 * @example
 * for await (const connection of listen({ port: 7777 })) void connection.readable.pipeTo(connection.writable);
 */
export function listen({ hostname = "0.0.0.0", port }: ListenOptions): Listener {
  refuseInFirstLines("listen");
  const action = `listen on ${hostname}:${port}`;
  const address = parseAddress(hostname);
  if (address === null) throw new SocketError(action, "invalid-argument", "a hostname that is an address");
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new SocketError(action, "invalid-argument", "{ port }, a number from 0 to 65535");
  }
  using network = instanceNetwork();
  const socket = attempt(action, () => createTcpSocket(address.tag));
  try {
    attempt(action, () => socket.startBind(network, toSocketAddress(address, port)));
    new SocketCall(action, socket, () => socket.finishBind()).block();
    attempt(action, () => socket.startListen());
    new SocketCall(action, socket, () => socket.finishListen()).block();
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
  return new Listener(socket);
}

/**
 * A listening socket. Iterating over it gives connections until it is closed.
 *
 * @example
 * for await (const connection of listen({ port: 7777 })) {
 *   void connection.readable.pipeTo(connection.writable);
 * }
 */
export class Listener implements Disposable {
  #socket: TcpSocket | null;
  #accepting: SocketCall<Connection> | null = null;

  /** `listen` makes them. */
  constructor(socket: TcpSocket) {
    this.#socket = socket;
  }

  /** Where it listens, with the port that was chosen for port 0. */
  get localAddress(): SocketAddress {
    const socket = this.#socket;
    if (socket === null) throw new SocketError("tell the local address", "invalid-state");
    return fromSocketAddress(attempt("tell the local address", () => socket.localAddress()));
  }

  /** The next client. One caller at a time. @throws SocketError "aborted" when the listener is closed meanwhile */
  async accept(): Promise<Connection> {
    const socket = this.#socket;
    if (socket === null) throw new SocketError("accept", "invalid-state");
    if (this.#accepting !== null) throw new SocketError("accept", "concurrency-conflict");
    this.#accepting = new SocketCall("accept", socket, () => new Connection(...socket.accept()));
    try {
      return await this.#accepting.finish();
    } finally {
      this.#accepting = null;
      if (this.#socket === null) socket[Symbol.dispose]();
    }
  }

  /** An accept that fails is a log line, and the next one is tried: one client's failure is not the service's. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, undefined> {
    try {
      while (this.#socket !== null) {
        if (!mayGoOn()) await new Promise<void>((resolve) => setTimeout(() => resolve(), 0));
        const connection = await this.#next();
        if (connection !== null) yield connection;
      }
    } finally {
      this.close();
    }
  }

  /** Clients that are connected stay. Also more than once. */
  close(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    if (this.#accepting === null) socket[Symbol.dispose]();
    else this.#accepting.giveUp();
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #next(): Promise<Connection | null> {
    try {
      return await this.accept();
    } catch (error) {
      if (this.#socket === null) return null;
      reportError(error);
      await new Promise<void>((resolve) => setTimeout(() => resolve(), ACCEPT_RETRY_MS));
      return null;
    }
  }
}
