/**
 * Rewrites a core module so that the host stays in charge of it: fuel, its memories' sizes, its state. Pure: bytes in,
 * bytes out. `instrumented_module.ts` is the contract with the engine.
 */
import { malformed, unsupported } from "../parse_faults.ts";
import {
  type AddedIndices,
  exhaustedFunction,
  numberType,
  refillFunction,
  typeBytes,
  vectorAccessors,
} from "./added_functions.ts";
import { helperFunction } from "./bulk_functions.ts";
import { Additions, ExternKind } from "./additions.ts";
import { CodeScan, type ImportSpec } from "./code_scan.ts";
import { CodeScanner, UNCHARGED_COST_MAX } from "./code_scanner.ts";
import { fuelCosts } from "./fuel_costs.ts";
import { checkInstanceWork } from "./instance_work.ts";
import { FunctionMap } from "./function_map.ts";
import {
  EXPORT_NAMES,
  FUEL_PER_TICK,
  IMPORT_NAMES,
  type InstrumentedModule,
  type InstrumentOptions,
  type SavedGlobal,
  type WrittenMap,
} from "./instrumented_module.ts";
import { readModuleShape } from "./module_reader.ts";
import { type ModuleShape, Section } from "./module_shape.ts";
import { writeModule } from "./module_writer.ts";
import { allSteps, type Steps } from "./steps.ts";

/** V8's bound on the functions of a module. */
const FUNCTIONS_MAX = 1_000_000;
const IMPORT_MODULE = "loopgate";
const EXPORT_PREFIX = "loopgate:";

/** Types of a global that JavaScript cannot read or write. */
const UNREADABLE_TYPES: readonly string[] = ["exnref", "(ref exn)", "(ref null noexn)", "(ref noexn)"];

/** Where the module is in `bytes`; all of it by default. Offsets in errors count from the begin of `bytes`. */
export interface ModuleRange {
  readonly start?: number;
  readonly end?: number;
}

/**
 * Rewrites one core module. `bytes` are left as they are.
 * @throws {ComponentError} for what is malformed (as far as this looks) or uses instructions that are refused
 */
export function instrumentModule(bytes: Uint8Array, options: InstrumentOptions & ModuleRange): InstrumentedModule {
  return allSteps(instrumentModuleInSteps(bytes, options));
}

/** As `instrumentModule`, in steps. `bytes` must not change between them. @throws {ComponentError} */
export function* instrumentModuleInSteps(
  bytes: Uint8Array,
  options: InstrumentOptions & ModuleRange,
): Steps<InstrumentedModule> {
  const shape = readModuleShape(bytes, options.start ?? 0, options.end ?? bytes.length);
  checkInstanceWork(shape);
  const scan = new CodeScan();
  const hasFuel = shape.functions.length > shape.importedFunctions;
  if (hasFuel) {
    scan.imports.index({ kind: "tick" });
    scan.imports.index({ kind: "yield" });
  }
  const code = shape.sections.get(Section.CODE);
  if (code !== undefined) yield* new CodeScanner(shape, scan, options).scanAll(code);
  else if (hasFuel) throw malformed(shape.end, "a core module has functions and no code", "one body per function");
  const map = new FunctionMap({
    imported: shape.importedFunctions,
    own: shape.functions.length - shape.importedFunctions,
    added: scan.imports.items.length,
  });
  const additions = new Additions({
    importModule: unusedName(IMPORT_MODULE, (name) => shape.importModules.has(name)),
    firstType: shape.types.length,
    firstFunction: map.end,
  });
  const exportPrefix = unusedName(EXPORT_PREFIX, (prefix) => hasPrefix(shape, prefix));
  const writtenMaps = addMaps({ shape, scan, additions, exportPrefix });
  const indices = addCode({ shape, scan, map, additions, exportPrefix, hasFuel, writtenMaps });
  const savedGlobals = exportState({ shape, additions, exportPrefix });
  if (map.end + additions.functions.length > FUNCTIONS_MAX) {
    throw unsupported(shape.start, `more than ${FUNCTIONS_MAX} functions with those that are added`);
  }
  const costs = fuelCosts(scan, UNCHARGED_COST_MAX);
  const results = (index: number): readonly string[] =>
    shape.types[shape.functions[shape.importedFunctions + index] ?? -1]?.results ?? [];
  const written = yield* writeModule({ shape, additions, code: { bytes, scan, costs, indices, map, results } });
  return {
    bytes: written,
    importModule: additions.importModule,
    exportPrefix,
    memories: shape.memories.map(({ imported, limits }) => (
      { imported, is64: limits.is64, minPages: limits.min, maxPages: limits.max }
    )),
    tables: shape.tables.map(({ imported, limits }) => (
      { imported, is64: limits.is64, minElements: limits.min, maxElements: limits.max }
    )),
    savedGlobals,
    hasStart: shape.startFunction !== null,
    hasFuel,
    hasChanged: scan.hasChanged,
    tracksWrites: options.tracksWrites,
    writtenMaps,
  };
}

function unusedName(wanted: string, isUsed: (name: string) => boolean): string {
  let name = wanted;
  while (isUsed(name)) name = `_${name}`;
  return name;
}

function hasPrefix(shape: ModuleShape, prefix: string): boolean {
  for (const name of shape.exportNames) if (name.startsWith(prefix)) return true;
  return false;
}

interface Rewriting {
  readonly shape: ModuleShape;
  readonly scan: CodeScan;
  readonly map: FunctionMap;
  readonly additions: Additions;
  readonly exportPrefix: string;
  readonly hasFuel: boolean;
  readonly writtenMaps: readonly WrittenMap[];
}

/** Adds the maps of all memories that the code writes: behind the module's memories, whose indices stay. */
function addMaps(rewriting: Pick<Rewriting, "shape" | "scan" | "additions" | "exportPrefix">): WrittenMap[] {
  const { shape, scan, additions, exportPrefix } = rewriting;
  const kind = shape.importedMemories === shape.memories.length ? "import" : "export";
  const maps: WrittenMap[] = [];
  for (const memory of scan.writtenMemories) {
    if (kind === "import") {
      additions.importedMaps.push(IMPORT_NAMES.written(memory));
    } else {
      const name = exportPrefix + EXPORT_NAMES.written(memory);
      additions.exports.push({ name, kind: ExternKind.MEMORY, index: shape.memories.length + maps.length });
      additions.ownMaps += 1;
    }
    maps.push({ memory, kind });
  }
  return maps;
}

/** Adds the imports, functions and globals that the code needs. */
function addCode(rewriting: Rewriting): AddedIndices {
  const { shape, scan, map, additions, exportPrefix, hasFuel } = rewriting;
  const maps = new Map(rewriting.writtenMaps.map(({ memory }, index) => [memory, shape.memories.length + index]));
  const addGlobal = (name: string, value: number): number => {
    const index = shape.globals.length + additions.globals.length;
    additions.globals.push(value);
    additions.exports.push({ name: exportPrefix + name, kind: ExternKind.GLOBAL, index });
    return index;
  };
  for (const spec of scan.imports.items) additions.addImport(importName(spec), importType(shape, spec));
  const indices: AddedIndices = {
    fuel: hasFuel ? addGlobal(EXPORT_NAMES.fuel, FUEL_PER_TICK) : -1,
    changed: scan.hasChanged ? addGlobal(EXPORT_NAMES.changed, 0) : -1,
    exhausted: map.end,
    import: (spec) => map.firstAdded + scan.imports.index(spec),
    refill: map.end + 1,
    helper: (index) => map.end + 2 + index,
    map: (memory) => maps.get(memory),
    is64: (memory) => shape.memories[memory]?.limits.is64 ?? false,
  };
  if (hasFuel) {
    additions.addFunction(exhaustedFunction(indices));
    additions.addFunction(refillFunction(indices));
  }
  for (const spec of scan.helpers.items) additions.addFunction(helperFunction(spec, { shape, indices }));
  if (shape.startFunction !== null) {
    const index = map.at(shape.startFunction);
    additions.exports.push({ name: exportPrefix + EXPORT_NAMES.start, kind: ExternKind.FUNCTION, index });
  }
  return indices;
}

function importName(spec: ImportSpec): string {
  switch (spec.kind) {
    case "tick":
      return IMPORT_NAMES.tick;
    case "yield":
      return IMPORT_NAMES.yield;
    case "grow":
      return IMPORT_NAMES.grow(spec.memory);
    case "size":
      return IMPORT_NAMES.size(spec.memory);
    case "grow-table":
      return IMPORT_NAMES.growTable;
  }
}

function importType(shape: ModuleShape, spec: ImportSpec): Uint8Array {
  switch (spec.kind) {
    case "tick":
    case "yield":
      return typeBytes([], [numberType(false)]);
    case "grow":
    case "size": {
      const pages = numberType(shape.memories[spec.memory]?.limits.is64 ?? false);
      return typeBytes(spec.kind === "grow" ? [pages] : [], [pages]);
    }
    case "grow-table":
      return typeBytes([numberType(false), numberType(true), numberType(true)], [numberType(false)]);
  }
}

/** Exports what an instance's state consists of: memories, tables and mutable globals of the module's own. */
function exportState(rewriting: Pick<Rewriting, "shape" | "additions" | "exportPrefix">): SavedGlobal[] {
  const { shape, additions, exportPrefix } = rewriting;
  const add = (name: string, kind: number, index: number): void => {
    additions.exports.push({ name: exportPrefix + name, kind, index });
  };
  for (const [index, { imported }] of shape.memories.entries()) {
    if (imported === null) add(EXPORT_NAMES.memory(index), ExternKind.MEMORY, index);
  }
  for (const [index, { imported }] of shape.tables.entries()) {
    if (imported === null) add(EXPORT_NAMES.table(index), ExternKind.TABLE, index);
  }
  const saved: SavedGlobal[] = [];
  for (const [index, { isImported, isMutable, type }] of shape.globals.entries()) {
    if (isImported || !isMutable) continue;
    const name = EXPORT_NAMES.global(index);
    if (UNREADABLE_TYPES.includes(type)) {
      saved.push({ kind: "unreadable" });
    } else if (type === "v128") {
      const [low, high, set] = vectorAccessors(index);
      add(`${name}:get0`, ExternKind.FUNCTION, additions.addFunction(low));
      add(`${name}:get1`, ExternKind.FUNCTION, additions.addFunction(high));
      add(`${name}:set`, ExternKind.FUNCTION, additions.addFunction(set));
      saved.push({ kind: "v128", export: name });
    } else {
      add(name, ExternKind.GLOBAL, index);
      saved.push({ kind: "value", export: name });
    }
  }
  return saved;
}
