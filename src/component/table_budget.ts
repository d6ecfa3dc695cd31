/** The elements that all tables of one instance may have: no page counts them, and no wasm limit bounds them. */
import type { HostBudget } from "./guest_meter.ts";

/** What V8 has for each: its target, its signature, its function. Measured: 24. */
const ELEMENT_BYTES = 24;

/** Counts what `table.grow` adds. */
export class TableBudget {
  readonly #max: number;
  readonly #host: HostBudget;
  #elements: number;
  #firstElements: number;
  #hasRefused = false;

  /** `elements` are there from the start, and not paid for yet. */
  constructor(elements: number, { max, host }: { readonly max: number; readonly host: HostBudget }) {
    this.#elements = elements;
    this.#firstElements = elements;
    this.#max = max;
    this.#host = host;
  }

  /** Pays for what is there from the start; false when that cannot be had. */
  open(): boolean {
    return this.#host.hold(this.#elements * ELEMENT_BYTES);
  }

  /** `grow-table`: counts the growth when there is room for it. */
  mayGrow(maxElements: bigint | null, size: bigint, delta: bigint): boolean {
    const added = BigInt.asUintN(64, delta);
    const after = BigInt.asUintN(64, size) + added;
    // Fails in the module; it is not to be counted then.
    if (maxElements !== null && after > maxElements) return false;
    if (added > BigInt(this.#max - this.#elements) || !this.#host.hold(Number(added) * ELEMENT_BYTES)) {
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
    this.#host.letGo((this.#elements - this.#firstElements) * ELEMENT_BYTES);
    this.#elements = this.#firstElements;
  }

  /** The instance has ended. */
  close(): void {
    this.#host.letGo(this.#elements * ELEMENT_BYTES);
    this.#elements = 0;
  }
}
