/**
 * A memory of a guest with the size that the guest sees. Growing draws on the budget of the instance; and an instance that
 * is put back to its first state has its first size again, though no wasm memory can shrink: the pages that are there
 * already are given out once more, zeroed (`first_state.ts`).
 */
import type { PageBudget } from "./guest_meter.ts";
import { WRITTEN_MAP_BYTES, WRITTEN_PAGE_BYTES } from "./instrument/instrumented_module.ts";

/** Of wasm. */
export const PAGE_BYTES = 65_536;
/** Of a memory with 32-bit addresses. */
const PAGES_MAX_32 = 65_536;
/** Of one with 64-bit addresses, 16 GiB: V8's own bound. Node 26 takes 2^32 pages for none and says that it grew. */
const PAGES_MAX_64 = 262_144;

/** The type of a memory, and what it draws on. */
export interface VirtualMemoryOptions {
  readonly is64: boolean;
  readonly minPages: bigint;
  readonly maxPages: bigint | null;
  readonly budget: PageBudget;
  /** Keeps maps of the pages that were written. */
  readonly tracksWrites: boolean;
}

/** A byte for each page of 4 KiB, 1 when it was written; and the same bytes by fours, to pass over what was not. */
export interface WrittenMap {
  readonly marks: Uint8Array<ArrayBuffer>;
  readonly strides: Int32Array<ArrayBuffer>;
}

const NO_BYTES = new Uint8Array(0);

/** One for each memory of a component instance, whoever imports it. Its first pages are taken from the budget already. */
export class VirtualMemory {
  readonly #minPages: number;
  readonly #maxPages: number;
  readonly #is64: boolean;
  readonly #budget: PageBudget;
  readonly #tracksWrites: boolean;
  #memory: WebAssembly.Memory | null = null;
  /** As the guest sees it. */
  #pages: number;
  #physicalPages: number;
  #sharedMap: WebAssembly.Memory | null = null;
  readonly #maps: WrittenMap[] = [];
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  /** The budget (or the host) had no more to give: another instance might have got it. */
  hasRefused = false;

  constructor({ is64, minPages, maxPages, budget, tracksWrites }: VirtualMemoryOptions) {
    this.#is64 = is64;
    this.#minPages = Number(minPages);
    this.#maxPages = Math.min(Number(maxPages ?? PAGES_MAX_64), is64 ? PAGES_MAX_64 : PAGES_MAX_32);
    this.#budget = budget;
    this.#tracksWrites = tracksWrites;
    this.#pages = this.#minPages;
    this.#physicalPages = this.#minPages;
  }

  /** The core instance that has it is there. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  get memory(): WebAssembly.Memory {
    if (this.#memory === null) throw new TypeError("Cannot use a memory: its core instance is not made yet");
    return this.#memory;
  }

  /** All that is there, whatever the guest sees of it. A view is kept until growing detaches it: then it has no bytes. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length > 0) return this.#bytes;
    const { buffer } = this.memory;
    if (!(buffer instanceof ArrayBuffer)) throw new TypeError("Cannot use a memory: it is shared, expected an own one");
    return this.#bytes = new Uint8Array(buffer);
  }

  get pages(): number {
    return this.#pages;
  }

  get byteLength(): number {
    return this.#pages * PAGE_BYTES;
  }

  /** At least `pages`: taken from the budget until the instance ends. */
  get physicalPages(): number {
    return this.#physicalPages;
  }

  /** What was taken from the budget beyond the minimum. */
  get grownPages(): number {
    return this.#physicalPages - this.#minPages;
  }

  /** It can become larger than it was at first. */
  get canGrow(): boolean {
    return this.#maxPages > this.#minPages;
  }

  /** `memory.grow`: the size before, or -1. */
  grow(delta: number): number {
    const before = this.#pages;
    const pages = before + delta;
    if (pages > this.#maxPages) return -1;
    if (pages > this.#physicalPages && !this.#growPhysically(pages - this.#physicalPages)) {
      this.hasRefused = true;
      return -1;
    }
    this.#pages = pages;
    return before;
  }

  #growPhysically(pages: number): boolean {
    if (!this.#budget.take(pages)) return false;
    try {
      // The JavaScript of a 64-bit memory counts in bigints, which the type libraries do not know.
      const memory: { grow(delta: number | bigint): unknown } = this.memory;
      memory.grow(this.#is64 ? BigInt(pages) : pages);
    } catch (error) {
      this.#budget.giveBack(pages);
      // Out of memory, or past a bound of the runtime: what `memory.grow` says with -1.
      if (error instanceof RangeError) return false;
      throw error;
    }
    this.#physicalPages += pages;
    return true;
  }

  /** Its first size again. The caller sees to the contents, beyond it too. */
  shrink(pages: number): void {
    this.#pages = pages;
  }

  /** The functions that stand for `memory.grow` and `memory.size`. */
  get hooks(): { readonly grow: WebAssembly.ImportValue; readonly size: WebAssembly.ImportValue } {
    if (this.#is64) {
      return {
        grow: (delta: bigint) => BigInt(this.grow(Number(BigInt.asUintN(64, delta)))),
        size: () => BigInt(this.#pages),
      };
    }
    return { grow: (delta: number) => this.grow(delta >>> 0), size: () => this.#pages };
  }

  /** The map of written pages for a module that imports one. */
  get sharedMap(): WebAssembly.Memory {
    if (this.#sharedMap === null) {
      this.#sharedMap = new WebAssembly.Memory({ initial: 1, maximum: 1 });
      this.addMap(this.#sharedMap);
    }
    return this.#sharedMap;
  }

  /** A module marks what it writes in a map of its own. */
  addMap({ buffer }: WebAssembly.Memory): void {
    if (!(buffer instanceof ArrayBuffer)) throw new TypeError("Cannot use a map of written pages: it is shared");
    this.#maps.push(mapOver(buffer));
  }

  /** All maps: a page was written when one of them says so. null: nobody keeps any. */
  get written(): readonly WrittenMap[] | null {
    return this.#tracksWrites ? this.#maps : null;
  }

  /** The host is about to write. */
  mark(pointer: number, size: number): void {
    if (!this.#tracksWrites || size === 0) return;
    let [map] = this.#maps;
    // Nobody but the host writes into it so far.
    if (map === undefined) this.#maps.push(map = mapOver(new ArrayBuffer(WRITTEN_MAP_BYTES)));
    const { marks } = map;
    const last = Math.floor((pointer + size - 1) / WRITTEN_PAGE_BYTES);
    for (let page = Math.floor(pointer / WRITTEN_PAGE_BYTES); page <= last; page++) marks[page % WRITTEN_MAP_BYTES] = 1;
  }
}

function mapOver(buffer: ArrayBuffer): WrittenMap {
  return { marks: new Uint8Array(buffer), strides: new Int32Array(buffer) };
}
