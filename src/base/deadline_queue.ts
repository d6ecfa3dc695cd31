/** Many deadlines of one length with one timer: what every request has, and hardly any meets. */
import type { Clock } from "./clock.ts";

interface Deadline {
  readonly dueMs: number;
  readonly fire: () => void;
}

/**
 * Deadlines come due in the order in which they began, so only the first needs a timer; it is left as it is when the
 * first is cancelled, and looks again when it fires. A turn of the event loop that leaves no deadline behind takes the
 * timer back: requests that are served at once begin and end one after the other, and share it too.
 *
 * @example
 * const walls = new DeadlineQueue(clock, 30_000);
 * const cancel = walls.start(() => guest.kill());
 */
export class DeadlineQueue {
  readonly #clock: Pick<Clock, "monotonicMs" | "startTimer">;
  readonly #lengthMs: number;
  readonly #waiting = new Set<Deadline>();
  #cancelTimer: (() => void) | undefined;
  #isSweepComing = false;
  #isClosed = false;

  constructor(clock: Pick<Clock, "monotonicMs" | "startTimer">, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  /** Calls `fire` once after the queue's length and returns the function that cancels it. */
  start(fire: () => void): () => void {
    const deadline: Deadline = { dueMs: this.#clock.monotonicMs() + this.#lengthMs, fire };
    this.#waiting.add(deadline);
    this.#cancelTimer ??= this.#clock.startTimer(this.#lengthMs, () => this.#look());
    return () => this.#cancel(deadline);
  }

  #cancel(deadline: Deadline): void {
    if (!this.#waiting.delete(deadline) || this.#waiting.size > 0 || this.#isSweepComing) return;
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
    for (const deadline of this.#waiting) {
      const leftMs = deadline.dueMs - nowMs;
      if (leftMs > 0) {
        // Timers may come a little early.
        this.#cancelTimer ??= this.#clock.startTimer(Math.max(leftMs, 1), () => this.#look());
        return;
      }
      this.#waiting.delete(deadline);
      deadline.fire();
    }
  }
}
