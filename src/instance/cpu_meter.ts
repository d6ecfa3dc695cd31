/** How long one instance computes: its slices, the limit of its request, and its turns. */
import { formatDuration } from "../base/quantity.ts";
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import { type GuestMeter, type MeterVerdict, UNSUSPENDABLE_MS_MAX } from "../component/guest_meter.ts";
import type { ScheduledGuest } from "./turn_scheduler.ts";

/**
 * How long a guest computes before everybody else has a turn. A request to a small guest takes 0.01 to 0.5 ms and never
 * gives its turn away; one that computes pays two switches (some 10 us) for each slice.
 */
export const SLICE_MS = 2;

/**
 * How long guests that wake each other compute in one turn of the event loop, though none of them for a slice. More than
 * a slice: a turn in which many small requests come is no reason to make them wait.
 */
export const HELD_MS_MAX = 4;

/**
 * What giving its turn away costs a guest, at most: the host's work for it (20 us on Node; on Deno 200 us, most of it the turn of the
 * event loop) is time that nobody else has. What others do with the turn is theirs. Without it a lone guest on Deno had its
 * limit and a tenth of it more.
 */
export const SWITCH_MS_MAX = 0.2;

/**
 * Ticks in a row where nothing can suspend, before the time counts: most code has a tick each 4 to 40 us, and code that does
 * nothing but wait for memory one each 15 ms. So compute of 10 ms has hundreds, and a pause of the garbage collector between
 * two ticks of a short allocation is not taken for it; what has fewer is ended at its fourth.
 */
const UNSUSPENDABLE_TICKS_MIN = 4;

/** A guest was ended since it computed for longer than its request may. */
export class CpuLimitError extends LoopgateError {
  readonly cpuMs: number;
  constructor(cpuMs: number) {
    super("LG7017", `The guest was ended: it computed for more than ${formatDuration(cpuMs)}`);
    this.cpuMs = cpuMs;
  }
}

/** What a meter needs. */
export interface CpuMeterOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly turns: ScheduledGuest;
}

/**
 * One for each instance. Time is taken from the clock between `resume` and `pause`: it is the guest's, host functions on
 * its behalf included, and so is what its switches cost. On a machine that is short of cores the time in which the process did not run counts as well.
 */
export class CpuMeter implements GuestMeter {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #turns: ScheduledGuest;
  #limitMs = Infinity;
  /** Of this request, without the stretch that runs. */
  #usedMs = 0;
  /** Since the last turn, without the stretch that runs; waiting wears it off, so waiting for nothing gains nothing. */
  #sliceMs = 0;
  #isRunning = false;
  /** When the stretch that runs began, or the last one ended. */
  #sinceMs = 0;
  #unsuspendableTicks = 0;
  #unsuspendableSinceMs = 0;
  #yields = 0;
  /** It gave its turn away, and has not gone on yet. */
  #isSwitching = false;

  constructor({ clock, turns }: CpuMeterOptions) {
    this.#clock = clock;
    this.#turns = turns;
  }

  /** A request (or the life of a service) begins: it may compute for so long, start functions included. */
  begin(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#usedMs = 0;
    this.#yields = 0;
    this.#isSwitching = false;
  }

  /** How long this request has computed. */
  get usedMs(): number {
    return this.#isRunning ? this.#usedMs + this.#runMs(this.#clock.monotonicMs()) : this.#usedMs;
  }

  /** How often this request has given its turn away. */
  get yieldCount(): number {
    return this.#yields;
  }

  /** It has given its turn away, and the next has not come. */
  get isWaitingForTurn(): boolean {
    return this.#turns.isWaiting;
  }

  /** The guest was ended: it gives its place in the queue of turns up. */
  withdraw(): void {
    this.#turns.withdraw();
  }

  /** Nothing of the guest is left: it computes no more, whatever was heard of its end. */
  close(): void {
    this.withdraw();
    if (this.#isRunning) this.pause();
  }

  resume(): void {
    const nowMs = this.#clock.monotonicMs();
    const waitedMs = nowMs - this.#sinceMs;
    this.#sliceMs = Math.max(0, this.#sliceMs - waitedMs);
    if (this.#isSwitching) this.#usedMs += Math.min(waitedMs, SWITCH_MS_MAX);
    this.#isSwitching = false;
    this.#sinceMs = nowMs;
    if (!this.#isRunning) this.#turns.computes(true);
    this.#isRunning = true;
  }

  pause(): void {
    const nowMs = this.#clock.monotonicMs();
    const runMs = this.#runMs(nowMs);
    this.#usedMs += runMs;
    this.#sliceMs += runMs;
    this.#sinceMs = nowMs;
    if (this.#isRunning) this.#turns.computes(false);
    this.#isRunning = false;
    this.#unsuspendableTicks = 0;
  }

  check(canSuspend: boolean): MeterVerdict {
    const nowMs = this.#clock.monotonicMs();
    const runMs = this.#runMs(nowMs);
    if (this.#usedMs + runMs > this.#limitMs) return new CpuLimitError(this.#limitMs);
    if (!canSuspend) return this.#checkUnsuspendable(nowMs);
    this.#unsuspendableTicks = 0;
    return this.#sliceMs + runMs < SLICE_MS && this.#turns.heldMs(nowMs) < HELD_MS_MAX ? "continue" : "yield";
  }

  async turn(): Promise<void> {
    this.#yields++;
    await this.#turns.wait(this.#sliceMs + this.#runMs(this.#clock.monotonicMs()));
    this.#sliceMs = 0;
    this.#isSwitching = true;
  }

  #checkUnsuspendable(nowMs: number): MeterVerdict {
    this.#unsuspendableTicks++;
    if (this.#unsuspendableTicks === 1) this.#unsuspendableSinceMs = nowMs;
    const tookMs = nowMs - this.#unsuspendableSinceMs;
    if (this.#unsuspendableTicks < UNSUSPENDABLE_TICKS_MIN || tookMs <= UNSUSPENDABLE_MS_MAX) return "continue";
    return new LoopgateError(
      "LG7017",
      `The guest was ended: it computed for more than ${UNSUSPENDABLE_MS_MAX} ms in a function that cannot wait (an allocation, a destructor)`,
    );
  }

  #runMs(nowMs: number): number {
    return this.#isRunning ? nowMs - this.#sinceMs : 0;
  }
}
