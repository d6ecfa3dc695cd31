/** Connecting over TCP, where the workload's policy allows it. Its own loopback always is, unless "net" is false. */
import { callPlace, withPlace } from "./call_place.ts";
import { Connection } from "./connection.ts";
import { refuseInFirstLines } from "./first_lines.ts";
import { parseAddress, toSocketAddress } from "./socket_address.ts";
import { SocketCall } from "./socket_call.ts";
import { attempt, SocketError } from "./socket_error.ts";
import { resolveAddresses } from "./wasi/sockets_ip_name_lookup.ts";
import { instanceNetwork } from "./wasi/sockets_instance_network.ts";
import type { IpAddress, Network } from "./wasi/sockets_network.ts";
import { createTcpSocket } from "./wasi/sockets_tcp_create_socket.ts";
import type { TcpSocket } from "./wasi/sockets_tcp.ts";

/** Where to. */
export interface ConnectOptions {
  /** An address, or a name that "dns" lists. Without one: "127.0.0.1", the workload's own loopback. */
  readonly hostname?: string;
  /** Of the other side. */
  readonly port: number;
  /** Gives up connecting, and ends the connection later on: who waits gets its reason. */
  readonly signal?: AbortSignal;
}

const LOOPBACK: IpAddress = { tag: "ipv4", val: [127, 0, 0, 1] };

/**
 * Connects to the first address of the host that takes the connection.
 * @throws SocketError with the code of the last address that was tried
 *
 * @example
 * const service = await connect({ port: 7777 });
 */
export function connect(options: ConnectOptions): Promise<Connection> {
  refuseInFirstLines("connect");
  return connectFrom(options);
}

async function connectFrom(options: ConnectOptions): Promise<Connection> {
  const place = callPlace();
  try {
    return await connectFirst(options);
  } catch (error) {
    // The reason of a signal is the program's own.
    throw error === options.signal?.reason ? error : withPlace(error, place);
  }
}

async function connectFirst({ hostname = "127.0.0.1", port, signal }: ConnectOptions): Promise<Connection> {
  signal?.throwIfAborted();
  const action = `connect to ${hostname}:${port}`;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SocketError(action, "invalid-argument", "{ port }, a number from 1 to 65535");
  }
  using network = instanceNetwork();
  let failure: SocketError | undefined;
  for (const address of await addressesOf(network, hostname, signal)) {
    try {
      return await connectTo(network, address, { action, port, signal });
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      signal?.throwIfAborted();
      failure = error;
    }
  }
  throw failure ?? new SocketError(action, "name-unresolvable");
}

async function addressesOf(network: Network, hostname: string, signal?: AbortSignal): Promise<readonly IpAddress[]> {
  const literal = parseAddress(hostname);
  if (literal !== null) return [literal];
  // By definition this workload's loopback (RFC 6761): nothing to look up.
  if (/^(?:.*\.)?localhost\.?$/i.test(hostname)) return [LOOPBACK];
  const action = `resolve ${hostname}`;
  using lookup = attempt(action, () => resolveAddresses(network, hostname));
  const addresses: IpAddress[] = [];
  for (;;) {
    const address = await finish(new SocketCall(action, lookup, () => lookup.resolveNextAddress()), signal);
    if (address === null || address === undefined) return addresses;
    addresses.push(address);
  }
}

async function connectTo(
  network: Network,
  address: IpAddress,
  { action, port, signal }: {
    readonly action: string;
    readonly port: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Connection> {
  const socket: TcpSocket = attempt(action, () => createTcpSocket(address.tag));
  try {
    attempt(action, () => socket.startConnect(network, toSocketAddress(address, port)));
    const [input, output] = await finish(new SocketCall(action, socket, () => socket.finishConnect()), signal);
    const connection = new Connection(socket, input, output);
    signal?.addEventListener("abort", () => connection.abort(signal.reason), { once: true });
    return connection;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

async function finish<T>(call: SocketCall<T>, signal: AbortSignal | undefined): Promise<T> {
  const giveUp = (): void => call.giveUp();
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    return await call.finish();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}
