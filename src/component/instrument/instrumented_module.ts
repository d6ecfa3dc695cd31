/**
 * What instrumentation makes of a core module, and the names under which the engine meets it. `instrument.ts` writes
 * this, `instance.ts` reads it; nothing here depends on either.
 *
 * Every import below is added with the module name `importModule`, every export with the prefix `exportPrefix`; both
 * are chosen so that they collide with no name of the module itself.
 */

/** How a module is rewritten. */
export interface InstrumentOptions {
  /** Keeps a byte map of the 4 KiB pages that are written (`WrittenMap`), so that only these have to be put back. */
  readonly tracksWrites: boolean;
}

/** One memory of a module, in its index space. */
export interface ModuleMemory {
  /** The name of the import that gives it, or null for one of the module's own. */
  readonly imported: { readonly module: string; readonly name: string } | null;
  readonly is64: boolean;
  readonly minPages: bigint;
  readonly maxPages: bigint | null;
}

/** One table of a module, in its index space. */
export interface ModuleTable {
  readonly imported: { readonly module: string; readonly name: string } | null;
  readonly is64: boolean;
  readonly minElements: bigint;
  readonly maxElements: bigint | null;
}

/** A mutable global of the module's own that is part of its first state. `export` is the name without the prefix. */
export type SavedGlobal =
  | { readonly kind: "value"; readonly export: string }
  /** Functions `<export>:get0`, `<export>:get1` (each `() -> i64`, low half first) and `<export>:set` (`(i64, i64) -> ()`). */
  | { readonly kind: "v128"; readonly export: string }
  /** JavaScript cannot hold it (exnref): an instance of this module cannot be put back. */
  | { readonly kind: "unreadable" };

/** A module after the one rewriting pass. */
export interface InstrumentedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly importModule: string;
  readonly exportPrefix: string;
  readonly memories: readonly ModuleMemory[];
  readonly tables: readonly ModuleTable[];
  readonly savedGlobals: readonly SavedGlobal[];
  /** It had a start section: the function is exported as `start` and has to be called once, before any other. */
  readonly hasStart: boolean;
  /** It has code, and so the imports `tick` and `yield` and the export `fuel`. */
  readonly hasFuel: boolean;
  /** It has an instruction that changes a table or drops a segment, and so the export `changed`. */
  readonly hasChanged: boolean;
  readonly tracksWrites: boolean;
  /** With `tracksWrites`: a map for each memory that the code writes, by `IMPORT_NAMES.written` or `EXPORT_NAMES.written`. */
  readonly writtenMaps: readonly WrittenMap[];
}

/**
 * A map of written pages: a memory of one 64 KiB page. Byte `n` of it is set to 1 when the code writes into the 4 KiB page
 * `n` of the memory (modulo 65,536: a byte may stand for several pages of a memory over 256 MiB), and then the first
 * `WRITTEN_SPILL_BYTES` of page `n + 1` may have been written too: a store that begins in one page may end in the next. Of the last
 * page, and of the map's last byte, that is the memory's begin: addresses wrap around.
 *
 * A module whose memories are all imported imports the maps: the engine gives the one that the memory has, or makes one
 * (`{ initial: 1, maximum: 1 }`). Any other module has maps of its own and exports them, also for memories that it imports:
 * imported ones would move its memories' indices. So a memory can have several maps; a page counts as written when one says so.
 */
export interface WrittenMap {
  readonly memory: number;
  readonly kind: "import" | "export";
}

/**
 * Imports, by field name:
 *
 * - `tick: () -> i32`, plain. Fuel ran out. > 0: go on with so much fuel; 0: call `yield`; < 0: the module executes `unreachable`.
 * - `yield: () -> i32`, Suspending. > 0: go on with so much fuel; else the module executes `unreachable`.
 * - `grow:<i>: (delta) -> old | -1` and `size:<i>: () -> pages`, for each memory `i` that the code grows or measures; i32, or i64 for a
 *   64-bit memory. They replace `memory.grow` and `memory.size`: a guest sees a size of its own (`VirtualMemory`).
 * - `grow-table: (index: i32, size: i64, delta: i64) -> i32`, plain. 1: the module may grow its table, 0: it may not, and its
 *   `table.grow` gives -1.
 * - `written:<i>`: a memory, see `WrittenMap`.
 */
export const IMPORT_NAMES = {
  tick: "tick",
  yield: "yield",
  grow: (memory: number): string => `grow:${memory}`,
  size: (memory: number): string => `size:${memory}`,
  growTable: "grow-table",
  written: (memory: number): string => `written:${memory}`,
} as const;

/**
 * Exports, after the prefix:
 *
 * - `fuel`: mutable i32. What is left; the engine may lower it to make the guest ask (`tick`) soon.
 * - `start`: `() -> ()`.
 * - `memory:<i>`: each memory of the module's own, and `table:<i>`: each table of its own.
 * - `changed`: mutable i32. Bit 0: a table was changed; bit 1: a segment was dropped. The engine clears it.
 * - `written:<i>`: a memory, see `WrittenMap`.
 * - the globals of `savedGlobals`.
 */
export const EXPORT_NAMES = {
  fuel: "fuel",
  start: "start",
  memory: (memory: number): string => `memory:${memory}`,
  table: (table: number): string => `table:${table}`,
  changed: "changed",
  global: (global: number): string => `global:${global}`,
  written: (memory: number): string => `written:${memory}`,
} as const;

/** Bit of `changed`: a table was changed. */
export const CHANGED_TABLE = 1;
/** Bit of `changed`: a segment was dropped. */
export const CHANGED_SEGMENT = 2;

/** The unit of a `WrittenMap`, in bytes. */
export const WRITTEN_PAGE_BYTES = 4096;
/** What a byte of a map stands for beside its own page: so many bytes at the begin of the next one. */
export const WRITTEN_SPILL_BYTES = 256;
/** Bytes of a map: pages of a memory beyond are counted modulo this. */
export const WRITTEN_MAP_BYTES = 65_536;

/**
 * Fuel that one tick gives. One unit is one wasm instruction, or four that only move and combine integers; loads and stores cost
 * more, since they may wait for memory. Compute has a tick each 10 to 50 us then, of which reading the clock (40 to 300 ns,
 * measured) takes about a hundredth, and code that waits for memory all the time one in 15 ms.
 */
export const FUEL_PER_TICK = 400_000;
