/**
 * A UDP socket of a guest: the state machine of `wasi:sockets/udp` over the private loopback and egress. Every verb
 * answers in every state. Order of checks: role, state, arguments, policy; then it acts.
 */
import {
  formatSocketAddress,
  type IpFamily,
  isBroadcast,
  isIpv4Compatible,
  isIpv4Mapped,
  isLoopback,
  isMulticast,
  isSameAddress,
  isUnspecified,
  type SocketAddress,
} from "../base/ip_address.ts";
import { ListEntry } from "../base/linked_list.ts";
import { ALWAYS_READY, type Waitable, WaitList } from "../base/waitable.ts";
import type { EgressDecision, GuestRole } from "./access.ts";
import { type Denial, egressDenial } from "./denial_log.ts";
import type { EgressUdp, OpenUdpOptions } from "./egress.ts";
import { clientAddressFor } from "./loopback.ts";
import type { HeldSocket } from "./held_socket.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { EndKind } from "./tcp_connection.ts";
import { type Datagram, isDatagramTooLarge, type OutgoingDatagram } from "./udp_datagram.ts";
import type { UdpLoopback, UdpPortHold, UdpReceiver } from "./udp_loopback.ts";
import { SocketOptions } from "./socket_options.ts";
import { UdpPeers } from "./udp_peers.ts";
import { DatagramQueue } from "./udp_queue.ts";

/** How many datagrams one `send` may have; wasmtime permits as many. */
const PERMIT_DATAGRAMS = 16;

/** What a socket needs of the guest that owns it. */
export interface UdpSocketOwner {
  readonly role: GuestRole;
  readonly loopback: UdpLoopback;
  decideEgress(remote: SocketAddress): EgressDecision;
  /** undefined: the workload has as many connections to the outside as it may. */
  openEgress(options: Omit<OpenUdpOptions, "clock" | "counters">): EgressUdp | undefined;
  /** Reports a denial to the operator. */
  deny(denial: Denial): void;
  /** The socket holds nothing any more. */
  released(socket: UdpSocket): void;
  /** Is told of each datagram to the private loopback, and whether somebody holds the port. */
  readonly reached: ((remote: SocketAddress, isHeld: boolean) => void) | undefined;
}

/** How each state is left: by the verb of its name, by `drop`, and by `end`. */
type UdpState =
  /** From the start. Left by start-bind. */
  | { readonly kind: "unbound" }
  /** The port is held. Left by finish-bind. */
  | { readonly kind: "bind-started"; readonly hold: UdpPortHold }
  /** `remote` is what the last `stream` said. Final but for the end. */
  | { readonly kind: "bound"; readonly hold: UdpPortHold; readonly remote: SocketAddress | undefined }
  /** Dropped, or its guest has ended. */
  | { readonly kind: "ended" };

type BoundState = Extract<UdpState, { readonly kind: "bound" }>;

/** One socket, in one of the states above, with what its two streams read, write and wait for. */
export class UdpSocket {
  /** Its place among those of its guest. */
  readonly entry: ListEntry<HeldSocket> = new ListEntry<HeldSocket>(this);
  readonly family: IpFamily;
  /** Ready when `receive` has something to tell: datagrams, or an error. */
  readonly incoming: Waitable;
  /** Ready when `send` would take the next datagram, or has an error to tell. */
  readonly outgoing: Waitable;
  readonly #owner: UdpSocketOwner;
  readonly #options = new SocketOptions();
  readonly #queue: DatagramQueue;
  readonly #peers: UdpPeers;
  readonly #incomingWaiters = new WaitList();
  readonly #outgoingWaiters = new WaitList();
  #state: UdpState = { kind: "unbound" };
  /** What happened to an earlier datagram to the remote address; told once. */
  #failure: SocketErrorCode | undefined;
  /** The datagram for which the last `send` had no room. */
  #blocked: { readonly remote: SocketAddress; readonly bytes: number } | undefined;

  constructor(owner: UdpSocketOwner, family: IpFamily) {
    this.#owner = owner;
    this.family = family;
    this.#queue = new DatagramQueue(this.#options, owner.loopback.budget);
    this.#peers = new UdpPeers({
      options: this.#options,
      open: (options) => owner.openEgress(options),
      onDatagram: (remote, data) => this.#receive({ remote, data }),
      onFailed: (remote, code) => this.#failed(remote, code),
      onProgress: () => this.#outgoingWaiters.wakeAll(),
      onReleased: () => owner.released(this),
    });
    this.incoming = waitable(() => this.#hasIncoming(), this.#incomingWaiters);
    this.outgoing = waitable(() => this.#canSend(), this.#outgoingWaiters);
  }

  // Bind.

  startBind(local: SocketAddress): SocketErrorCode | undefined {
    const isLocal = isLoopback(local.address) || isUnspecified(local.address);
    if (this.#owner.role === "component" && !(isLocal && local.port === 0)) {
      this.#owner.deny({
        operation: "udp-bind",
        target: formatSocketAddress(local),
        rule: "a component binds port 0 of the private loopback only; the workload's service may choose",
        decision: "role",
      });
      return "access-denied";
    }
    if (this.#state.kind === "bind-started") return "concurrency-conflict";
    if (this.#state.kind !== "unbound") return "invalid-state";
    if (!this.#isOfFamily(local)) return "invalid-argument";
    if (!isLocal) return "address-not-bindable";
    const hold = this.#owner.loopback.hold(local, this.#receiver());
    if (hold === undefined) return "address-in-use";
    this.#become({ kind: "bind-started", hold });
  }

  finishBind(): SocketErrorCode | undefined {
    if (this.#state.kind !== "bind-started") return "not-in-progress";
    this.#become({ kind: "bound", hold: this.#state.hold, remote: undefined });
  }

  // Its association.

  /** With a remote address, only that peer is heard and sent to. An error leaves the association as it was. */
  stream(remote: SocketAddress | undefined): SocketErrorCode | undefined {
    const state = this.#state;
    if (state.kind !== "bound") return "invalid-state";
    if (remote !== undefined) {
      if (!this.#isDestination(remote)) return "invalid-argument";
      const error = isLoopback(remote.address) ? undefined : this.#judge("udp-stream", remote, state);
      if (error !== undefined) return error;
    }
    // What went wrong with the last remote address says nothing about this one.
    this.#failure = undefined;
    this.#blocked = undefined;
    if (remote !== undefined) this.#queue.retain((datagram) => isSameSocketAddress(datagram.remote, remote));
    this.#become({ ...state, remote });
  }

  localAddress(): SocketAddress | SocketErrorCode {
    return this.#state.kind === "bound" ? localAddressOf(this.#state) : "invalid-state";
  }

  remoteAddress(): SocketAddress | SocketErrorCode {
    return (this.#state.kind === "bound" ? this.#state.remote : undefined) ?? "invalid-state";
  }

  // Options.

  /** To read; the setters below let a change act. */
  get options(): SocketOptions {
    return this.#options;
  }

  setHopLimit(value: number): SocketErrorCode | undefined {
    const error = this.#options.setHopLimit(value);
    if (error !== undefined) return error;
    this.#peers.optionsChanged();
  }

  setSendBufferSize(value: bigint): SocketErrorCode | undefined {
    const error = this.#options.setSendBufferBytes(value);
    if (error !== undefined) return error;
    this.#outgoingWaiters.wakeAll();
  }

  /** Acts on what is still to come. */
  setReceiveBufferSize(value: bigint): SocketErrorCode | undefined {
    return this.#options.setReceiveBufferBytes(value);
  }

  // Datagrams.

  /** Up to `datagramsMax` of what is queued, which the caller owns; none when nothing is. */
  receive(datagramsMax: number): Datagram[] | SocketErrorCode {
    if (this.#state.kind !== "bound") return "invalid-state";
    if (datagramsMax === 0) return [];
    return this.#takeFailure() ?? this.#queue.take(datagramsMax);
  }

  /** How many datagrams the next `send` may have. */
  checkSend(): number | SocketErrorCode {
    if (this.#state.kind !== "bound") return "invalid-state";
    return this.#canSend() ? PERMIT_DATAGRAMS : 0;
  }

  /**
   * Sends one after the other until one fails or finds no room, and says how many were sent. The error of the first
   * is the answer; one behind it is told when it is the first.
   */
  send(datagrams: readonly OutgoingDatagram[]): number | SocketErrorCode {
    if (this.#state.kind !== "bound") return "invalid-state";
    if (datagrams.length === 0) return 0;
    this.#blocked = undefined;
    const failure = this.#takeFailure();
    if (failure !== undefined) return failure;
    let sent = 0;
    for (const datagram of datagrams) {
      const error = this.#sendOne(datagram, this.#state);
      if (error === "would-block") return sent;
      if (error !== undefined) return sent > 0 ? sent : error;
      sent++;
    }
    return sent;
  }

  // Its end.

  /** The guest dropped its handle: what was sent still leaves, everything else goes. */
  drop(): void {
    this.end("close");
  }

  /** Its guest ended: everything that it holds goes now. Idempotent. */
  end(how: EndKind): void {
    const state = this.#state;
    if (state.kind === "ended") return;
    this.#become({ kind: "ended" });
    if (state.kind !== "unbound") state.hold.release();
    this.#queue.clear();
    this.#peers.end(how);
  }

  #sendOne({ data, remote }: OutgoingDatagram, state: BoundState): SocketErrorCode | undefined {
    if (isDatagramTooLarge(this.family, data.length)) return "datagram-too-large";
    const to = remote ?? state.remote;
    if (to === undefined || !this.#isDestination(to)) return "invalid-argument";
    if (state.remote !== undefined && !isSameSocketAddress(state.remote, to)) return "invalid-argument";
    if (isLoopback(to.address)) {
      const from = clientAddressFor(state.hold.address);
      const isHeld = this.#owner.loopback.send({ data: new Uint8Array(data), remote: from }, to);
      this.#owner.reached?.(to, isHeld);
      if (!isHeld) this.#failed(to, "connection-refused");
      return undefined;
    }
    const error = this.#judge("udp-send", to, state);
    if (error !== undefined) return error;
    const outcome = this.#peers.hasRoom(to, data.length) ? this.#peers.send(to, data) : "would-block";
    if (outcome === "would-block") this.#blocked = { remote: to, bytes: data.length };
    return outcome;
  }

  /** May a datagram go to this address outside? Multicast and broadcast never may, whatever a policy says. */
  #judge(operation: string, remote: SocketAddress, { hold }: BoundState): SocketErrorCode | undefined {
    const isUnicast = !isMulticast(remote.address) && !isBroadcast(remote.address);
    const decision = isUnicast
      ? this.#owner.decideEgress(remote)
      : { isAllowed: false, rule: "never reachable (multicast or broadcast)", decision: "never" as const };
    if (!decision.isAllowed) {
      this.#owner.deny(egressDenial(operation, remote, decision));
      return "access-denied";
    }
    // From a loopback address no packet gets out.
    return isUnspecified(hold.address.address) ? undefined : "remote-unreachable";
  }

  #receiver(): UdpReceiver {
    return {
      answersFor: (local) =>
        this.#state.kind !== "bound" || this.#state.remote === undefined ||
        isSameAddress(localAddressOf(this.#state).address, local.address),
      deliver: (datagram) => this.#receive(datagram),
    };
  }

  #receive(datagram: Datagram): void {
    const state = this.#state;
    if (state.kind !== "bound") return;
    if (state.remote !== undefined && !isSameSocketAddress(datagram.remote, state.remote)) return;
    if (this.#queue.push(datagram)) this.#incomingWaiters.wakeAll();
  }

  /** Only a socket with a remote address is told, as on Linux: else nobody could say which datagram it was. */
  #failed(remote: SocketAddress, code: SocketErrorCode): void {
    const state = this.#state;
    if (state.kind !== "bound" || state.remote === undefined || !isSameSocketAddress(state.remote, remote)) return;
    this.#failure = code;
    this.#wakeStreams();
  }

  #takeFailure(): SocketErrorCode | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  #hasIncoming(): boolean {
    return this.#state.kind !== "bound" || this.#failure !== undefined || this.#queue.length > 0;
  }

  #canSend(): boolean {
    if (this.#state.kind !== "bound" || this.#failure !== undefined || this.#blocked === undefined) return true;
    return this.#peers.hasRoom(this.#blocked.remote, this.#blocked.bytes);
  }

  /** Of this family, and neither IPv4-mapped nor -compatible. */
  #isOfFamily({ address }: SocketAddress): boolean {
    return address.family === this.family && !isIpv4Mapped(address) && !isIpv4Compatible(address);
  }

  #isDestination(remote: SocketAddress): boolean {
    return this.#isOfFamily(remote) && !isUnspecified(remote.address) && remote.port !== 0;
  }

  /** The one place where the state changes. Whoever waits looks again. */
  #become(state: UdpState): void {
    this.#state = state;
    this.#wakeStreams();
  }

  #wakeStreams(): void {
    this.#incomingWaiters.wakeAll();
    this.#outgoingWaiters.wakeAll();
  }
}

/** With a remote address, the wildcard is the address that datagrams leave from. */
function localAddressOf({ hold, remote }: BoundState): SocketAddress {
  return remote === undefined ? hold.address : clientAddressFor(hold.address);
}

function isSameSocketAddress(one: SocketAddress, other: SocketAddress): boolean {
  return one.port === other.port && isSameAddress(one.address, other.address);
}

function waitable(isReady: () => boolean, waiters: WaitList): Waitable {
  return { isReady, onReady: (wake) => (isReady() ? ALWAYS_READY.onReady(wake) : waiters.add(wake)) };
}
