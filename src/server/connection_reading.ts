/**
 * Whether a connection is read. What is small costs as much as what is large: a piece of 64 KiB has 10,900 chunks with a byte of a body
 * each, or 6,500 frames of HTTP/2, which take 20 and 40 ms, and windows count their bytes alone. So after many small ones others have
 * their turn, also where the guest keeps up, which goes on between two chunks of a piece.
 */
import type { ReadTurns } from "./read_turns.ts";

/** Smaller parts of a body are small; of larger ones `CHEAP_PARTS_MAX` fill a window, which is no more than a guest reads of any other. */
export const SMALL_PART_BYTES = 256;
/** So many small parts are cheap to read. */
export const CHEAP_PARTS_MAX = 256;

/** How reading is stopped: what was read already still comes. */
export interface ReadingOptions {
  readonly turns: ReadTurns;
  readonly stop: () => void;
  readonly goOn: () => void;
}

/** Why a connection is not read: too much was sent ahead, or the body of its request waits for its guest. */
export type HoldReason = "ahead" | "body";

/** Owned by its connection. */
export class ConnectionReading {
  readonly #options: ReadingOptions;
  readonly #reasons = new Set<HoldReason>();
  /** Since its last turn. */
  #smallParts = 0;
  /** Gives up the wait for a turn. */
  #cancelTurn: (() => void) | undefined;
  #isStopped = false;
  #isOver = false;

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /** Nothing is read. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** So many bytes of a body have come in one part. */
  count(bytes: number): void {
    if (bytes >= SMALL_PART_BYTES) return;
    this.#smallParts++;
    if (this.#smallParts === CHEAP_PARTS_MAX) this.#look();
  }

  /** Idempotent, as `release`. */
  hold(why: HoldReason): void {
    this.#reasons.add(why);
    this.#look();
  }

  release(why: HoldReason): void {
    this.#reasons.delete(why);
    this.#look();
  }

  /** From here on what comes is read and thrown away, or the connection has gone. Idempotent. */
  end(): void {
    this.#isOver = true;
    this.#cancelTurn?.();
    this.#goOn();
  }

  #look(): void {
    const isHeld = this.#reasons.size > 0;
    const isDear = this.#smallParts >= CHEAP_PARTS_MAX;
    if (this.#isOver || (!isHeld && !isDear)) return this.#goOn();
    this.#stop();
    if (!isHeld) this.#waitForTurn();
  }

  /** A turn that comes while something else holds it is lost: with those of many, all would read on in the turn of their guests. */
  #waitForTurn(): void {
    this.#cancelTurn ??= this.#options.turns.wait(() => {
      this.#cancelTurn = undefined;
      if (this.#reasons.size > 0) return;
      this.#smallParts = 0;
      this.#goOn();
    });
  }

  #stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#options.stop();
  }

  #goOn(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#options.goOn();
  }
}
