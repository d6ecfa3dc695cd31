/** Requests that begin when the sockets of a turn of the event loop have been read, and the end of such a turn. */
import type { AnswerBatch } from "./answer_batch.ts";

/** What is told of it. */
export interface RequestBeginsOptions {
  /** A request begins that the event loop has called for: all jobs of promises are done. */
  readonly beginJob?: (() => void) | undefined;
  readonly answers: Pick<AnswerBatch, "flush">;
}

/** One for an app. */
export class RequestBegins {
  readonly #options: RequestBeginsOptions;
  /** Those that wait. */
  #count = 0;

  constructor(options: RequestBeginsOptions) {
    this.#options = options;
  }

  /**
   * Resolves at the end of this turn of the event loop, each time in a job of its own. A body that was sent with its head is there by
   * then, and a guest that began before would wait for it. And guests that compute for longer than it takes to read a request are
   * quicker one behind the other: between the requests they would find the caches full of the parser and of the system's code, and
   * leave them full of their own (round trips through a service: 192 us and 147). Those that answer by themselves lose by it.
   */
  next(): Promise<void> {
    this.#count++;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#count--;
        this.#options.beginJob?.();
        resolve();
      });
      // What the event loop is asked for from now on comes a turn later: answers would wait for whoever computes while its sockets are read.
      setImmediate(() => {
        if (this.#count === 0) this.#options.answers.flush();
      });
    });
  }
}
