/** Who waits for something that is given to one after the other: by turns of the workloads, and within one in the order of coming. */

/** Items that wait, by workload. A workload is nowhere in it while none of its items waits. */
export class RoundRobin<Item> {
  /** The workload whose turn is next comes first, and so does the item in it. */
  readonly #waiting = new Map<string, Set<Item>>();

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  get count(): number {
    let count = 0;
    for (const items of this.#waiting.values()) count += items.size;
    return count;
  }

  /** A workload without others that wait comes last. */
  add(workload: string, item: Item): void {
    const items = this.#waiting.get(workload);
    if (items === undefined) this.#waiting.set(workload, new Set([item]));
    else items.add(item);
  }

  /** It waits no more, and had no turn; false when it did not wait. */
  delete(workload: string, item: Item): boolean {
    const items = this.#waiting.get(workload);
    if (items?.delete(item) !== true) return false;
    if (items.size === 0) this.#waiting.delete(workload);
    return true;
  }

  /** It has its turn: its workload comes last then. */
  take(workload: string, item: Item): void {
    if (!this.delete(workload, item)) return;
    const rest = this.#waiting.get(workload);
    if (rest === undefined) return;
    this.#waiting.delete(workload);
    this.#waiting.set(workload, rest);
  }

  /** The first of the workload whose turn it is has its turn; undefined when nobody waits. */
  takeFirst(): Item | undefined {
    for (const [workload, items] of this.#waiting) {
      for (const item of items) {
        this.take(workload, item);
        return item;
      }
    }
    return undefined;
  }

  /** Those who wait, workload by workload. */
  groups(): Iterable<ReadonlySet<Item>> {
    return this.#waiting.values();
  }
}
