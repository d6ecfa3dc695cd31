/**
 * What instrumentation has to know of a core module besides its code: where its sections are, and what its index spaces
 * hold. Every index that the rewritten module could mistake for something added is checked against these counts.
 */
import { BinaryReader, ItemBudget } from "../binary_reader.ts";
import type { CoreFuncType, CoreLimits } from "../core_module_types.ts";
import { malformed } from "../parse_faults.ts";

/** Section ids. */
export const Section = {
  CUSTOM: 0,
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  TABLE: 4,
  MEMORY: 5,
  GLOBAL: 6,
  EXPORT: 7,
  START: 8,
  ELEMENT: 9,
  CODE: 10,
  DATA: 11,
  DATA_COUNT: 12,
  TAG: 13,
} as const;

/** The order of sections in a module. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** Where a section's contents are. */
export interface SectionRange {
  readonly start: number;
  readonly end: number;
}

/** The name of an import. */
export interface ImportedName {
  readonly module: string;
  readonly name: string;
}

/** A table; `element` are the bytes of its element type. */
export interface TableShape {
  readonly imported: ImportedName | null;
  readonly element: SectionRange;
  readonly limits: CoreLimits;
}

/** A memory. */
export interface MemoryShape {
  readonly imported: ImportedName | null;
  readonly limits: CoreLimits;
}

/** A global; `type` as in `CoreGlobal`. */
export interface GlobalShape {
  readonly isImported: boolean;
  readonly type: string;
  readonly isMutable: boolean;
}

/** See the top of the file. Functions are type indices, segments are lengths. */
export interface ModuleShape {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly sections: Map<number, SectionRange>;
  /** Contents of the custom section `name`, after its name. */
  names: SectionRange | null;
  readonly types: CoreFuncType[];
  readonly functions: number[];
  importedFunctions: number;
  importedMemories: number;
  readonly tables: TableShape[];
  readonly memories: MemoryShape[];
  readonly globals: GlobalShape[];
  readonly elementLengths: number[];
  readonly dataLengths: number[];
  readonly exportNames: Set<string>;
  readonly importModules: Set<string>;
  startFunction: number | null;
  tagCount: number;
}

/** A reader of a section's contents; the counts of `parse` have bounded the module already. */
export function sectionReader(shape: ModuleShape, range: SectionRange): BinaryReader {
  return new BinaryReader(shape.bytes, range.start, range.end, new ItemBudget());
}

/** Refuses an index that the module does not have: after the rewriting it could be something that was added. */
export function boundIndex(index: number, count: number, what: string, offset: number): void {
  if (index >= count) throw malformed(offset, `a core module refers to its ${what} ${index}`, `one of its ${count}`);
}
