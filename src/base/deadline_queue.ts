/** Many deadlines of one length with one timer: what every request has, and hardly any meets. */
import type { Clock } from "./clock.ts";
import { LinkedList, type ListEntry } from "./linked_list.ts";

/** Something that may come due; in one queue at a time, and in none when it fires. */
export interface Deadline {
  /** Set by the queue. */
  dueMs: number;
  fire(): void;
}

/**
 * Deadlines stand in the order in which they come due, so only the first needs a timer; it is left as it is when the
 * first is cancelled, and looks again when it fires. A turn of the event loop that leaves no deadline behind takes the
 * timer back: requests that are served at once begin and end one after the other, and share it too.
 *
 * @example
 * const walls = new DeadlineQueue(clock, 30_000);
 * const entry = new ListEntry<Deadline>({ dueMs: 0, fire: () => guest.kill() });
 * walls.start(entry);
 * walls.cancel(entry);
 */
export class DeadlineQueue {
  readonly #clock: Pick<Clock, "monotonicMs" | "startTimer">;
  readonly #lengthMs: number;
  readonly #waiting = new LinkedList<Deadline>();
  #cancelTimer: (() => void) | undefined;
  /** When the timer fires. */
  #timerMs = 0;
  #isSweepComing = false;
  #isClosed = false;

  constructor(clock: Pick<Clock, "monotonicMs" | "startTimer">, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  /** Fires once, the queue's length after `fromMs`; soon when that is past. */
  start(entry: ListEntry<Deadline>, fromMs = this.#clock.monotonicMs()): void {
    const dueMs = fromMs + this.#lengthMs;
    entry.value.dueMs = dueMs;
    // Who began earlier than it is told comes to stand further in front: few places, for they wait in order elsewhere.
    let before = this.#waiting.last;
    while (before !== undefined && before.value.dueMs > dueMs) before = before.before;
    this.#waiting.insertAfter(before, entry);
    if (this.#cancelTimer === undefined || dueMs < this.#timerMs) this.#arm(dueMs, this.#clock.monotonicMs());
  }

  /** It does not come due any more; does nothing when it is not in this queue. */
  cancel(entry: ListEntry<Deadline>): void {
    if (!this.#waiting.remove(entry) || this.#waiting.size > 0 || this.#isSweepComing) return;
    if (this.#isClosed) return this.#sweep();
    this.#isSweepComing = true;
    setImmediate(() => {
      this.#isSweepComing = false;
      this.#sweep();
    });
  }

  /** From now on the timer goes with the last deadline, at once. Deadlines may still begin. */
  close(): void {
    this.#isClosed = true;
    this.#sweep();
  }

  #sweep(): void {
    if (this.#waiting.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #arm(dueMs: number, nowMs: number): void {
    this.#cancelTimer?.();
    this.#timerMs = dueMs;
    // Timers may come a little early.
    this.#cancelTimer = this.#clock.startTimer(Math.max(dueMs - nowMs, 1), () => this.#look());
  }

  #look(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (;;) {
      const { first } = this.#waiting;
      if (first === undefined) return;
      const { dueMs } = first.value;
      if (dueMs > nowMs) {
        if (this.#cancelTimer === undefined || dueMs < this.#timerMs) this.#arm(dueMs, nowMs);
        return;
      }
      this.#waiting.remove(first);
      first.value.fire();
    }
  }
}
