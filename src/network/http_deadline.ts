/** One timer that is set anew again and again, and counted. */
import type { Clock } from "../base/clock.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";

/** At most one timer runs. */
export class HttpDeadline {
  readonly #clock: Clock;
  readonly #counters: LiveCounters;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, counters: LiveCounters) {
    this.#clock = clock;
    this.#counters = counters;
  }

  /** Replaces what ran before. */
  set(delayMs: number, fire: () => void): void {
    this.clear();
    this.#counters.add("timers", 1);
    this.#cancel = this.#clock.startTimer(delayMs, () => {
      this.clear();
      fire();
    });
  }

  clear(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#counters.add("timers", -1);
  }
}
