/** The elements that all tables of one instance may have: 8 bytes of the host's memory each, and no wasm limit on them. */

/** Counts what `table.grow` adds. */
export class TableBudget {
  readonly #max: number;
  #elements: number;
  #firstElements: number;
  #hasRefused = false;

  /** `elements` are there from the start. */
  constructor(elements: number, max: number) {
    this.#elements = elements;
    this.#firstElements = elements;
    this.#max = max;
  }

  /** `grow-table`: counts the growth when there is room for it. */
  mayGrow(maxElements: bigint | null, size: bigint, delta: bigint): boolean {
    const added = BigInt.asUintN(64, delta);
    const after = BigInt.asUintN(64, size) + added;
    // Fails in the module; it is not to be counted then.
    if (maxElements !== null && after > maxElements) return false;
    if (added > BigInt(this.#max - this.#elements)) {
      this.#hasRefused = true;
      return false;
    }
    this.#elements += Number(added);
    return true;
  }

  /** What there is now belongs to the first state. True when something was refused before. */
  settle(): boolean {
    this.#firstElements = this.#elements;
    return this.#hasRefused;
  }

  /** Back to the first state. */
  reset(): void {
    this.#elements = this.#firstElements;
  }
}
