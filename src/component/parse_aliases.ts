/** Reads aliases and the descriptions of imports and exports. */
import type { CommonDeclaration, Definition, ExternDescription } from "./ast.ts";
import type { BinaryReader } from "./binary_reader.ts";
import { hex, malformed, unsupported } from "./parse_faults.ts";
import { coreItemSort, isSort, readAnySort } from "./parse_names.ts";

type Alias =
  | Extract<CommonDeclaration, { kind: "alias export" | "alias outer" }>
  | Extract<Definition, { kind: "alias core export" }>;

/** One entry of an alias section. */
export function readAlias(reader: BinaryReader): Alias {
  const offset = reader.offset;
  const sort = readAnySort(reader);
  const target = reader.u8("an alias target");
  const wrongSort = (expected: string): Error => malformed(offset, `an alias has the sort ${sort}`, expected);
  if (target === 0x00) {
    const instance = reader.u32("an instance index");
    const name = reader.name("an export's name");
    if (!isSort(sort)) throw wrongSort("a sort that instances export");
    return { kind: "alias export", offset, sort, instance, name };
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
  if (sort === "core module" || sort === "core type" || sort === "type" || sort === "component") {
    return { kind: "alias outer", offset, sort, count, index };
  }
  throw wrongSort("type, component, core type or core module");
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
