/** The outside peers of one UDP socket: for each an OS socket that is connected to it, a bounded number of them. */
import { formatSocketAddress, type SocketAddress } from "../base/ip_address.ts";
import type { EgressUdp, OpenUdpOptions } from "./egress.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { EndKind } from "./tcp_connection.ts";
import { DATAGRAM_COST_BYTES } from "./udp_datagram.ts";
import type { SocketOptions } from "./socket_options.ts";

/** Stops one guest socket from taking the process's file descriptors by sending to ever new addresses. */
const PEERS_MAX = 16;

/** What the peers need of their socket. */
export interface UdpPeersOptions {
  readonly options: SocketOptions;
  /** undefined: the workload has as many connections to the outside as it may. */
  readonly open: (options: Omit<OpenUdpOptions, "clock" | "counters">) => EgressUdp | undefined;
  readonly onDatagram: (remote: SocketAddress, data: Uint8Array) => void;
  readonly onFailed: (remote: SocketAddress, code: SocketErrorCode) => void;
  /** There may be room again. */
  readonly onProgress: () => void;
  /** Called once, after `end`: no OS socket is held any more. */
  readonly onReleased: () => void;
}

interface Peer {
  readonly key: string;
  readonly egress: EgressUdp;
}

/** Opens an OS socket for a peer at its first datagram. */
export class UdpPeers {
  readonly #options: UdpPeersOptions;
  /** By address, the one that was used longest ago first. */
  readonly #peers = new Map<string, Peer>();
  /** Those, and the ones that are closing. */
  #held = 0;
  /** One was given up because the workload has no connection left, and its place is not free yet. */
  #isMakingRoom = false;
  #isEnded = false;

  constructor(options: UdpPeersOptions) {
    this.#options = options;
  }

  /** True when a datagram of so many bytes can be taken now. One is always taken when nothing waits. */
  hasRoom(remote: SocketAddress, bytes: number): boolean {
    if (this.#isMakingRoom && !this.#peers.has(formatSocketAddress(remote))) return false;
    const unsentBytes = this.#unsentBytes();
    if (unsentBytes === 0) return true;
    if (unsentBytes + bytes + DATAGRAM_COST_BYTES > this.#options.options.sendBufferBytes) return false;
    return this.#peers.has(formatSocketAddress(remote)) || this.#peers.size < PEERS_MAX ||
      this.#longestIdle() !== undefined;
  }

  /**
   * Sends a copy to a judged address; ask `hasRoom` before. Where the workload has no connection left for a new peer,
   * the one of this socket that has been idle the longest is given up and the datagram has to wait for its place;
   * without such a one the datagram fails.
   */
  send(remote: SocketAddress, data: Uint8Array): "would-block" | "new-socket-limit" | undefined {
    const key = formatSocketAddress(remote);
    const peer = this.#peers.get(key) ?? this.#open(key, remote);
    if (peer === undefined) {
      if (this.#longestIdle() === undefined) return "new-socket-limit";
      this.#isMakingRoom = true;
      this.#giveUpLongestIdle();
      return "would-block";
    }
    this.#used(peer);
    peer.egress.send(data);
  }

  /** An option of the socket changed that acts on the OS sockets. */
  optionsChanged(): void {
    for (const { egress } of this.#peers.values()) egress.optionsChanged();
  }

  /** "close" still delivers what was sent. Idempotent. */
  end(how: EndKind): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    if (this.#held === 0) this.#options.onReleased();
    for (const { egress } of peers) egress.end(how);
  }

  #open(key: string, remote: SocketAddress): Peer | undefined {
    if (this.#peers.size >= PEERS_MAX) this.#giveUpLongestIdle();
    const { open, options, onDatagram, onFailed, onProgress } = this.#options;
    const egress = open({
      remote,
      options,
      onDatagram: (data) => {
        if (this.#peers.get(key) !== peer) return;
        this.#used(peer);
        onDatagram(remote, data);
      },
      onFailed: (code) => {
        if (this.#peers.get(key) === peer) onFailed(remote, code);
      },
      onSent: onProgress,
      onReleased: () => this.#released(peer),
    });
    if (egress === undefined) return undefined;
    this.#held++;
    const peer: Peer = { key, egress };
    this.#peers.set(key, peer);
    return peer;
  }

  /** It ended because it was told to, or because it failed. */
  #released(peer: Peer): void {
    if (this.#peers.get(peer.key) === peer) this.#peers.delete(peer.key);
    this.#held--;
    this.#isMakingRoom = false;
    if (this.#isEnded && this.#held === 0) this.#options.onReleased();
    else this.#options.onProgress();
  }

  #giveUpLongestIdle(): void {
    const idle = this.#longestIdle();
    if (idle === undefined) return;
    this.#peers.delete(idle.key);
    idle.egress.end("close");
  }

  #used(peer: Peer): void {
    this.#peers.delete(peer.key);
    this.#peers.set(peer.key, peer);
  }

  #longestIdle(): Peer | undefined {
    for (const peer of this.#peers.values()) {
      if (peer.egress.unsentBytes === 0) return peer;
    }
    return undefined;
  }

  #unsentBytes(): number {
    let bytes = 0;
    for (const { egress } of this.#peers.values()) bytes += egress.unsentBytes;
    return bytes;
  }
}
