/** The open connections of one client that wait for another request, by target. */
import type { Clock } from "../base/clock.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { HttpConnection } from "./http_connection.ts";
import type { Slots } from "./connection_slots.ts";
import type { HttpConnections } from "./http_exchange.ts";
import type { HttpFailure } from "./http_failure_table.ts";
import type { DialHttp, HttpTarget, StillAllowed } from "./http_message.ts";
import { HttpOpening } from "./http_opening.ts";
import type { TlsTrust } from "./tls_trust.ts";

/** Of its client. */
export interface HttpConnectionPoolOptions {
  readonly dial: DialHttp;
  readonly stillAllowed: StillAllowed;
  readonly trust: TlsTrust;
  readonly slots: Slots;
  /** See `HttpClientOptions`. */
  readonly isPrivate?: (target: HttpTarget) => boolean;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** See `Egress`. */
  readonly locate?: (judged: SocketAddress) => SocketAddress;
}

/** Idle connections keep their slot, and lose it to whoever needs one. How long they idle is their wire's matter. */
export class HttpConnectionPool implements HttpConnections {
  readonly #options: HttpConnectionPoolOptions;
  /** Each with the function that takes it out of the reach of others; the latest used last. */
  readonly #idle = new Map<HttpConnection, () => void>();
  #isOpen = true;

  constructor(options: HttpConnectionPoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#idle.size;
  }

  reuse(target: HttpTarget): HttpConnection | undefined {
    // The latest used first: the others can end by their idle limit.
    for (const connection of [...this.#idle.keys()].reverse()) {
      if (!isSameTarget(connection.target, target)) continue;
      this.#takeOut(connection);
      if (this.#mayServe(connection) && connection.isReusable) return connection;
      connection.destroy();
    }
    return undefined;
  }

  open(
    target: HttpTarget,
    onOutcome: (outcome: HttpConnection | { readonly failed: HttpFailure }) => void,
  ): HttpOpening | undefined {
    const { slots, dial, trust, clock, counters, locate } = this.#options;
    const releaseSlot = this.#isPrivate(target) ? () => {} : slots.take();
    if (releaseSlot === undefined) return undefined;
    return new HttpOpening({ target, dial, trust, clock, counters, releaseSlot, onOutcome, ...(locate && { locate }) });
  }

  keep(connection: HttpConnection): void {
    if (!this.#isOpen || !connection.isReusable) return connection.destroy();
    connection.onEnded = () => this.#takeOut(connection);
    const withdraw = this.#isPrivate(connection.target)
      ? () => {}
      : this.#options.slots.offer(() => connection.destroy());
    this.#idle.set(connection, withdraw);
  }

  /** Ends the idle connections that are not allowed any more. */
  recheck(): void {
    for (const connection of this.#idle.keys()) {
      if (!this.#mayServe(connection)) connection.destroy();
    }
  }

  /** Ends all idle connections. */
  clear(): void {
    for (const connection of this.#idle.keys()) connection.destroy();
  }

  /** Ends all idle connections, and keeps none from now on. Idempotent. */
  close(): void {
    this.#isOpen = false;
    this.clear();
  }

  /** What is connected to the private loopback has no address that could be judged. */
  #mayServe({ target, address }: HttpConnection): boolean {
    return address === undefined || this.#options.stillAllowed(target, address);
  }

  /** Its connections hold no slot, so that ending one would make room for nobody. */
  #isPrivate(target: HttpTarget): boolean {
    return this.#options.isPrivate?.(target) === true;
  }

  #takeOut(connection: HttpConnection): void {
    connection.onEnded = undefined;
    this.#idle.get(connection)?.();
    this.#idle.delete(connection);
  }
}

function isSameTarget(one: HttpTarget, other: HttpTarget): boolean {
  return one.scheme === other.scheme && one.host === other.host && one.port === other.port;
}
