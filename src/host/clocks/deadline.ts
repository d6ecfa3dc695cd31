/** A point in time as something to wait for. */
import type { Clock } from "../../base/clock.ts";
import type { Waitable } from "../../base/waitable.ts";
import type { LiveCounters } from "../../telemetry/live_counters.ts";

const NS_PER_MS = 1_000_000;

/**
 * Ready from `dueNs` of the monotonic clock on. A timer of the runtime exists only while somebody waits: guests make
 * thousands of timeouts that are dropped before they matter, and a due time centuries away is only a number.
 */
export class Deadline implements Waitable {
  readonly #dueNs: bigint;
  readonly #clock: Clock;
  readonly #counters: LiveCounters;

  constructor(dueNs: bigint, options: { readonly clock: Clock; readonly counters: LiveCounters }) {
    this.#dueNs = dueNs;
    this.#clock = options.clock;
    this.#counters = options.counters;
  }

  isReady(): boolean {
    return this.#clock.monotonicNs() >= this.#dueNs;
  }

  onReady(wake: () => void): () => void {
    const leftNs = Number(this.#dueNs - this.#clock.monotonicNs());
    let isArmed = true;
    const disarm = (): boolean => {
      const wasArmed = isArmed;
      isArmed = false;
      if (wasArmed) this.#counters.add("timers", -1);
      return wasArmed;
    };
    this.#counters.add("timers", 1);
    // Rounded up: a timer that fires early wakes for nothing and has to be armed again.
    const cancel = this.#clock.startTimer(Math.max(0, Math.ceil(leftNs / NS_PER_MS)), () => {
      if (disarm()) wake();
    });
    return () => {
      if (disarm()) cancel();
    };
  }
}
