/** Spans of what a guest exchanges by datagrams: with each peer from the first datagram to the first answer. */
import { formatIpAddress, type SocketAddress } from "../../base/ip_address.ts";
import type { SpanParent, TraceSpan } from "../../telemetry/trace.ts";
import { endSocketSpan, startExchangeSpan } from "./socket_span.ts";

/** Peers of a socket whose answers are waited for, and peers that asked; who asks more has no spans of the others. */
const PEERS_MAX = 16;

/** Of one socket. */
export class UdpSpans {
  readonly #trace: () => SpanParent | undefined;
  /** Where no answer has come yet, by the peer's address. */
  readonly #open = new Map<string, TraceSpan>();
  /** Who wrote first: what goes back there is an answer, and asks nothing. The latest last. */
  readonly #asking = new Set<string>();

  constructor(trace: () => SpanParent | undefined) {
    this.#trace = trace;
  }

  /** The guest has sent something there; `error` is what it was told. */
  sent(remote: SocketAddress, error?: string): void {
    const trace = this.#trace();
    if (trace === undefined) return;
    const peer = nameOf(remote);
    if (!this.#open.has(peer)) {
      if (this.#asking.delete(peer) || this.#open.size >= PEERS_MAX) return;
      this.#open.set(peer, startExchangeSpan(trace, remote));
    }
    if (error !== undefined) this.#end(peer, error);
  }

  /** Something came from there. */
  received(remote: SocketAddress): void {
    if (this.#trace() === undefined) return;
    const peer = nameOf(remote);
    if (!this.#open.has(peer)) return this.#asked(peer);
    this.#open.get(peer)?.set({ "loopgate.is_answered": true });
    this.#end(peer);
  }

  /** What was sent there came back as an error. */
  failed(remote: SocketAddress, error: string): void {
    this.#end(nameOf(remote), error);
  }

  /** Nothing more is received. That no answer came is no error: datagrams need none. */
  close(): void {
    for (const [peer, span] of this.#open) {
      span.set({ "loopgate.is_answered": false });
      this.#end(peer);
    }
  }

  #asked(peer: string): void {
    this.#asking.delete(peer);
    this.#asking.add(peer);
    const [longestAgo] = this.#asking;
    if (this.#asking.size > PEERS_MAX && longestAgo !== undefined) this.#asking.delete(longestAgo);
  }

  #end(peer: string, error?: string): void {
    const span = this.#open.get(peer);
    if (span !== undefined) endSocketSpan(span, error);
    this.#open.delete(peer);
  }
}

function nameOf({ address, port }: SocketAddress): string {
  return `${formatIpAddress(address)} ${port}`;
}
