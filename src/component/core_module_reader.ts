/** Reads the types of core wasm: values, functions, limits, tables, memories, globals. */
import type { BinaryReader } from "./binary_reader.ts";
import type {
  CoreExternUse,
  CoreFuncType,
  CoreGlobal,
  CoreLimits,
  CoreMemory,
  CoreTable,
  CoreValueType,
} from "./core_module_types.ts";
import { hex, malformed, unsupported } from "./parse_faults.ts";

/** Most parameters, and most results, of a core function: the limit of the JavaScript API of wasm. */
const CORE_ARITY_MAX = 1000;

/** Pages that 32-bit and 64-bit addresses reach. */
const MEMORY_PAGES_MAX = 0x1_0000n;
const MEMORY64_PAGES_MAX = 0x1_0000_0000_0000n;

/** Names a defined function type in a reference; throws when there is none. */
export type TypeNamer = (index: number, offset: number) => string;

const NUMBERS: Readonly<Record<number, CoreValueType>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x70: "funcref",
  0x6f: "externref",
  0x69: "exnref",
};

const HEAP_TYPES: Readonly<Record<number, string>> = {
  0x70: "func",
  0x6f: "extern",
  0x69: "exn",
  0x73: "nofunc",
  0x72: "noextern",
  0x74: "noexn",
};
const GC_HEAP_TYPES: readonly number[] = [0x6e, 0x6d, 0x6c, 0x6b, 0x6a, 0x71, 0x68, 0x67, 0x75];
const NULL_SHORTHANDS: Readonly<Record<number, CoreValueType>> = {
  0x73: "(ref null nofunc)",
  0x72: "(ref null noextern)",
  0x74: "(ref null noexn)",
};

/** A value type; references to defined types are named by `namer`. */
export function readCoreValueType(reader: BinaryReader, namer: TypeNamer): CoreValueType {
  const at = reader.offset;
  const byte = reader.u8("a core value type");
  const simple = NUMBERS[byte] ?? NULL_SHORTHANDS[byte];
  if (simple !== undefined) return simple;
  if (byte === 0x63 || byte === 0x64) return readReference(reader, byte === 0x63, namer);
  if (byte === 0x65) throw unsupported(at, "shared references (threads)");
  if (GC_HEAP_TYPES.includes(byte)) throw unsupported(at, "core types of the garbage collection proposal");
  throw malformed(at, `${hex(byte)} stands for a core value type`, "a number, vector or reference type");
}

function readReference(reader: BinaryReader, isNullable: boolean, namer: TypeNamer): CoreValueType {
  const at = reader.offset;
  const heap = reader.s33("a heap type");
  const kind = heap < 0 ? HEAP_TYPES[heap + 0x80] : `#${namer(heap, at)}`;
  if (kind === undefined) {
    if (GC_HEAP_TYPES.includes(heap + 0x80)) throw unsupported(at, "core types of the garbage collection proposal");
    throw malformed(at, `${heap} stands for a heap type`, "a heap type or a type index");
  }
  // The long spelling of a shorthand is the same type.
  if (isNullable && kind === "func") return "funcref";
  if (isNullable && kind === "extern") return "externref";
  if (isNullable && kind === "exn") return "exnref";
  return `(ref ${isNullable ? "null " : ""}${kind})`;
}

/** What follows the byte 0x60. */
export function readCoreFuncType(reader: BinaryReader, namer: TypeNamer): CoreFuncType {
  const read = (): CoreValueType => readCoreValueType(reader, namer);
  return {
    params: reader.vec("core parameters", read, CORE_ARITY_MAX),
    results: reader.vec("core results", read, CORE_ARITY_MAX),
  };
}

/** A type of the type section as far as it is supported: a plain function type. */
export function readCoreTypeEntry(reader: BinaryReader, namer: TypeNamer): CoreFuncType {
  const at = reader.offset;
  const byte = reader.u8("a core type");
  if (byte === 0x60) return readCoreFuncType(reader, namer);
  if (byte === 0x50 || byte === 0x4f || byte === 0x4e || byte === 0x5f || byte === 0x5e || byte === 0x00) {
    throw unsupported(at, "core types of the garbage collection proposal");
  }
  if (byte === 0x5d) throw unsupported(at, "core types of the stack switching proposal");
  throw malformed(at, `${hex(byte)} stands for a core type`, "0x60 (a function type)");
}

function readLimits(reader: BinaryReader, what: string): CoreLimits {
  const at = reader.offset;
  const flags = reader.u8(`the limits of a ${what}`);
  if (flags > 0x0f) throw malformed(at, `the limits of a ${what} have the flags ${hex(flags)}`, "flags below 0x10");
  if (flags & 0x02) throw unsupported(at, "shared memories (threads)");
  const is64 = (flags & 0x04) !== 0;
  const bound = (name: string): bigint => is64 ? reader.u64(name) : BigInt(reader.u32(name));
  const min = bound("a minimum");
  const max = flags & 0x01 ? bound("a maximum") : null;
  if (flags & 0x08) throw unsupported(at, "custom page sizes");
  const maximal = what === "memory" ? (is64 ? MEMORY64_PAGES_MAX : MEMORY_PAGES_MAX) : null;
  if (maximal !== null && (min > maximal || (max ?? 0n) > maximal)) {
    throw malformed(at, `a memory has the limits ${min} and ${max ?? "none"}`, `at most ${maximal} pages`);
  }
  if (max !== null && max < min) throw malformed(at, `a ${what} has the maximum ${max}`, `at least its minimum ${min}`);
  return { min, max, is64 };
}

/** A table: its elements, then its limits. */
export function readTableType(reader: BinaryReader, namer: TypeNamer): CoreTable {
  const element = readCoreValueType(reader, namer);
  return { kind: "table", element, limits: readLimits(reader, "table") };
}

/** A memory: its limits. */
export function readMemoryType(reader: BinaryReader): CoreMemory {
  return { kind: "memory", limits: readLimits(reader, "memory") };
}

/** A global: its value type, then whether it is mutable. */
export function readGlobalType(reader: BinaryReader, namer: TypeNamer): CoreGlobal {
  const type = readCoreValueType(reader, namer);
  const at = reader.offset;
  const mutability = reader.u8("a global's mutability");
  if (mutability === 2 || mutability === 3) throw unsupported(at, "shared globals (threads)");
  if (mutability > 1) throw malformed(at, `a global has the mutability ${hex(mutability)}`, "0x00 or 0x01");
  return { kind: "global", type, isMutable: mutability === 1 };
}

/** What follows the tag of an import: its function type stays an index. */
export function readExternUse(reader: BinaryReader, namer: TypeNamer): CoreExternUse {
  const at = reader.offset;
  const kind = reader.u8("a core extern kind");
  switch (kind) {
    case 0:
      return { kind: "func", type: reader.u32("a core type index") };
    case 1:
      return readTableType(reader, namer);
    case 2:
      return readMemoryType(reader);
    case 3:
      return readGlobalType(reader, namer);
    case 4:
      return { kind: "tag", type: readTagType(reader) };
    case 0x20:
      throw unsupported(at, "exact function imports (custom descriptors)");
    default:
      throw malformed(at, `${hex(kind)} stands for a core extern kind`, "0x00 (func) to 0x04 (tag)");
  }
}

/** A tag's type: its attribute, then a type index. */
export function readTagType(reader: BinaryReader): number {
  const at = reader.offset;
  const attribute = reader.u8("a tag's attribute");
  if (attribute !== 0) throw malformed(at, `a tag has the attribute ${hex(attribute)}`, "0x00 (exception)");
  return reader.u32("a core type index");
}
