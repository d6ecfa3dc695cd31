/** One connection to one target: its socket, its slot, and the address behind it. */
import type { Duplex } from "node:stream";
import type { SocketAddress } from "../base/ip_address.ts";
import type { HttpTarget } from "./http_message.ts";
import { sendOverNode } from "./http_wire_node.ts";
import { UndiciWire } from "./http_wire_undici.ts";
import type { WireEvents, WireFlow, WireRequest } from "./http_wire.ts";

/** An open socket, and whose it is. */
export interface HttpConnectionOptions {
  readonly target: HttpTarget;
  /** What was dialled; undefined on the private loopback. */
  readonly address: SocketAddress | undefined;
  /** Connected, and through with its TLS handshake. */
  readonly socket: Duplex;
  readonly releaseSlot: () => void;
}

/**
 * `open` until its socket ends or it is destroyed. An open one may be used again after an exchange that came to its end,
 * unless that went over `node:http`.
 */
export class HttpConnection {
  readonly target: HttpTarget;
  readonly address: SocketAddress | undefined;
  /** Told once, when it is open no more. */
  onEnded: (() => void) | undefined;
  readonly #options: HttpConnectionOptions;
  #wire: UndiciWire | undefined;
  #isOpen = true;
  #isSpent = false;

  constructor(options: HttpConnectionOptions) {
    this.#options = options;
    this.target = options.target;
    this.address = options.address;
    // Errors reach the exchange through the wire; this one keeps an idle connection's from ending the process.
    options.socket.on("error", () => {});
    options.socket.once("close", () => this.#ended());
  }

  /** Whether another exchange may be sent. */
  get isReusable(): boolean {
    return this.#isOpen && !this.#isSpent && !this.#options.socket.destroyed && this.#options.socket.readable;
  }

  send(request: WireRequest, events: WireEvents): WireFlow {
    const { socket } = this.#options;
    if (request.trailers !== undefined) {
      this.#isSpent = true;
      return sendOverNode(socket, request, events);
    }
    this.#wire ??= new UndiciWire(socket);
    return this.#wire.send(request, events);
  }

  /** Ends it at once: its slot is free when this returns. Idempotent. */
  destroy(): void {
    this.#ended();
    // The client lets go of its timers and of the socket; without one there is only the socket.
    this.#wire?.destroy(() => {});
    if (!this.#options.socket.destroyed) this.#options.socket.destroy();
  }

  #ended(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#options.releaseSlot();
    this.onEnded?.();
  }
}
