/** What one UDP socket has received and its guest has not read. It is bounded, and what comes after is dropped. */
import type { ByteBudget } from "./byte_budget.ts";
import { type Datagram, DATAGRAM_COST_BYTES } from "./udp_datagram.ts";
import type { SocketOptions } from "./socket_options.ts";

/** Stops a flood of tiny datagrams from holding a hundred times their bytes in objects. */
const DATAGRAMS_MAX = 1024;

/** A queue of datagrams, first in, first out. */
export class DatagramQueue {
  readonly #options: SocketOptions;
  readonly #budget: ByteBudget;
  #datagrams: Datagram[] = [];
  #bytes = 0;

  /** `budget` is the workload's; `options` is live: a smaller receive buffer drops nothing that is queued. */
  constructor(options: SocketOptions, budget: ByteBudget) {
    this.#options = options;
    this.#budget = budget;
  }

  get length(): number {
    return this.#datagrams.length;
  }

  /** False when there was no room: the datagram is dropped. An empty queue takes one of any size. */
  push(datagram: Datagram): boolean {
    const bytes = datagram.data.length;
    const isFull = this.length > 0 &&
      (this.length >= DATAGRAMS_MAX || this.#bytes + bytes > this.#options.receiveBufferBytes);
    if (isFull || this.#budget.left < costOf(datagram)) return false;
    this.#datagrams.push(datagram);
    this.#bytes += bytes;
    this.#budget.add(costOf(datagram));
    return true;
  }

  /** Up to `datagramsMax`, which the caller owns. */
  take(datagramsMax: number): Datagram[] {
    const taken = this.#datagrams.splice(0, datagramsMax);
    this.#released(taken);
    return taken;
  }

  /** Drops what `isKept` refuses; the others stay in order. */
  retain(isKept: (datagram: Datagram) => boolean): void {
    const dropped = this.#datagrams.filter((datagram) => !isKept(datagram));
    if (dropped.length === 0) return;
    this.#datagrams = this.#datagrams.filter(isKept);
    this.#released(dropped);
  }

  clear(): void {
    this.#released(this.#datagrams.splice(0));
  }

  #released(datagrams: readonly Datagram[]): void {
    let cost = 0;
    for (const datagram of datagrams) {
      this.#bytes -= datagram.data.length;
      cost += costOf(datagram);
    }
    this.#budget.release(cost);
  }
}

function costOf({ data }: Datagram): number {
  return data.length + DATAGRAM_COST_BYTES;
}
