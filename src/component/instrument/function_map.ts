/**
 * Where functions are after imports were added. Imports come first in the index space, so `added` of them would move all
 * functions of the module's own, and with them every call. Instead the first `added` ones make room and go to the end:
 * only what refers to these has to be rewritten.
 */
export class FunctionMap {
  /** Functions that the module imports by itself. */
  readonly imported: number;
  readonly #own: number;
  readonly #added: number;

  constructor(counts: { readonly imported: number; readonly own: number; readonly added: number }) {
    this.imported = counts.imported;
    this.#own = counts.own;
    this.#added = counts.added;
  }

  /** How many of the module's own functions go to the end. */
  get movedCount(): number {
    return Math.min(this.#own, this.#added);
  }

  /** The first of the added imports. */
  get firstAdded(): number {
    return this.imported;
  }

  /** The first index after all functions: where more can be appended. */
  get end(): number {
    return this.imported + this.#own + this.#added;
  }

  /** The new index of a function. */
  at(index: number): number {
    const own = index - this.imported;
    return own >= 0 && own < this.#added ? index + Math.max(this.#own, this.#added) : index;
  }
}
