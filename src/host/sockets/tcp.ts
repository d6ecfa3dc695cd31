/**
 * `wasi:sockets/tcp` over the core's TCP socket. The streams are no children of their socket: network.md lets a
 * guest drop the three in any order (in wasmtime the streams go first). A pollable is a child of its socket.
 */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-tcp";
import type { TcpConnection } from "../../network/tcp_connection.ts";
import type { TcpSocket as CoreSocket } from "../../network/tcp_socket.ts";
import type { LiveCounters } from "../../telemetry/live_counters.ts";
import type { SpanParent, TraceSpan } from "../../telemetry/trace.ts";
import { Pollable } from "../io/poll.ts";
import { InputStream, OutputStream } from "../io/streams.ts";
import { HostResource, type ResourceOptions } from "../resource.ts";
import type { HostInterface, HostSide } from "../types.ts";
import { type Network, orThrow } from "./network.ts";
import { endSocketSpan, startConnectSpan } from "./socket_span.ts";
import { socketAddressFromWit, socketAddressToWit, type WitSocketAddress } from "./wit_address.ts";

/** How a socket is made. */
export interface TcpSocketOptions extends ResourceOptions {
  /** What the guest does when it connects belongs there; undefined: there are no traces, or it was accepted. */
  readonly trace?: () => SpanParent | undefined;
}

/** The resource `tcp-socket`. It counts in the core, where it lives as long as its streams. */
export class TcpSocket extends HostResource implements HostSide<Declared.TcpSocket> {
  readonly #core: CoreSocket;
  readonly #trace: TcpSocketOptions["trace"];
  #connecting: TraceSpan | undefined;

  constructor(core: CoreSocket, options: TcpSocketOptions) {
    super(options);
    this.#core = core;
    this.#trace = options.trace;
  }

  // WIT start-bind: func(network: borrow<network>, local-address: ip-socket-address) -> result<_, error-code>
  startBind(_network: Network, localAddress: WitSocketAddress): void {
    orThrow(this.#core.startBind(socketAddressFromWit(localAddress)));
  }

  // WIT finish-bind: func() -> result<_, error-code>
  finishBind(): void {
    orThrow(this.#core.finishBind());
  }

  // WIT start-connect: func(network: borrow<network>, remote-address: ip-socket-address) -> result<_, error-code>
  startConnect(_network: Network, remoteAddress: WitSocketAddress): void {
    const remote = socketAddressFromWit(remoteAddress);
    const trace = this.#trace?.();
    const span = trace && startConnectSpan(trace, remote);
    const error = this.#core.startConnect(remote);
    if (error === undefined) this.#connecting = span;
    else if (span !== undefined) endSocketSpan(span, error);
    orThrow(error);
  }

  // WIT finish-connect: func() -> result<tuple<input-stream, output-stream>, error-code>
  finishConnect(): [InputStream, OutputStream] {
    const outcome = this.#core.finishConnect();
    if (outcome !== "would-block") this.#endConnecting(typeof outcome === "string" ? outcome : undefined);
    return streamsOf(orThrow(outcome), this.counters);
  }

  // WIT start-listen: func() -> result<_, error-code>
  startListen(): void {
    orThrow(this.#core.startListen());
  }

  // WIT finish-listen: func() -> result<_, error-code>
  finishListen(): void {
    orThrow(this.#core.finishListen());
  }

  // WIT accept: func() -> result<tuple<tcp-socket, input-stream, output-stream>, error-code>
  accept(): [TcpSocket, InputStream, OutputStream] {
    const { socket, connection } = orThrow(this.#core.accept());
    const { counters } = this;
    return [new TcpSocket(socket, { counters }), ...streamsOf(connection, counters)];
  }

  // WIT local-address: func() -> result<ip-socket-address, error-code>
  localAddress(): WitSocketAddress {
    return socketAddressToWit(orThrow(this.#core.localAddress()));
  }

  // WIT remote-address: func() -> result<ip-socket-address, error-code>
  remoteAddress(): WitSocketAddress {
    return socketAddressToWit(orThrow(this.#core.remoteAddress()));
  }

  // WIT is-listening: func() -> bool
  isListening(): boolean {
    return this.#core.isListening();
  }

  // WIT address-family: func() -> ip-address-family
  addressFamily(): Declared.IpAddressFamily {
    return this.#core.family;
  }

  // WIT set-listen-backlog-size: func(value: u64) -> result<_, error-code>
  setListenBacklogSize(value: bigint): void {
    orThrow(this.#core.setListenBacklogSize(value));
  }

  // WIT keep-alive-enabled: func() -> result<bool, error-code>
  keepAliveEnabled(): boolean {
    return this.#core.options.keepAliveEnabled;
  }

  // WIT set-keep-alive-enabled: func(value: bool) -> result<_, error-code>
  setKeepAliveEnabled(value: boolean): void {
    orThrow(this.#core.options.setKeepAliveEnabled(value));
    this.#core.optionsChanged();
  }

  // WIT keep-alive-idle-time: func() -> result<duration, error-code>
  keepAliveIdleTime(): bigint {
    return this.#core.options.keepAliveIdleNs;
  }

  // WIT set-keep-alive-idle-time: func(value: duration) -> result<_, error-code>
  setKeepAliveIdleTime(value: bigint): void {
    orThrow(this.#core.options.setKeepAliveIdleNs(value));
    this.#core.optionsChanged();
  }

  // WIT keep-alive-interval: func() -> result<duration, error-code>
  keepAliveInterval(): bigint {
    return this.#core.options.keepAliveIntervalNs;
  }

  // WIT set-keep-alive-interval: func(value: duration) -> result<_, error-code>
  setKeepAliveInterval(value: bigint): void {
    orThrow(this.#core.options.setKeepAliveIntervalNs(value));
    this.#core.optionsChanged();
  }

  // WIT keep-alive-count: func() -> result<u32, error-code>
  keepAliveCount(): number {
    return this.#core.options.keepAliveCount;
  }

  // WIT set-keep-alive-count: func(value: u32) -> result<_, error-code>
  setKeepAliveCount(value: number): void {
    orThrow(this.#core.options.setKeepAliveCount(value));
    this.#core.optionsChanged();
  }

  // WIT hop-limit: func() -> result<u8, error-code>
  hopLimit(): number {
    return this.#core.options.hopLimit;
  }

  // WIT set-hop-limit: func(value: u8) -> result<_, error-code>
  setHopLimit(value: number): void {
    orThrow(this.#core.options.setHopLimit(value));
    this.#core.optionsChanged();
  }

  // WIT receive-buffer-size: func() -> result<u64, error-code>
  receiveBufferSize(): bigint {
    return BigInt(this.#core.options.receiveBufferBytes);
  }

  // WIT set-receive-buffer-size: func(value: u64) -> result<_, error-code>
  setReceiveBufferSize(value: bigint): void {
    orThrow(this.#core.setReceiveBufferSize(value));
  }

  // WIT send-buffer-size: func() -> result<u64, error-code>
  sendBufferSize(): bigint {
    return BigInt(this.#core.options.sendBufferBytes);
  }

  // WIT set-send-buffer-size: func(value: u64) -> result<_, error-code>
  setSendBufferSize(value: bigint): void {
    orThrow(this.#core.setSendBufferSize(value));
  }

  // WIT subscribe: func() -> pollable
  subscribe(): Pollable {
    return new Pollable(this.#core, { counters: this.counters, parent: this });
  }

  // WIT shutdown: func(shutdown-type: shutdown-type) -> result<_, error-code>
  shutdown(shutdownType: Declared.ShutdownType): void {
    orThrow(this.#core.shutdown(shutdownType));
  }

  protected override onDrop(): void {
    this.#endConnecting("dropped");
    this.#core.drop();
  }

  #endConnecting(code: string | undefined): void {
    if (this.#connecting !== undefined) endSocketSpan(this.#connecting, code);
    this.#connecting = undefined;
  }
}

/** The interface `wasi:sockets/tcp`. */
export const TCP_INTERFACE = { TcpSocket } satisfies HostInterface<typeof Declared>;

function streamsOf({ input, output }: TcpConnection, counters: LiveCounters): [InputStream, OutputStream] {
  return [new InputStream(input, { counters }), new OutputStream(output, { counters })];
}
