/** Reads the types of values, functions and resources. */
import type { LabelledType, TypeDefinition, ValueTypeUse } from "./ast.ts";
import type { BinaryReader } from "./binary_reader.ts";
import { hex, malformed, unsupported } from "./parse_faults.ts";
import { expectUniqueLabels, readLabel } from "./parse_names.ts";
import type { PrimitiveKind } from "./types.ts";

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

/** A type other than of components and instances. */
export function readPlainType(reader: BinaryReader): TypeDefinition {
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
