/**
 * How the body of a request holds its connection back. The socket is held, and not the stream of the request: what the parser
 * finds in a piece that was read already goes on to `RequestBody`, which keeps bytes, where a stream keeps an object for each
 * chunk, some 500 bytes for one of one byte.
 */
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";

/** The connection, as the body of its request sees it. */
export interface BodyFlow {
  /** Nothing more is read, up to `releaseBody`. What was read already still comes. Idempotent. */
  holdBody(): void;
  /** Reads on: at once, or where reading it is dear when it has its turn. Idempotent. */
  releaseBody(isDear: boolean): void;
  /** Breaks off what carries the request. Not only closed: a client that does not read would keep what it was sent in the system's memory. */
  cut(): void;
}

/** Connections whose next piece may take as long to read as a guest's slice: one of them has each turn of the event loop. */
export class ReadTurns {
  readonly #waiting = new Set<() => void>();
  #isTurnComing = false;

  /** Calls `read` in a turn to come; returns the function that gives the wait up. */
  wait(read: () => void): () => void {
    this.#waiting.add(read);
    this.#plan();
    return () => void this.#waiting.delete(read);
  }

  #plan(): void {
    if (this.#isTurnComing || this.#waiting.size === 0) return;
    this.#isTurnComing = true;
    nextEventLoopTurn(() => this.#next());
  }

  #next(): void {
    this.#isTurnComing = false;
    const [read] = this.#waiting;
    if (read === undefined) return;
    this.#waiting.delete(read);
    read();
    this.#plan();
  }
}
