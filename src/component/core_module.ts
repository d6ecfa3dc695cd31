/**
 * Reads of a core module what the component around it relies on: the types of its imports and exports. The rest,
 * code above all, is validated when the runtime compiles the module.
 */
import { BinaryReader, type ItemBudget } from "./binary_reader.ts";
import {
  readCoreTypeEntry,
  readExternUse,
  readGlobalType,
  readMemoryType,
  readTableType,
  readTagType,
  type TypeNamer,
} from "./core_module_reader.ts";
import {
  type CoreExternType,
  type CoreExternUse,
  type CoreFuncType,
  type CoreImport,
  type CoreModuleType,
  importKey,
  type SignatureTable,
} from "./core_module_types.ts";
import { hex, malformed, quoted, unsupported } from "./parse_faults.ts";

/** Index spaces of one module; functions and tags by type index. */
class ModuleSpaces {
  readonly types: CoreFuncType[] = [];
  readonly funcs: number[] = [];
  readonly tables: CoreExternType[] = [];
  readonly memories: CoreExternType[] = [];
  readonly globals: CoreExternType[] = [];
  readonly tags: number[] = [];
  readonly imports: CoreImport[] = [];
  readonly exports: Map<string, CoreExternType> = new Map();
  readonly signatures: SignatureTable;

  constructor(signatures: SignatureTable) {
    this.signatures = signatures;
  }

  type(index: number, offset: number): CoreFuncType {
    return at(this.types, index, "type", offset);
  }

  readonly namer: TypeNamer = (index, offset) => String(this.signatures.number(this.type(index, offset)));

  /** Enters what was imported into its index space. */
  declare(use: CoreExternUse, offset: number): CoreExternType {
    switch (use.kind) {
      case "func":
        this.funcs.push(use.type);
        return { kind: "func", type: this.type(use.type, offset) };
      case "tag":
        this.tags.push(use.type);
        return { kind: "tag", type: this.type(use.type, offset) };
      case "table":
        this.tables.push(use);
        return use;
      case "memory":
        this.memories.push(use);
        return use;
      case "global":
        this.globals.push(use);
        return use;
    }
  }

  /** The extern `index` of the kind that a byte of the export section says. */
  extern(kind: number, index: number, offset: number): CoreExternType {
    switch (kind) {
      case 0:
        return { kind: "func", type: this.type(at(this.funcs, index, "function", offset), offset) };
      case 1:
        return at(this.tables, index, "table", offset);
      case 2:
        return at(this.memories, index, "memory", offset);
      case 3:
        return at(this.globals, index, "global", offset);
      case 4:
        return { kind: "tag", type: this.type(at(this.tags, index, "tag", offset), offset) };
      default:
        throw malformed(offset, `${hex(kind)} stands for a core export kind`, "0x00 (func) to 0x04 (tag)");
    }
  }
}

function at<T>(items: readonly T[], index: number, what: string, offset: number): T {
  const item = items[index];
  if (item === undefined) {
    throw malformed(offset, `a core module refers to its ${what} ${index}`, `one of its ${items.length}`);
  }
  return item;
}

/** Reads the types of the core module at `start` .. `end`. */
export function scanCoreModule(
  bytes: Uint8Array,
  range: {
    readonly start: number;
    readonly end: number;
    readonly budget: ItemBudget;
    readonly signatures: SignatureTable;
  },
): CoreModuleType {
  const reader = new BinaryReader(bytes, range.start, range.end, range.budget);
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) {
    const offset = reader.offset;
    if (reader.u8("a core module's preamble") !== byte) {
      throw malformed(offset, "a core module has another preamble", "00 61 73 6d 01 00 00 00");
    }
  }
  const spaces = new ModuleSpaces(range.signatures);
  while (!reader.isAtEnd) {
    const id = reader.u8("a core section's id");
    const section = reader.sub(reader.u32("a core section's size"), "a core section");
    readSection(id, section, spaces);
  }
  return { imports: spaces.imports, exports: spaces.exports };
}

function readSection(id: number, section: BinaryReader, spaces: ModuleSpaces): void {
  const { namer } = spaces;
  const each = (what: string, read: () => void, weight?: number): void => {
    for (let left = section.count(what, undefined, weight); left > 0; left -= 1) read();
    section.expectEnd("a core section");
  };
  switch (id) {
    case 1:
      return each("core types", () => spaces.types.push(readCoreTypeEntry(section, namer)));
    case 2:
      return each("core imports", () => readImport(section, spaces));
    case 3:
      return each("core functions", () => {
        const offset = section.offset;
        const type = section.u32("a core type index");
        spaces.type(type, offset);
        spaces.funcs.push(type);
      }, 1);
    case 4:
      return each("core tables", () => spaces.tables.push(readTable(section, namer)));
    case 5:
      return each("core memories", () => spaces.memories.push(readMemoryType(section)));
    case 6:
      return each("core globals", () => {
        spaces.globals.push(readGlobalType(section, namer));
        skipConstantExpression(section);
      });
    case 7:
      return each("core exports", () => readExport(section, spaces));
    case 13:
      return each("core tags", () => spaces.tags.push(readTagType(section)));
    default:
      // Custom, start, element, code, data and data count sections are the runtime's to check; it refuses unknown ones.
      return;
  }
}

function readImport(section: BinaryReader, spaces: ModuleSpaces): void {
  const offset = section.offset;
  const module = section.name("a core import's module");
  const name = section.name("a core import's name");
  const kind = section.peek();
  if (name === "" && (kind === 0x7e || kind === 0x7f)) throw unsupported(offset, "compact core import sections");
  const use = readExternUse(section, spaces.namer);
  spaces.imports.push({ module, name, type: spaces.declare(use, offset) });
}

function readExport(section: BinaryReader, spaces: ModuleSpaces): void {
  const offset = section.offset;
  const name = section.name("a core export's name");
  const kind = section.u8("a core export's kind");
  const index = section.u32("a core export's index");
  if (spaces.exports.has(name)) {
    throw malformed(offset, `a core module exports ${quoted(name)} twice`, "different names");
  }
  spaces.exports.set(name, spaces.extern(kind, index, offset));
}

function readTable(section: BinaryReader, namer: TypeNamer): CoreExternType {
  if (section.peek() !== 0x40) return readTableType(section, namer);
  section.skip(1, "a table");
  section.u8("a table's reserved byte");
  const type = readTableType(section, namer);
  skipConstantExpression(section);
  return type;
}

/** Passes over the initial value of a global or table. */
function skipConstantExpression(section: BinaryReader): void {
  for (;;) {
    const offset = section.offset;
    const opcode = section.u8("a constant expression");
    switch (opcode) {
      case 0x0b:
        return;
      case 0x41: // i32.const
      case 0x23: // global.get
      case 0xd0: // ref.null
      case 0xd2: // ref.func
        section.skipInteger(32, "an immediate");
        break;
      case 0x42: // i64.const
        section.skipInteger(64, "an immediate");
        break;
      case 0x43: // f32.const
        section.skip(4, "an immediate");
        break;
      case 0x44: // f64.const
        section.skip(8, "an immediate");
        break;
      case 0x6a: // i32.add, sub, mul; i64.add, sub, mul
      case 0x6b:
      case 0x6c:
      case 0x7c:
      case 0x7d:
      case 0x7e:
        break;
      case 0xfd:
        if (section.u32("an opcode") !== 12) {
          throw malformed(offset, "a vector instruction is in a constant expression", "v128.const");
        }
        section.skip(16, "an immediate");
        break;
      case 0xfb:
        throw unsupported(offset, "core types of the garbage collection proposal");
      default:
        throw malformed(offset, `the instruction ${hex(opcode)} is in a constant expression`, "a constant instruction");
    }
  }
}

/** Refuses what a component may not instantiate: two imports of the same names, which one argument cannot tell apart. */
export function checkModuleImports(type: CoreModuleType, offset: number): void {
  const seen = new Set<string>();
  for (const { module, name } of type.imports) {
    const key = importKey(module, name);
    if (seen.has(key)) {
      throw malformed(offset, `a core module imports ${quoted(module)} ${quoted(name)} twice`, "different names");
    }
    seen.add(key);
  }
}
