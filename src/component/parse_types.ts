/** Reads type definitions, and the declarations inside instance and component types. */
import type {
  CommonDeclaration,
  Declaration,
  ExternDescription,
  LabelledType,
  TypeDefinition,
  ValueTypeUse,
} from "./ast.ts";
import type { BinaryReader } from "./binary_reader.ts";
import { readCoreType } from "./parse_core_types.ts";
import { hex, malformed, pastLimit, unsupported } from "./parse_faults.ts";
import { expectUniqueLabels, readAnySort, readExternName, readLabel } from "./parse_names.ts";
import type { PrimitiveKind } from "./types.ts";

/** How deep type definitions may nest in the binary: recursion in the parser must not overflow the stack. */
export const TYPE_NESTING_MAX = 64;

/** Binary.md: a flags type has 1 to 32 labels, so that it always is one i32. */
const FLAGS_MAX = 32;

/** Fields of a record, cases of a variant or enum, elements of a tuple: the limit of other validators. */
const MEMBERS_MAX = 10_000;

/** Parameters of a function: the limit of other validators. */
const PARAMS_MAX = 1000;

const PRIMITIVES: Readonly<Record<number, PrimitiveKind>> = {
  0x7f: "bool",
  0x7e: "s8",
  0x7d: "u8",
  0x7c: "s16",
  0x7b: "u16",
  0x7a: "s32",
  0x79: "u32",
  0x78: "s64",
  0x77: "u64",
  0x76: "f32",
  0x75: "f64",
  0x74: "char",
  0x73: "string",
};

/** Type constructors that this host does not run. */
const UNSUPPORTED_TYPES: Readonly<Record<number, string>> = {
  0x67: "fixed-length lists",
  0x66: "component-model async: stream",
  0x65: "component-model async: future",
  0x64: "component-model async: error-context",
  0x63: "map types",
  0x43: "component-model async: async function types",
  0x3e: "component-model async: asynchronous resource destructors",
};

/** A value type in use: a primitive or a type index. */
export function readValueTypeUse(reader: BinaryReader): ValueTypeUse {
  const offset = reader.offset;
  const byte = reader.peek();
  const value = reader.s33("a value type");
  if (value >= 0) return value;
  const primitive = PRIMITIVES[value + 0x80];
  if (primitive !== undefined) return primitive;
  const feature = UNSUPPORTED_TYPES[value + 0x80];
  if (feature !== undefined) throw unsupported(offset, feature);
  throw malformed(offset, `${hex(byte ?? 0)} stands for a value type`, "a primitive type or a type index");
}

function readOptional<T>(reader: BinaryReader, what: string, read: () => T): T | null {
  const offset = reader.offset;
  const byte = reader.u8(what);
  if (byte === 0) return null;
  if (byte === 1) return read();
  throw malformed(offset, `${hex(byte)} says whether there is ${what}`, "0x00 or 0x01");
}

function readLabelledTypes(reader: BinaryReader, what: string, countMax: number): readonly LabelledType[] {
  const offset = reader.offset;
  const items = reader.vec(
    `${what}s`,
    () => ({ name: readLabel(reader, `a ${what}'s name`), type: readValueTypeUse(reader) }),
    countMax,
  );
  expectUniqueLabels(items.map((item) => item.name), `${what}s`, offset);
  return items;
}

function readLabels(reader: BinaryReader, what: string): readonly string[] {
  const offset = reader.offset;
  const names = reader.vec(`${what}s`, () => readLabel(reader, `a ${what}`), MEMBERS_MAX);
  expectSome(names, what, offset);
  expectUniqueLabels(names, `${what}s`, offset);
  return names;
}

function expectSome(items: readonly unknown[], what: string, offset: number): void {
  if (items.length === 0) throw malformed(offset, `a type has no ${what}s`, "at least one");
}

/** One entry of a type section or type declaration. */
export function readType(reader: BinaryReader, nesting: number): TypeDefinition {
  const offset = reader.offset;
  const byte = reader.u8("a type");
  const primitive = PRIMITIVES[byte];
  if (primitive !== undefined) return { kind: "primitive", primitive };
  switch (byte) {
    case 0x72:
    case 0x71:
    case 0x6f:
    case 0x6e:
    case 0x6d:
      return readCompound(reader, byte);
    case 0x70:
      return { kind: "list", element: readValueTypeUse(reader) };
    case 0x6b:
      return { kind: "option", some: readValueTypeUse(reader) };
    case 0x6a: {
      const ok = readOptional(reader, "an ok type", () => readValueTypeUse(reader));
      return { kind: "result", ok, err: readOptional(reader, "an error type", () => readValueTypeUse(reader)) };
    }
    case 0x69:
      return { kind: "own", resource: reader.u32("a type index") };
    case 0x68:
      return { kind: "borrow", resource: reader.u32("a type index") };
    case 0x40:
      return readFunc(reader);
    case 0x3f:
      return readResource(reader);
    case 0x42:
    case 0x41: {
      if (nesting >= TYPE_NESTING_MAX) throw pastLimit(offset, "levels of nested types", TYPE_NESTING_MAX);
      const isComponent = byte === 0x41;
      const declarations = reader.vec("declarations", () => readDeclaration(reader, isComponent, nesting + 1));
      return { kind: isComponent ? "component type" : "instance type", declarations };
    }
    default: {
      const feature = UNSUPPORTED_TYPES[byte];
      if (feature !== undefined) throw unsupported(offset, feature);
      throw malformed(offset, `${hex(byte)} stands for a type`, "a type constructor");
    }
  }
}

function readCompound(reader: BinaryReader, byte: number): TypeDefinition {
  const offset = reader.offset;
  switch (byte) {
    case 0x72: {
      const fields = readLabelledTypes(reader, "field", MEMBERS_MAX);
      expectSome(fields, "field", offset);
      return { kind: "record", fields };
    }
    case 0x71: {
      const cases = reader.vec("cases", () => readCase(reader), MEMBERS_MAX);
      expectSome(cases, "case", offset);
      expectUniqueLabels(cases.map((item) => item.name), "cases", offset);
      return { kind: "variant", cases };
    }
    case 0x6f: {
      const elements = reader.vec("elements", () => readValueTypeUse(reader), MEMBERS_MAX);
      expectSome(elements, "element", offset);
      return { kind: "tuple", elements };
    }
    case 0x6e: {
      const names = readLabels(reader, "flag");
      if (names.length > FLAGS_MAX) throw unsupported(offset, `flags types of more than ${FLAGS_MAX} labels`);
      return { kind: "flags", names };
    }
    default:
      return { kind: "enum", names: readLabels(reader, "case") };
  }
}

function readCase(reader: BinaryReader): { readonly name: string; readonly type: ValueTypeUse | null } {
  const name = readLabel(reader, "a case's name");
  const type = readOptional(reader, "a payload type", () => readValueTypeUse(reader));
  const offset = reader.offset;
  const end = reader.u8("a case's end");
  if (end !== 0) throw malformed(offset, `a case ends with ${hex(end)}`, "0x00");
  return { name, type };
}

function readFunc(reader: BinaryReader): TypeDefinition {
  const params = readLabelledTypes(reader, "parameter", PARAMS_MAX);
  const offset = reader.offset;
  const form = reader.u8("a function's result");
  if (form === 0) return { kind: "func", params, result: readValueTypeUse(reader) };
  if (form !== 1) throw malformed(offset, `${hex(form)} stands for a function's result`, "0x00 or 0x01");
  if (reader.u32("the number of named results") > 0) throw unsupported(offset, "named results");
  return { kind: "func", params, result: null };
}

function readResource(reader: BinaryReader): TypeDefinition {
  const offset = reader.offset;
  const representation = reader.u8("a resource's representation");
  if (representation === 0x7e) throw unsupported(offset, "resources represented by i64 (64-bit memories)");
  if (representation !== 0x7f) {
    throw malformed(offset, `a resource is represented by ${hex(representation)}`, "0x7f (i32)");
  }
  return {
    kind: "resource",
    destructor: readOptional(reader, "a destructor", () => reader.u32("a core function index")),
  };
}

function readDeclaration(reader: BinaryReader, isComponent: boolean, nesting: number): Declaration {
  const offset = reader.offset;
  const kind = reader.u8("a declaration");
  switch (kind) {
    case 0x00:
      return { kind: "core type", offset, type: readCoreType(reader) };
    case 0x01:
      return { kind: "type", offset, type: readType(reader, nesting) };
    case 0x02:
      return readDeclaredAlias(reader);
    case 0x03:
      if (!isComponent) throw malformed(offset, "an instance type declares an import", "only exports");
      return { kind: "import", offset, name: readExternName(reader), description: readDescription(reader) };
    case 0x04:
      return { kind: "export declaration", offset, name: readExternName(reader), description: readDescription(reader) };
    default:
      throw malformed(offset, `${hex(kind)} stands for a declaration`, "0x00 to 0x04");
  }
}

function readDeclaredAlias(reader: BinaryReader): CommonDeclaration {
  const offset = reader.offset;
  const alias = readAlias(reader);
  const isAllowed = alias.kind === "alias outer"
    ? alias.sort === "type" || alias.sort === "core type"
    : alias.kind === "alias export" && (alias.sort === "type" || alias.sort === "instance");
  if (!isAllowed) {
    throw malformed(offset, "a type declares an alias of another sort", "an alias of a type or an instance");
  }
  return alias as CommonDeclaration;
}

/** One entry of an alias section. */
export function readAlias(
  reader: BinaryReader,
): Extract<import("./ast.ts").Definition, { kind: "alias export" | "alias core export" | "alias outer" }> {
  const offset = reader.offset;
  const sort = readAnySort(reader);
  const target = reader.u8("an alias target");
  const wrongSort = (expected: string): Error => malformed(offset, `an alias has the sort ${sort}`, expected);
  if (target === 0x00) {
    const instance = reader.u32("an instance index");
    const name = reader.name("an export's name");
    switch (sort) {
      case "core module":
      case "func":
      case "type":
      case "component":
      case "instance":
        return { kind: "alias export", offset, sort, instance, name };
      default:
        throw wrongSort("a sort that instances export");
    }
  }
  if (target === 0x01) {
    const instance = reader.u32("a core instance index");
    const name = reader.name("a core export's name");
    const coreSort = coreItemSort(sort);
    if (coreSort === null) throw wrongSort("a sort that core instances export");
    return { kind: "alias core export", offset, sort: coreSort, instance, name };
  }
  if (target !== 0x02) throw malformed(offset, `${hex(target)} stands for an alias target`, "0x00 to 0x02");
  const count = reader.u32("an outer count");
  const index = reader.u32("an outer index");
  switch (sort) {
    case "core module":
    case "core type":
    case "type":
    case "component":
      return { kind: "alias outer", offset, sort, count, index };
    default:
      throw wrongSort("type, component, core type or core module");
  }
}

/** The sort without its prefix, when core instances export it. */
export function coreItemSort(sort: string): "func" | "table" | "memory" | "global" | "tag" | null {
  switch (sort) {
    case "core func":
      return "func";
    case "core table":
      return "table";
    case "core memory":
      return "memory";
    case "core global":
      return "global";
    case "core tag":
      return "tag";
    default:
      return null;
  }
}

/** What an import or export is declared to be. */
export function readDescription(reader: BinaryReader): ExternDescription {
  const offset = reader.offset;
  const kind = reader.u8("an extern description");
  switch (kind) {
    case 0x00: {
      const sort = reader.u8("an extern description");
      if (sort !== 0x11) throw malformed(offset, `an extern has the core sort ${hex(sort)}`, "0x11 (module)");
      return { kind: "core module", offset, type: reader.u32("a core type index") };
    }
    case 0x01:
      return { kind: "func", offset, type: reader.u32("a type index") };
    case 0x02:
      throw unsupported(offset, "component values");
    case 0x03: {
      const bound = reader.u8("a type bound");
      if (bound === 0x00) return { kind: "type eq", offset, type: reader.u32("a type index") };
      if (bound === 0x01) return { kind: "type sub resource", offset };
      throw malformed(offset, `${hex(bound)} stands for a type bound`, "0x00 (eq) or 0x01 (sub resource)");
    }
    case 0x04:
      return { kind: "component", offset, type: reader.u32("a type index") };
    case 0x05:
      return { kind: "instance", offset, type: reader.u32("a type index") };
    default:
      throw malformed(offset, `${hex(kind)} stands for an extern description`, "0x00 to 0x05");
  }
}
