/**
 * UDP and TCP to name servers: the only file that opens sockets for the resolver. It is given addresses, never names,
 * so that the system's own resolver is never asked.
 */
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { formatIpAddress, isSameAddress, parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import type { DnsChannel, OpenDnsChannel, OpenDnsChannelOptions } from "./dns_channel.ts";
import { frameMessage, FrameReader } from "./dns_framing.ts";

/**
 * A channel over sockets of the operating system.
 *
 * @example
 * const resolver = new Resolver({ openChannel: openDnsChannel, servers: systemDnsServers(), clock, counters });
 */
export const openDnsChannel: OpenDnsChannel = (options) =>
  options.kind === "udp" ? new UdpChannel(options) : new TcpChannel(options);

class UdpChannel implements DnsChannel {
  readonly #options: OpenDnsChannelOptions;
  readonly #socket: DatagramSocket;
  #waiting: Uint8Array[] = [];
  #isConnected = false;
  #isOver = false;

  constructor(options: OpenDnsChannelOptions) {
    this.#options = options;
    const { server, counters } = options;
    const socket = createSocket({ type: server.address.family === "ipv4" ? "udp4" : "udp6", lookup: takeLiteral });
    this.#socket = socket;
    counters.add("resolverSockets", 1);
    socket.once("close", () => counters.add("resolverSockets", -1));
    socket.on("error", (error) => this.#fail(error));
    socket.on("message", (bytes, from) => {
      // A connected socket hears its peer only; Deno's is not connected underneath and hears everybody.
      if (!this.#isOver && isFrom(server, from)) options.onMessage(bytes);
    });
    socket.connect(server.port, formatIpAddress(server.address), (error?: Error | null) => {
      if (this.#isOver) return;
      if (error) return this.#fail(error);
      this.#isConnected = true;
      for (const message of this.#waiting.splice(0)) this.send(message);
    });
  }

  send(message: Uint8Array): void {
    if (this.#isOver) return;
    if (!this.#isConnected) {
      this.#waiting.push(message);
      return;
    }
    this.#socket.send(message, (error) => {
      if (error) this.#fail(error);
    });
  }

  /** Closing twice is an error of the runtimes that may come when nobody can catch it. */
  close(): void {
    this.#isOver = true;
    this.#socket.close();
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onFailed(reasonOf(error));
  }
}

class TcpChannel implements DnsChannel {
  readonly #options: OpenDnsChannelOptions;
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  #isOver = false;

  constructor(options: OpenDnsChannelOptions) {
    this.#options = options;
    const { server, counters } = options;
    const socket = connect({
      host: formatIpAddress(server.address),
      port: server.port,
      family: server.address.family === "ipv4" ? 4 : 6,
      autoSelectFamily: false,
      lookup: takeLiteral,
    });
    this.#socket = socket;
    counters.add("resolverSockets", 1);
    socket.on("data", (chunk: Uint8Array) => this.#received(chunk));
    socket.on("error", (error) => this.#fail(reasonOf(error)));
    socket.once("close", () => {
      counters.add("resolverSockets", -1);
      this.#fail("it closed the connection");
    });
  }

  send(message: Uint8Array): void {
    if (!this.#isOver) this.#socket.write(frameMessage(message));
  }

  close(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #received(chunk: Uint8Array): void {
    if (this.#isOver) return;
    const message = this.#reader.push(chunk);
    if (message === undefined) return;
    if (message === "too-long") return this.#fail("its answer is too long");
    // One question, one answer: what else comes is not read.
    this.#socket.pause();
    this.#options.onMessage(message);
  }

  #fail(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onFailed(reason);
  }
}

/**
 * The runtimes pass literal addresses through here too; anything else would be a question to the system's resolver.
 * Never answers synchronously: Node would report a failed bind before it listens for one, and never close the socket.
 */
function takeLiteral(
  host: string,
  _options: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  const address = parseIpAddress(host);
  queueMicrotask(() => {
    if (address === undefined) done(new TypeError(`Cannot look up "${host}": it is no address, expected one`), "", 0);
    else done(null, host, address.family === "ipv4" ? 4 : 6);
  });
}

function isFrom(server: SocketAddress, from: { readonly address: string; readonly port: number }): boolean {
  const address = parseIpAddress(from.address.split("%")[0] ?? "");
  return from.port === server.port && address !== undefined && isSameAddress(address, server.address);
}

function reasonOf(error: Error): string {
  return "code" in error ? String(error.code) : error.message;
}
