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

/** One per workload, and one for all of them. */
export class ConnectionSlots implements Slots {
  readonly #connectionsMax: number;
  readonly #total: ConnectionSlots | undefined;
  /** In the order in which they became idle. */
  readonly #idle = new Set<{ readonly evict: Evict }>();
  #taken = 0;

  /** Those of a workload are a part of `total`. */
  constructor(connectionsMax: number, total?: ConnectionSlots) {
    this.#connectionsMax = connectionsMax;
    this.#total = total;
  }

  /** Connections that are open or being opened. */
  get taken(): number {
    return this.#taken;
  }

  /** No slot is left, not even that of an idle connection. */
  get isFull(): boolean {
    return this.#taken >= this.#connectionsMax;
  }

  take(): (() => void) | undefined {
    if (this.isFull) this.#evictOne();
    if (this.isFull) return undefined;
    const releaseTotal = this.#total?.take();
    if (this.#total !== undefined && releaseTotal === undefined) return undefined;
    this.#taken++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken--;
      releaseTotal?.();
    };
  }

  offer(evict: Evict): () => void {
    const entry = { evict };
    const withdrawTotal = this.#total?.offer(() => {
      this.#idle.delete(entry);
      evict();
    });
    this.#idle.add(entry);
    return () => {
      this.#idle.delete(entry);
      withdrawTotal?.();
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
