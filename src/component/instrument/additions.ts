/** What is appended to the sections of a module. */
import type { AddedFunction } from "./added_functions.ts";

/** The kinds of the export section. */
export const ExternKind = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 } as const;

/** One added export. */
export interface AddedExport {
  readonly name: string;
  readonly kind: number;
  /** In the index space of the rewritten module. */
  readonly index: number;
}

/** All additions to one module. */
export class Additions {
  readonly importModule: string;
  readonly types: Uint8Array[] = [];
  /** Functions, by type index. */
  readonly imports: { readonly name: string; readonly type: number }[] = [];
  /** Names of imported maps (`WrittenMap`), each a memory of one page. */
  readonly importedMaps: string[] = [];
  /** The number of maps that are the module's own. */
  ownMaps = 0;
  readonly functions: (AddedFunction & { readonly typeIndex: number })[] = [];
  /** Start values of added globals, all of them mutable i32. */
  readonly globals: number[] = [];
  readonly exports: AddedExport[] = [];
  readonly #firstType: number;
  readonly #firstFunction: number;
  readonly #typeIndices: Map<string, number> = new Map();

  constructor(options: { readonly importModule: string; readonly firstType: number; readonly firstFunction: number }) {
    this.importModule = options.importModule;
    this.#firstType = options.firstType;
    this.#firstFunction = options.firstFunction;
  }

  /** Adds a function; gives its index. */
  addFunction(added: AddedFunction): number {
    this.functions.push({ ...added, typeIndex: this.#type(added.type) });
    return this.#firstFunction + this.functions.length - 1;
  }

  addImport(name: string, type: Uint8Array): void {
    this.imports.push({ name, type: this.#type(type) });
  }

  #type(type: Uint8Array): number {
    const key = type.join();
    const known = this.#typeIndices.get(key);
    if (known !== undefined) return known;
    const index = this.#firstType + this.types.length;
    this.types.push(type);
    this.#typeIndices.set(key, index);
    return index;
  }
}
