/**
 * The bytes that all loopback connections of a workload may have in flight. Who finds none left waits.
 * A permit that was given before the limit was reached is still honoured, so bytes can pass it; therefore what
 * is promised and not yet written has a bound of its own.
 */
import { WaitList } from "../base/waitable.ts";

/**
 * What every writer can be promised whatever the others hold: a guest that asks on a thousand connections and
 * writes on none slows its workload down, it does not stop it.
 */
const PROMISE_BYTES_MIN = 4096;

/** Bytes in flight and bytes promised, each with its bound. */
export class ByteBudget {
  /** Those who wait for room. */
  readonly waiters: WaitList = new WaitList();
  readonly #bytesMax: number;
  #used = 0;
  #promised = 0;

  /** As many bytes as may be in flight may also be promised, beyond the minimum of each writer. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get used(): number {
    return this.#used;
  }

  get promised(): number {
    return this.#promised;
  }

  get left(): number {
    return Math.max(0, this.#bytesMax - this.#used);
  }

  add(bytes: number): void {
    this.#used += bytes;
  }

  release(bytes: number): void {
    if (bytes === 0) return;
    this.#used -= bytes;
    if (this.left > 0) this.waiters.wakeAll();
  }

  /** Replaces the promise of `current` bytes by one of up to `wanted`, and returns it. */
  promise(current: number, wanted: number): number {
    this.#promised -= pooled(current);
    const granted = Math.min(wanted, PROMISE_BYTES_MIN + this.#bytesMax - this.#promised);
    this.#promised += pooled(granted);
    return granted;
  }
}

function pooled(bytes: number): number {
  return Math.max(0, bytes - PROMISE_BYTES_MIN);
}
