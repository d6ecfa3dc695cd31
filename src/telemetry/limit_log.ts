/** Tells the operator about limits that guests met: counted all, told at most once a second for each limit and guest. */
import type { Clock } from "../base/clock.ts";
import type { EmitEvent, GuestLabel } from "./events.ts";
import { type LimitCounts, limitKey, type LimitName } from "./limit_counts.ts";
import { limitPlace } from "./limit_place.ts";

/** Within this time the same limit of the same guest is one line: a guest in a loop must not fill the log. */
const REPEAT_MS = 1_000;

/** Says that a guest met a limit, once or so many times; without a guest, that clients met one of the listener. */
export type ReportLimit = (guest: GuestLabel | undefined, limit: LimitName, detail: string, times?: number) => void;

/** The same with the guest known: what a host function calls. */
export type OnLimit = (limit: LimitName, detail: string, times?: number) => void;

/** Where limits are told and counted. */
export interface LimitLogOptions {
  readonly clock: Clock;
  readonly emit: EmitEvent;
  readonly counts: LimitCounts;
}

/** A line that was told, and what came after it. */
interface Told {
  readonly guest: GuestLabel | undefined;
  readonly limit: LimitName;
  /** Of the last one that was held back. */
  detail: string;
  heldBack: number;
}

/**
 * The first time is told at once. What comes again within the second is told at its end, in one line with a count; so
 * the counts of all lines add up to what happened. It grows with routes and limits only.
 */
export class LimitLog {
  readonly #options: LimitLogOptions;
  /** Of the second that runs. */
  readonly #told = new Map<string, Told>();
  #cancelTimer: (() => void) | undefined;

  constructor(options: LimitLogOptions) {
    this.#options = options;
  }

  /** Counts and tells. May be passed on without its object. */
  readonly report: ReportLimit = (guest, limit, detail, times = 1) => {
    this.#options.counts.add(guest, limit, times);
    const key = limitKey(guest, limit);
    const told = this.#told.get(key);
    if (told !== undefined) {
      told.heldBack += times;
      told.detail = detail;
      return;
    }
    this.#told.set(key, { guest, limit, detail, heldBack: 0 });
    this.#emit(guest, limit, detail, times);
    this.#cancelTimer ??= this.#options.clock.startTimer(REPEAT_MS, () => this.#endSecond());
  };

  /** Tells what was held back; reports may go on. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const told of this.#told.values()) this.#tell(told);
    this.#told.clear();
  }

  /** Seconds are the log's, not the guests': one timer for all, and none while nothing happens. */
  #endSecond(): void {
    this.#cancelTimer = undefined;
    for (const [key, told] of this.#told) {
      if (told.heldBack === 0) this.#told.delete(key);
      else this.#tell(told);
    }
    if (this.#told.size > 0) this.#cancelTimer = this.#options.clock.startTimer(REPEAT_MS, () => this.#endSecond());
  }

  #tell(told: Told): void {
    const { guest, limit, detail, heldBack } = told;
    if (heldBack === 0) return;
    told.heldBack = 0;
    this.#emit(guest, limit, detail, heldBack);
  }

  #emit(guest: GuestLabel | undefined, limit: LimitName, detail: string, count: number): void {
    const setBy = limitPlace(limit, guest?.role);
    const met = { ...(guest !== undefined && { guest }), limit, detail, ...(setBy !== undefined && { setBy }) };
    this.#options.emit({ kind: "limited", ...met, ...(count > 1 && { count }) });
  }
}
