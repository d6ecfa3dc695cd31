/** Timers by the time they are due, and by age where that is the same. */

/** One `setTimeout` or `setInterval`. */
interface Timer {
  readonly id: number;
  dueMs: number;
  /** Undefined for a timer that fires once. */
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/** Pure: it is told what time it is. */
export class TimerQueue {
  /** The next one is the last, so that taking it moves nothing. */
  readonly #timers: Timer[] = [];
  readonly #byId = new Map<number, Timer>();
  #lastId = 0;

  /** How many wait. */
  get size(): number {
    return this.#timers.length;
  }

  /** Gives the id to clear it by. */
  add(timer: { readonly dueMs: number; readonly everyMs?: number; readonly run: () => void }): number {
    const id = ++this.#lastId;
    this.#insert({ id, dueMs: timer.dueMs, everyMs: timer.everyMs, run: timer.run });
    return id;
  }

  /** An id that is not there is nothing to clear. */
  clear(id: number): void {
    const timer = this.#byId.get(id);
    if (timer === undefined) return;
    this.#byId.delete(id);
    let place = this.#placeFor(timer.dueMs);
    while (this.#timers[place] !== timer) place += 1;
    this.#timers.splice(place, 1);
  }

  /** When the next one is due. */
  nextDueMs(): number | undefined {
    return this.#timers.at(-1)?.dueMs;
  }

  /** Runs the next timer when it is due. One only: promise jobs run between timers. */
  fireOne(nowMs: number): void {
    const timer = this.#timers.at(-1);
    if (timer === undefined || timer.dueMs > nowMs) return;
    this.#timers.pop();
    this.#byId.delete(timer.id);
    if (timer.everyMs !== undefined) {
      timer.dueMs = nowMs + timer.everyMs;
      this.#insert(timer);
    }
    timer.run();
  }

  #insert(timer: Timer): void {
    this.#byId.set(timer.id, timer);
    this.#timers.splice(this.#placeFor(timer.dueMs), 0, timer);
  }

  /** The first of those that are due no later, by halves: a service may have a timer for each of thousands of clients. */
  #placeFor(dueMs: number): number {
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle]?.dueMs ?? -Infinity) <= dueMs) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
