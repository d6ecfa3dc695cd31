/**
 * UDP to the outside: one socket of the operating system for each peer, connected to it, and only to an address that was
 * judged. It is never given a name. On Node the system hands over that peer's datagrams only; Deno's `connect` merely
 * remembers the address, and between bind and connect anybody could get through on Node too: so each sender is compared.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { formatIpAddress, isSameAddress, parseIpAddress } from "../base/ip_address.ts";
import type { EgressUdp, OpenUdpOptions } from "./egress.ts";
import { socketErrorOf } from "./egress_tcp.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { EndKind } from "./tcp_connection.ts";
import { DATAGRAM_COST_BYTES } from "./udp_datagram.ts";

/** A dropped socket may take this long to send what was handed over: a datagram is worth no more. */
const LINGER_MS = 5_000;

/**
 * Opens the way to `options.remote`; the first datagram may be sent at once.
 *
 * @example
 * const network = new WorkloadNetwork({ ..., egress: { decide, dial: dialEgressTcp, openUdp: openEgressUdp } });
 */
export function openEgressUdp(options: OpenUdpOptions): EgressUdp {
  return new EgressUdpSocket(options);
}

class EgressUdpSocket implements EgressUdp {
  readonly #options: OpenUdpOptions;
  readonly #socket: Socket;
  /** The system gets one after the other: Deno would send several in any order. */
  readonly #waiting: Uint8Array[] = [];
  #unsentBytes = 0;
  /** "closing" is one that was given up while it connected: Node may forget a close that it is told of then. */
  #state: "connecting" | "idle" | "sending" | "closing" | "closed" = "connecting";
  #isEnding = false;
  #cancelLinger: (() => void) | undefined;

  constructor(options: OpenUdpOptions) {
    this.#options = options;
    const { address, port } = options.remote;
    options.counters.add("egressConnections", 1);
    this.#socket = createSocket(
      address.family === "ipv4"
        ? { type: "udp4", lookup: literalOnly }
        : { type: "udp6", ipv6Only: true, lookup: literalOnly },
    );
    this.#socket.on("message", (data, from) => this.#received(data, from));
    // Later: a socket that cannot even be bound may say so at once, before its owner has this object.
    this.#socket.on("error", (error) => queueMicrotask(() => this.#failed(error)));
    this.#socket.once("connect", () => this.#connected());
    this.#socket.once("close", () => this.#closed());
    this.#socket.connect(port, formatIpAddress(address));
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  send(data: Uint8Array): void {
    if (this.#isEnding || this.#isOver()) return;
    this.#waiting.push(new Uint8Array(data));
    this.#unsentBytes += data.length + DATAGRAM_COST_BYTES;
    if (this.#state === "idle") this.#sendNext();
  }

  optionsChanged(): void {
    if (this.#state === "idle" || this.#state === "sending") this.#socket.setTTL(this.#options.options.hopLimit);
  }

  end(how: EndKind): void {
    if (how === "reset" || this.#unsentBytes === 0) {
      this.#close();
      return;
    }
    if (this.#isEnding || this.#isOver()) return;
    this.#isEnding = true;
    const { clock, counters } = this.#options;
    counters.add("timers", 1);
    this.#cancelLinger = clock.startTimer(LINGER_MS, () => this.#close());
  }

  #connected(): void {
    if (this.#state === "closing") this.#closeSocket();
    if (this.#state !== "connecting") return;
    this.#state = "idle";
    this.optionsChanged();
    this.#sendNext();
  }

  #sendNext(): void {
    const data = this.#waiting.shift();
    if (data === undefined) {
      if (this.#isEnding) this.#close();
      return;
    }
    this.#state = "sending";
    this.#socket.send(data, (error) => {
      // What was closed meanwhile has told that nothing is left.
      if (this.#state === "closed") return;
      this.#state = "idle";
      this.#unsentBytes -= data.length + DATAGRAM_COST_BYTES;
      if (error instanceof Error) this.#options.onFailed(datagramErrorOf(error));
      this.#options.onSent();
      // `onSent` may have sent the next one, or ended this.
      if (this.#isIdle()) this.#sendNext();
    });
  }

  #isIdle(): boolean {
    return this.#state === "idle";
  }

  #isOver(): boolean {
    return this.#state === "closing" || this.#state === "closed";
  }

  #received(data: Uint8Array, from: RemoteInfo): void {
    const { remote, onDatagram } = this.#options;
    if (this.#isOver() || this.#isEnding || from.port !== remote.port) return;
    const address = parseIpAddress(from.address.split("%")[0] ?? "");
    if (address === undefined || !isSameAddress(address, remote.address)) return;
    // A copy: Deno hands out a part of its 64 KiB buffer, which would live as long as the datagram.
    onDatagram(new Uint8Array(data));
  }

  /** An error of one datagram; before the socket is connected, of the socket. */
  #failed(error: Error): void {
    if (this.#state === "closed") return;
    if (this.#state === "closing") {
      this.#closeSocket();
      return;
    }
    const isFatal = this.#state === "connecting";
    if (isFatal) this.#release();
    this.#options.onFailed(datagramErrorOf(error));
    if (isFatal) this.#closeSocket();
  }

  #close(): void {
    if (this.#isOver()) return;
    const isConnecting = this.#state === "connecting";
    this.#release();
    if (isConnecting) this.#state = "closing";
    else this.#closeSocket();
  }

  /** What waits is dropped. */
  #release(): void {
    this.#waiting.length = 0;
    this.#unsentBytes = 0;
    if (this.#cancelLinger === undefined) return;
    this.#cancelLinger();
    this.#cancelLinger = undefined;
    this.#options.counters.add("timers", -1);
  }

  #closeSocket(): void {
    this.#state = "closed";
    this.#socket.close();
  }

  #closed(): void {
    this.#options.counters.add("egressConnections", -1);
    this.#options.onReleased();
  }
}

function datagramErrorOf(error: Error): SocketErrorCode {
  return "code" in error && error.code === "EMSGSIZE" ? "datagram-too-large" : socketErrorOf(error);
}

/**
 * The runtimes look up even a literal address, and the wildcard they bind; anything else fails. It answers in a microtask:
 * a bind that fails within `connect` would leave Node's socket open for ever, and nothing is received before the next turn.
 */
function literalOnly(
  name: string,
  _family: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  const family = parseIpAddress(name)?.family;
  queueMicrotask(() => {
    if (family === undefined) done(new TypeError(`Cannot look up "${name}": it is no address, expected one`), "", 0);
    else done(null, name, family === "ipv4" ? 4 : 6);
  });
}
