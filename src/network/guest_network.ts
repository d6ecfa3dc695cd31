/** One guest instance's side of its workload's network: it owns the sockets of that instance and ends them. */
import { LinkedList, type ListEntry } from "../base/linked_list.ts";
import type { IpFamily, SocketAddress } from "../base/ip_address.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { EgressDecision, EgressProtocol, GuestAccess, GuestRole } from "./access.ts";
import type { Denial } from "./denial_log.ts";
import type { DialEgressOptions, EgressUdp, OpenUdpOptions } from "./egress.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import type { HeldSocket } from "./held_socket.ts";
import type { Loopback } from "./loopback.ts";
import type { LoopbackEnd } from "./loopback_connection.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { ConnectAttempt, EndKind } from "./tcp_connection.ts";
import type { TcpOptions } from "./tcp_options.ts";
import { TcpSocket } from "./tcp_socket.ts";
import type { TcpSocketOwner } from "./tcp_socket_owner.ts";
import { UdpSocket, type UdpSocketOwner } from "./udp_socket.ts";

/** What a socket counts as. Accepted ones are TCP sockets that no limit applies to. */
export type SocketKind = "tcp" | "accepted" | "udp";

/** Where a socket of a guest is about to get; on the private loopback "refused" says that nobody is there. */
export interface Reach {
  readonly protocol: EgressProtocol;
  readonly remote: SocketAddress;
  readonly where: "loopback" | "refused" | "outside";
}

/** Is told of each connect, each datagram on the private loopback, and each new peer outside; for tests of guests. */
export type OnReach = (label: GuestLabel, reach: Reach) => void;

/** What a guest's network needs of its workload's. */
export interface GuestNetworkHost {
  readonly loopback: Loopback;
  decideEgress(access: GuestAccess, target: { remote: SocketAddress; protocol: EgressProtocol }): EgressDecision;
  /** undefined: the workload has as many connections as it may. */
  dialEgress(guest: GuestNetwork, options: Omit<DialEgressOptions, "clock" | "counters">): ConnectAttempt | undefined;
  /** As `dialEgress`. */
  openUdp(guest: GuestNetwork, options: Omit<OpenUdpOptions, "clock" | "counters">): EgressUdp | undefined;
  deny(label: GuestLabel, denial: Denial): void;
  limited(label: GuestLabel, limit: LimitName, detail: string): void;
  /** Counts a socket of `guest` that it gets next; false when its role has as many as it may (accepted ones are not limited). */
  opening(guest: GuestNetwork, kind: SocketKind): boolean;
  /** `guest` has it no more. */
  closed(guest: GuestNetwork, kind: SocketKind): void;
  readonly onReach: OnReach | undefined;
}

/** Whose network it is, and in what role. */
export interface GuestNetworkOptions {
  readonly host: GuestNetworkHost;
  readonly role: GuestRole;
  readonly label: GuestLabel;
  readonly access: GuestAccess;
  /** Open sockets at a time: TCP sockets, accepted ones and UDP sockets together. */
  readonly socketsMax: number;
}

/** Of a guest that has not opened any: most requests do not. Nothing is ever put in. */
const NO_SOCKETS = new LinkedList<HeldSocket>();

/**
 * @example
 * const guest = network.openGuest("service", { workload: "demo", role: "service" });
 * const socket = guest.createTcpSocket("ipv4");
 * if (typeof socket === "string") throw new WitError(socket);
 */
export class GuestNetwork {
  readonly role: GuestRole;
  readonly label: GuestLabel;
  readonly access: GuestAccess;
  readonly socketsMax: number;
  /** Its place among those that have sockets, once it has had one. */
  entry: ListEntry<GuestNetwork> | undefined;
  readonly #host: GuestNetworkHost;
  /** Made for the first socket: most requests open none. */
  #tcpOwner: TcpSocketOwner | undefined;
  #udpOwner: UdpSocketOwner | undefined;
  /** No `Set`, as in `PortTable`: a service opens and ends sockets for all its life. */
  #sockets = NO_SOCKETS;

  constructor({ host, role, label, access, socketsMax }: GuestNetworkOptions) {
    this.#host = host;
    this.access = access;
    this.socketsMax = socketsMax;
    this.role = role;
    this.label = label;
  }

  /** Sockets that hold something, accepted ones included; a dropped one counts while its streams live. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** `access-denied` with `"net": false`, `new-socket-limit` past its own limit or its role's. */
  createTcpSocket(family: IpFamily): TcpSocket | SocketErrorCode {
    const error = this.#opening("tcp", family);
    if (error !== undefined) return error;
    const socket = new TcpSocket({ owner: this.#ownerOfTcp(), family });
    this.#keep(socket);
    return socket;
  }

  /** As `createTcpSocket`; both count towards one limit. */
  createUdpSocket(family: IpFamily): UdpSocket | SocketErrorCode {
    const error = this.#opening("udp", family);
    if (error !== undefined) return error;
    const socket = new UdpSocket(this.#ownerOfUdp(), family);
    this.#keep(socket);
    return socket;
  }

  /** Reports to the operator that something of this guest was denied. */
  deny(denial: Denial): void {
    this.#host.deny(this.label, denial);
  }

  /**
   * Ends everything that this guest still has: "close" when it returned or exited, "reset" when it trapped or was
   * killed. Afterwards it holds no port, connection or byte, and can be used again (a recycled instance does).
   */
  release(how: EndKind): void {
    if (this.#sockets.size === 0) return;
    for (const socket of this.#sockets.toArray()) socket.end(how);
  }

  #ownerOfTcp(): TcpSocketOwner {
    const host = this.#host;
    const { role, access, socketsMax } = this;
    return this.#tcpOwner ??= {
      role,
      loopback: host.loopback,
      decideEgress: (remote) => host.decideEgress(access, { remote, protocol: "tcp" }),
      dialEgress: (options) => host.dialEgress(this, options),
      deny: (denial) => this.deny(denial),
      mayAccept: () => this.#sockets.size < socketsMax,
      tryAccept: () => this.#hasRoom(),
      adopt: (family, connection, options) => this.#adopt(family, connection, options),
      released: (socket) => this.#released(socket, socket.isAccepted ? "accepted" : "tcp"),
      reached: this.#reached("tcp"),
    };
  }

  #ownerOfUdp(): UdpSocketOwner {
    const host = this.#host;
    const { role, access } = this;
    return this.#udpOwner ??= {
      role,
      loopback: host.loopback.udp,
      decideEgress: (remote) => host.decideEgress(access, { remote, protocol: "udp" }),
      openEgress: (options) => host.openUdp(this, options),
      deny: (denial) => this.deny(denial),
      released: (socket) => this.#released(socket, "udp"),
      reached: this.#reached("udp"),
    };
  }

  #reached(protocol: EgressProtocol): ((remote: SocketAddress, isHeld: boolean) => void) | undefined {
    const { onReach } = this.#host;
    if (onReach === undefined) return undefined;
    return (remote, isHeld) => onReach(this.label, { protocol, remote, where: isHeld ? "loopback" : "refused" });
  }

  #adopt(family: IpFamily, connection: LoopbackEnd, options: TcpOptions): TcpSocket {
    const socket = new TcpSocket({ owner: this.#ownerOfTcp(), family, accepted: { connection, options } });
    this.#host.opening(this, "accepted");
    this.#keep(socket);
    return socket;
  }

  #opening(kind: "tcp" | "udp", family: IpFamily): SocketErrorCode | undefined {
    if (this.access.off !== undefined) {
      const rule = this.access.off;
      this.deny({ operation: `create-${kind}-socket`, target: family, rule, decision: "off" });
      return "access-denied";
    }
    if (!this.#hasRoom()) return "new-socket-limit";
    return this.#host.opening(this, kind) ? undefined : "new-socket-limit";
  }

  #keep(socket: TcpSocket | UdpSocket): void {
    if (this.#sockets === NO_SOCKETS) this.#sockets = new LinkedList();
    this.#sockets.append(socket.entry);
  }

  #released(socket: TcpSocket | UdpSocket, kind: SocketKind): void {
    const wasFull = this.#sockets.size >= this.socketsMax;
    this.#sockets.remove(socket.entry);
    this.#host.closed(this, kind);
    if (!wasFull) return;
    // Connections that were left in a backlog can be accepted now.
    for (const one of this.#sockets.toArray()) one.mayAcceptAgain?.();
  }

  /** Whether one more socket may be there; if not, that is told. */
  #hasRoom(): boolean {
    if (this.#sockets.size < this.socketsMax) return true;
    const detail = `${this.#sockets.size} sockets are open, expected at most ${this.socketsMax}`;
    this.#host.limited(this.label, "sockets", detail);
    return false;
  }
}
