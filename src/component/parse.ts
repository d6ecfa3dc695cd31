/**
 * Component binary to `ComponentAst`: the format only, no meaning (that is `link.ts`).
 * Source: the component model's Binary.md, version 0x0d, layer 1. Files come from strangers: every length is checked
 * before it is used, nesting and counts are bounded, and each refusal is one ComponentError with the offset.
 */
import type { ComponentAst, Definition, ExternDescription } from "./ast.ts";
import { BinaryReader, ITEM_WEIGHT, ItemBudget } from "./binary_reader.ts";
import { ComponentError } from "./errors.ts";
import { readCanon } from "./parse_canon.ts";
import { readCoreType } from "./parse_core_types.ts";
import { hex, malformed, pastLimit, unsupported } from "./parse_faults.ts";
import { coreItemSort, readCoreSort, readExternName, readSort } from "./parse_names.ts";
import { readAlias, readDescription } from "./parse_aliases.ts";
import { readType } from "./parse_declarations.ts";

/** How deep components may nest in the binary: recursion must not overflow the stack. Composed ones have 2 to 4 levels. */
export const COMPONENT_NESTING_MAX = 32;

/**
 * Parses the component that fills `bytes`.
 *
 * @throws {ComponentError} reason "malformed", "unsupported" or "limit"
 */
export function parseComponent(bytes: Uint8Array): ComponentAst {
  const reader = new BinaryReader(bytes, 0, bytes.length, new ItemBudget());
  refuseOtherFiles(bytes);
  return readComponent(reader, 0);
}

/** People pass core modules and text files; they get told what to do. */
function refuseOtherFiles(bytes: Uint8Array): void {
  if (bytes.length >= 8 && hasMagic(bytes) && bytes[4] === 1 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0) {
    throw new ComponentError(
      "malformed",
      "Cannot use the component: this is a core module, expected a component; make one of it with `jco new` or `wasm-tools component new`",
      { offset: 4 },
    );
  }
  if (/^\s*(?:\(|;;)/.test(new TextDecoder().decode(bytes.subarray(0, 256)))) {
    throw new ComponentError(
      "malformed",
      "Cannot use the component: this is a WebAssembly text file, expected a binary; make one of it with `jco parse` or `wasm-tools parse`",
      { offset: 0 },
    );
  }
}

function hasMagic(bytes: Uint8Array): boolean {
  return bytes[0] === 0x00 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

function readPreamble(reader: BinaryReader): void {
  for (const byte of [0x00, 0x61, 0x73, 0x6d]) {
    const offset = reader.offset;
    if (reader.u8("the preamble") !== byte) throw malformed(offset, "the file is not WebAssembly", "00 61 73 6d");
  }
  const offset = reader.offset;
  const version = reader.u8("the version") | (reader.u8("the version") << 8);
  const layer = reader.u8("the layer") | (reader.u8("the layer") << 8);
  if (layer === 1 && version !== 0x0d) {
    throw unsupported(offset, `version ${hex(version)} of the component binary format`);
  }
  if (layer !== 1) {
    throw malformed(
      offset,
      `the version is ${hex(version)} and the layer ${layer}`,
      "version 0x0d, layer 1 (a component)",
    );
  }
}

function readComponent(reader: BinaryReader, nesting: number): ComponentAst {
  const start = reader.offset;
  if (nesting > COMPONENT_NESTING_MAX) throw pastLimit(start, "levels of nested components", COMPONENT_NESTING_MAX);
  readPreamble(reader);
  const definitions: Definition[] = [];
  while (!reader.isAtEnd) {
    const offset = reader.offset;
    const id = reader.u8("a section's id");
    const section = reader.sub(reader.u32("a section's size"), "a section");
    readSection({ id, offset, section, nesting, definitions });
    section.expectEnd("a section");
  }
  return { start, end: reader.end, definitions };
}

interface SectionContext {
  readonly id: number;
  readonly offset: number;
  readonly section: BinaryReader;
  readonly nesting: number;
  readonly definitions: Definition[];
}

function readSection({ id, offset, section, nesting, definitions }: SectionContext): void {
  const each = (what: string, read: () => Definition): void => {
    for (let left = section.count(what); left > 0; left -= 1) definitions.push(read());
  };
  switch (id) {
    case 0:
      section.name("a custom section's name");
      section.skip(section.end - section.offset, "a custom section");
      return;
    case 1:
      section.budget.spend(ITEM_WEIGHT, offset);
      definitions.push({ kind: "core module", offset: section.offset, start: section.offset, end: section.end });
      section.skip(section.end - section.offset, "a core module");
      return;
    case 2:
      return each("core instances", () => readCoreInstance(section));
    case 3:
      return each("core types", () => ({ kind: "core type", offset: section.offset, type: readCoreType(section) }));
    case 4:
      section.budget.spend(ITEM_WEIGHT, offset);
      definitions.push({ kind: "component", offset: section.offset, component: readComponent(section, nesting + 1) });
      return;
    case 5:
      return each("instances", () => readInstance(section));
    case 6:
      return each("aliases", () => readAlias(section));
    case 7:
      return each("types", () => ({ kind: "type", offset: section.offset, type: readType(section, 0) }));
    case 8:
      return each("canonical definitions", () => readCanon(section));
    case 9:
      throw unsupported(offset, "a component start section");
    case 10:
      return each("imports", () => ({
        kind: "import",
        offset: section.offset,
        name: readExternName(section),
        description: readDescription(section),
      }));
    case 11:
      return each("exports", () => readExport(section));
    case 12:
      throw unsupported(offset, "component values");
    default:
      throw malformed(offset, `a section has the id ${id}`, "0 to 12");
  }
}

function readCoreInstance(reader: BinaryReader): Definition {
  const offset = reader.offset;
  const form = reader.u8("a core instance");
  if (form === 0x00) {
    const module = reader.u32("a core module index");
    const args = reader.vec("arguments", () => {
      const at = reader.offset;
      const name = reader.name("an argument's name");
      const sort = reader.u8("an argument's sort");
      if (sort !== 0x12) throw malformed(at, `a core argument has the sort ${hex(sort)}`, "0x12 (instance)");
      return { name, instance: reader.u32("a core instance index"), offset: at };
    });
    return { kind: "core instantiate", offset, module, args };
  }
  if (form !== 0x01) throw malformed(offset, `${hex(form)} stands for a core instance`, "0x00 or 0x01");
  const exports = reader.vec("core exports", () => {
    const at = reader.offset;
    const name = reader.name("a core export's name");
    const sort = readCoreSort(reader);
    const item = coreItemSort(sort);
    if (item === null) throw malformed(at, `a core instance exports a ${sort}`, "a func, table, memory, global or tag");
    return { name, sort: item, index: reader.u32("a core index"), offset: at };
  });
  return { kind: "core exports", offset, exports };
}

function readInstance(reader: BinaryReader): Definition {
  const offset = reader.offset;
  const form = reader.u8("an instance");
  if (form === 0x00) {
    const component = reader.u32("a component index");
    const args = reader.vec("arguments", () => {
      const at = reader.offset;
      const name = reader.name("an argument's name");
      return { name, sort: readSort(reader), index: reader.u32("an argument's index"), offset: at };
    });
    return { kind: "instantiate", offset, component, args };
  }
  if (form !== 0x01) throw malformed(offset, `${hex(form)} stands for an instance`, "0x00 or 0x01");
  const exports = reader.vec("exports", () => {
    const name = readExternName(reader);
    return { name, sort: readSort(reader), index: reader.u32("an export's index"), offset: name.offset };
  });
  return { kind: "exports", offset, exports };
}

function readExport(reader: BinaryReader): Definition {
  const offset = reader.offset;
  const name = readExternName(reader);
  const sort = readSort(reader);
  const index = reader.u32("an export's index");
  const at = reader.offset;
  const flag = reader.u8("an export's type");
  if (flag > 1) throw malformed(at, `${hex(flag)} says whether an export has a type`, "0x00 or 0x01");
  const ascribed: ExternDescription | null = flag === 1 ? readDescription(reader) : null;
  return { kind: "export", offset, name, sort, index, ascribed };
}
