/** Writes the rewritten module, section by section: what was there, what is added, function indices as they are now. */
import { type Additions, ExternKind } from "./additions.ts";
import { ByteWriter } from "./byte_writer.ts";
import { type CodeSource, writeCode } from "./code_writer.ts";
import { type OnFunction, readExternIndex, visitConstants } from "./module_items.ts";
import { type ModuleShape, Section, SECTION_ORDER, type SectionRange, sectionReader } from "./module_shape.ts";
import { renamedFunctions } from "./name_section.ts";
import { Op } from "./opcodes.ts";
import type { Steps } from "./steps.ts";

/** The type byte of an i32. */
const I32 = 0x7f;

/** The limits of a map: exactly one page. */
const ONE_PAGE = [1, 1, 1];

/** What is written from. `code` is null for a module without code. */
export interface ModuleSource {
  readonly shape: ModuleShape;
  readonly additions: Additions;
  readonly code: CodeSource;
}

/** The bytes of the rewritten module. Custom sections but the names are left out: offsets in them would be wrong. */
export function* writeModule(source: ModuleSource): Steps<Uint8Array<ArrayBuffer>> {
  const { shape } = source;
  const length = shape.end - shape.start;
  const out = new ByteWriter(length + (length >> 2) + 1024);
  out.copy(shape.bytes, shape.start, shape.start + 8);
  for (const id of SECTION_ORDER) {
    if (id === Section.CODE) yield* writeCodeSection(out, source);
    else writeSection(out, source, id);
  }
  const names = renamedFunctions(shape, source.code.map);
  if (names !== null) writeCustom(out, "name", names);
  return out.written();
}

function writeSection(out: ByteWriter, source: ModuleSource, id: number): void {
  const { shape, additions } = source;
  const range = shape.sections.get(id);
  const added = addedTo(additions, id);
  if (id === Section.START || (range === undefined && added === 0)) return;
  out.u8(id);
  const start = out.beginSized();
  if (id === Section.DATA || id === Section.DATA_COUNT) {
    if (range !== undefined) out.copy(shape.bytes, range.start, range.end);
  } else {
    let items = range;
    let count = 0;
    if (range !== undefined) {
      const reader = sectionReader(shape, range);
      count = reader.u32("the number of items");
      items = { start: reader.offset, end: range.end };
    }
    out.u32(count + added);
    if (items !== undefined) writeItems(out, source, { id, items });
    writeAdded(out, additions, id);
  }
  out.endSized(start);
}

/** The branch hints come before the code that they are about. */
function* writeCodeSection(out: ByteWriter, source: ModuleSource): Steps<void> {
  const range = source.shape.sections.get(Section.CODE);
  if (range === undefined && addedTo(source.additions, Section.CODE) === 0) return;
  const length = range === undefined ? 0 : range.end - range.start;
  const code = new ByteWriter(length + (length >> 2) + 1024);
  const hints = new ByteWriter();
  yield* writeCode(code, source.code, { added: source.additions.functions, hints });
  writeCustom(out, "metadata.code.branch_hint", hints);
  out.u8(Section.CODE).u32(code.length).append(code);
}

function writeCustom(out: ByteWriter, name: string, contents: ByteWriter): void {
  out.u8(Section.CUSTOM);
  const start = out.beginSized();
  out.name(name).append(contents);
  out.endSized(start);
}

function addedTo(additions: Additions, id: number): number {
  switch (id) {
    case Section.TYPE:
      return additions.types.length;
    case Section.IMPORT:
      return additions.imports.length + additions.importedMaps.length;
    case Section.FUNCTION:
    case Section.CODE:
      return additions.functions.length;
    case Section.MEMORY:
      return additions.ownMaps;
    case Section.GLOBAL:
      return additions.globals.length;
    case Section.EXPORT:
      return additions.exports.length;
    default:
      return 0;
  }
}

function writeItems(out: ByteWriter, source: ModuleSource, section: { id: number; items: SectionRange }): void {
  const { shape, code } = source;
  const { id, items } = section;
  switch (id) {
    case Section.FUNCTION: {
      const reader = sectionReader(shape, items);
      for (let left = code.map.movedCount; left > 0; left -= 1) reader.u32("a type index");
      out.copy(shape.bytes, reader.offset, items.end).copy(shape.bytes, items.start, reader.offset);
      return;
    }
    case Section.EXPORT: {
      const reader = sectionReader(shape, items);
      return writeMapped(out, source, items, (onFunction) => {
        while (!reader.isAtEnd) {
          reader.name("an export's name");
          const { kind, index, at } = readExternIndex(reader, shape);
          if (kind === ExternKind.FUNCTION) onFunction(index, at, reader.offset);
        }
      });
    }
    case Section.TABLE:
    case Section.GLOBAL:
    case Section.ELEMENT:
      return writeMapped(out, source, items, (onFunction) => visitConstants(shape, id, onFunction));
    default:
      out.copy(shape.bytes, items.start, items.end);
  }
}

/** Copies a range but for the function indices that `visit` finds in it and that have moved. */
function writeMapped(
  out: ByteWriter,
  source: ModuleSource,
  range: SectionRange,
  visit: (onFunction: OnFunction) => void,
): void {
  const { bytes } = source.shape;
  let copied = range.start;
  visit((index, start, end) => {
    const to = source.code.map.at(index);
    if (to === index) return;
    out.copy(bytes, copied, start).u32(to);
    copied = end;
  });
  out.copy(bytes, copied, range.end);
}

function writeAdded(out: ByteWriter, additions: Additions, id: number): void {
  switch (id) {
    case Section.TYPE:
      for (const type of additions.types) out.copy(type, 0, type.length);
      return;
    case Section.IMPORT:
      for (const { name, type } of additions.imports) {
        out.name(additions.importModule).name(name).u8(ExternKind.FUNCTION).u32(type);
      }
      for (const name of additions.importedMaps) {
        out.name(additions.importModule).name(name).u8(ExternKind.MEMORY).bytes(...ONE_PAGE);
      }
      return;
    case Section.MEMORY:
      for (let left = additions.ownMaps; left > 0; left -= 1) out.bytes(...ONE_PAGE);
      return;
    case Section.FUNCTION:
      for (const { typeIndex } of additions.functions) out.u32(typeIndex);
      return;
    case Section.GLOBAL:
      for (const value of additions.globals) out.bytes(I32, 1, Op.I32_CONST).s32(value).u8(Op.END);
      return;
    case Section.EXPORT:
      for (const { name, kind, index } of additions.exports) out.name(name).u8(kind).u32(index);
      return;
    default:
      return;
  }
}
