/**
 * How many outgoing HTTP connections a workload has. Its clients share the count, never a connection: a client that
 * finds no slot left may end the connection that has been idle the longest, whosever it is.
 */

/** Ends an idle connection, which releases its slot before it returns. */
type Evict = () => void;

/** One per workload. */
export class HttpConnectionSlots {
  readonly #connectionsMax: number;
  /** In the order in which they became idle. */
  readonly #idle = new Set<{ readonly evict: Evict }>();
  #taken = 0;

  constructor(connectionsMax: number) {
    this.#connectionsMax = connectionsMax;
  }

  /** Connections that are open or being opened. */
  get taken(): number {
    return this.#taken;
  }

  /** Returns the function that releases the slot (idempotent); undefined when all are busy. */
  take(): (() => void) | undefined {
    if (this.#taken >= this.#connectionsMax) this.#evictOne();
    if (this.#taken >= this.#connectionsMax) return undefined;
    this.#taken++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken--;
    };
  }

  /** A connection may be ended from now on, until the returned function is called. */
  offer(evict: Evict): () => void {
    const entry = { evict };
    this.#idle.add(entry);
    return () => {
      this.#idle.delete(entry);
    };
  }

  #evictOne(): void {
    for (const entry of this.#idle) {
      this.#idle.delete(entry);
      entry.evict();
      return;
    }
  }
}
