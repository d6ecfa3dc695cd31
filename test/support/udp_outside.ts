/** The outside as a UDP socket sees it, without a network: what was sent to whom, and answers on demand. */
import { formatSocketAddress } from "../../src/base/ip_address.ts";
import type { EgressUdp, OpenUdp, OpenUdpOptions } from "../../src/network/egress.ts";
import type { SocketErrorCode } from "../../src/network/socket_error.ts";
import type { EndKind } from "../../src/network/tcp_connection.ts";
import { DATAGRAM_COST_BYTES } from "../../src/network/udp_datagram.ts";

export class UdpOutside {
  /** Every one that was opened, in order. */
  readonly peers: UdpOutsidePeer[] = [];
  /** When true, the system takes nothing until a peer's `flush`. */
  isSlow = false;

  readonly open: OpenUdp = (options) => {
    const peer = new UdpOutsidePeer(this, options);
    this.peers.push(peer);
    return peer;
  };

  /** Sockets of the system that are open now. */
  get held(): number {
    return this.peers.filter((peer) => !peer.isReleased).length;
  }

  /** What the last one opened for `remote` has sent, as text. */
  sentTo(remote: string): string[] | undefined {
    return this.peers.findLast((peer) => peer.remote === remote)?.sent;
  }

  at(remote: string): UdpOutsidePeer {
    const peer = this.peers.findLast((candidate) => candidate.remote === remote);
    if (peer === undefined) throw new Error(`nothing was opened for ${remote}`);
    return peer;
  }
}

export class UdpOutsidePeer implements EgressUdp {
  readonly remote: string;
  readonly sent: string[] = [];
  readonly options: OpenUdpOptions;
  ended: EndKind | undefined;
  optionChanges = 0;
  isReleased = false;
  unsentBytes = 0;
  readonly #outside: UdpOutside;
  #waiting: string[] = [];

  constructor(outside: UdpOutside, options: OpenUdpOptions) {
    this.#outside = outside;
    this.options = options;
    this.remote = formatSocketAddress(options.remote);
  }

  send(data: Uint8Array): void {
    const text = new TextDecoder().decode(data);
    if (!this.#outside.isSlow) {
      this.sent.push(text);
      return;
    }
    this.#waiting.push(text);
    this.unsentBytes += data.length + DATAGRAM_COST_BYTES;
  }

  optionsChanged(): void {
    this.optionChanges++;
  }

  end(how: EndKind): void {
    this.ended ??= how;
    if (how === "reset") this.#waiting = [];
    if (this.#waiting.length === 0) this.release();
  }

  /** The system takes the first datagram that waits, or all. */
  flush(datagrams = this.#waiting.length): void {
    for (const text of this.#waiting.splice(0, datagrams)) {
      this.sent.push(text);
      this.unsentBytes -= text.length + DATAGRAM_COST_BYTES;
      this.options.onSent();
    }
    if (this.ended !== undefined && this.#waiting.length === 0) this.release();
  }

  answer(text: string): void {
    this.options.onDatagram(new TextEncoder().encode(text));
  }

  fail(code: SocketErrorCode): void {
    this.options.onFailed(code);
  }

  /** Its socket is closed. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.unsentBytes = 0;
    this.options.onReleased();
  }
}
