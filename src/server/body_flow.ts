/**
 * How the body of a request holds its connection back. The socket is held, and not the stream of the request: what the parser
 * finds in a piece that was read already goes on to `RequestBody`, which keeps bytes, where a stream keeps an object for each
 * chunk, some 500 bytes for one of one byte.
 */
import type { Clock } from "../base/clock.ts";
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";

/** The connection, as the body of its request sees it. */
export interface BodyFlow {
  /** Nothing more is read, up to `releaseBody`. What was read already still comes. Idempotent. */
  holdBody(): void;
  /** Reads on: at once, or where reading it is dear when it has its turn. Idempotent. */
  releaseBody(isDear: boolean): void;
  /** What comes is dear to read: nothing more is before the others had a turn. Idempotent. */
  takeTurn(): void;
  /** Breaks off what carries the request. Not only closed: a client that does not read would keep what it was sent in the system's memory. */
  cut(): void;
}

/** A turn that took longer was one of a dear piece; then as much time is the others'. */
const SHORT_TURN_MS = 5;
/** Others may have made it long. */
const REST_MS_MAX = 100;

/**
 * Connections whose next piece may take as long to read as many slices of a guest: one of them has a turn of the event loop, and
 * all of them together half of the time.
 */
export class ReadTurns {
  readonly #clock: Pick<Clock, "monotonicMs" | "startTimer">;
  readonly #waiting = new Set<() => void>();
  #isTurnComing = false;

  constructor(clock: Pick<Clock, "monotonicMs" | "startTimer">) {
    this.#clock = clock;
  }

  /** Calls `read` in a turn to come; returns the function that gives the wait up. */
  wait(read: () => void): () => void {
    this.#waiting.add(read);
    if (!this.#isTurnComing) {
      this.#isTurnComing = true;
      nextEventLoopTurn(() => this.#next());
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
    nextEventLoopTurn(() => {
      const tookMs = this.#clock.monotonicMs() - begunMs;
      if (tookMs <= SHORT_TURN_MS) this.#next();
      else this.#clock.startTimer(Math.min(tookMs, REST_MS_MAX), () => this.#next());
    });
  }
}
