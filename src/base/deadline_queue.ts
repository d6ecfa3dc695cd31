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
 * Deadlines come due in the order in which they began, so only the first needs a timer; it is left as it is when the
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
  #isSweepComing = false;
  #isClosed = false;

  constructor(clock: Pick<Clock, "monotonicMs" | "startTimer">, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  /** Fires once, the queue's length after `nowMs`. */
  start(entry: ListEntry<Deadline>, nowMs = this.#clock.monotonicMs()): void {
    entry.value.dueMs = nowMs + this.#lengthMs;
    this.#waiting.append(entry);
    this.#cancelTimer ??= this.#clock.startTimer(this.#lengthMs, () => this.#look());
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

  #look(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (;;) {
      const { first } = this.#waiting;
      if (first === undefined) return;
      const leftMs = first.value.dueMs - nowMs;
      if (leftMs > 0) {
        // Timers may come a little early.
        this.#cancelTimer ??= this.#clock.startTimer(Math.max(leftMs, 1), () => this.#look());
        return;
      }
      this.#waiting.remove(first);
      first.value.fire();
    }
  }
}
