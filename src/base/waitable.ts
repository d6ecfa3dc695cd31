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
  /** Most lists never have more than one: a set for it would be the dearest thing about it. */
  #oldest: Waiter | undefined;
  /** In order of arrival; all came after `#oldest`. */
  #others: Set<Waiter> | undefined;

  /** Waiters now; zero after every test. */
  get size(): number {
    return (this.#oldest === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  add(wake: () => void): () => void {
    const waiter = { wake };
    if (this.size === 0) this.#oldest = waiter;
    else (this.#others ??= new Set()).add(waiter);
    return () => {
      if (this.#oldest === waiter) this.#oldest = undefined;
      else this.#others?.delete(waiter);
    };
  }

  wakeAll(): void {
    const oldest = this.#oldest;
    const others = this.#others;
    this.#oldest = undefined;
    this.#others = undefined;
    if (oldest !== undefined) queueMicrotask(oldest.wake);
    if (others !== undefined) { for (const { wake } of others) queueMicrotask(wake); }
  }
}

interface Waiter {
  readonly wake: () => void;
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
