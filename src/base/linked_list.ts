/**
 * A list in order of arrival whose entries know their place: to join and to leave costs no look-up and, unlike with a `Set`
 * or a `Map`, no call out of the runtime's generated code, which both make when their last entry goes.
 */

/** One thing and its place; in one list at a time. */
export class ListEntry<T> {
  readonly value: T;
  /** @internal Only for the list. */
  before: ListEntry<T> | undefined;
  /** @internal */
  after: ListEntry<T> | undefined;
  /** @internal */
  list: LinkedList<T> | undefined;

  constructor(value: T) {
    this.value = value;
    this.before = undefined;
    this.after = undefined;
    this.list = undefined;
  }
}

/**
 * @example
 * const waiting = new LinkedList<string>();
 * const entry = new ListEntry("a");
 * waiting.append(entry);
 * waiting.remove(entry); // true
 */
export class LinkedList<T> {
  #first: ListEntry<T> | undefined;
  #last: ListEntry<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that joined first. */
  get first(): ListEntry<T> | undefined {
    return this.#first;
  }

  /** The one that stands at the end. */
  get last(): ListEntry<T> | undefined {
    return this.#last;
  }

  /** Joins at the end. */
  append(entry: ListEntry<T>): void {
    this.insertAfter(this.#last, entry);
  }

  /** Joins behind `before`, which is in the list; at the front without one. */
  insertAfter(before: ListEntry<T> | undefined, entry: ListEntry<T>): void {
    if (entry.list !== undefined) {
      throw new TypeError("Cannot append an entry: it is in a list, expected it to be in none");
    }
    const after = before === undefined ? this.#first : before.after;
    entry.list = this;
    entry.before = before;
    entry.after = after;
    if (before === undefined) this.#first = entry;
    else before.after = entry;
    if (after === undefined) this.#last = entry;
    else after.before = entry;
    this.#size++;
  }

  /** Leaves; false when it is not here. */
  remove(entry: ListEntry<T>): boolean {
    if (entry.list !== this) return false;
    const { before, after } = entry;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.list = undefined;
    entry.before = undefined;
    entry.after = undefined;
    this.#size--;
    return true;
  }

  /** All of them now, in order. */
  toArray(): T[] {
    const values: T[] = [];
    for (let at = this.#first; at !== undefined; at = at.after) values.push(at.value);
    return values;
  }
}
