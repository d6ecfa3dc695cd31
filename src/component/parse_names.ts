/** Reads labels and extern names, and refuses what the grammar of `names.ts` does not know. */
import type { CoreItemSort, ExternName, Sort } from "./ast.ts";
import type { BinaryReader } from "./binary_reader.ts";
import { canonicalVersion, isLabel, labelKey, nameKey, parseName } from "./names.ts";
import { hex, malformed, quoted, unsupported } from "./parse_faults.ts";

/** A label of a field, case, flag or parameter. */
export function readLabel(reader: BinaryReader, what: string): string {
  const offset = reader.offset;
  const label = reader.name(what);
  if (!isLabel(label)) throw malformed(offset, `${what} is ${quoted(label)}`, "kebab-case words");
  return label;
}

/** Refuses labels of one type that differ at most in case and hyphens. */
export function expectUniqueLabels(labels: readonly string[], what: string, offset: number): void {
  const seen = new Set<string>();
  for (const label of labels) {
    const key = labelKey(label);
    if (seen.has(key)) {
      throw malformed(offset, `two ${what} are called ${quoted(label)}`, "names that differ in more than case");
    }
    seen.add(key);
  }
}

/** The name of an import or export: 0x00 (or the older 0x01) and a string, or 0x02, a string and options. */
export function readExternName(reader: BinaryReader): ExternName {
  const offset = reader.offset;
  const form = reader.u8("a name's form");
  if (form > 0x02) throw malformed(offset, `${hex(form)} stands for a name's form`, "0x00, 0x01 or 0x02");
  const name = reader.name("a name");
  const suffix = form === 0x02 ? readNameOptions(reader) : null;
  const fullName = name + (suffix ?? "");
  const parsed = parseName(fullName);
  if (parsed.kind === "unused") throw unsupported(offset, parsed.feature);
  if (parsed.kind === "invalid") {
    throw malformed(
      offset,
      `an import or export is called ${quoted(fullName)}`,
      "a label, a resource's member, or ns:package/interface@version",
    );
  }
  if (suffix === null) return { name, fullName, parsed, key: nameKey(parsed), offset };
  const [, version] = name.split("@");
  if (parsed.kind !== "interface" || parsed.version === null || version !== canonicalVersion(parsed.version)) {
    throw malformed(
      offset,
      `the version suffix ${quoted(suffix)} follows ${quoted(name)}`,
      "an interface name with the canonical part of its version",
    );
  }
  return { name, fullName, parsed, key: nameKey({ ...parsed, version }), offset };
}

/** The options of the form 0x02; returns the version suffix, null without one. */
function readNameOptions(reader: BinaryReader): string | null {
  const seen = new Set<number>();
  let suffix: string | null = null;
  for (let left = reader.count("name options"); left > 0; left -= 1) {
    const offset = reader.offset;
    const option = reader.u8("a name option");
    const value = reader.name("a name option's value");
    if (seen.has(option)) throw malformed(offset, `the name option ${hex(option)} is given twice`, "once");
    seen.add(option);
    if (option === 0x00) throw unsupported(offset, "names with `implements`");
    if (option > 0x02) throw malformed(offset, `${hex(option)} stands for a name option`, "0x00 to 0x02");
    // 0x02 is an external id: a comment for other tools.
    if (option === 0x01) suffix = value;
  }
  return suffix;
}

/** A sort that may cross a component's boundary: one byte, two for core modules. */
export function readSort(reader: BinaryReader): Sort {
  const offset = reader.offset;
  const sort = readAnySort(reader);
  if (isSort(sort)) return sort;
  throw malformed(
    offset,
    `the sort ${sort} is used at a component's boundary`,
    "func, type, component, instance or core module",
  );
}

/** Whether `sort` may cross a component's boundary. */
export function isSort(sort: CoreSort | Sort): sort is Sort {
  return sort === "func" || sort === "type" || sort === "component" || sort === "instance" || sort === "core module";
}

/** The sort of a core item: what core instances export. */
export function coreItemSort(sort: CoreSort | Sort): CoreItemSort | null {
  return CORE_ITEM_SORTS[sort] ?? null;
}

const CORE_ITEM_SORTS: Readonly<Record<string, CoreItemSort>> = {
  "core func": "func",
  "core table": "table",
  "core memory": "memory",
  "core global": "global",
  "core tag": "tag",
};

const CORE_SORTS: Readonly<Record<number, CoreSort>> = {
  0x00: "core func",
  0x01: "core table",
  0x02: "core memory",
  0x03: "core global",
  0x04: "core tag",
  0x10: "core type",
  0x11: "core module",
  0x12: "core instance",
};

type CoreSort =
  | "core func"
  | "core table"
  | "core memory"
  | "core global"
  | "core tag"
  | "core type"
  | "core module"
  | "core instance";

/** Any sort. */
export function readAnySort(reader: BinaryReader): CoreSort | Sort {
  const offset = reader.offset;
  const byte = reader.u8("a sort");
  switch (byte) {
    case 0x00:
      return readCoreSort(reader);
    case 0x01:
      return "func";
    case 0x02:
      throw unsupported(offset, "component values");
    case 0x03:
      return "type";
    case 0x04:
      return "component";
    case 0x05:
      return "instance";
    default:
      throw malformed(offset, `${hex(byte)} stands for a sort`, "0x00 to 0x05");
  }
}

/** A core sort. */
export function readCoreSort(reader: BinaryReader): CoreSort {
  const offset = reader.offset;
  const byte = reader.u8("a core sort");
  const sort = CORE_SORTS[byte];
  if (sort === undefined) {
    throw malformed(offset, `${hex(byte)} stands for a core sort`, "0x00 to 0x04 or 0x10 to 0x12");
  }
  return sort;
}
