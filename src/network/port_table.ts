/**
 * Who holds which port of a private loopback. One table for each family of TCP, and of UDP. The wildcard
 * conflicts with every address of its port; 127.0.0.1:p and 127.0.0.2:p are two ports.
 */
import { LinkedList, ListEntry } from "../base/linked_list.ts";
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

/** A power of two. A thousand connections are sixteen in a line. */
const LINES = 64;

/**
 * The held ports of one family. No `Map`: each request that connects adds to it and removes from it, a map is made anew after
 * some of that, and its former tables, once they are old, keep all later ones and what was in them from the young generation's
 * collector (3 MB of each 24 MB, and 20 ms in place of 0.4).
 */
export class PortTable<T> {
  /** By the last bits of the port; made with the first. */
  readonly #lines: (LinkedList<PortHold<T>> | undefined)[] = [];
  #size = 0;
  readonly #randomPort: () => number;

  /** `randomPort` gives a number of the ephemeral range. */
  constructor(randomPort: () => number) {
    this.#randomPort = randomPort;
  }

  /** Held ports now; zero after every test. */
  get size(): number {
    return this.#size;
  }

  /** Port 0 takes a free one of the ephemeral range. undefined when the port, or every port, is taken. */
  hold(wanted: SocketAddress): PortHold<T> | undefined {
    const address = wanted.port === 0 ? this.#withFreePort(wanted) : wanted;
    if (address === undefined || this.#isTaken(address)) return undefined;
    const hold: PortHold<T> = { address, listener: undefined, release: () => this.#release(entry) };
    const entry = new ListEntry(hold);
    if (!this.#isHeld(address.port)) this.#size++;
    (this.#lines[address.port % LINES] ??= new LinkedList()).append(entry);
    return hold;
  }

  /** What listens on exactly this address, or on the wildcard of its port. */
  listenerAt({ address, port }: SocketAddress): T | undefined {
    const fits = (hold: PortHold<T>): boolean =>
      isSameAddress(hold.address.address, address) || isUnspecified(hold.address.address);
    return this.#find(port, fits)?.listener;
  }

  /** True when something listens on this port of any address. */
  isListening(port: number): boolean {
    return this.#find(port, (hold) => hold.listener !== undefined) !== undefined;
  }

  /** Ports that something listens on, of any address. */
  listening(): number[] {
    const holds = this.#all().filter(({ listener }) => listener !== undefined);
    return [...new Set(holds.map(({ address }) => address.port))];
  }

  /** For messages and tests. */
  list(): string[] {
    return this.#all().map(({ address }) => formatSocketAddress(address));
  }

  #all(): PortHold<T>[] {
    return this.#lines.flatMap((line) => line?.toArray() ?? []);
  }

  /** The first hold on `port` that fits. */
  #find(port: number, fits: (hold: PortHold<T>) => boolean): PortHold<T> | undefined {
    for (let at = this.#lines[port % LINES]?.first; at !== undefined; at = at.after) {
      if (at.value.address.port === port && fits(at.value)) return at.value;
    }
    return undefined;
  }

  #isHeld(port: number): boolean {
    return this.#find(port, () => true) !== undefined;
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
    const isWildcard = isUnspecified(address);
    const conflicts = ({ address: { address: held } }: PortHold<T>): boolean =>
      isWildcard || isUnspecified(held) || isSameAddress(held, address);
    return this.#find(port, conflicts) !== undefined;
  }

  #release(entry: ListEntry<PortHold<T>>): void {
    const { port } = entry.value.address;
    if (this.#lines[port % LINES]?.remove(entry) === true && !this.#isHeld(port)) this.#size--;
  }
}
