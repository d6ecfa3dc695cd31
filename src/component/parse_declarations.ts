/** Reads instance and component types with the declarations inside them. */
import type { CommonDeclaration, Declaration, TypeDefinition } from "./ast.ts";
import type { BinaryReader } from "./binary_reader.ts";
import { readAlias, readDescription } from "./parse_aliases.ts";
import { readCoreType } from "./parse_core_types.ts";
import { hex, malformed, pastLimit } from "./parse_faults.ts";
import { readExternName } from "./parse_names.ts";
import { readPlainType } from "./parse_types.ts";

/** How deep type definitions may nest in the binary: recursion in the parser must not overflow the stack. */
export const TYPE_NESTING_MAX = 64;

/** One entry of a type section or type declaration, `nesting` types deep. */
export function readType(reader: BinaryReader, nesting: number): TypeDefinition {
  const offset = reader.offset;
  const byte = reader.peek();
  if (byte !== 0x41 && byte !== 0x42) return readPlainType(reader);
  reader.skip(1, "a type");
  if (nesting >= TYPE_NESTING_MAX) throw pastLimit(offset, "levels of nested types", TYPE_NESTING_MAX);
  const isComponent = byte === 0x41;
  const declarations = reader.vec("declarations", () => readDeclaration(reader, isComponent, nesting + 1));
  return { kind: isComponent ? "component type" : "instance type", declarations };
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
