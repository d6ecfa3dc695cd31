/** How many lines the guests of a route may log: a token bucket over all of its instances, with a burst of one second. */
import type { Clock } from "../base/clock.ts";

/** What a line costs beside its text: a time, labels, a newline. Without it empty lines would cost nothing. */
export const LINE_COST_BYTES = 64;
const LINE_FEED = 0x0a;

/** What the rate is counted with. */
export interface LogRateOptions {
  readonly bytesPerSecond: number;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/** One for a route, and one for a service: an instance of its own would have a burst of its own. */
export class LogRate {
  readonly bytesPerSecond: number;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #leftBytes: number;
  #atMs: number;

  constructor({ bytesPerSecond, clock }: LogRateOptions) {
    this.bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#leftBytes = bytesPerSecond;
    this.#atMs = clock.monotonicMs();
  }

  /** True while a line may be logged. */
  isOpen(): boolean {
    const nowMs = this.#clock.monotonicMs();
    const earnedBytes = ((nowMs - this.#atMs) / 1000) * this.bytesPerSecond;
    this.#leftBytes = Math.min(this.bytesPerSecond, this.#leftBytes + earnedBytes);
    this.#atMs = nowMs;
    return this.#leftBytes > 0;
  }

  /** True when a line may be logged; it is charged then. One line may be longer than what is left, and is made up for. */
  take(line: string): boolean {
    if (!this.isOpen()) return false;
    this.#leftBytes -= line.length + LINE_COST_BYTES;
    return true;
  }
}

/** Line ends: what is dropped as it is need not be made text of. */
export function lineCount(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count++;
  return count;
}
