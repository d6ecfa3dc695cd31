/**
 * Memory of instances that have ended. V8 frees it with its next collection of old objects, and hardly counts it among what makes
 * one due: 40 requests, each with a new instance that took 128 MiB and trapped, left 5 GB behind on Node. Of array buffers it does
 * count the bytes. So memory that is let go is followed by a buffer of its size that nobody keeps or writes to: the system has
 * no page for it, and V8 collects it and what went before.
 */

/** Less than this is not worth a collection, whose cost is that of the heap. */
const ANNOUNCED_BYTES_MIN = 64 * 1024 * 1024;

/** Counts what ended. */
export class DeadMemory {
  readonly #announce: (bytes: number) => void;
  #bytes = 0;

  /** `announce` makes V8 count so many bytes as garbage. */
  constructor(announce: (bytes: number) => void = announceByBuffer) {
    this.#announce = announce;
  }

  /** An instance has ended that had so much. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < ANNOUNCED_BYTES_MIN) return;
    const announced = this.#bytes;
    this.#bytes = 0;
    this.#announce(announced);
  }
}

/** Of the process: there is one heap. */
export const deadMemory: DeadMemory = new DeadMemory();

function announceByBuffer(bytes: number): void {
  try {
    void new ArrayBuffer(bytes);
  } catch (error) {
    // Before it says that there is no room V8 has collected everything, which is all that was wanted.
    if (!(error instanceof RangeError)) throw error;
  }
}
