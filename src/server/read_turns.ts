/** When connections are read whose next piece may take as long as many slices of a guest: in turns, which leave time to others. */
import type { Clock } from "../base/clock.ts";
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";

/** A turn that took longer was one of a dear piece; then as much time is the others'. */
const SHORT_TURN_MS = 5;
/** Others may have made it long. */
const REST_MS_MAX = 100;

/** One of those who wait has a turn of the event loop, and all of them together half of the time. */
export class ReadTurns {
  readonly #clock: Pick<Clock, "monotonicMs" | "startTimer">;
  readonly #nextTurn: (fire: () => void) => void;
  readonly #waiting = new Set<() => void>();
  #isTurnComing = false;

  /** `nextTurn` calls back in a later turn of the event loop. */
  constructor(clock: Pick<Clock, "monotonicMs" | "startTimer">, nextTurn = nextEventLoopTurn) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  /** Calls `read` in a turn to come; returns the function that gives the wait up. */
  wait(read: () => void): () => void {
    this.#waiting.add(read);
    if (!this.#isTurnComing) {
      this.#isTurnComing = true;
      this.#nextTurn(() => this.#next());
    }
    return () => void this.#waiting.delete(read);
  }

  #next(): void {
    const [read] = this.#waiting;
    if (read === undefined) {
      this.#isTurnComing = false;
      return;
    }
    this.#waiting.delete(read);
    const begunMs = this.#clock.monotonicMs();
    read();
    // The socket is read within this turn.
    this.#nextTurn(() => {
      const tookMs = this.#clock.monotonicMs() - begunMs;
      if (tookMs <= SHORT_TURN_MS) this.#next();
      else this.#clock.startTimer(Math.min(tookMs, REST_MS_MAX), () => this.#next());
    });
  }
}
