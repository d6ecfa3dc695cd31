/**
 * How many connections to the outside a workload has: those of its HTTP clients, its TCP connections and its UDP peers.
 * They share the count, never a connection: where no slot is left, the HTTP connection that has been idle the longest
 * goes, whosever it is.
 */

/** Ends an idle connection, which releases its slot before it returns. */
export type Evict = () => void;

/** What those see of it who open connections. */
export interface Slots {
  /** Returns the function that releases the slot (idempotent); undefined when all are busy. */
  take(): (() => void) | undefined;
  /** A connection may be ended from now on, until the returned function is called. */
  offer(evict: Evict): () => void;
}

/** One per workload. */
export class ConnectionSlots implements Slots {
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
