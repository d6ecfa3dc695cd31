/**
 * A plain socket to the first of several judged addresses that answers (RFC 8305, in the order given). It is never given a
 * name, so nothing is resolved behind the policy's back.
 */
import { connect, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { formatIpAddress, type SocketAddress } from "../base/ip_address.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { connectFailureOf } from "./http_failure.ts";
import type { HttpErrorTag, HttpFailure } from "./http_failure_table.ts";
import { HttpDeadline } from "./http_deadline.ts";
import { ADDRESSES_MAX, NEXT_ADDRESS_MS } from "./http_limits.ts";

/** A connected socket, and the address behind it. It has an "error" listener, so a failure never ends the process. */
export interface DialledSocket {
  readonly socket: Socket;
  readonly address: SocketAddress;
}

/** What to connect to, and who wants to know. */
export interface DialFirstOptions {
  readonly addresses: readonly SocketAddress[];
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** See `Egress`. */
  readonly locate?: (judged: SocketAddress) => SocketAddress;
  /** Called once, never synchronously, and not after `abandon`. */
  readonly onOutcome: (outcome: DialledSocket | { readonly failed: HttpFailure }) => void;
}

/** What a failure on one address is worth when all have failed: a host that refused says more than a missing route. */
const TELLING: readonly HttpErrorTag[] = ["connection-refused", "connection-terminated", "connection-timeout"];

/**
 * Starts to connect. There is no deadline here: the caller has one and abandons.
 *
 * @example
 * const dialling = new DialFirst({ addresses, clock, counters, onOutcome: (outcome) => { ... } });
 * dialling.abandon();
 */
export class DialFirst {
  readonly #options: DialFirstOptions;
  readonly #attempts = new Map<Socket, SocketAddress>();
  #left: SocketAddress[];
  readonly #nextAddress: HttpDeadline;
  #failure: HttpFailure | undefined;
  #isOver = false;

  constructor(options: DialFirstOptions) {
    this.#options = options;
    this.#left = options.addresses.slice(0, ADDRESSES_MAX);
    this.#nextAddress = new HttpDeadline(options.clock, options.counters);
    if (this.#left.length === 0) queueMicrotask(() => this.#failed({ tag: "destination-IP-unroutable" }));
    this.#tryNext();
  }

  /** Gives it up. Idempotent; does nothing once there was an outcome. */
  abandon(): void {
    this.#isOver = true;
    this.#nextAddress.clear();
    for (const socket of this.#attempts.keys()) socket.destroy();
    this.#attempts.clear();
  }

  /** Lets go of the addresses that are not allowed any more. Returns whether one is left; if not, the caller abandons. */
  retain(isAllowed: (address: SocketAddress) => boolean): boolean {
    this.#left = this.#left.filter(isAllowed);
    for (const [socket, address] of this.#attempts) {
      if (isAllowed(address)) continue;
      this.#attempts.delete(socket);
      socket.destroy();
    }
    if (this.#attempts.size === 0) this.#tryNext();
    return this.#attempts.size > 0;
  }

  #tryNext(): void {
    const address = this.#left.shift();
    if (address === undefined || this.#isOver) return;
    const { counters, locate } = this.#options;
    const socket = openSocket(locate === undefined ? address : locate(address), counters);
    this.#attempts.set(socket, address);
    socket.once("connect", () => this.#connected(socket, address));
    socket.on("error", (error) => this.#attemptFailed(socket, connectFailureOf(error)));
    // A socket that somebody else destroyed.
    socket.once("close", () => this.#attemptFailed(socket, { tag: "connection-terminated" }));
    if (this.#left.length > 0) this.#nextAddress.set(NEXT_ADDRESS_MS, () => this.#tryNext());
  }

  #connected(socket: Socket, address: SocketAddress): void {
    if (!this.#attempts.delete(socket) || this.#isOver) return;
    this.abandon();
    this.#options.onOutcome({ socket, address });
  }

  #attemptFailed(socket: Socket, failure: HttpFailure): void {
    if (!this.#attempts.delete(socket) || this.#isOver) return;
    if (this.#failure === undefined || rankOf(failure) < rankOf(this.#failure)) this.#failure = failure;
    if (this.#left.length > 0) this.#tryNext();
    else if (this.#attempts.size === 0) this.#failed(this.#failure);
  }

  #failed(failure: HttpFailure): void {
    if (this.#isOver) return;
    this.abandon();
    this.#options.onOutcome({ failed: failure });
  }
}

function rankOf({ tag }: HttpFailure): number {
  const rank = TELLING.indexOf(tag);
  return rank < 0 ? TELLING.length : rank;
}

function openSocket({ address, port }: SocketAddress, counters: LiveCounters): Socket {
  counters.add("egressConnections", 1);
  const socket = connect({
    host: formatIpAddress(address),
    port,
    family: address.family === "ipv4" ? 4 : 6,
    // Half-open: whoever reads decides what the server's end means, and a request can still be finished.
    allowHalfOpen: true,
    autoSelectFamily: false,
    noDelay: true,
    lookup: refuseLookup,
  });
  socket.once("close", () => counters.add("egressConnections", -1));
  return socket;
}

/** A literal address is never looked up; should a runtime try, the connect fails. */
function refuseLookup(
  name: string,
  _options: unknown,
  done: (error: Error, address: string, family: number) => void,
): void {
  done(new TypeError(`Cannot look up "${name}": it is no address, expected one`), "", 0);
}
