/** A few at a time, first come, first served. */

/** Places for work that waits. */
export class Places {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Does `work` when there is a place for it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#max) this.#taken++;
    // The one who leaves hands its place over.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next();
    }
  }
}
