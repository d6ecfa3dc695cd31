/** How many names a workload looks up at once. */

/** Stops one workload from taking the places of all in the gateway's resolver. */
export const LOOKUPS_MAX = 64;

/** One per workload. */
export class LookupSlots {
  #taken = 0;

  /** Lookups under way. */
  get taken(): number {
    return this.#taken;
  }

  /** Returns the function that gives the place back (idempotent); undefined when there is none. */
  take(): (() => void) | undefined {
    if (this.#taken >= LOOKUPS_MAX) return undefined;
    this.#taken++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken--;
    };
  }
}
