/** A budget of pages that a test can look into. */
import type { PageBudget } from "../../src/component/guest_meter.ts";

/** Gives up to `max` pages. */
export class CountedPages implements PageBudget {
  taken = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  take(pages: number): boolean {
    if (this.taken + pages > this.#max) return false;
    this.taken += pages;
    return true;
  }

  giveBack(pages: number): void {
    this.taken -= pages;
    if (this.taken < 0) throw new Error("more pages came back than were taken");
  }
}
