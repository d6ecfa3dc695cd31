/**
 * Who holds which port of a private loopback. One table for each family of TCP, and of UDP. The wildcard
 * conflicts with every address of its port; 127.0.0.1:p and 127.0.0.2:p are two ports.
 */
import { formatSocketAddress, isSameAddress, isUnspecified, type SocketAddress } from "../base/ip_address.ts";

/** The range of RFC 6335 for ports that nobody chose. */
export const EPHEMERAL_PORT_MIN = 49152;
/** The last of that range. */
export const EPHEMERAL_PORT_MAX = 65535;

/** A held port. `T` is what answers on it. */
export interface PortHold<T> {
  readonly address: SocketAddress;
  /** Set while the holder listens. */
  listener: T | undefined;
  /** Idempotent. */
  release(): void;
}

/** The held ports of one family. */
export class PortTable<T> {
  #holds: Map<number, PortHold<T>[]> = new Map();
  readonly #randomPort: () => number;

  /** `randomPort` gives a number of the ephemeral range. */
  constructor(randomPort: () => number) {
    this.#randomPort = randomPort;
  }

  /** Held ports now; zero after every test. */
  get size(): number {
    return this.#holds.size;
  }

  /** Port 0 takes a free one of the ephemeral range. undefined when the port, or every port, is taken. */
  hold(wanted: SocketAddress): PortHold<T> | undefined {
    const address = wanted.port === 0 ? this.#withFreePort(wanted) : wanted;
    if (address === undefined || this.#isTaken(address)) return undefined;
    const hold: PortHold<T> = { address, listener: undefined, release: () => this.#release(hold) };
    const holds = this.#holds.get(address.port);
    if (holds === undefined) this.#holds.set(address.port, [hold]);
    else holds.push(hold);
    return hold;
  }

  /** What listens on exactly this address, or on the wildcard of its port. */
  listenerAt({ address, port }: SocketAddress): T | undefined {
    const hold = this.#holds.get(port)?.find(
      (hold) => isSameAddress(hold.address.address, address) || isUnspecified(hold.address.address),
    );
    return hold?.listener;
  }

  /** True when something listens on this port of any address. */
  isListening(port: number): boolean {
    return this.#holds.get(port)?.some((hold) => hold.listener !== undefined) ?? false;
  }

  /** Ports that something listens on, of any address. */
  listening(): number[] {
    return [...this.#holds.keys()].filter((port) => this.isListening(port));
  }

  /** For messages and tests. */
  list(): string[] {
    return [...this.#holds.values()].flat().map((hold) => formatSocketAddress(hold.address));
  }

  #withFreePort({ address }: SocketAddress): SocketAddress | undefined {
    const count = EPHEMERAL_PORT_MAX - EPHEMERAL_PORT_MIN + 1;
    const start = this.#randomPort() - EPHEMERAL_PORT_MIN;
    for (let step = 0; step < count; step++) {
      const port = EPHEMERAL_PORT_MIN + ((start + step) % count);
      const candidate = { address, port };
      if (!this.#isTaken(candidate)) return candidate;
    }
    return undefined;
  }

  #isTaken({ address, port }: SocketAddress): boolean {
    const holds = this.#holds.get(port);
    if (holds === undefined) return false;
    const isWildcard = isUnspecified(address);
    return holds.some(
      (hold) => isWildcard || isUnspecified(hold.address.address) || isSameAddress(hold.address.address, address),
    );
  }

  #release(hold: PortHold<T>): void {
    const { port } = hold.address;
    const left = this.#holds.get(port)?.filter((other) => other !== hold) ?? [];
    if (left.length > 0) this.#holds.set(port, left);
    else this.#holds.delete(port);
  }
}
