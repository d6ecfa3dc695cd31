/** The bytes that the loopbacks of all workloads have in flight together: they are in the process's own memory. */
import type { WaitList } from "../base/waitable.ts";

/**
 * Sixteen workloads that fill what each may have take a gigabyte, a thousand 64. Past it writers wait; but each workload has
 * `OWN_BYTES` whatever the others hold, so that a neighbour's loopback gets slower and never stops.
 */
export const LOOPBACK_BYTES_MAX = 256 * 1024 * 1024;

/** Of a workload, not counted here: the buffers of two connections, both ways half full. */
export const OWN_BYTES = 256 * 1024;

/** Who waits is told when this part of all is free, and not with every byte that somebody reads. */
const WAKE_SHARE = 1 / 16;

/** Bytes in flight and bytes promised, of all workloads. */
export class ByteTotal {
  readonly #bytesMax: number;
  /** Of workloads that found nothing left. */
  #waiting = new Set<WaitList>();
  #used = 0;
  #promised = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get used(): number {
    return this.#used;
  }

  get left(): number {
    return Math.max(0, this.#bytesMax - this.#used);
  }

  get promised(): number {
    return this.#promised;
  }

  /** As many bytes may be promised as may be in flight. */
  get promiseLeft(): number {
    return Math.max(0, this.#bytesMax - this.#promised);
  }

  /** More, or with a negative number less, is in flight. */
  change(bytes: number): void {
    this.#used += bytes;
    if (bytes >= 0 || this.#waiting.size === 0 || this.left < this.#bytesMax * WAKE_SHARE) return;
    const woken = this.#waiting;
    this.#waiting = new Set();
    for (const waiters of woken) waiters.wakeAll();
  }

  changePromised(bytes: number): void {
    this.#promised += bytes;
  }

  /** Wakes `waiters` when there is room again. */
  wakeWhenFree(waiters: WaitList): void {
    this.#waiting.add(waiters);
  }
}
