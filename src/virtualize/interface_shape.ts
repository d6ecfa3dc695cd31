/**
 * The types that the root of a component imports and names, followed to what they stand for. Everything is worked out in
 * the order of the file, in which nothing refers to what comes later, so that no chain of aliases is ever followed twice.
 */
import type { Declaration, Definition, TypeDefinition, ValueTypeUse } from "../component/ast.ts";

/** What a type index stands for. */
export type Meaning =
  /** `key` is the same for the same resource: the interface and the name that it was imported under. */
  | { readonly kind: "resource"; readonly key: string }
  | { readonly kind: "value"; readonly hasHandle: boolean }
  | { readonly kind: "interface"; readonly declarations: readonly Declaration[] }
  | { readonly kind: "other" };

/** A type of the root, and from which instance it was taken under which name. */
export interface RootType {
  readonly meaning: Meaning;
  readonly from?: { readonly instance: number; readonly name: string };
}

/** An interface that the root imports. */
export interface RootInterface {
  /** As written. */
  readonly name: string;
  readonly declarations: readonly Declaration[];
  /** What its types mean. */
  readonly types: ReadonlyMap<string, Meaning>;
}

/** The key of a resource that an interface (null: the root itself) brings in. */
export function resourceKey(interfaceName: string | null, name: string): string {
  return JSON.stringify([interfaceName, name]);
}

/** The root's index spaces of types and instances, as far as imports need them. */
export class RootShape {
  readonly types: RootType[] = [];
  readonly instances: (RootInterface | undefined)[] = [];

  /** Takes the next definition of the root. */
  add(definition: Definition): void {
    switch (definition.kind) {
      case "type":
        this.types.push({ meaning: this.#meaningOf(definition.type) });
        return;
      case "alias export":
        this.#alias(definition);
        return;
      case "import":
        this.#import(definition);
        return;
      case "export":
        if (definition.sort === "type") this.types.push({ meaning: this.meaning(definition.index) });
        if (definition.sort === "instance") this.instances.push(undefined);
        return;
      case "instantiate":
      case "exports":
        this.instances.push(undefined);
        return;
      case "alias outer":
        if (definition.sort === "type") this.types.push({ meaning: OTHER });
        return;
      case "core module":
      case "core instantiate":
      case "core exports":
      case "core type":
      case "component":
      case "alias core export":
      case "canon lift":
      case "canon lower":
      case "canon resource":
        return;
    }
  }

  /** What an index of the root's types stands for. */
  meaning(index: number): Meaning {
    return this.types[index]?.meaning ?? OTHER;
  }

  #alias({ sort, instance, name }: Extract<Definition, { kind: "alias export" }>): void {
    if (sort === "type") {
      const meaning = this.instances[instance]?.types.get(name) ?? OTHER;
      this.types.push({ meaning, from: { instance, name } });
    }
    if (sort === "instance") this.instances.push(undefined);
  }

  #import({ name, description }: Extract<Definition, { kind: "import" }>): void {
    switch (description.kind) {
      case "instance": {
        const meaning = this.meaning(description.type);
        const declarations = meaning.kind === "interface" ? meaning.declarations : undefined;
        this.instances.push(
          declarations && { name: name.fullName, declarations, types: typeExports(declarations, name.fullName, this) },
        );
        return;
      }
      case "type sub resource":
        this.types.push({ meaning: { kind: "resource", key: resourceKey(null, name.fullName) } });
        return;
      case "type eq":
        this.types.push({ meaning: this.meaning(description.type) });
        return;
      case "func":
      case "component":
      case "core module":
        return;
    }
  }

  #meaningOf(type: TypeDefinition): Meaning {
    if (type.kind === "instance type") return { kind: "interface", declarations: type.declarations };
    return meaningOf(type, (index) => this.meaning(index));
  }
}

const OTHER: Meaning = { kind: "other" };

function typeExports(
  declarations: readonly Declaration[],
  interfaceName: string,
  root: RootShape,
): ReadonlyMap<string, Meaning> {
  const exports = new Map<string, Meaning>();
  const own: Meaning[] = [];
  for (const declaration of declarations) {
    const meaning = declared(declaration, { interfaceName, own, root });
    if (meaning === undefined) continue;
    own.push(meaning);
    if (declaration.kind === "export declaration") exports.set(declaration.name.name, meaning);
  }
  return exports;
}

/** The meaning of the type that a declaration adds to the index space of its instance type; undefined when it adds none. */
export function declared(
  declaration: Declaration,
  scope: { readonly interfaceName: string; readonly own: readonly Meaning[]; readonly root: RootShape },
): Meaning | undefined {
  const { interfaceName, own, root } = scope;
  switch (declaration.kind) {
    case "type":
      return meaningOf(declaration.type, (index) => own[index] ?? OTHER);
    case "alias outer":
      if (declaration.sort !== "type") return undefined;
      return declaration.count === 1 ? root.meaning(declaration.index) : OTHER;
    case "alias export":
      return declaration.sort === "type" ? OTHER : undefined;
    case "export declaration": {
      const { name, description } = declaration;
      if (description.kind === "type eq") return own[description.type] ?? OTHER;
      if (description.kind !== "type sub resource") return undefined;
      return { kind: "resource", key: resourceKey(interfaceName, name.fullName) };
    }
    case "core type":
    case "import":
      return undefined;
  }
}

function meaningOf(type: TypeDefinition, at: (index: number) => Meaning): Meaning {
  const holds = (used: ValueTypeUse | null): boolean => {
    const meaning = typeof used === "number" ? at(used) : undefined;
    return meaning?.kind === "value" && meaning.hasHandle;
  };
  const value = (hasHandle: boolean): Meaning => ({ kind: "value", hasHandle });
  switch (type.kind) {
    case "primitive":
    case "flags":
    case "enum":
      return value(false);
    case "record":
      return value(type.fields.some((field) => holds(field.type)));
    case "variant":
      return value(type.cases.some((one) => holds(one.type)));
    case "list":
      return value(holds(type.element));
    case "tuple":
      return value(type.elements.some(holds));
    case "option":
      return value(holds(type.some));
    case "result":
      return value(holds(type.ok) || holds(type.err));
    case "own":
    case "borrow":
      return value(true);
    case "func":
    case "resource":
    case "instance type":
    case "component type":
      return OTHER;
  }
}
