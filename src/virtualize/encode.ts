/** Sections and definitions of the component binary format (Binary.md), as bytes. */
import type {
  Declaration,
  ExternDescription,
  LabelledType,
  Sort,
  TypeDefinition,
  ValueTypeUse,
} from "../component/ast.ts";
import { ByteWriter } from "../component/instrument/byte_writer.ts";
import type { PrimitiveKind } from "../component/types.ts";

/** The ids of component sections. */
export const SECTION = {
  coreModule: 1,
  coreInstance: 2,
  component: 4,
  instance: 5,
  alias: 6,
  type: 7,
  canon: 8,
  import: 10,
  export: 11,
} as const;

/** The first bytes of a component. */
export const COMPONENT_PREAMBLE: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

const PRIMITIVES: Readonly<Record<PrimitiveKind, number>> = {
  bool: 0x7f,
  s8: 0x7e,
  u8: 0x7d,
  s16: 0x7c,
  u16: 0x7b,
  s32: 0x7a,
  u32: 0x79,
  s64: 0x78,
  u64: 0x77,
  f32: 0x76,
  f64: 0x75,
  char: 0x74,
  string: 0x73,
};

const SORTS: Readonly<Record<Sort, readonly number[]>> = {
  "core module": [0x00, 0x11],
  func: [0x01],
  type: [0x03],
  component: [0x04],
  instance: [0x05],
};

/** Where the types of a definition are in what is written. */
export interface TypeIndices {
  /** Of an index of the scope that the definition stands in. */
  readonly own: (index: number) => number;
  /** Of an index of the root, seen from inside an instance type. */
  readonly root: (index: number) => number;
}

/** A section of one definition: most readers do not mind how many there are. */
export function writeSection(to: ByteWriter, id: number, write: (to: ByteWriter) => void): void {
  const body = new ByteWriter();
  write(body.u32(1));
  writeSized(to, id, body);
}

/** A section that is no vector: a core module, a component. */
export function writeSized(to: ByteWriter, id: number, body: ByteWriter): void {
  to.u8(id).u32(body.length).append(body);
}

/** A name of an import or export. */
export function writeExternName(to: ByteWriter, name: string): void {
  to.u8(0x00).name(name);
}

/** A sort and an index. */
export function writeSortIndex(to: ByteWriter, sort: Sort, index: number): void {
  to.bytes(...SORTS[sort]).u32(index);
}

/** An alias of an export of an instance. */
export function writeExportAlias(to: ByteWriter, sort: Sort, instance: number, name: string): void {
  to.bytes(...SORTS[sort]).u8(0x00).u32(instance).name(name);
}

/** A type definition. @throws {TypeError} for those that no import of a root needs */
export function writeType(to: ByteWriter, type: TypeDefinition, indices: TypeIndices): void {
  const use = (used: ValueTypeUse): void => writeUse(to, used, indices);
  const optional = (used: ValueTypeUse | null): void => {
    to.u8(used === null ? 0 : 1);
    if (used !== null) use(used);
  };
  switch (type.kind) {
    case "primitive":
      to.u8(PRIMITIVES[type.primitive]);
      return;
    case "record":
      return writeLabelled(to.u8(0x72), type.fields, indices);
    case "variant":
      to.u8(0x71).u32(type.cases.length);
      for (const one of type.cases) {
        to.name(one.name);
        optional(one.type);
        to.u8(0x00);
      }
      return;
    case "list":
      to.u8(0x70);
      return use(type.element);
    case "tuple":
      to.u8(0x6f).u32(type.elements.length);
      for (const element of type.elements) use(element);
      return;
    case "flags":
    case "enum":
      to.u8(type.kind === "flags" ? 0x6e : 0x6d).u32(type.names.length);
      for (const name of type.names) to.name(name);
      return;
    case "option":
      to.u8(0x6b);
      return use(type.some);
    case "result":
      to.u8(0x6a);
      optional(type.ok);
      return optional(type.err);
    case "own":
    case "borrow":
      to.u8(type.kind === "own" ? 0x69 : 0x68).u32(indices.own(type.resource));
      return;
    case "func":
      writeLabelled(to.u8(0x40), type.params, indices);
      if (type.result === null) to.bytes(0x01, 0x00);
      else {
        to.u8(0x00);
        use(type.result);
      }
      return;
    case "instance type":
      to.u8(0x42).u32(type.declarations.length);
      for (const declaration of type.declarations) writeDeclaration(to, declaration, indices.own);
      return;
    case "resource":
    case "component type":
      throw new TypeError(`Cannot write a ${type.kind}, expected a type that imports are made of`);
  }
}

/** What an import or export is declared to be. @throws {TypeError} for those that a root cannot import */
export function writeDescription(to: ByteWriter, description: ExternDescription, own: TypeIndices["own"]): void {
  switch (description.kind) {
    case "func":
      to.u8(0x01).u32(own(description.type));
      return;
    case "type eq":
      to.bytes(0x03, 0x00).u32(own(description.type));
      return;
    case "type sub resource":
      to.bytes(0x03, 0x01);
      return;
    case "instance":
      to.u8(0x05).u32(own(description.type));
      return;
    case "core module":
    case "component":
      throw new TypeError(`Cannot write a ${description.kind}, expected what a root imports`);
  }
}

/** Inside an instance type indices are its own; only aliases reach out of it. */
function writeDeclaration(to: ByteWriter, declaration: Declaration, root: (index: number) => number): void {
  const same = (index: number): number => index;
  switch (declaration.kind) {
    case "type":
      if (declaration.type.kind === "instance type") {
        throw new TypeError("Cannot write an instance type inside another, expected a flat one");
      }
      return writeType(to.u8(0x01), declaration.type, { own: same, root });
    case "alias outer":
      if (declaration.sort !== "type" || declaration.count !== 1) {
        throw new TypeError("Cannot write an alias of that kind, expected one of a type of the root");
      }
      to.bytes(0x02, 0x03, 0x02, 0x01).u32(root(declaration.index));
      return;
    case "export declaration":
      writeExternName(to.u8(0x04), declaration.name.name);
      return writeDescription(to, declaration.description, same);
    case "core type":
    case "alias export":
    case "import":
      throw new TypeError(`Cannot write a declaration of the kind ${declaration.kind}, expected types and exports`);
  }
}

function writeLabelled(to: ByteWriter, items: readonly LabelledType[], indices: TypeIndices): void {
  to.u32(items.length);
  for (const { name, type } of items) {
    to.name(name);
    writeUse(to, type, indices);
  }
}

function writeUse(to: ByteWriter, used: ValueTypeUse, indices: TypeIndices): void {
  if (typeof used === "string") to.u8(PRIMITIVES[used]);
  // An s33: an index is never negative.
  else to.s64(indices.own(used));
}
