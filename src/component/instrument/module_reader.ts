/** Reads a core module but for its code. */
import { BinaryReader, ItemBudget } from "../binary_reader.ts";
import {
  readCoreTypeEntry,
  readCoreValueType,
  readGlobalType,
  readMemoryType,
  readTagType,
} from "../core_module_reader.ts";
import { hex, malformed, unsupported } from "../parse_faults.ts";
import { readConstantExpression } from "./constant_expression.ts";
import { readElementSegment, readExternIndex, visitConstants } from "./module_items.ts";
import { boundIndex, type ImportedName, type ModuleShape, Section, SECTION_ORDER } from "./module_shape.ts";

/** Reads everything but the code. */
export function readModuleShape(bytes: Uint8Array, start: number, end: number): ModuleShape {
  const shape: ModuleShape = {
    bytes,
    start,
    end,
    sections: new Map(),
    names: null,
    types: [],
    functions: [],
    importedFunctions: 0,
    importedMemories: 0,
    tables: [],
    memories: [],
    globals: [],
    elementLengths: [],
    dataLengths: [],
    exportNames: new Set(),
    importModules: new Set(),
    startFunction: null,
    tagCount: 0,
  };
  const reader = new BinaryReader(bytes, start, end, new ItemBudget());
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) {
    const offset = reader.offset;
    if (reader.u8("a core module's preamble") !== byte) {
      throw malformed(offset, "a core module has another preamble", "00 61 73 6d 01 00 00 00");
    }
  }
  let place = -1;
  while (!reader.isAtEnd) {
    const offset = reader.offset;
    const id = reader.u8("a core section's id");
    const section = reader.sub(reader.u32("a core section's size"), "a core section");
    const range = { start: section.offset, end: section.end };
    if (id === Section.CUSTOM) {
      if (section.name("a custom section's name") === "name" && shape.names === null) {
        shape.names = { start: section.offset, end: section.end };
      }
      continue;
    }
    const next = SECTION_ORDER.indexOf(id);
    if (next < 0) throw malformed(offset, `${hex(id)} stands for a core section`, "a section id");
    if (next <= place) throw malformed(offset, `the core section ${id} is out of order`, "each section once, in order");
    place = next;
    shape.sections.set(id, range);
    readSection(id, section, shape);
  }
  checkConstants(shape);
  return shape;
}

function readSection(id: number, section: BinaryReader, shape: ModuleShape): void {
  const each = (read: () => void, weight?: number): void => {
    for (let left = section.count("core items", undefined, weight); left > 0; left -= 1) read();
    section.expectEnd("a core section");
  };
  const namer = (index: number, offset: number): string => {
    boundIndex(index, shape.types.length, "type", offset);
    return String(index);
  };
  switch (id) {
    case Section.TYPE:
      return each(() => shape.types.push(readCoreTypeEntry(section, namer)));
    case Section.IMPORT:
      return each(() => readImport(section, shape, namer));
    case Section.FUNCTION:
      return each(() => {
        const offset = section.offset;
        const type = section.u32("a core type index");
        boundIndex(type, shape.types.length, "type", offset);
        shape.functions.push(type);
      }, 0);
    case Section.TABLE:
      return each(() => readTable(section, shape, namer));
    case Section.MEMORY:
      return each(() => shape.memories.push({ imported: null, limits: readMemoryType(section).limits }));
    case Section.GLOBAL:
      return each(() => {
        shape.globals.push({ isImported: false, ...readGlobalType(section, namer) });
        readConstantExpression(section, null);
      });
    case Section.EXPORT:
      return each(() => {
        shape.exportNames.add(section.name("a core export's name"));
        readExternIndex(section, shape);
      });
    case Section.START: {
      const offset = section.offset;
      shape.startFunction = section.u32("a start function");
      section.expectEnd("a core section");
      boundIndex(shape.startFunction, shape.functions.length, "function", offset);
      const type = shape.types[shape.functions[shape.startFunction] ?? -1];
      if (type === undefined || type.params.length > 0 || type.results.length > 0) {
        throw malformed(offset, "a start function takes or returns values", "a function of type () -> ()");
      }
      return;
    }
    case Section.ELEMENT:
      return each(() => shape.elementLengths.push(readElementSegment(section, shape, null)));
    case Section.DATA:
      return each(() => readData(section, shape), 1);
    case Section.TAG:
      return each(() => {
        readTagType(section);
        shape.tagCount += 1;
      });
    default:
      return;
  }
}

function readImport(section: BinaryReader, shape: ModuleShape, namer: (index: number, offset: number) => string): void {
  const at = section.offset;
  const imported = { module: section.name("a core import's module"), name: section.name("a core import's name") };
  shape.importModules.add(imported.module);
  const offset = section.offset;
  const kind = section.u8("a core extern kind");
  switch (kind) {
    case 0: {
      const type = section.u32("a core type index");
      boundIndex(type, shape.types.length, "type", offset);
      shape.functions.push(type);
      shape.importedFunctions += 1;
      return;
    }
    case 1:
      readTableShape(section, shape, { imported, namer });
      return;
    case 2:
      shape.memories.push({ imported, limits: readMemoryType(section).limits });
      shape.importedMemories += 1;
      return;
    case 3:
      shape.globals.push({ isImported: true, ...readGlobalType(section, namer) });
      return;
    case 4:
      readTagType(section);
      shape.tagCount += 1;
      return;
    case 0x20:
      throw unsupported(offset, "exact function imports (custom descriptors)");
    case 0x7e:
    case 0x7f:
      throw unsupported(at, "compact core import sections");
    default:
      throw malformed(offset, `${hex(kind)} stands for a core extern kind`, "0x00 (func) to 0x04 (tag)");
  }
}

function readTable(section: BinaryReader, shape: ModuleShape, namer: (index: number, offset: number) => string): void {
  const hasInitializer = section.peek() === 0x40;
  if (hasInitializer) section.skip(2, "a table");
  readTableShape(section, shape, { imported: null, namer });
  if (hasInitializer) readConstantExpression(section, null);
}

function readTableShape(
  section: BinaryReader,
  shape: ModuleShape,
  options: { readonly imported: ImportedName | null; readonly namer: (index: number, offset: number) => string },
): void {
  const start = section.offset;
  readCoreValueType(section, options.namer);
  const element = { start, end: section.offset };
  const at = section.offset;
  const flags = section.u8("the limits of a table");
  if (flags > 0x07) throw malformed(at, `the limits of a table have the flags ${hex(flags)}`, "flags below 0x08");
  if (flags & 0x02) throw unsupported(at, "shared tables (threads)");
  const is64 = (flags & 0x04) !== 0;
  const bound = (): bigint => is64 ? section.u64("a bound") : BigInt(section.u32("a bound"));
  const min = bound();
  const max = flags & 0x01 ? bound() : null;
  shape.tables.push({ imported: options.imported, element, limits: { min, max, is64 } });
}

function readData(section: BinaryReader, shape: ModuleShape): void {
  const at = section.offset;
  const flags = section.u32("the flags of a data segment");
  if (flags > 2) throw malformed(at, `a data segment has the flags ${flags}`, "0 to 2");
  if (flags !== 1) {
    const offset = section.offset;
    const memory = flags === 2 ? section.u32("a memory index") : 0;
    boundIndex(memory, shape.memories.length, "memory", offset);
    readConstantExpression(section, null);
  }
  const length = section.u32("the length of a data segment");
  section.skip(length, "a data segment");
  shape.dataLengths.push(length);
}

/** Function indices in constant expressions: those before the function section could not be checked when they were read. */
function checkConstants(shape: ModuleShape): void {
  for (const id of [Section.TABLE, Section.GLOBAL, Section.ELEMENT]) {
    visitConstants(shape, id, (index, start) => boundIndex(index, shape.functions.length, "function", start));
  }
}
