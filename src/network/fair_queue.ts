/** A bounded line in front of a shared place: each owner has a line of its own, and they are served by turns. */

/** Bounds the whole line. */
export interface FairQueueOptions {
  readonly lengthMax: number;
}

/**
 * @example
 * const queue = new FairQueue<string>({ lengthMax: 10 });
 * queue.push("a", "first of a");
 * queue.push("a", "second of a");
 * queue.push("b", "first of b");
 * queue.take(() => true); // "first of a", then "first of b", then "second of a"
 */
export class FairQueue<Item> {
  readonly #lengthMax: number;
  /** By owner, whose turn is next first. No line is empty. */
  readonly #lines = new Map<string, Set<Item>>();
  #length = 0;

  constructor({ lengthMax }: FairQueueOptions) {
    this.#lengthMax = lengthMax;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Adds `item` at the end of its owner's line. Returns who has to leave for it: nobody while there is room; when there is
   * none, the last one of the longest line, which may be `item` itself.
   */
  push(owner: string, item: Item): Item | undefined {
    const line = this.#lines.get(owner) ?? new Set<Item>();
    this.#lines.set(owner, line);
    line.add(item);
    this.#length++;
    return this.#length > this.#lengthMax ? this.#takeLastOfLongest() : undefined;
  }

  /** The first one of the owner whose turn it is, of those that may be served. */
  take(mayServe: (owner: string) => boolean): Item | undefined {
    for (const [owner, line] of this.#lines) {
      if (!mayServe(owner)) continue;
      for (const item of line) {
        this.#remove(owner, line, item);
        // Its next turn comes after everybody else's.
        if (this.#lines.delete(owner)) this.#lines.set(owner, line);
        return item;
      }
    }
    return undefined;
  }

  /** Does nothing when it does not wait. */
  delete(owner: string, item: Item): void {
    const line = this.#lines.get(owner);
    if (line?.has(item) === true) this.#remove(owner, line, item);
  }

  /** All that wait. */
  items(): readonly Item[] {
    return [...this.#lines.values()].flatMap((line) => [...line]);
  }

  #takeLastOfLongest(): Item | undefined {
    let longest: readonly [owner: string, line: Set<Item>] | undefined;
    for (const entry of this.#lines) {
      if (longest === undefined || entry[1].size >= longest[1].size) longest = entry;
    }
    if (longest === undefined) return undefined;
    const [owner, line] = longest;
    const last = [...line].at(-1);
    if (last !== undefined) this.#remove(owner, line, last);
    return last;
  }

  #remove(owner: string, line: Set<Item>, item: Item): void {
    line.delete(item);
    this.#length--;
    if (line.size === 0) this.#lines.delete(owner);
  }
}
