/** Reads the items of a module that refer to functions: exports, element segments, constant expressions. */
import type { BinaryReader } from "../binary_reader.ts";
import { readCoreValueType, readGlobalType } from "../core_module_reader.ts";
import { hex, malformed } from "../parse_faults.ts";
import { readConstantExpression } from "./constant_expression.ts";
import { boundIndex, type ModuleShape, Section, sectionReader } from "./module_shape.ts";

/** Reads the kind and index of an export; gives the position of the index when it is a function's. */
export function readExternIndex(
  section: BinaryReader,
  shape: ModuleShape,
): { kind: number; index: number; at: number } {
  const offset = section.offset;
  const kind = section.u8("a core export's kind");
  const at = section.offset;
  const index = section.u32("a core export's index");
  const counts = [shape.functions, shape.tables, shape.memories, shape.globals].map((items) => items.length);
  const count = kind === 4 ? shape.tagCount : counts[kind];
  if (count === undefined) {
    throw malformed(offset, `${hex(kind)} stands for an export kind`, "0x00 (func) to 0x04 (tag)");
  }
  boundIndex(index, count, "exported item", at);
  return { kind, index, at };
}

/** Called with each function index that an expression or a segment has, and where its bytes are. */
export type OnFunction = (index: number, start: number, end: number) => void;

/** Reads one element segment, of any of the eight forms; gives the number of its elements. */
export function readElementSegment(section: BinaryReader, shape: ModuleShape, onFunction: OnFunction | null): number {
  const at = section.offset;
  const flags = section.u32("the flags of an element segment");
  if (flags > 7) throw malformed(at, `an element segment has the flags ${flags}`, "0 to 7");
  const isActive = (flags & 1) === 0;
  if (isActive) {
    const offset = section.offset;
    const table = flags & 2 ? section.u32("a table index") : 0;
    boundIndex(table, shape.tables.length, "table", offset);
    readConstantExpression(section, onFunction);
  }
  const hasExpressions = (flags & 4) !== 0;
  if ((flags & 3) !== 0) {
    if (hasExpressions) {
      readCoreValueType(section, (index, offset) => {
        boundIndex(index, shape.types.length, "type", offset);
        return String(index);
      });
    } else if (section.u8("an element kind") !== 0) {
      throw malformed(at, "an element segment has another kind", "0x00 (functions)");
    }
  }
  const length = section.count("elements", undefined, 0);
  for (let left = length; left > 0; left -= 1) {
    if (hasExpressions) {
      readConstantExpression(section, onFunction);
      continue;
    }
    const start = section.offset;
    const index = section.u32("a function index");
    boundIndex(index, shape.functions.length, "function", start);
    onFunction?.(index, start, section.offset);
  }
  return length;
}

/** Visits each function index in the initial values of tables or globals, or in the element segments: one section. */
export function visitConstants(shape: ModuleShape, id: number, onFunction: OnFunction): void {
  const range = shape.sections.get(id);
  if (range === undefined) return;
  const section = sectionReader(shape, range);
  const namer = String;
  for (let left = section.count("core items"); left > 0; left -= 1) {
    if (id === Section.ELEMENT) {
      readElementSegment(section, shape, onFunction);
    } else if (id === Section.GLOBAL) {
      readGlobalType(section, namer);
      readConstantExpression(section, onFunction);
    } else {
      const hasInitializer = section.peek() === 0x40;
      if (hasInitializer) section.skip(2, "a table");
      readCoreValueType(section, namer);
      const flags = section.u8("the limits of a table");
      for (let bounds = flags & 1 ? 2 : 1; bounds > 0; bounds -= 1) section.u64("a bound");
      if (hasInitializer) readConstantExpression(section, onFunction);
    }
  }
}
