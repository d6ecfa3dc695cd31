/** One guest instance's side of its workload's network: it owns the sockets of that instance and ends them. */
import type { IpFamily, SocketAddress } from "../base/ip_address.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { EgressDecision, GuestRole, NetworkAccess } from "./access.ts";
import type { DialEgressOptions } from "./egress.ts";
import type { Loopback } from "./loopback.ts";
import type { LoopbackEnd } from "./loopback_connection.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { ConnectAttempt, EndKind } from "./tcp_connection.ts";
import type { TcpOptions } from "./tcp_options.ts";
import { TcpSocket, type TcpSocketOwner } from "./tcp_socket.ts";

/** What a guest's network needs of its workload's. */
export interface GuestNetworkHost {
  readonly access: NetworkAccess;
  readonly loopback: Loopback;
  decideEgress(remote: SocketAddress): EgressDecision;
  dialEgress(options: Omit<DialEgressOptions, "clock" | "counters">): ConnectAttempt;
  deny(label: GuestLabel, denial: { readonly operation: string; readonly target: string; readonly rule: string }): void;
  /** Counts a socket of `guest`; false when its role has as many as it may (accepted ones are not limited). */
  opening(guest: GuestNetwork, isAccepted: boolean): boolean;
  closed(guest: GuestNetwork, isAccepted: boolean): void;
}

/** Whose network it is, and in what role. */
export interface GuestNetworkOptions {
  readonly host: GuestNetworkHost;
  readonly role: GuestRole;
  readonly label: GuestLabel;
}

/**
 * @example
 * const guest = network.openGuest("service", { workload: "demo", role: "service" });
 * const socket = guest.createTcpSocket("ipv4");
 * if (typeof socket === "string") throw new WitError(socket);
 */
export class GuestNetwork {
  readonly role: GuestRole;
  readonly label: GuestLabel;
  readonly #host: GuestNetworkHost;
  readonly #owner: TcpSocketOwner;
  readonly #sockets = new Set<TcpSocket>();

  constructor({ host, role, label }: GuestNetworkOptions) {
    this.#host = host;
    this.role = role;
    this.label = label;
    this.#owner = {
      role,
      loopback: host.loopback,
      decideEgress: (remote) => host.decideEgress(remote),
      dialEgress: (options) => host.dialEgress(options),
      deny: (operation, target, rule) => this.deny(operation, target, rule),
      adopt: (family, connection, options) => this.#adopt(family, connection, options),
      released: (socket) => this.#released(socket),
    };
  }

  get access(): NetworkAccess {
    return this.#host.access;
  }

  /** Sockets that hold something, accepted ones included; a dropped one counts while its streams live. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** `access-denied` with `"net": false`, `new-socket-limit` past the role's limit. */
  createTcpSocket(family: IpFamily): TcpSocket | SocketErrorCode {
    if (this.#host.access === "none") {
      this.deny("create-tcp-socket", family, '"net": false');
      return "access-denied";
    }
    if (!this.#host.opening(this, false)) return "new-socket-limit";
    const socket = new TcpSocket({ owner: this.#owner, family });
    this.#sockets.add(socket);
    return socket;
  }

  /** Reports to the operator that something of this guest was denied, by the rule or default named. */
  deny(operation: string, target: string, rule: string): void {
    this.#host.deny(this.label, { operation, target, rule });
  }

  /**
   * Ends everything that this guest still has: "close" when it returned or exited, "reset" when it trapped or was
   * killed. Afterwards it holds no port, connection or byte, and can be used again (a recycled instance does).
   */
  release(how: EndKind): void {
    for (const socket of this.#sockets) socket.end(how);
  }

  #adopt(family: IpFamily, connection: LoopbackEnd, options: TcpOptions): TcpSocket {
    const socket = new TcpSocket({ owner: this.#owner, family, accepted: { connection, options } });
    this.#host.opening(this, true);
    this.#sockets.add(socket);
    return socket;
  }

  #released(socket: TcpSocket): void {
    this.#sockets.delete(socket);
    this.#host.closed(this, socket.isAccepted);
  }
}
