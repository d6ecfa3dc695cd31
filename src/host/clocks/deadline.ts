/** A point in time as something to wait for. */
import type { Clock } from "../../base/clock.ts";
import type { Waitable } from "../../base/waitable.ts";

const NS_PER_MS = 1_000_000;

/**
 * Ready from `dueNs` of the monotonic clock on. A timer of the clock exists only while somebody waits: guests make
 * thousands of timeouts that are dropped before they matter, and a due time centuries away is only a number.
 */
export class Deadline implements Waitable {
  readonly #dueNs: bigint;
  readonly #clock: Clock;

  constructor(dueNs: bigint, clock: Clock) {
    this.#dueNs = dueNs;
    this.#clock = clock;
  }

  isReady(): boolean {
    return this.#clock.monotonicNs() >= this.#dueNs;
  }

  onReady(wake: () => void): () => void {
    const leftNs = Number(this.#dueNs - this.#clock.monotonicNs());
    // Rounded up: a timer that fires early wakes for nothing and has to be started again.
    return this.#clock.startTimer(Math.max(0, Math.ceil(leftNs / NS_PER_MS)), wake);
  }
}
