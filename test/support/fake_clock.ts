/** A clock that stands still until a test moves it. */
import type { Clock } from "../../src/base/clock.ts";

const NS_PER_MS = 1_000_000;
/** A step of time that passes. */
const PASSING_MS = 5;

interface FakeTimer {
  readonly dueNs: bigint;
  readonly fire: () => void;
}

/**
 * @example
 * const clock = new FakeClock();
 * clock.startTimer(10, () => { ... });
 * await clock.advanceMs(10); // fires it, and lets what it set in motion settle
 */
export class FakeClock implements Clock {
  #nowNs = 1_000_000_000n;
  #wallMs = Date.UTC(2024, 1, 29);
  readonly #timers: Set<FakeTimer> = new Set();

  /** Timers that are armed now; zero after every test. */
  get timersArmed(): number {
    return this.#timers.size;
  }

  monotonicNs(): bigint {
    return this.#nowNs;
  }

  monotonicMs(): number {
    return Number(this.#nowNs) / NS_PER_MS;
  }

  /** Time that passes while code computes: no timer fires in it. */
  computeMs(ms: number): void {
    this.#moveTo(this.#nowNs + BigInt(Math.round(ms * NS_PER_MS)));
  }

  wallMs(): number {
    return this.#wallMs;
  }

  setWallMs(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  startTimer(delayMs: number, fire: () => void): () => void {
    if (!(delayMs >= 0)) throw new RangeError(`Cannot start a timer of ${delayMs} ms, expected 0 or more`);
    const timer: FakeTimer = { dueNs: this.#nowNs + BigInt(Math.round(delayMs * NS_PER_MS)), fire };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets time pass for as long as `work` takes, for what waits for it without a timer. */
  async passing<Result>(work: () => Promise<Result>): Promise<Result> {
    const steps = setInterval(() => void this.advanceMs(PASSING_MS), PASSING_MS);
    try {
      return await work();
    } finally {
      clearInterval(steps);
    }
  }

  /** Moves time on, firing each timer at its own time and in order. */
  async advanceMs(ms: number): Promise<void> {
    const untilNs = this.#nowNs + BigInt(Math.round(ms * NS_PER_MS));
    for (let due = this.#nextDue(untilNs); due !== undefined; due = this.#nextDue(untilNs)) {
      this.#moveTo(due.dueNs);
      this.#timers.delete(due);
      due.fire();
      await settle();
    }
    this.#moveTo(untilNs);
    await settle();
  }

  #moveTo(ns: bigint): void {
    this.#wallMs += Number(ns - this.#nowNs) / NS_PER_MS;
    this.#nowNs = ns;
  }

  #nextDue(untilNs: bigint): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueNs <= untilNs && (next === undefined || timer.dueNs < next.dueNs)) next = timer;
    }
    return next;
  }
}

/** Lets every microtask run that can run without the outside. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
