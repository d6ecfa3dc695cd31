/** The component that stands in for one interface: its types and resources, and functions that say no. */
import type { Declaration, TypeDefinition } from "../component/ast.ts";
import { ByteWriter } from "../component/instrument/byte_writer.ts";
import type { FuncType, ResourceType } from "../component/types.ts";
import { type Answer, answersOf, type FixedAnswers } from "./answers.ts";
import { type CoreStubFunction, encodeCoreStub } from "./core_stub.ts";
import {
  COMPONENT_PREAMBLE,
  SECTION,
  type TypeIndices,
  writeExportAlias,
  writeExternName,
  writeSection,
  writeSized,
  writeSortIndex,
  writeType,
} from "./encode.ts";
import { declared, type Meaning, type RootInterface, type RootShape } from "./interface_shape.ts";
import { keyOf, makerDeclarations, makerName } from "./makers.ts";
import { VirtualizeError } from "./virtualize_error.ts";

/** What a stub is made of. */
export interface StubOptions {
  /** As written. */
  readonly interfaceName: string;
  readonly bareName: string;
  /** Of its instance type. */
  readonly declarations: readonly Declaration[];
  /** Its functions, with their types resolved. */
  readonly functions: readonly { readonly name: string; readonly type: FuncType }[];
  /** Its resources. */
  readonly resources: readonly ResourceType[];
  /** The root, as far as it is written. */
  readonly root: RootShape;
  /** Where a type of the root is in what is written. @throws {VirtualizeError} when it is not there */
  readonly rootType: (index: number) => number;
  /** Likewise an instance. */
  readonly rootInstance: (index: number) => number;
  readonly fixed: FixedAnswers;
  /** Keys of resources of which another stub than their own has to make handles. */
  readonly makers: ReadonlySet<string>;
}

/** What a stub is given under a name of its imports: an index of what is written. */
export interface StubArgument {
  readonly name: string;
  readonly sort: "type" | "instance";
  readonly index: number;
}

/** A component, and what it has to be given. */
export interface Stub {
  readonly component: ByteWriter;
  readonly args: readonly StubArgument[];
}

/** @throws {VirtualizeError} for an interface that no stub can stand in for */
export function encodeStub(options: StubOptions): Stub {
  const writer = new StubWriter(options);
  for (const index of neededInterfaces(options)) writer.importInterface(index);
  for (const declaration of options.declarations) writer.declare(declaration);
  return writer.finish();
}

/** The interfaces whose types it uses, and those whose types these use: in the order of the root, in which each comes after what it needs. */
function neededInterfaces({ declarations, root }: StubOptions): readonly number[] {
  const needed = new Set<number>();
  const left = [declarations];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const index of outerTypes(next)) {
      const from = root.types[index]?.from;
      if (from === undefined || needed.has(from.instance)) continue;
      needed.add(from.instance);
      left.push(root.instances[from.instance]?.declarations ?? []);
    }
  }
  return [...needed].toSorted((a, b) => a - b);
}

/** Types of the root that an instance type takes. */
function outerTypes(declarations: readonly Declaration[]): readonly number[] {
  return declarations.flatMap((each) =>
    each.kind === "alias outer" && each.sort === "type" && each.count === 1 ? [each.index] : []
  );
}

/** Keeps the index spaces of the component that it writes. */
class StubWriter {
  readonly #options: StubOptions;
  readonly #to = new ByteWriter(1024).bytes(...COMPONENT_PREAMBLE);
  readonly #args: StubArgument[] = [];
  /** By indices of the root: interfaces that are imported, and types that are here. */
  readonly #interfaces = new Map<number, number>();
  readonly #outer = new Map<number, number>();
  /** By indices of the instance type: what it means, and where it is here. */
  readonly #meanings: Meaning[] = [];
  readonly #types: number[] = [];
  /** By key: the type index of a resource, for built-ins, and of an own one as it is exported. */
  readonly #resources = new Map<string, number>();
  readonly #exported = new Map<string, number>();
  readonly #functions: { readonly name: string; readonly type: number }[] = [];
  /** By key of a resource: the function of another stub that makes a handle. */
  readonly #makers = new Map<string, number>();
  #typeCount = 0;

  constructor(options: StubOptions) {
    this.#options = options;
  }

  /** An interface that others share: of its types only, for no stub calls anybody. */
  importInterface(index: number): void {
    const { root, rootInstance } = this.#options;
    const known = root.instances[index];
    if (known === undefined) throw this.#refuse("it uses a type of an instance that is no import");
    const makers = this.#neededMakers(known);
    const declarations = [
      ...known.declarations.filter((each) => each.kind !== "export declaration" || each.description.kind !== "func"),
      ...makerDeclarations(known, makers, this.#options.root),
    ];
    for (const type of outerTypes(declarations)) this.#outerType(type);
    const indices = { own: (type: number) => this.#outerType(type), root: (type: number) => this.#outerType(type) };
    this.#section(SECTION.type, (to) => this.#write(to, { kind: "instance type", declarations }, indices));
    this.#section(SECTION.import, (to) => {
      writeExternName(to, known.name);
      to.u8(0x05).u32(this.#typeCount);
    });
    this.#typeCount++;
    const instance = this.#interfaces.size;
    this.#interfaces.set(index, instance);
    this.#args.push({ name: known.name, sort: "instance", index: rootInstance(index) });
    for (const key of makers) {
      this.#section(SECTION.alias, (to) => writeExportAlias(to, "func", instance, makerName(key)));
      this.#makers.set(key, this.#makers.size);
    }
  }

  /** Handles of that interface's resources that a function here gives away. */
  #neededMakers({ name }: RootInterface): readonly string[] {
    const { functions, makers } = this.#options;
    const keys = functions.flatMap(({ type: { result } }) => {
      if (result?.kind !== "own" || result.resource.origin.kind !== "host") return [];
      const isIts = result.resource.origin.interfaceName === name;
      return isIts && makers.has(keyOf(result.resource)) ? [keyOf(result.resource)] : [];
    });
    return [...new Set(keys)];
  }

  declare(declaration: Declaration): void {
    const { interfaceName, root } = this.#options;
    const meaning = declared(declaration, { interfaceName, own: this.#meanings, root });
    if (meaning !== undefined) {
      this.#types.push(this.#writeTypeOf(declaration, meaning));
      this.#meanings.push(meaning);
      return;
    }
    if (declaration.kind === "core type") return;
    if (declaration.kind === "export declaration" && declaration.description.kind === "func") {
      this.#functions.push({ name: declaration.name.name, type: this.#type(declaration.description.type) });
      return;
    }
    throw this.#refuse("it exports more than types and functions");
  }

  finish(): Stub {
    const { functions, bareName, fixed, makers } = this.#options;
    const answers = answersOf(bareName, functions, {
      isOwn: (resource) => this.#isOwn(resource),
      isMadeForIt: (resource) => this.#makers.has(keyOf(resource)),
      isMadeElsewhere: (resource) => makers.has(keyOf(resource)),
      fixed,
    });
    const types = new Map(functions.map(({ name, type }) => [name, type]));
    const stubs = this.#functions.map(({ name }): CoreStubFunction => {
      const type = types.get(name);
      if (type === undefined) throw this.#refuse(`its function "${name}" has no type`);
      const answer: Answer = answers.get(name) ?? { kind: "trap" };
      return { type, answer };
    });
    stubs.push(...this.#ownMakers());
    if (stubs.length > 0) this.#writeFunctions(stubs, fixed.randomSeed ?? 0n);
    return { component: this.#to, args: this.#args };
  }

  /** Functions that make handles of resources of this interface, for other stubs. */
  #ownMakers(): readonly CoreStubFunction[] {
    return this.#options.resources.filter((resource) => this.#options.makers.has(keyOf(resource))).map((resource) => {
      const type = this.#exported.get(keyOf(resource)) ?? this.#resource(resource);
      this.#section(SECTION.type, (to) => to.u8(0x69).u32(type));
      const own = this.#typeCount++;
      this.#section(SECTION.type, (to) => to.bytes(0x40, 0x00, 0x00).s64(own));
      this.#functions.push({ name: makerName(keyOf(resource)), type: this.#typeCount++ });
      return {
        type: { params: [], result: { kind: "own", resource } },
        answer: { kind: "handle", resource, isInResult: false },
      };
    });
  }

  #writeTypeOf(declaration: Declaration, meaning: Meaning): number {
    if (declaration.kind === "alias outer") return this.#outerType(declaration.index);
    if (declaration.kind === "export declaration") return this.#writeExport(declaration, meaning);
    if (declaration.kind !== "type") throw this.#refuse("one of its types comes from an instance inside it");
    const indices = { own: (index: number) => this.#type(index), root: (index: number) => this.#outerType(index) };
    this.#section(SECTION.type, (to) => this.#write(to, declaration.type, indices));
    return this.#typeCount++;
  }

  /** Resources and what has named parts go into a component with their interfaces; other values may be looked up outside. */
  #outerType(index: number): number {
    const known = this.#outer.get(index);
    if (known !== undefined) return known;
    const { root, rootType } = this.#options;
    const from = root.types[index]?.from;
    const meaning = root.meaning(index);
    if (from !== undefined) {
      const instance = this.#interfaces.get(from.instance);
      if (instance === undefined) throw this.#refuse("it uses a type of an interface that comes later");
      this.#section(SECTION.alias, (to) => writeExportAlias(to, "type", instance, from.name));
    } else if (meaning.kind === "resource") {
      const name = `resource${this.#args.length}`;
      this.#args.push({ name, sort: "type", index: rootType(index) });
      this.#section(SECTION.import, (to) => {
        writeExternName(to, name);
        to.bytes(0x03, 0x01);
      });
    } else if (meaning.kind === "value" && !meaning.hasHandle) {
      const type = rootType(index);
      this.#section(SECTION.alias, (to) => to.bytes(0x03, 0x02).u32(1).u32(type));
    } else {
      throw this.#refuse("it uses a type that holds handles and belongs to no interface");
    }
    if (meaning.kind === "resource" && !this.#resources.has(meaning.key)) {
      this.#resources.set(meaning.key, this.#typeCount);
    }
    this.#outer.set(index, this.#typeCount);
    return this.#typeCount++;
  }

  /** A type that is exported has another index from then on. */
  #writeExport(declaration: Extract<Declaration, { kind: "export declaration" }>, meaning: Meaning): number {
    const { name, description } = declaration;
    let index: number;
    if (description.kind === "type eq") {
      index = this.#type(description.type);
    } else {
      this.#section(SECTION.type, (to) => to.bytes(0x3f, 0x7f, 0x00));
      index = this.#typeCount++;
      if (meaning.kind === "resource") {
        this.#resources.set(meaning.key, index);
        this.#exported.set(meaning.key, index + 1);
      }
    }
    this.#section(SECTION.export, (to) => {
      writeExternName(to, name.name);
      writeSortIndex(to, "type", index);
      to.u8(0x00);
    });
    return this.#typeCount++;
  }

  #writeFunctions(stubs: readonly CoreStubFunction[], seed: bigint): void {
    const { module, handles } = encodeCoreStub(stubs, { isOwn: (resource) => this.#isOwn(resource), seed });
    const builtins = [
      ...handles.made.map((resource, at) => ({ name: `new${at}`, opcode: RESOURCE_NEW, resource })),
      ...handles.dropped.map((resource, at) => ({ name: `drop${at}`, opcode: RESOURCE_DROP, resource })),
    ];
    for (const { opcode, resource } of builtins) {
      const maker = opcode === RESOURCE_NEW ? this.#makers.get(keyOf(resource)) : undefined;
      this.#section(SECTION.canon, (to) => {
        if (maker === undefined) to.u8(opcode).u32(this.#resource(resource));
        // canon lower without options.
        else to.bytes(0x01, 0x00).u32(maker).u32(0);
      });
    }
    writeSized(this.#to, SECTION.coreModule, module);
    this.#section(SECTION.coreInstance, (to) => {
      to.u8(0x01).u32(builtins.length);
      for (const [index, { name }] of builtins.entries()) to.name(name).u8(0x00).u32(index);
    });
    this.#section(SECTION.coreInstance, (to) => to.u8(0x00).u32(0).u32(1).name("handles").u8(0x12).u32(0));
    const aliasCore = (sort: number, name: string): void =>
      this.#section(SECTION.alias, (to) => to.bytes(0x00, sort, 0x01).u32(1).name(name));
    aliasCore(0x02, "memory");
    aliasCore(0x00, "realloc");
    const realloc = builtins.length;
    for (const [at, { name, type }] of this.#functions.entries()) {
      aliasCore(0x00, String(at));
      this.#section(SECTION.canon, (to) => {
        to.bytes(0x00, 0x00).u32(realloc + 1 + at);
        to.u32(3).u8(0x00).u8(0x03).u32(0).u8(0x04).u32(realloc).u32(type);
      });
      this.#section(SECTION.export, (to) => {
        writeExternName(to, name);
        // Exported functions have an index of their own behind the lifted one.
        writeSortIndex(to, "func", this.#makers.size + 2 * at);
        to.u8(0x00);
      });
    }
  }

  #section(id: number, write: (to: ByteWriter) => void): void {
    writeSection(this.#to, id, write);
  }

  #write(to: ByteWriter, type: TypeDefinition, indices: TypeIndices): void {
    try {
      writeType(to, type, indices);
    } catch (error) {
      if (error instanceof TypeError) throw this.#refuse(`one of its types cannot be written again (${error.message})`);
      throw error;
    }
  }

  #type(index: number): number {
    const type = this.#types[index];
    if (type === undefined) throw this.#refuse(`its type ${index} is not there`);
    return type;
  }

  #resource(resource: ResourceType): number {
    const index = this.#resources.get(keyOf(resource));
    if (index === undefined) throw this.#refuse(`its resource "${resource.name}" is not there`);
    return index;
  }

  #isOwn({ origin }: ResourceType): boolean {
    return origin.kind === "host" && origin.interfaceName === this.#options.interfaceName;
  }

  #refuse(is: string): VirtualizeError {
    return new VirtualizeError(
      `Cannot deny ${this.#options.interfaceName}: ${is}, expected an interface as WIT makes them; leave it out of --deny`,
    );
  }
}

const RESOURCE_NEW = 0x02;
const RESOURCE_DROP = 0x03;
