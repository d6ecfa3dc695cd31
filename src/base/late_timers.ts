/**
 * Timers that are mostly given up at once. A guest that waits for bytes has a limit beside them, seconds away, and what it
 * waits for comes within the turn of the event loop, a thousandth of that: to make a timer of the runtime and to take it
 * back was the dearest thing about such a wait.
 */
import { LinkedList, ListEntry } from "./linked_list.ts";

/** Timers that are due sooner are started at once: half a turn matters to them. */
const SOON_MS = 20;

/** What the runtime has. */
export interface TimerStarts {
  /** Calls `fire` once after `delayMs` and returns the function that cancels it. */
  readonly start: (delayMs: number, fire: () => void) => () => void;
  /** Calls `act` once at the end of the turn of the event loop. */
  readonly atTurnEnd: (act: () => void) => void;
}

/** One that is still to be started, or was. */
interface LateTimer {
  readonly delayMs: number;
  readonly fire: () => void;
  /** Set once it is started. */
  cancel: (() => void) | undefined;
}

/** Starts timers at the end of the turn in which they were asked for, unless they were cancelled by then. */
export class LateTimers {
  readonly #starts: TimerStarts;
  readonly #coming = new LinkedList<LateTimer>();
  #isTurnAwaited = false;

  constructor(starts: TimerStarts) {
    this.#starts = starts;
  }

  /** Calls `fire` once after `delayMs`, counted from the end of the turn, and returns the function that cancels it. */
  start(delayMs: number, fire: () => void): () => void {
    if (delayMs < SOON_MS) return this.#starts.start(delayMs, fire);
    const entry = new ListEntry<LateTimer>({ delayMs, fire, cancel: undefined });
    this.#coming.append(entry);
    if (!this.#isTurnAwaited) {
      this.#isTurnAwaited = true;
      this.#starts.atTurnEnd(() => this.#startAll());
    }
    return () => {
      if (!this.#coming.remove(entry)) entry.value.cancel?.();
    };
  }

  #startAll(): void {
    this.#isTurnAwaited = false;
    for (let entry = this.#coming.first; entry !== undefined; entry = this.#coming.first) {
      this.#coming.remove(entry);
      const timer = entry.value;
      timer.cancel = this.#starts.start(timer.delayMs, timer.fire);
    }
  }
}
