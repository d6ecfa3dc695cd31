/** Writes the component around the given one: its imports with stubs in the place of some, the component, its exports. */
import type { ComponentAst, Definition } from "../component/ast.ts";
import { ByteWriter } from "../component/instrument/byte_writer.ts";
import type { LinkPlan } from "../component/types.ts";
import type { FixedAnswers } from "./answers.ts";
import { bareNameOf } from "./denials.ts";
import {
  COMPONENT_PREAMBLE,
  SECTION,
  writeDescription,
  writeExportAlias,
  writeExternName,
  writeSection,
  writeSized,
  writeSortIndex,
  writeType,
} from "./encode.ts";
import { RootShape } from "./interface_shape.ts";
import { makersOf } from "./makers.ts";
import { encodeStub } from "./stub_component.ts";
import { VirtualizeError } from "./virtualize_error.ts";

/** Of all stubs together; of WASI they have some 30 KB. Stops interfaces that all use each other from taking the square of their size. */
const BYTES_MAX = 16 * 1024 * 1024;

/** Takes one component; keeps the index spaces of what it writes. */
export class RootWriter {
  readonly #plan: LinkPlan;
  readonly #isMet: (name: string) => boolean;
  readonly #fixed: FixedAnswers;
  readonly #makers: ReadonlySet<string>;
  readonly #to = new ByteWriter(4096).bytes(...COMPONENT_PREAMBLE);
  readonly #shape = new RootShape();
  /** By indices of the given component: where things are here; undefined for what is not written again. */
  readonly #types: (number | undefined)[] = [];
  readonly #instances: (number | undefined)[] = [];
  readonly #args: { readonly name: string; readonly sort: "func" | "type" | "instance"; readonly index: number }[] = [];
  readonly #counts = { type: 0, instance: 0, func: 0, component: 0 };

  constructor(plan: LinkPlan, isMet: (name: string) => boolean, fixed: FixedAnswers) {
    this.#plan = plan;
    this.#isMet = isMet;
    this.#fixed = fixed;
    this.#makers = makersOf(plan, isMet);
  }

  write(ast: ComponentAst, component: Uint8Array): Uint8Array {
    const { definitions } = ast;
    const last = definitions.findLastIndex(({ kind }) => kind === "import");
    for (const definition of definitions.slice(0, last + 1)) this.#define(definition);
    this.#to.u8(SECTION.component).u32(component.length).copy(component, 0, component.length);
    const inner = this.#counts.component++;
    writeSection(this.#to, SECTION.instance, (to) => {
      to.u8(0x00).u32(inner).u32(this.#args.length);
      for (const { name, sort, index } of this.#args) writeSortIndex(to.name(name), sort, index);
    });
    const instance = this.#counts.instance++;
    for (const definition of definitions) if (definition.kind === "export") this.#export(definition, instance);
    return this.#to.written().slice();
  }

  #define(definition: Definition): void {
    const before = { types: this.#shape.types.length, instances: this.#shape.instances.length };
    this.#shape.add(definition);
    if (definition.kind === "import") return this.#import(definition);
    if (definition.kind === "type") {
      this.#types.push(this.#writeType(definition));
      return;
    }
    const instance = definition.kind === "alias export" ? this.#instances[definition.instance] : undefined;
    if (definition.kind === "alias export" && definition.sort === "type" && instance !== undefined) {
      writeSection(this.#to, SECTION.alias, (to) => writeExportAlias(to, "type", instance, definition.name));
      this.#types.push(this.#counts.type++);
      return;
    }
    // What is not written again still has its place in the index spaces.
    if (this.#shape.types.length > before.types) this.#types.push(undefined);
    if (this.#shape.instances.length > before.instances) this.#instances.push(undefined);
  }

  /** Imports need types of values, functions and instances; others are left out, and whoever needs one after all is refused. */
  #writeType({ type }: Extract<Definition, { kind: "type" }>): number | undefined {
    const body = new ByteWriter();
    try {
      writeType(body, type, { own: (index) => this.#type(index), root: (index) => this.#type(index) });
    } catch (error) {
      if (error instanceof TypeError || error instanceof VirtualizeError) return undefined;
      throw error;
    }
    writeSection(this.#to, SECTION.type, (to) => to.append(body));
    return this.#counts.type++;
  }

  #import({ name, description }: Extract<Definition, { kind: "import" }>): void {
    if (name.name !== name.fullName) {
      throw new VirtualizeError(
        `Cannot use the import "${name.fullName}": its version has a suffix, expected a whole one`,
      );
    }
    const sort = description.kind === "func" || description.kind === "instance" ? description.kind : "type";
    const index = this.#isMet(name.fullName) && description.kind === "instance"
      ? this.#stub(name.fullName, description.type)
      : this.#keep(name.name, description, sort);
    if (sort === "type") this.#types.push(index);
    if (sort === "instance") this.#instances.push(index);
    this.#args.push({ name: name.name, sort, index });
  }

  #keep(
    name: string,
    description: Extract<Definition, { kind: "import" }>["description"],
    sort: "func" | "type" | "instance",
  ): number {
    this.#expectOutside(name, description);
    writeSection(this.#to, SECTION.import, (to) => {
      writeExternName(to, name);
      writeDescription(to, description, (index) => this.#type(index));
    });
    return this.#counts[sort]++;
  }

  /** What stays cannot be declared in terms of what is met: its host would have to know our stub. */
  #expectOutside(name: string, description: Extract<Definition, { kind: "import" }>["description"]): void {
    const meaning = description.kind === "instance" ? this.#shape.meaning(description.type) : undefined;
    for (const declaration of meaning?.kind === "interface" ? meaning.declarations : []) {
      const from = declaration.kind === "alias outer" ? this.#shape.types[declaration.index]?.from : undefined;
      const source = from && this.#shape.instances[from.instance]?.name;
      if (source === undefined || !this.#isMet(source)) continue;
      throw new VirtualizeError(
        `Cannot deny ${source}: the import ${name}, which stays, uses its types; deny ${bareNameOf(name)} as well`,
      );
    }
  }

  #stub(name: string, type: number): number {
    const meaning = this.#shape.meaning(type);
    const item = this.#plan.imports.find((each) => each.name === name);
    if (meaning.kind !== "interface" || item?.kind !== "instance") {
      throw new VirtualizeError(
        `Cannot deny ${name}: it has no type of its own, expected an interface as WIT makes them`,
      );
    }
    const { component, args } = encodeStub({
      interfaceName: name,
      bareName: bareNameOf(name),
      declarations: meaning.declarations,
      functions: item.functions,
      resources: item.resources,
      makers: this.#makers,
      root: this.#shape,
      rootType: (index) => this.#type(index),
      rootInstance: (index) => this.#instance(index),
      fixed: this.#fixed,
    });
    writeSized(this.#to, SECTION.component, component);
    if (this.#to.length > BYTES_MAX) {
      throw new VirtualizeError(
        `Cannot deny ${name}: the stubs have over ${BYTES_MAX} bytes, expected fewer interfaces`,
      );
    }
    const stub = this.#counts.component++;
    writeSection(this.#to, SECTION.instance, (to) => {
      to.u8(0x00).u32(stub).u32(args.length);
      for (const { name: of, sort, index } of args) writeSortIndex(to.name(of), sort, index);
    });
    return this.#counts.instance++;
  }

  #export({ name, sort }: Extract<Definition, { kind: "export" }>, instance: number): void {
    if (sort !== "func" && sort !== "type" && sort !== "instance") {
      throw new VirtualizeError(
        `Cannot use the export "${name.fullName}": it is a ${sort}, expected functions, types and interfaces`,
      );
    }
    if (name.name !== name.fullName) {
      throw new VirtualizeError(
        `Cannot use the export "${name.fullName}": its version has a suffix, expected a whole one`,
      );
    }
    writeSection(this.#to, SECTION.alias, (to) => writeExportAlias(to, sort, instance, name.name));
    const index = this.#counts[sort]++;
    writeSection(this.#to, SECTION.export, (to) => {
      writeExternName(to, name.name);
      writeSortIndex(to, sort, index);
      to.u8(0x00);
    });
    // What is exported has an index of its own.
    this.#counts[sort]++;
  }

  #instance(index: number): number {
    const instance = this.#instances[index];
    if (instance !== undefined) return instance;
    throw new VirtualizeError(`Cannot write instance ${index} again: it is no import, expected one`);
  }

  #type(index: number): number {
    const type = this.#types[index];
    if (type !== undefined) return type;
    throw new VirtualizeError(`Cannot write type ${index} again: it is none that imports are made of, expected one`);
  }
}
