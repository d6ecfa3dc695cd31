/** A meter without a clock: it counts slices, lets each guest wait for its turn, and ends it after so many. */
import type { GuestMeter, MeterVerdict } from "../../src/component/guest_meter.ts";

/** What the meter says. */
export interface MeterScript {
  /** The check that ends the guest; none with 0. */
  readonly endsAt?: number;
  /** Gives no turn by itself: `giveTurn` does. */
  readonly isHeld?: boolean;
}

/** A meter for one instance. */
export class ScriptedMeter implements GuestMeter {
  readonly cause = new Error("the guest has had its time");
  /** Of each check: whether the guest could have waited. */
  readonly checks: boolean[] = [];
  turns = 0;
  isRunning = false;
  readonly #script: MeterScript;
  readonly #held: (() => void)[] = [];

  constructor(script: MeterScript = {}) {
    this.#script = script;
  }

  resume(): void {
    if (this.isRunning) throw new Error("resumed twice");
    this.isRunning = true;
  }

  pause(): void {
    if (!this.isRunning) throw new Error("paused twice");
    this.isRunning = false;
  }

  check(canSuspend: boolean): MeterVerdict {
    if (!this.isRunning) throw new Error("a guest runs that was not resumed");
    this.checks.push(canSuspend);
    if (this.checks.length === this.#script.endsAt) return this.cause;
    return canSuspend ? "yield" : "continue";
  }

  turn(): Promise<void> {
    if (this.isRunning) throw new Error("a guest waits that was not paused");
    this.turns++;
    if (!this.#script.isHeld) return new Promise((resolve) => setTimeout(resolve));
    return new Promise((resolve) => this.#held.push(resolve));
  }

  giveTurn(): void {
    this.#held.shift()?.();
  }
}
