/**
 * What the names and types of a component's imports and exports have to satisfy: names strongly unique, members of
 * resources fit their resource, every type in use has a name outside (Binary.md, notes on import and export definitions).
 */
import type { ExternName } from "./ast.ts";
import type { LinkContext } from "./link_context.ts";
import type { Entity, ResourceAlias, TypeEntity } from "./link_scope.ts";
import { typeFacts } from "./link_types.ts";
import type { PlainName } from "./names.ts";
import { malformed, quoted } from "./parse_faults.ts";
import type { FuncType, ValueType } from "./types.ts";

type Side = "import" | "export";

/** The names of one side of one scope. */
class NamesOfSide {
  readonly keys: Set<string> = new Set();
  readonly resources: Map<string, ResourceAlias> = new Map();
  /** Types that have a name on this side; an alias under another name is another object. */
  readonly named: Set<ValueType | ResourceAlias> = new Set();
}

/** The checks of one scope, or of one inline instance (`"exports"`). */
export class ExternChecks {
  readonly #kind: "component" | "instance type" | "component type" | "exports";
  readonly #sides: Readonly<Record<Side, NamesOfSide>> = { import: new NamesOfSide(), export: new NamesOfSide() };

  constructor(kind: "component" | "instance type" | "component type" | "exports") {
    this.#kind = kind;
  }

  /** Enters the import or export `name` of what `entity` is, or refuses it. */
  declare(side: Side, name: ExternName, entity: Entity, link: LinkContext): void {
    const { keys, resources } = this.#sides[side];
    if (keys.has(name.key)) {
      throw malformed(
        name.offset,
        `the ${side} ${quoted(name.fullName)} has the name of another`,
        "names that differ in more than case, hyphens and annotation",
      );
    }
    keys.add(name.key);
    if (name.fullName !== name.name && entity.sort !== "instance") {
      throw malformed(
        name.offset,
        `the ${side} ${quoted(name.fullName)} with a version suffix is a ${entity.sort}`,
        "an instance",
      );
    }
    if (this.#kind !== "exports") {
      if (name.parsed.kind === "plain" && entity.sort === "type" && entity.type.kind === "resource") {
        resources.set(name.parsed.label, entity.type.alias);
      }
      if (this.#kind !== "instance type") this.#name(side, name, entity, link);
    }
    if (name.parsed.kind === "plain" && name.parsed.annotation !== null) {
      expectMember(name.parsed, name, entity, resources);
    }
  }

  /** Registers the types that `entity` gives names to, once everything inside them has a name. */
  #name(side: Side, name: ExternName, entity: Entity, link: LinkContext): void {
    const { named } = this.#sides[side];
    link.spend(1, name.offset);
    switch (entity.sort) {
      case "type":
        this.#nameType(side, name, entity.type, link);
        return;
      case "instance":
        for (const inner of entity.instance.exports.values()) this.#name(side, name, inner, link);
        return;
      case "func":
        expectNamed(funcParts(entity.func.type), named, { side, name, link });
        return;
      case "component":
      case "core module":
        // Closed by themselves: nothing inside may refer to types out here.
        return;
    }
  }

  #nameType(side: Side, name: ExternName, type: TypeEntity, link: LinkContext): void {
    const { named } = this.#sides[side];
    if (type.kind === "func") expectNamed(funcParts(type.type), named, { side, name, link });
    if (type.kind === "value") {
      const isHandle = typeFacts(type.type).alias !== null;
      expectNamed(isHandle ? [type.type] : valueParts(type.type), named, { side, name, link });
    }
    if (side === "import" && this.#kind === "component" && isGuestResource(type)) {
      throw malformed(
        name.offset,
        `the import ${quoted(name.fullName)} refers to a resource of this component`,
        "an imported one",
      );
    }
    if (type.kind === "instance") {
      // What it exports has names inside of it, and only there.
      const { exports } = link.expand({ kind: "instance", closure: type.closure }, {
        link,
        offset: name.offset,
        isChecked: false,
      });
      const inner = new ExternChecks("component");
      for (const created of named) inner.#sides.export.named.add(created);
      for (const entity of exports.values()) inner.#name("export", name, entity, link);
    }
    const created = type.kind === "value" ? type.type : type.kind === "resource" ? type.alias : null;
    if (created === null) return;
    named.add(created);
    // What came in may go out.
    if (side === "import") this.#sides.export.named.add(created);
  }

  /** An import may not be declared in terms of what an export before it introduced. */
  expectImportable(name: ExternName, type: TypeEntity): void {
    const { import: imports, export: exports } = this.#sides;
    const used = type.kind === "value" ? type.type : type.kind === "resource" ? type.alias : null;
    if (used !== null && exports.named.has(used) && !imports.named.has(used)) {
      throw malformed(name.offset, `the import ${quoted(name.fullName)} refers to an export`, "a type from before it");
    }
  }
}

function funcParts(type: FuncType): readonly ValueType[] {
  const params = type.params.map((param) => param.type);
  return type.result === null ? params : [...params, type.result];
}

/** In a component, whose imports all are the host's while it is checked: a resource that it or a nested one defines. */
function isGuestResource(type: TypeEntity): boolean {
  return type.kind === "resource" && type.alias.resource.origin.kind === "guest";
}

/** The types directly inside `type`; a handle has none. */
function valueParts(type: ValueType): readonly ValueType[] {
  if (type.kind === "record") return type.fields.map((field) => field.type);
  if (type.kind === "variant") return type.cases.flatMap((item) => item.type ?? []);
  if (type.kind === "list") return [type.element];
  if (type.kind === "tuple") return type.elements;
  if (type.kind === "option") return [type.some];
  if (type.kind === "result") return [type.ok ?? [], type.err ?? []].flat();
  return [];
}

/** Records, variants, enums, flags and resources need a name; lists, tuples, options and results are written in place. */
function expectNamed(
  parts: readonly ValueType[],
  named: ReadonlySet<ValueType | ResourceAlias>,
  site: { readonly side: Side; readonly name: ExternName; readonly link: LinkContext },
): void {
  for (const part of parts) {
    site.link.spend(1, site.name.offset);
    const { alias, depth } = typeFacts(part);
    if (alias !== null) {
      if (!named.has(alias)) throw unnamed("resource", site);
    } else if (part.kind === "record" || part.kind === "variant" || part.kind === "enum" || part.kind === "flags") {
      if (!named.has(part)) throw unnamed(part.kind, site);
    } else if (depth > 1) {
      expectNamed(valueParts(part), named, site);
    }
  }
}

function unnamed(kind: string, { side, name }: { readonly side: Side; readonly name: ExternName }): Error {
  return malformed(
    name.offset,
    `the ${side} ${quoted(name.fullName)} uses a ${kind} type that is not ${side}ed itself`,
    `an ${side} of that type before`,
  );
}

/** `[constructor]r` makes an r, `[method]r.m` borrows one as "self", `[static]r.m` only needs an r in the same scope. */
function expectMember(
  parsed: PlainName,
  name: ExternName,
  entity: Entity,
  resources: ReadonlyMap<string, ResourceAlias>,
): void {
  const fault = (found: string, expected: string): Error =>
    malformed(name.offset, `${quoted(name.fullName)} ${found}`, expected);
  if (entity.sort !== "func") throw fault(`is a ${entity.sort}`, "a function");
  const resource = parsed.resource === null ? undefined : resources.get(parsed.resource);
  if (resource === undefined) {
    throw fault(`is a member of no resource in its scope`, `a resource ${quoted(parsed.resource ?? "")} before it`);
  }
  const { params, result } = entity.func.type;
  if (parsed.annotation === "method") {
    const [self] = params;
    if (self?.name !== "self" || self.type.kind !== "borrow" || typeFacts(self.type).alias !== resource) {
      throw fault("does not take its resource", `a first parameter "self" that borrows a ${parsed.resource}`);
    }
  }
  if (parsed.annotation === "constructor") {
    const made = result?.kind === "result" ? result.ok : result;
    if (made?.kind !== "own" || typeFacts(made).alias !== resource) {
      throw fault("does not make its resource", `an owned ${parsed.resource} as the result, or a result of one`);
    }
  }
}
