/**
 * Connections whose TLS handshake is not done. They count as connections, and have the time of a header: else a client that
 * says nothing would cost as much as one that is served. Time is told by `check`, as for `ClientConnection`.
 */
import type { Socket } from "node:net";
import process from "node:process";
import type { TLSSocket } from "node:tls";
import { HeldBackWire, holdBack } from "./held_back_wire.ts";
import type { TlsIdentities } from "./tls_identities.ts";

/** What becomes of handshakes. */
export interface TlsHandshakesOptions {
  /** In the order in which they are preferred. */
  readonly protocols: readonly string[];
  /** One is done: `secure` is a connection like one in plain, with its address, and its reset. */
  readonly onSecure: (secure: Socket) => void;
  /** One has ended before. */
  readonly onEnd: () => void;
}

/** Deno goes on reading TLS that is paused; see `HeldBackWire`. */
const IS_HELD_BACK = !("Deno" in globalThis);

/** One for a listener. */
export class TlsHandshakes {
  readonly #options: TlsHandshakesOptions;
  readonly #open = new Map<Socket, { readonly secure: TLSSocket; agedMs: number }>();

  constructor(options: TlsHandshakesOptions) {
    this.#options = options;
  }

  /** Those that are not done. */
  get count(): number {
    return this.#open.size;
  }

  /** Whether one began less than `agedMs` ago, as `check` tells time. */
  hasYounger(agedMs: number): boolean {
    for (const handshake of this.#open.values()) if (handshake.agedMs < agedMs) return true;
    return false;
  }

  /** A connection was accepted. `current` gives the certificates of now. */
  begin(raw: Socket, current: () => TlsIdentities): void {
    const { protocols, onSecure, onEnd } = this.#options;
    // It has gone already.
    if (raw.remoteAddress === undefined) return void raw.destroy();
    const wire = IS_HELD_BACK ? undefined : new HeldBackWire(raw);
    const { TLSSocket } = process.getBuiltinModule("node:tls");
    const secure = new TLSSocket(wire as Socket | undefined ?? raw, {
      isServer: true,
      secureContext: current().standard,
      ALPNProtocols: [...protocols],
      SNICallback: (name, use) => use(null, current().contextFor(name)),
    });
    if (wire !== undefined) holdBack(secure, wire);
    this.#open.set(raw, { secure, agedMs: 0 });
    // What strangers say to a port is no event. Node and Deno tell what is wrong with TLS here, and leave the rest to servers of their own.
    secure.on("error", ignore);
    secure.on("_tlsError", () => this.#cut(raw, secure));
    // It leaves in the middle of its handshake; behind that the server looks at it.
    secure.once("end", () => {
      if (this.#open.has(raw)) this.#cut(raw, secure);
    });
    raw.on("error", ignore);
    const ended = (): void => {
      secure.destroy();
      if (this.#open.delete(raw)) onEnd();
    };
    raw.on("close", ended);
    secure.on("close", ended);
    secure.once("secure", () => {
      if (!this.#open.delete(raw)) return;
      speakFor(secure, raw);
      onSecure(secure);
    });
  }

  /** `elapsedMs` have passed in which clients could be heard. */
  check(elapsedMs: number, handshakeMsMax: number): void {
    for (const [raw, handshake] of this.#open) {
      handshake.agedMs += elapsedMs;
      if (handshake.agedMs > handshakeMsMax) this.#cut(raw, handshake.secure);
    }
  }

  /** Nobody is answered any more who has not asked yet. */
  destroy(): void {
    for (const [raw, { secure }] of this.#open) this.#cut(raw, secure);
  }

  #cut(raw: Socket, secure: TLSSocket): void {
    secure.destroy();
    raw.destroy();
  }
}

/** A TLS socket has no reset of its own, and over a wire no address. */
function speakFor(secure: TLSSocket, raw: Socket): void {
  const { remoteAddress, remotePort } = raw;
  Object.defineProperty(secure, "remoteAddress", { value: remoteAddress });
  Object.defineProperty(secure, "remotePort", { value: remotePort });
  let isAsked = false;
  secure.resetAndDestroy = () => {
    if (isAsked) return secure;
    isAsked = true;
    // Not now: what asks for it may be called by the decryption of this very socket, which Node does not survive.
    setImmediate(() => {
      // As in `resetSocket`: the end of the one is the end of the other.
      if (!secure.destroyed && !secure.writableEnded) raw.resetAndDestroy();
      secure.destroy();
    });
    return secure;
  };
}

function ignore(): void {}
