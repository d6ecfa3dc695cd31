/** A connection on the private loopback: two pipes and two ends, no operating system. */
import type { ByteSink, ByteSource } from "../base/byte_stream.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { ByteBudget } from "./byte_budget.ts";
import { Pipe, PipeReader, PipeWriter, type ResetNotice } from "./pipe.ts";
import { ConnectionHandles, type EndKind, type TcpConnection } from "./tcp_connection.ts";
import type { TcpOptions } from "./tcp_options.ts";

/** The two ends of a connection before it exists. */
export interface LoopbackConnectionOptions {
  readonly budget: ByteBudget;
  readonly clientAddress: SocketAddress;
  /** The address that was dialled: what an accepted socket reports as its own. */
  readonly serverAddress: SocketAddress;
  readonly clientOptions: TcpOptions;
  /** The listener's, until accept replaces them by a copy. */
  readonly serverOptions: TcpOptions;
  /** Both ends are gone. */
  readonly onEnded: () => void;
}

/** Opens a connection; it counts from here until both ends are gone. */
export function openLoopbackConnection(
  options: LoopbackConnectionOptions,
): { readonly client: LoopbackEnd; readonly server: LoopbackEnd } {
  const { budget } = options;
  const toServer: Pipe = new Pipe({ budget, capacity: () => capacityBetween(client, server) });
  const toClient: Pipe = new Pipe({ budget, capacity: () => capacityBetween(server, client) });
  let endsLeft = 2;
  const onGone = (): void => {
    endsLeft--;
    if (endsLeft === 0) options.onEnded();
  };
  const { clientAddress, serverAddress } = options;
  const client = new LoopbackEnd({
    local: clientAddress,
    remote: serverAddress,
    options: options.clientOptions,
    incoming: toClient,
    outgoing: toServer,
    onGone,
  });
  const server = new LoopbackEnd({
    local: serverAddress,
    remote: clientAddress,
    options: options.serverOptions,
    incoming: toServer,
    outgoing: toClient,
    onGone,
  });
  return { client, server };
}

interface LoopbackEndOptions {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly options: TcpOptions;
  readonly incoming: Pipe;
  readonly outgoing: Pipe;
  readonly onGone: () => void;
}

/** One side of a loopback connection. */
export class LoopbackEnd implements TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly input: ByteSource;
  readonly output: ByteSink;
  /** The options of the socket that holds this end. */
  options: TcpOptions;
  /** Told once, when this end is gone. */
  onReleased: (() => void) | undefined;
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  readonly #onGone: () => void;
  readonly #handles: ConnectionHandles;
  #isGone = false;
  #isSendShut = false;
  #isReceiveShut = false;

  constructor({ local, remote, options, incoming, outgoing, onGone }: LoopbackEndOptions) {
    this.local = local;
    this.remote = remote;
    this.options = options;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#onGone = onGone;
    this.#handles = new ConnectionHandles(() => this.end("close"));
    this.input = new PipeReader(incoming, () => this.#handles.drop("input"));
    this.output = new PipeWriter(outgoing, () => this.#handles.drop("output"));
  }

  shutdown(how: "receive" | "send" | "both"): void {
    if (this.#isGone) return;
    if (how !== "receive") this.#isSendShut = true;
    if (how !== "send") this.#isReceiveShut = true;
    if (this.#isSendShut) this.#outgoing.finish();
    // With both ways shut nothing can come of what the peer writes: it is told so.
    if (this.#isReceiveShut && this.#isSendShut) this.#incoming.leave();
    else if (this.#isReceiveShut) this.#incoming.discard();
  }

  dropSocket(): void {
    this.#handles.drop("socket");
  }

  buffersChanged(): void {
    this.#incoming.capacityChanged();
    this.#outgoing.capacityChanged();
  }

  /** The options of a loopback connection, buffer sizes apart, have nothing to act on. */
  optionsChanged(): void {}

  end(how: EndKind): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (how === "close") {
      this.#outgoing.finish();
      this.#incoming.leave();
    } else {
      const notice: ResetNotice = { isReported: false };
      this.#outgoing.reset(notice);
      this.#incoming.leaveWithReset(notice);
    }
    this.onReleased?.();
    this.#onGone();
  }
}

function capacityBetween(sender: LoopbackEnd, receiver: LoopbackEnd): number {
  return sender.options.sendBufferBytes + receiver.options.receiveBufferBytes;
}
