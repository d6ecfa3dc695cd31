/** `wasi:sockets/udp` over the core's `UdpSocket`: one core object behind a socket and its two streams. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-udp";
import { HostTrap, WitError } from "../../base/errors.ts";
import { ALWAYS_READY } from "../../base/waitable.ts";
import type { SocketAddress } from "../../base/ip_address.ts";
import type { SocketErrorCode } from "../../network/socket_error.ts";
import type { UdpSocket as CoreSocket } from "../../network/udp_socket.ts";
import type { SpanParent } from "../../telemetry/trace.ts";
import { Pollable } from "../io/poll.ts";
import { HostResource, type ResourceOptions } from "../resource.ts";
import type { HostInterface, HostSide } from "../types.ts";
import { type Network, orThrow } from "./network.ts";
import { UdpSpans } from "./udp_spans.ts";
import { socketAddressFromWit, socketAddressToWit, type WitSocketAddress } from "./wit_address.ts";

/** How a socket is made. */
export interface UdpSocketOptions extends ResourceOptions {
  /** What the guest exchanges belongs there; undefined: there are no traces. */
  readonly trace?: (() => SpanParent | undefined) | undefined;
}

/** The resource `udp-socket`. Its streams are its children: they go first, as in wasmtime. */
export class UdpSocket extends HostResource implements HostSide<Declared.UdpSocket> {
  readonly #core: CoreSocket;
  readonly #spans: UdpSpans | undefined;
  #streams: readonly HostResource[] = [];

  constructor(core: CoreSocket, options: UdpSocketOptions) {
    super(options);
    this.#core = core;
    this.#spans = options.trace && new UdpSpans(options.trace);
  }

  // WIT start-bind: func(network: borrow<network>, local-address: ip-socket-address) -> result<_, error-code>
  startBind(_network: Network, localAddress: WitSocketAddress): void {
    orThrow(this.#core.startBind(socketAddressFromWit(localAddress)));
  }

  // WIT finish-bind: func() -> result<_, error-code>
  finishBind(): void {
    orThrow(this.#core.finishBind());
  }

  // WIT %stream: func(remote-address: option<ip-socket-address>) -> result<tuple<incoming-datagram-stream, outgoing-datagram-stream>, error-code>
  stream(remoteAddress: WitSocketAddress | undefined): [IncomingDatagramStream, OutgoingDatagramStream] {
    // WIT: "Implementations may trap if the streams returned by a previous invocation haven't been dropped yet".
    const live = this.#streams.filter((stream) => !stream.isDropped).length;
    if (live > 0) {
      throw new HostTrap(
        `Cannot open the streams of a UdpSocket: ${live} of the last ones are alive, expected them to be dropped first`,
      );
    }
    const remote = remoteAddress === undefined ? undefined : socketAddressFromWit(remoteAddress);
    orThrow(this.#core.stream(remote));
    const options = { counters: this.counters, parent: this, spans: this.#spans, remote };
    const streams: [IncomingDatagramStream, OutgoingDatagramStream] = [
      new IncomingDatagramStream(this.#core, options),
      new OutgoingDatagramStream(this.#core, options),
    ];
    this.#streams = streams;
    return streams;
  }

  // WIT local-address: func() -> result<ip-socket-address, error-code>
  localAddress(): WitSocketAddress {
    return socketAddressToWit(orThrow(this.#core.localAddress()));
  }

  // WIT remote-address: func() -> result<ip-socket-address, error-code>
  remoteAddress(): WitSocketAddress {
    return socketAddressToWit(orThrow(this.#core.remoteAddress()));
  }

  // WIT address-family: func() -> ip-address-family
  addressFamily(): Declared.IpAddressFamily {
    return this.#core.family;
  }

  // WIT unicast-hop-limit: func() -> result<u8, error-code>
  unicastHopLimit(): number {
    return this.#core.options.hopLimit;
  }

  // WIT set-unicast-hop-limit: func(value: u8) -> result<_, error-code>
  setUnicastHopLimit(value: number): void {
    orThrow(this.#core.setHopLimit(value));
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
  /** A bind can always be finished; whoever waits for datagrams subscribes to a stream. */
  subscribe(): Pollable {
    return new Pollable(ALWAYS_READY, { counters: this.counters, parent: this });
  }

  protected override onDrop(): void {
    this.#spans?.close();
    this.#core.drop();
  }
}

interface DatagramStreamOptions extends ResourceOptions {
  /** Of the socket. */
  readonly spans?: UdpSpans | undefined;
  /** Of a connected stream. */
  readonly remote?: SocketAddress | undefined;
}

/** The resource `incoming-datagram-stream`. */
export class IncomingDatagramStream extends HostResource implements HostSide<Declared.IncomingDatagramStream> {
  readonly #core: CoreSocket;
  readonly #options: DatagramStreamOptions;

  constructor(core: CoreSocket, options: DatagramStreamOptions) {
    super(options, "streams");
    this.#core = core;
    this.#options = options;
  }

  // WIT receive: func(max-results: u64) -> result<list<incoming-datagram>, error-code>
  receive(maxResults: bigint): HostSide<Declared.IncomingDatagram>[] {
    // The queue is far shorter than the largest safe number.
    const received = this.#core.receive(Number(maxResults));
    const { spans, remote: peer } = this.#options;
    if (typeof received === "string" && peer !== undefined) spans?.failed(peer, received);
    return orThrow(received).map(({ data, remote }) => {
      spans?.received(remote);
      return { data, remoteAddress: socketAddressToWit(remote) };
    });
  }

  // WIT subscribe: func() -> pollable
  subscribe(): Pollable {
    return new Pollable(this.#core.incoming, { counters: this.counters, parent: this });
  }

  protected override onDrop(): void {}
}

/** The resource `outgoing-datagram-stream`. */
export class OutgoingDatagramStream extends HostResource implements HostSide<Declared.OutgoingDatagramStream> {
  readonly #core: CoreSocket;
  readonly #options: DatagramStreamOptions;
  /** What the last `check-send` allowed and no `send` has used. */
  #permit: number | undefined;

  constructor(core: CoreSocket, options: DatagramStreamOptions) {
    super(options, "streams");
    this.#core = core;
    this.#options = options;
  }

  // WIT check-send: func() -> result<u64, error-code>
  checkSend(): bigint {
    this.#permit = numberOrThrow(this.#core.checkSend());
    return BigInt(this.#permit);
  }

  // WIT send: func(datagrams: list<outgoing-datagram>) -> result<u64, error-code>
  send(datagrams: readonly HostSide<Declared.OutgoingDatagram>[]): bigint {
    const permit = this.#permit;
    this.#permit = undefined;
    if (permit === undefined) {
      throw new HostTrap("Cannot send: there is no permit, expected check-send before each send");
    }
    if (datagrams.length > permit) {
      throw new HostTrap(`Cannot send ${datagrams.length} datagrams: that is too many, expected at most ${permit}`);
    }
    const sent = this.#core.send(datagrams.map(({ data, remoteAddress }) => ({
      data,
      remote: remoteAddress === undefined ? undefined : socketAddressFromWit(remoteAddress),
    })));
    if (this.#options.spans !== undefined) this.#trace(this.#options.spans, { datagrams, sent });
    return BigInt(numberOrThrow(sent));
  }

  /** An error is that of the first datagram: what came before it was sent, and the guest is told a number. */
  #trace(spans: UdpSpans, { datagrams, sent }: {
    readonly datagrams: readonly HostSide<Declared.OutgoingDatagram>[];
    readonly sent: number | SocketErrorCode;
  }): void {
    const error = typeof sent === "string" ? sent : undefined;
    for (const { remoteAddress } of datagrams.slice(0, typeof sent === "number" ? sent : 1)) {
      const remote = remoteAddress === undefined ? this.#options.remote : socketAddressFromWit(remoteAddress);
      if (remote !== undefined) spans.sent(remote, error);
    }
  }

  // WIT subscribe: func() -> pollable
  subscribe(): Pollable {
    return new Pollable(this.#core.outgoing, { counters: this.counters, parent: this });
  }

  protected override onDrop(): void {}
}

/** The interface `wasi:sockets/udp`. */
export const UDP_INTERFACE = { UdpSocket, IncomingDatagramStream, OutgoingDatagramStream } satisfies HostInterface<
  typeof Declared
>;

function numberOrThrow(answer: number | SocketErrorCode): number {
  if (typeof answer === "string") throw new WitError<Declared.ErrorCode>(answer);
  return answer;
}
