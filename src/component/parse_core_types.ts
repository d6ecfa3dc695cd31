/** Reads the core types that components declare: of functions and of modules. */
import type { CoreTypeDefinition, ModuleDeclaration } from "./ast.ts";
import type { BinaryReader } from "./binary_reader.ts";
import { readCoreTypeEntry, readExternUse, type TypeNamer } from "./core_module_reader.ts";
import { hex, malformed, unsupported } from "./parse_faults.ts";

/** References to defined types would need the index space of the module type while parsing; no toolchain writes them. */
const noTypedReferences: TypeNamer = (_index, offset) => {
  throw unsupported(offset, "typed function references in core types of a component");
};

/** One entry of a core type section. */
export function readCoreType(reader: BinaryReader): CoreTypeDefinition {
  if (reader.peek() !== 0x50) {
    return { kind: "core func type", type: readCoreTypeEntry(reader, noTypedReferences) };
  }
  reader.skip(1, "a core module type");
  return { kind: "core module type", declarations: reader.vec("module declarations", () => readDeclaration(reader)) };
}

function readDeclaration(reader: BinaryReader): ModuleDeclaration {
  const offset = reader.offset;
  const kind = reader.u8("a module declaration");
  switch (kind) {
    case 0x00: {
      const module = reader.name("a core import's module");
      const name = reader.name("a core import's name");
      return { kind: "import", offset, module, name, type: readExternUse(reader, noTypedReferences) };
    }
    case 0x01:
      return { kind: "type", offset, type: readCoreTypeEntry(reader, noTypedReferences) };
    case 0x02: {
      const sort = reader.u8("a core alias");
      const target = reader.u8("a core alias");
      if (sort !== 0x10 || target !== 0x01) {
        throw malformed(
          offset,
          `a core alias has the sort ${hex(sort)} and the target ${hex(target)}`,
          "0x10 0x01 (an outer type)",
        );
      }
      return {
        kind: "alias outer type",
        offset,
        count: reader.u32("an outer count"),
        index: reader.u32("an outer index"),
      };
    }
    case 0x03:
      return {
        kind: "export",
        offset,
        name: reader.name("a core export's name"),
        type: readExternUse(reader, noTypedReferences),
      };
    default:
      throw malformed(offset, `${hex(kind)} stands for a module declaration`, "0x00 to 0x03");
  }
}
