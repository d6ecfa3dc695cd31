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
      let isRunning = true;
      const stop = (): void => {
        if (!isRunning) return;
        isRunning = false;
        counters.add("timers", -1);
      };
      counters.add("timers", 1);
      const cancel = clock.startTimer(delayMs, () => {
        stop();
        fire();
      });
      return () => {
        stop();
        cancel();
      };
    },
  };
}
