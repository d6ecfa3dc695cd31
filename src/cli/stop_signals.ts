/** What a signal to stop means: the first drains, a later one ends at once. */
import type { Clock } from "../base/clock.ts";

/** Ctrl-C reaches a whole process group, and launchers (npm) pass it on: the same key press comes twice. */
const REPEAT_NS = 1_000_000_000n;

/** What to do about a signal. */
export type StopVerdict = "drain" | "ignore" | "exit";

/** Judges signals as they come. */
export class StopSignals {
  #clock: Clock;
  #firstNs: bigint | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it once for each signal. */
  judge(): StopVerdict {
    const nowNs = this.#clock.monotonicNs();
    if (this.#firstNs === undefined) {
      this.#firstNs = nowNs;
      return "drain";
    }
    return nowNs - this.#firstNs > REPEAT_NS ? "exit" : "ignore";
  }
}
