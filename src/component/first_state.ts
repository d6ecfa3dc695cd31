/**
 * The first state of a component's instances, right after their start functions: taken once from the first instance, and
 * put back into any of them. It is the same for all, for an instance whose start functions reached the host is refused.
 */
import type { CoreInstance, CoreInstances } from "./core_instances.ts";
import { CHANGED_SEGMENT, CHANGED_TABLE, EXPORT_NAMES, type SavedGlobal } from "./instrument/instrumented_module.ts";
import { clearWritten, type MemoryImage, restoreImage, takeImage } from "./memory_image.ts";
import type { VirtualMemory } from "./virtual_memory.ts";

/** Why an instance cannot be put back to its first state. */
export type RecycleRefusal =
  | "trapped"
  /** A call is under way. */
  | "busy"
  | "disposed"
  /** Its memory grew by more than is kept; or it has several memories and one grew, whose pages the others would lack. */
  | "grew"
  | "table-changed"
  | "segment-dropped"
  /** Its start functions may have drawn random numbers or read the clock: two requests would see the same ones. */
  | "start-called-host"
  /** Its start functions were refused memory or table elements: other instances may have been given them. */
  | "start-met-limit"
  /** It began with another size than the first instance did. */
  | "other-first-state"
  /** A global holds a reference: what it refers to belongs to one instance, or cannot be read. */
  | "unreadable-global";

/** Functions that read and write a v128 global, which JavaScript cannot. */
interface Vector {
  readonly get0: () => bigint;
  readonly get1: () => bigint;
  readonly set: (low: bigint, high: bigint) => void;
}
type Cell = { readonly kind: "value"; readonly global: WebAssembly.Global } | { readonly kind: "v128" } & Vector;
type SavedValue = number | bigint | null | { readonly low: bigint; readonly high: bigint };

/** What the first instance held. */
export interface FirstState {
  readonly memories: readonly MemoryImage[];
  /** Of all core instances in order. */
  readonly globals: readonly SavedValue[];
}

/** Takes the first state; an answer that is a word says why there is none. */
export function takeFirstState(core: CoreInstances): FirstState | RecycleRefusal {
  const cells = cellsOf(core);
  if (cells === null) return "unreadable-global";
  const globals: SavedValue[] = [];
  for (const cell of cells) {
    const value = read(cell);
    if (value === undefined) return "unreadable-global";
    globals.push(value);
  }
  return { memories: core.memories.map((memory) => takeImage(memory)), globals };
}

/** From here on changes count. */
export function beginChanges(core: CoreInstances): void {
  for (const memory of core.memories) clearWritten(memory);
  for (const global of changedGlobals(core)) global.value = 0;
}

/** Puts memories and globals of one instance back, as often as it is recycled. */
export class Restorer {
  readonly #memories: readonly VirtualMemory[];
  readonly #first: FirstState;
  readonly #cells: readonly Cell[];
  readonly #changed: readonly WebAssembly.Global[];
  readonly #growthPagesMax: number;

  /** `growthPagesMax`: how much a memory may have grown. */
  constructor(core: CoreInstances, first: FirstState, growthPagesMax: number) {
    this.#memories = core.memories;
    this.#first = first;
    this.#cells = cellsOf(core) ?? [];
    this.#changed = [...changedGlobals(core)];
    const isSingle = core.memories.filter((memory) => memory.canGrow).length <= 1;
    this.#growthPagesMax = isSingle ? growthPagesMax : 0;
  }

  /** What stands in the way, as far as the core instances know. */
  refusal(): RecycleRefusal | null {
    let changed = 0;
    for (const global of this.#changed) changed |= Number(global.value);
    if ((changed & CHANGED_TABLE) !== 0) return "table-changed";
    if ((changed & CHANGED_SEGMENT) !== 0) return "segment-dropped";
    for (let index = 0; index < this.#memories.length; index++) {
      const grown = (this.#memories[index]?.physicalPages ?? 0) - (this.#first.memories[index]?.pages ?? 0);
      if (grown > this.#growthPagesMax) return "grew";
    }
    return null;
  }

  restore(): void {
    const { memories, globals } = this.#first;
    for (let index = 0; index < memories.length; index++) {
      const [memory, image] = [this.#memories[index], memories[index]];
      if (memory !== undefined && image !== undefined) restoreImage(memory, image);
    }
    for (let index = 0; index < this.#cells.length; index++) {
      const [cell, value] = [this.#cells[index], globals[index]];
      if (cell === undefined || value === undefined) continue;
      if (cell.kind === "value") cell.global.value = value;
      else if (typeof value === "object" && value !== null) cell.set(value.low, value.high);
    }
  }
}

function read(cell: Cell): SavedValue | undefined {
  if (cell.kind === "v128") return { low: cell.get0(), high: cell.get1() };
  const value: unknown = cell.global.value;
  return typeof value === "number" || typeof value === "bigint" || value === null ? value : undefined;
}

/** null when one cannot be read. */
function cellsOf(core: CoreInstances): Cell[] | null {
  const cells: Cell[] = [];
  for (const instance of core.made) {
    for (const saved of instance.facts.savedGlobals) {
      if (saved.kind === "unreadable") return null;
      cells.push(cellOf(instance, saved));
    }
  }
  return cells;
}

function cellOf(instance: CoreInstance, saved: Exclude<SavedGlobal, { kind: "unreadable" }>): Cell {
  const name = instance.facts.exportPrefix + saved.export;
  if (saved.kind === "v128") {
    return {
      kind: "v128",
      get0: exportedFunction(instance, `${name}:get0`) as Vector["get0"],
      get1: exportedFunction(instance, `${name}:get1`) as Vector["get1"],
      set: exportedFunction(instance, `${name}:set`) as Vector["set"],
    };
  }
  return { kind: "value", global: exportedGlobal(instance, name) };
}

function* changedGlobals(core: CoreInstances): Generator<WebAssembly.Global> {
  for (const instance of core.made) {
    const { facts } = instance;
    if (facts.hasChanged) yield exportedGlobal(instance, facts.exportPrefix + EXPORT_NAMES.changed);
  }
}

function exportedGlobal({ exports }: CoreInstance, name: string): WebAssembly.Global {
  const found = exports[name];
  if (!(found instanceof WebAssembly.Global)) throw new TypeError(`Cannot save a global: there is no ${name}`);
  return found;
}

function exportedFunction({ exports }: CoreInstance, name: string): unknown {
  const found = exports[name];
  if (typeof found !== "function") throw new TypeError(`Cannot save a global: there is no ${name}`);
  return found;
}
