/** A clock whose timers are counted while they run, so that a forgotten one shows. */
import type { Clock } from "../base/clock.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";

/** The same time as `clock`. */
export function countedClock(clock: Clock, counters: LiveCounters): Clock {
  return {
    monotonicNs: () => clock.monotonicNs(),
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    startTimer(delayMs, fire) {
      const timer = new CountedTimer(counters);
      const cancel = clock.startTimer(delayMs, () => {
        timer.stop();
        fire();
      });
      return () => {
        timer.stop();
        cancel();
      };
    },
  };
}

class CountedTimer {
  readonly #counters: LiveCounters;
  #isRunning = true;

  constructor(counters: LiveCounters) {
    this.#counters = counters;
    counters.add("timers", 1);
  }

  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#counters.add("timers", -1);
  }
}
