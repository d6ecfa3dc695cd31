/**
 * Connections whose TLS handshake is not done. They count as connections, and have the time of a header: else a client that
 * says nothing would cost as much as one that is served. Time is told by `check`, as for `ClientConnection`.
 */
import type { Socket } from "node:net";

interface Handshake {
  readonly peer: string;
  agedMs: number;
}

/** One for a listener. */
export class TlsHandshakes {
  readonly #open = new Map<Socket, Handshake>();
  /** By the client's address and port, which no two connections of a listener share: runtimes do not say which socket carries which. */
  readonly #byPeer = new Map<string, Socket>();

  /** Those that are not done. */
  get count(): number {
    return this.#open.size;
  }

  /** A connection was accepted. `onEnd` is told when it ends before its handshake does. */
  begin(raw: Socket, onEnd: () => void): void {
    const peer = peerOf(raw);
    // It has gone already.
    if (peer === undefined) return void raw.destroy();
    this.#open.set(raw, { peer, agedMs: 0 });
    this.#byPeer.set(peer, raw);
    raw.on("close", () => {
      if (this.#byPeer.get(peer) === raw) this.#byPeer.delete(peer);
      if (this.#open.delete(raw)) onEnd();
    });
  }

  /** The handshake of `secure` is done: the socket that carries it, undefined when that has gone. */
  finish(secure: Socket): Socket | undefined {
    const raw = this.#byPeer.get(peerOf(secure) ?? "");
    if (raw === undefined || !this.#open.delete(raw)) return undefined;
    return raw;
  }

  /** `elapsedMs` have passed in which clients could be heard. */
  check(elapsedMs: number, handshakeMsMax: number): void {
    for (const [raw, handshake] of this.#open) {
      handshake.agedMs += elapsedMs;
      if (handshake.agedMs > handshakeMsMax) raw.destroy();
    }
  }

  /** Nobody is answered any more who has not asked yet. */
  destroy(): void {
    for (const raw of this.#open.keys()) raw.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined || remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
