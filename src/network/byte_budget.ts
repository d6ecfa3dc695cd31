/**
 * The bytes that all loopback connections of a workload may have in flight. Who finds none left waits.
 * A permit that was given before the limit was reached is still honoured, so bytes can pass it; therefore what
 * is promised and not yet written has a bound of its own.
 */
import { WaitList } from "../base/waitable.ts";
import { type ByteTotal, OWN_BYTES } from "./byte_total.ts";

/**
 * What every writer can be promised whatever the others hold: a guest that asks on a thousand connections and
 * writes on none slows its workload down, it does not stop it. No total counts it, so that a workload with all its connections
 * can have 1 MiB of it.
 */
const PROMISE_BYTES_MIN = 512;

/** Bytes in flight and bytes promised, each with its bound. */
export class ByteBudget {
  /** Those who wait for room. */
  readonly waiters: WaitList = new WaitList();
  readonly #bytesMax: number;
  readonly #total: ByteTotal | undefined;
  #used = 0;
  #promised = 0;

  /**
   * As many bytes as may be in flight may also be promised, beyond the minimum of each writer. `total` is of all workloads,
   * which have `OWN_BYTES` each besides.
   */
  constructor(bytesMax: number, total?: ByteTotal) {
    this.#bytesMax = bytesMax;
    this.#total = total;
  }

  get used(): number {
    return this.#used;
  }

  get promised(): number {
    return this.#promised;
  }

  get left(): number {
    const left = Math.max(0, this.#bytesMax - this.#used);
    if (this.#total === undefined || this.#used + left <= OWN_BYTES) return left;
    return Math.min(left, Math.max(0, OWN_BYTES - this.#used) + this.#total.left);
  }

  add(bytes: number): void {
    this.#change(bytes);
  }

  release(bytes: number): void {
    if (bytes === 0) return;
    this.#change(-bytes);
    if (this.left > 0) this.waiters.wakeAll();
  }

  /** Calls `wake` once when there may be room again; returns the function that gives the wait up. */
  onRoom(wake: () => void): () => void {
    if (this.#total !== undefined && this.#used < this.#bytesMax) this.#total.wakeWhenFree(this.waiters);
    return this.waiters.add(wake);
  }

  /** Replaces the promise of `current` bytes by one of up to `wanted`, and returns it. */
  promise(current: number, wanted: number): number {
    this.#promised -= pooled(current);
    this.#total?.changePromised(-pooled(current));
    const left = Math.min(this.#bytesMax - this.#promised, this.#total?.promiseLeft ?? Infinity);
    const granted = Math.min(wanted, PROMISE_BYTES_MIN + left);
    this.#promised += pooled(granted);
    this.#total?.changePromised(pooled(granted));
    return granted;
  }

  #change(bytes: number): void {
    const before = this.#used;
    this.#used += bytes;
    this.#total?.change(shared(this.#used) - shared(before));
  }
}

function shared(bytes: number): number {
  return Math.max(0, bytes - OWN_BYTES);
}

function pooled(bytes: number): number {
  return Math.max(0, bytes - PROMISE_BYTES_MIN);
}
