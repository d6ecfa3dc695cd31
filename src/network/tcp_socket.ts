/**
 * A TCP socket of a guest: the state machine of `wasi:sockets/tcp` over the private loopback and egress.
 * Every verb answers in every state. Order of checks: role, state, arguments, policy; then it acts.
 */
import {
  formatSocketAddress,
  type IpFamily,
  isBroadcast,
  isIpv4Compatible,
  isIpv4Mapped,
  isLoopback,
  isMulticast,
  isUnspecified,
  type SocketAddress,
} from "../base/ip_address.ts";
import { ListEntry } from "../base/linked_list.ts";
import { ALWAYS_READY, type Waitable, WaitList } from "../base/waitable.ts";
import { egressDenial } from "./denial_log.ts";
import type { LoopbackEnd } from "./loopback_connection.ts";
import { clientAddressFor, loopbackAddressOf, type TcpPortHold } from "./loopback.ts";
import type { HeldSocket } from "./held_socket.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { ConnectAttempt, EndKind, TcpConnection } from "./tcp_connection.ts";
import { TcpListener } from "./tcp_listener.ts";
import { TcpOptions } from "./tcp_options.ts";
import type { TcpSocketOwner } from "./tcp_socket_owner.ts";

/** How each state is left: by the verb of its name, by `drop`, and by `end`. */
type TcpState =
  /** From the start. Left by start-bind and start-connect. */
  | { readonly kind: "unbound" }
  /** The port is held. Left by finish-bind. */
  | { readonly kind: "bind-started"; readonly hold: TcpPortHold }
  /** Left by start-listen and start-connect. */
  | { readonly kind: "bound"; readonly hold: TcpPortHold }
  /** Left by finish-connect. Without a hold it goes to the outside. */
  | { readonly kind: "connect-started"; readonly attempt: ConnectAttempt; readonly hold: TcpPortHold | undefined }
  /** By finish-connect or accept; an accepted one holds no port. Final but for the end. */
  | { readonly kind: "connected"; readonly connection: TcpConnection; readonly hold: TcpPortHold | undefined }
  /** Left by finish-listen. */
  | { readonly kind: "listen-started"; readonly hold: TcpPortHold }
  /** Final but for the end. */
  | { readonly kind: "listening"; readonly listener: TcpListener; readonly hold: TcpPortHold }
  /** The connect failed. Its port is held until the drop. Final but for the end. */
  | { readonly kind: "closed"; readonly attempt: ConnectAttempt; readonly hold: TcpPortHold | undefined }
  /** Dropped, or its guest has ended. */
  | { readonly kind: "ended" };

/** Whose socket it is, and of which family. */
export interface TcpSocketOptions {
  readonly owner: TcpSocketOwner;
  readonly family: IpFamily;
  /** Set for an accepted socket. */
  readonly accepted?: { readonly connection: LoopbackEnd; readonly options: TcpOptions };
}

/** One socket, in one of the states above. It is ready as `wasi:sockets` says its pollable is. */
export class TcpSocket implements Waitable {
  /** Its place among those of its guest. */
  readonly entry: ListEntry<HeldSocket> = new ListEntry<HeldSocket>(this);
  readonly family: IpFamily;
  readonly isAccepted: boolean;
  readonly #owner: TcpSocketOwner;
  readonly #options: TcpOptions;
  readonly #waiters = new WaitList();
  #state: TcpState;
  #isReleased = false;

  constructor({ owner, family, accepted }: TcpSocketOptions) {
    this.#owner = owner;
    this.family = family;
    this.isAccepted = accepted !== undefined;
    this.#options = accepted?.options ?? new TcpOptions();
    if (accepted === undefined) {
      this.#state = { kind: "unbound" };
    } else {
      this.#state = { kind: "connected", connection: accepted.connection, hold: undefined };
      accepted.connection.options = this.#options;
      accepted.connection.onReleased = () => this.#release();
    }
  }

  // Bind.

  startBind(local: SocketAddress): SocketErrorCode | undefined {
    if (this.#owner.role === "component") {
      const rule = "a component never listens; the workload's service does";
      this.#owner.deny({ operation: "tcp-bind", target: formatSocketAddress(local), rule, decision: "role" });
      return "access-denied";
    }
    const state = this.#state;
    if (state.kind !== "unbound") return this.#wrongStateToStart();
    if (!this.#isUnicast(local)) return "invalid-argument";
    if (!isLoopback(local.address) && !isUnspecified(local.address)) return "address-not-bindable";
    const hold = this.#owner.loopback.hold(local);
    if (hold === undefined) return "address-in-use";
    this.#become({ kind: "bind-started", hold });
  }

  finishBind(): SocketErrorCode | undefined {
    if (this.#state.kind !== "bind-started") return "not-in-progress";
    this.#become({ kind: "bound", hold: this.#state.hold });
  }

  // Connect.

  startConnect(remote: SocketAddress): SocketErrorCode | undefined {
    const state = this.#state;
    if (state.kind !== "unbound" && state.kind !== "bound") return this.#wrongStateToStart();
    if (!this.#isUnicast(remote) || isUnspecified(remote.address) || remote.port === 0) return "invalid-argument";
    const hold = state.kind === "bound" ? state.hold : undefined;
    return isLoopback(remote.address) ? this.#startLoopback(remote, hold) : this.#startEgress(remote, hold);
  }

  finishConnect(): TcpConnection | SocketErrorCode {
    const state = this.#state;
    if (state.kind !== "connect-started") return "not-in-progress";
    const outcome = state.attempt.outcome();
    if (outcome === undefined) return "would-block";
    if (typeof outcome === "string") this.#become({ ...state, kind: "closed" });
    else this.#become({ kind: "connected", connection: outcome, hold: state.hold });
    return outcome;
  }

  // Listen.

  startListen(): SocketErrorCode | undefined {
    if (this.#state.kind !== "bound") return this.#wrongStateToStart();
    this.#become({ kind: "listen-started", hold: this.#state.hold });
  }

  finishListen(): SocketErrorCode | undefined {
    if (this.#state.kind !== "listen-started") return "not-in-progress";
    const { hold } = this.#state;
    // A guest that has no room is not woken, and never asks: the operator has to know why its clients wait.
    const listener = new TcpListener(this.#options, () => this.#owner.tryAccept() && this.#waiters.wakeAll());
    this.#become({ kind: "listening", listener, hold });
    this.#owner.loopback.startListening(hold, listener);
  }

  accept(): { readonly socket: TcpSocket; readonly connection: TcpConnection } | SocketErrorCode {
    if (this.#state.kind !== "listening") return "invalid-state";
    const { listener } = this.#state;
    // No error: servers end for one. The backlog fills up, and clients wait as for any slow server.
    if (listener.queued > 0 && !this.#owner.tryAccept()) return "would-block";
    const connection = listener.take();
    if (connection === undefined) return "would-block";
    this.#owner.loopback.admitTo(listener);
    const socket = this.#owner.adopt(this.family, connection, this.#options.copy());
    return { socket, connection };
  }

  // What it is.

  localAddress(): SocketAddress | SocketErrorCode {
    const state = this.#state;
    switch (state.kind) {
      case "bound":
      case "listen-started":
      case "listening":
        return state.hold.address;
      case "connect-started":
        return state.hold === undefined ? "invalid-state" : clientAddressFor(state.hold.address);
      case "connected":
        return state.connection.local;
      case "unbound":
      case "bind-started":
      case "closed":
      case "ended":
        return "invalid-state";
    }
  }

  remoteAddress(): SocketAddress | SocketErrorCode {
    return this.#state.kind === "connected" ? this.#state.connection.remote : "invalid-state";
  }

  isListening(): boolean {
    return this.#state.kind === "listening";
  }

  /** To read and, for the keep-alive and hop-limit ones, to set: call `optionsChanged` after that. */
  get options(): TcpOptions {
    return this.#options;
  }

  /** Lets a change of the keep-alive or hop-limit options act. */
  optionsChanged(): void {
    if (this.#state.kind === "connected") this.#state.connection.optionsChanged();
  }

  setListenBacklogSize(value: bigint): SocketErrorCode | undefined {
    const state = this.#state;
    if (state.kind === "connect-started" || state.kind === "connected" || state.kind === "closed") {
      return "invalid-state";
    }
    const error = this.#options.setBacklog(value);
    if (error === undefined && state.kind === "listening") this.#owner.loopback.admitTo(state.listener);
    return error;
  }

  setReceiveBufferSize(value: bigint): SocketErrorCode | undefined {
    return this.#options.setReceiveBufferBytes(value) ?? this.#buffersChanged();
  }

  setSendBufferSize(value: bigint): SocketErrorCode | undefined {
    return this.#options.setSendBufferBytes(value) ?? this.#buffersChanged();
  }

  // Readiness: exact, because real guests make one pollable for each socket and do not retry.

  isReady(): boolean {
    const state = this.#state;
    if (state.kind === "connect-started") return state.attempt.outcome() !== undefined;
    return state.kind !== "listening" || (state.listener.queued > 0 && this.#owner.mayAccept());
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  /** Its guest has room for another socket again. */
  mayAcceptAgain(): void {
    if (this.isReady()) this.#waiters.wakeAll();
  }

  // Its end.

  shutdown(how: "receive" | "send" | "both"): SocketErrorCode | undefined {
    if (this.#state.kind !== "connected") return "invalid-state";
    this.#state.connection.shutdown(how);
  }

  /** The guest dropped its handle. A connection lives on until its streams are gone as well; the port is free. */
  drop(): void {
    if (this.#state.kind !== "connected") {
      this.end("close");
      return;
    }
    const { connection, hold } = this.#state;
    this.#become({ kind: "connected", connection, hold: undefined });
    hold?.release();
    connection.dropSocket();
  }

  /** Its guest ended: everything that it holds goes now. Idempotent. */
  end(how: EndKind): void {
    const state = this.#state;
    if (state.kind === "ended") return;
    this.#become({ kind: "ended" });
    switch (state.kind) {
      // These two say themselves when they hold nothing any more: bytes to the outside may be on their way.
      case "connected":
        state.hold?.release();
        state.connection.end(how);
        return;
      case "connect-started":
      case "closed":
        state.hold?.release();
        state.attempt.abandon(how);
        return;
      case "listening":
        this.#owner.loopback.stopListening(state.hold);
        break;
      case "unbound":
      case "bind-started":
      case "bound":
      case "listen-started":
        break;
    }
    if (state.kind !== "unbound") state.hold.release();
    this.#release();
  }

  #startLoopback(remote: SocketAddress, bound: TcpPortHold | undefined): SocketErrorCode | undefined {
    const { loopback } = this.#owner;
    const hold = bound ?? loopback.hold({ address: loopbackAddressOf(this.family), port: 0 });
    if (hold === undefined) return "address-in-use";
    const attempt = loopback.dial({
      local: clientAddressFor(hold.address),
      remote,
      options: this.#options,
      onOutcome: () => this.#waiters.wakeAll(),
      onReleased: () => this.#release(),
    });
    this.#owner.reached?.(remote, attempt.outcome() !== "connection-refused");
    this.#become({ kind: "connect-started", attempt, hold });
  }

  #startEgress(remote: SocketAddress, bound: TcpPortHold | undefined): SocketErrorCode | undefined {
    const decision = this.#owner.decideEgress(remote);
    if (!decision.isAllowed) {
      this.#owner.deny(egressDenial("tcp-connect", remote, decision));
      return "access-denied";
    }
    // Whatever is bound here is bound to the loopback, and from there no packet gets out.
    if (bound !== undefined) return "remote-unreachable";
    const attempt = this.#owner.dialEgress({
      remote,
      options: this.#options,
      onOutcome: () => this.#waiters.wakeAll(),
      onReleased: () => this.#release(),
    });
    // Not "connection-refused": nothing was asked of the remote, and the guest may try again on this socket.
    if (attempt === undefined) return "new-socket-limit";
    this.#become({ kind: "connect-started", attempt, hold: undefined });
  }

  /** Of this family, and an address that a socket can have: the first check of start-bind and start-connect. */
  #isUnicast({ address }: SocketAddress): boolean {
    if (address.family !== this.family || isMulticast(address) || isBroadcast(address)) return false;
    return !isIpv4Mapped(address) && !isIpv4Compatible(address);
  }

  #wrongStateToStart(): SocketErrorCode {
    return this.#state.kind.endsWith("-started") ? "concurrency-conflict" : "invalid-state";
  }

  #buffersChanged(): undefined {
    if (this.#state.kind === "connected") this.#state.connection.buffersChanged();
  }

  /** The one place where the state changes. Whoever waits looks again. */
  #become(state: TcpState): void {
    this.#state = state;
    this.#waiters.wakeAll();
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#owner.released(this);
  }
}
