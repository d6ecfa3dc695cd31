/** What a TCP socket needs of the guest that owns it. */
import type { IpFamily, SocketAddress } from "../base/ip_address.ts";
import type { EgressDecision, GuestRole } from "./access.ts";
import type { Denial } from "./denial_log.ts";
import type { DialEgressOptions } from "./egress.ts";
import type { LoopbackEnd } from "./loopback_connection.ts";
import type { Loopback } from "./loopback.ts";
import type { ConnectAttempt } from "./tcp_connection.ts";
import type { TcpOptions } from "./tcp_options.ts";
import type { TcpSocket } from "./tcp_socket.ts";

/** One for all sockets of a guest. */
export interface TcpSocketOwner {
  readonly role: GuestRole;
  readonly loopback: Loopback;
  decideEgress(remote: SocketAddress): EgressDecision;
  /** undefined: the workload has as many connections to the outside as it may. */
  dialEgress(options: Omit<DialEgressOptions, "clock" | "counters">): ConnectAttempt | undefined;
  /** Reports a denial to the operator. */
  deny(denial: Denial): void;
  /** Whether the guest may have one more socket. What it may not accept yet stays in the backlog. */
  mayAccept(): boolean;
  /** As `mayAccept`; when it may not, the operator is told. */
  tryAccept(): boolean;
  /** The socket of a connection that `accept` took. */
  adopt(family: IpFamily, connection: LoopbackEnd, options: TcpOptions): TcpSocket;
  /** The socket holds nothing any more. */
  released(socket: TcpSocket): void;
  /** Is told of each connect to the private loopback, and whether somebody listens there. */
  readonly reached: ((remote: SocketAddress, isHeld: boolean) => void) | undefined;
}
