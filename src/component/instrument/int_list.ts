/** A list of 32-bit integers without an object per entry: a module has millions of instructions. */
export class IntList {
  #items = new Int32Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#items.length) {
      const grown = new Int32Array(this.#length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.#length] = value;
    this.#length += 1;
  }

  /** The entry at `index`; 0 past the end. */
  at(index: number): number {
    return this.#items[index] ?? 0;
  }

  set(index: number, value: number): void {
    this.#items[index] = value;
  }

  add(index: number, value: number): void {
    this.#items[index] = this.at(index) + value;
  }
}
