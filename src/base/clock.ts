/** Time comes in as a parameter; only `systemClock` reads the machine's. */
import { LateTimers } from "./late_timers.ts";

/** What is asked of time. */
export interface Clock {
  /** Monotonic time in nanoseconds, from an arbitrary start. */
  monotonicNs(): bigint;
  /** The same time in milliseconds with a fraction, for what is asked often: a bigint costs an allocation. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch; follows corrections of the machine's clock. */
  wallMs(): number;
  /** Calls `fire` once after `delayMs` (>= 0) and returns the function that cancels it. */
  startTimer(delayMs: number, fire: () => void): () => void;
}

/** The longest delay a timer of the runtimes takes (2^31 - 1 ms); longer ones are split. */
const TIMER_DELAY_MS_MAX = 0x7fffffff;

/** The machine's own time. */
export const systemClock: Clock = {
  monotonicNs: () => process.hrtime.bigint(),
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  startTimer: (delayMs, fire) => timers.start(delayMs, fire),
};

const timers = new LateTimers({ start: startTimer, atTurnEnd: (act) => void setImmediate(act) });

function startTimer(delayMs: number, fire: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const arm = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, TIMER_DELAY_MS_MAX);
    timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : fire()), stepMs);
  };
  arm(delayMs);
  return () => clearTimeout(timer);
}
