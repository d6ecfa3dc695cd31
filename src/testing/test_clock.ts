/** The time of a guest under test: it stands still unless something moves it. */
import type { Clock } from "../base/clock.ts";

const NS_PER_MS = 1_000_000;
/** Any start will do that is no round number and not near zero. */
const START_NS = 1_000_000_000n;

interface TestTimer {
  readonly dueNs: bigint;
  readonly fire: () => void;
}

/** A clock without a machine behind it. */
export class TestClock implements Clock {
  #nowNs = START_NS;
  #wallMs: number;
  readonly #timers = new Set<TestTimer>();

  /** @param wallMs what the wall clock says at the start, in milliseconds since the epoch */
  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  monotonicNs(): bigint {
    return this.#nowNs;
  }

  monotonicMs(): number {
    return Number(this.#nowNs) / NS_PER_MS;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  startTimer(delayMs: number, fire: () => void): () => void {
    const timer: TestTimer = { dueNs: this.#nowNs + BigInt(Math.round(delayMs * NS_PER_MS)), fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Goes to the next timer that is due until then and fires it, alone; false when there is none. */
  step(untilNs?: bigint): boolean {
    let next: TestTimer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueNs < next.dueNs) next = timer;
    }
    if (next === undefined || (untilNs !== undefined && next.dueNs > untilNs)) return false;
    this.moveTo(next.dueNs);
    this.#timers.delete(next);
    next.fire();
    return true;
  }

  /** Moves on without firing anything; never back. */
  moveTo(ns: bigint): void {
    if (ns <= this.#nowNs) return;
    this.#wallMs += Number(ns - this.#nowNs) / NS_PER_MS;
    this.#nowNs = ns;
  }
}
