/**
 * A port of the operating system that leads into the private loopback of a workload, so that ordinary clients (`nc`, `psql`)
 * reach a service while it is being developed. `loopgate dev` and `loopgate run` open one when they are told to, `serve` never
 * does: whoever can connect to the port is past the isolation of the workload.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import { parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import { EgressConnection } from "../network/egress_connection.ts";
import { joinConnections } from "../network/join_connections.ts";
import { connectToLoopback } from "../network/loopback_client.ts";
import { TcpOptions } from "../network/tcp_options.ts";
import type { WorkloadNetwork } from "../network/workload_network.ts";
import { resetSocket } from "../base/reset_socket.ts";
import type { EmitEvent } from "../telemetry/events.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";

/** Open connections through one published port: a person with a client or two, and a pool behind one of them. */
const CONNECTIONS_MAX = 64;

/** What is published where. */
export interface PublishOptions {
  /** An address of this machine; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The port on the private loopback. */
  readonly port: number;
}

/** What a published port needs. */
export interface PublishedPortOptions extends PublishOptions {
  readonly workload: string;
  /** Of the workload's version that serves now; undefined when it has gone. */
  readonly network: () => WorkloadNetwork | undefined;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
}

/** From its opening to `close`. */
export class PublishedPort {
  /** Where it listens, as the system has it: no guest may be let to it. */
  readonly address: SocketAddress;
  readonly #options: PublishedPortOptions;
  readonly #server: Server;
  /** Sockets of clients, each with what ends the inner side. */
  readonly #clients = new Map<Socket, () => void>();
  readonly #serving = new Set<Promise<void>>();

  private constructor(server: Server, options: PublishedPortOptions) {
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new TypeError("Cannot publish: no address, expected one");
    this.address = endOf(bound.address, bound.port);
    this.#server = server;
    this.#options = options;
    server.on("connection", (socket: Socket) => this.#accepted(socket));
    // Such as no file descriptor for an accept: it must not end the process.
    server.on(
      "error",
      (error) => options.emit({ kind: "fault", where: `published port of ${options.workload}`, error }),
    );
  }

  /**
   * Opens the port.
   *
   * @throws {LoopgateError} ERR_USAGE when it cannot be opened
   */
  static async open(options: PublishedPortOptions): Promise<PublishedPort> {
    const { host, port } = options.listen;
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => {
        const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
        const message = `Cannot publish "${options.workload}" on "${where}": ${cause.message}, expected a free port`;
        reject(new LoopgateError("LG5003", message, { cause }));
      });
      server.listen({ host, port }, resolve);
    });
    return new PublishedPort(server, options);
  }

  /** Connections through it now. */
  get connections(): number {
    return this.#clients.size;
  }

  /** Ends it, and every connection through it. Idempotent. */
  async close(): Promise<void> {
    const closed = this.#server.listening
      ? new Promise<void>((resolve) => void this.#server.close(() => resolve()))
      : undefined;
    for (const [socket, endInner] of this.#clients) {
      endInner();
      resetSocket(socket);
    }
    await Promise.all([closed, ...this.#serving]);
  }

  #accepted(socket: Socket): void {
    // A client may reset at any time; what follows from it, "close" tells.
    socket.on("error", () => {});
    if (this.#clients.size >= CONNECTIONS_MAX) {
      this.#tell(`refused: ${this.#clients.size} connections are open, as many as it may have`);
      socket.destroy();
      return;
    }
    this.#options.counters.add("publishedConnections", 1);
    this.#clients.set(socket, () => {});
    socket.once("close", () => {
      this.#options.counters.add("publishedConnections", -1);
      this.#clients.delete(socket);
    });
    const serving = this.#serve(socket).finally(() => this.#serving.delete(serving));
    this.#serving.add(serving);
  }

  async #serve(socket: Socket): Promise<void> {
    const { port, workload, clock, counters, network } = this.#options;
    const client = network()?.openGuest("component", { workload, route: "(published)", role: "component" });
    if (client !== undefined) this.#clients.set(socket, () => client.release("reset"));
    const inner = client === undefined ? "the workload has gone" : await connectToLoopback(client, port);
    if (typeof inner === "string") {
      this.#tell(`refused: ${inner}`);
      resetSocket(socket);
      return;
    }
    // Gone while it waited: nothing would ever tell its end.
    if (socket.destroyed) return inner.end("reset");
    const outer = new EgressConnection({
      socket,
      local: endOf(socket.localAddress, socket.localPort),
      remote: endOf(socket.remoteAddress, socket.remotePort),
      options: new TcpOptions(),
      clock,
      counters,
      onGone: () => {},
    });
    await joinConnections(inner, outer);
  }

  #tell(detail: string): void {
    const { workload, port, emit } = this.#options;
    emit({ kind: "published", workload, port, detail });
  }
}

function endOf(host: string | undefined, port: number | undefined): SocketAddress {
  const address = parseIpAddress(host?.split("%")[0] ?? "") ?? { family: "ipv4", bytes: [0, 0, 0, 0] };
  return { address, port: port ?? 0 };
}
