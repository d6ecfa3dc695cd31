/**
 * The field lines behind `fields` resources: in their order, with the names as they were given, found in any case.
 * What guests store here is bounded per list and per guest.
 */
import { HostTrap } from "../../base/errors.ts";
import type { FieldEntries } from "./exchange.ts";
import type { FieldBudget } from "./field_budget.ts";

/**
 * Names and values of one list. wasmtime's default; far above what any server accepts (8 to 64 KiB), and small enough
 * that a head can be built in memory. WASI 0.2 has no header-error for it, so past it the guest traps, as in wasmtime.
 */
export const FIELDS_BYTES_MAX = 131_072;

/** Lines of one list. Every look-up walks the list, so this bounds what one call costs; browsers and servers stop at 100 to 200. */
export const FIELDS_COUNT_MAX = 1_024;

/** What a line costs beside its bytes, as HTTP/2 counts it (RFC 9113 section 6.5.2). */
const LINE_OVERHEAD_BYTES = 32;

/** One field line: the name as it was given, and its value. */
export type FieldLine = FieldEntries[number];

/** One list. Who may change it is decided by the `fields` resource in front of it. */
export class FieldStore {
  readonly #budget: FieldBudget | undefined;
  #lines: FieldLine[];
  #bytes = 0;
  /** What the budget was charged. */
  #chargedBytes = 0;

  private constructor(lines: FieldLine[], budget: FieldBudget | undefined) {
    this.#lines = lines;
    this.#budget = budget;
  }

  /** A list that the guest may change. */
  static mutable(budget: FieldBudget): FieldStore {
    return new FieldStore([], budget);
  }

  /** A list that came from outside; it is nobody's to change. */
  static received(lines: FieldLine[]): FieldStore {
    return new FieldStore(lines, undefined);
  }

  get entries(): FieldEntries {
    return this.#lines;
  }

  /** `lowerName` is in lower case. */
  has(lowerName: string): boolean {
    return this.#lines.some((line) => isCalled(line, lowerName));
  }

  get(lowerName: string): Uint8Array[] {
    const values: Uint8Array[] = [];
    for (const line of this.#lines) {
      if (isCalled(line, lowerName)) values.push(line[1]);
    }
    return values;
  }

  append(name: string, value: Uint8Array): void {
    this.#assertRoom(1, this.#bytes + name.length + value.length);
    this.#charge(lineCost(name, value));
    this.#lines.push([name, value]);
    this.#bytes += name.length + value.length;
  }

  /** The new lines take the place of the first old one. */
  replace(name: string, values: readonly Uint8Array[]): void {
    const lowerName = name.toLowerCase();
    const first = this.#lines.findIndex((line) => isCalled(line, lowerName));
    const kept = this.#lines.filter((line) => !isCalled(line, lowerName));
    const added = values.map((value): FieldLine => [name, value]);
    const place = first < 0 ? kept.length : first;
    this.#become([...kept.slice(0, place), ...added, ...kept.slice(place)]);
  }

  delete(lowerName: string): void {
    if (this.has(lowerName)) this.#become(this.#lines.filter((line) => !isCalled(line, lowerName)));
  }

  /** A list of its own with the same lines. */
  copy(budget: FieldBudget): FieldStore {
    const copy = FieldStore.mutable(budget);
    copy.#become([...this.#lines]);
    return copy;
  }

  /** Gives back what the budget was charged. The lines stay readable: a head on its way out may still need them. */
  release(): void {
    this.#charge(-this.#chargedBytes);
  }

  #become(lines: FieldLine[]): void {
    let bytes = 0;
    let costBytes = 0;
    for (const [name, value] of lines) {
      bytes += name.length + value.length;
      costBytes += lineCost(name, value);
    }
    this.#assertRoom(lines.length - this.#lines.length, bytes);
    this.#charge(costBytes - this.#chargedBytes);
    this.#lines = lines;
    this.#bytes = bytes;
  }

  #assertRoom(linesAdded: number, bytes: number): void {
    const count = this.#lines.length + linesAdded;
    if (count > FIELDS_COUNT_MAX) {
      throw new HostTrap(`Cannot keep ${count} fields in one list: too many, expected at most ${FIELDS_COUNT_MAX}`);
    }
    if (bytes > FIELDS_BYTES_MAX) {
      throw new HostTrap(
        `Cannot keep ${bytes} bytes of fields in one list: too many, expected at most ${FIELDS_BYTES_MAX}`,
      );
    }
  }

  #charge(bytes: number): void {
    this.#budget?.change(bytes);
    this.#chargedBytes += bytes;
  }
}

/** Lengths first: most lines differ in them, and lower-casing makes a string. */
function isCalled(line: FieldLine, lowerName: string): boolean {
  const name = line[0];
  return name.length === lowerName.length && (name === lowerName || name.toLowerCase() === lowerName);
}

function lineCost(name: string, value: Uint8Array): number {
  return name.length + value.length + LINE_OVERHEAD_BYTES;
}
