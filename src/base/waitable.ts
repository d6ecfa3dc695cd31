/**
 * Readiness: the one way in which anything in the gateway lets a guest wait.
 * A pollable of `wasi:io/poll` is a handle on a `Waitable`.
 */

export interface Waitable {
  /** True when the operation it stands for would make progress now. Exact, cheap and without side effects. */
  isReady(): boolean;
  /**
   * Calls `wake` once, soon after `isReady()` may have become true; the one who waits asks `isReady()` again.
   * Never calls it synchronously. Returns the function that withdraws the request; calling it late is harmless.
   */
  onReady(wake: () => void): () => void;
}

/** A waitable that always is ready. */
export const ALWAYS_READY: Waitable = {
  isReady: () => true,
  onReady(wake) {
    let isWithdrawn = false;
    queueMicrotask(() => {
      if (!isWithdrawn) wake();
    });
    return () => {
      isWithdrawn = true;
    };
  },
};

/**
 * Those who wait for one condition, in order of arrival. The owner calls `wakeAll` whenever the condition
 * may have become true; wake-ups run in a microtask, so the owner's own step is complete by then.
 */
export class WaitList {
  #waiting: Set<{ readonly wake: () => void }> = new Set();

  /** Waiters now; zero after every test. */
  get size(): number {
    return this.#waiting.size;
  }

  add(wake: () => void): () => void {
    const entry = { wake };
    this.#waiting.add(entry);
    return () => {
      this.#waiting.delete(entry);
    };
  }

  wakeAll(): void {
    if (this.#waiting.size === 0) return;
    const due = this.#waiting;
    this.#waiting = new Set();
    for (const entry of due) {
      queueMicrotask(entry.wake);
    }
  }
}

/** Resolves when `waitable` is ready, at once (without a promise) when it already is. */
export function untilReady(waitable: Waitable): Promise<void> | undefined {
  if (waitable.isReady()) return undefined;
  return new Promise((resolve) => {
    const again = (): void => {
      if (waitable.isReady()) resolve();
      else waitable.onReady(again);
    };
    waitable.onReady(again);
  });
}
