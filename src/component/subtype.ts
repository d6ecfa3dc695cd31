/**
 * When one thing may be given where another is declared. A declared instance or component type is run with what is
 * given: `(sub resource)` becomes the resource that came, and what follows is compared in its terms (Explainer.md,
 * "the actual type supplied is immediately substituted"). Function types have to be equal, as in other validators.
 */
import type { ExternDescription, ExternName } from "./ast.ts";
import { moduleMismatch } from "./core_module_types.ts";
import { abstractEntity, abstractSource } from "./link_abstract.ts";
import { elaborate } from "./link_declarations.ts";
import { PlanBuilder } from "./link_plan.ts";
import type { ComponentEntity, Entity, InstanceEntity, Scope, TypeClosure, TypeEntity } from "./link_scope.ts";
import { malformed, quoted } from "./parse_faults.ts";
import { type Case, type Field, type FuncType, PRIMITIVE_KINDS, type PrimitiveKind, type ValueType } from "./types.ts";
import type { LinkContext } from "./link_context.ts";

/** Where something is given, for messages. */
export interface MatchSite {
  readonly offset: number;
  /** `the export "b" of the argument "a"`. */
  readonly path: string;
}

/**
 * Checks that `given` fits `description` and returns what the receiver sees of it: of an instance only the declared exports.
 * `scope` is the one in which `description` stands.
 */
export function matchEntity(given: Entity, description: ExternDescription, scope: Scope, site: MatchSite): Entity {
  const { offset } = description;
  const { link } = scope;
  link.spend(1, site.offset);
  switch (description.kind) {
    case "func": {
      const declared = scope.funcType(description.type, offset);
      if (given.sort !== "func") throw wrongSort(given, description, site);
      if (!isSameFunc(link, given.func.type, declared, site.offset)) throw mismatch(site, "a function of another type");
      return given;
    }
    case "type sub resource":
      if (given.sort !== "type") throw wrongSort(given, description, site);
      if (given.type.kind !== "resource") throw mismatch(site, `a ${given.type.kind} type`);
      return given;
    case "type eq": {
      const declared = scope.type(description.type, offset);
      if (given.sort !== "type") throw wrongSort(given, description, site);
      if (!isSameType(link, given.type, declared, site)) throw mismatch(site, "another type");
      return given;
    }
    case "instance": {
      const closure = scope.closure(description.type, "instance", offset);
      if (given.sort !== "instance") throw wrongSort(given, description, site);
      return { sort: "instance", instance: matchInstance(given.instance, closure, scope, site) };
    }
    case "component": {
      const closure = scope.closure(description.type, "component", offset);
      if (given.sort !== "component") throw wrongSort(given, description, site);
      matchComponent(given.component, closure, link, site);
      return given;
    }
    case "core module": {
      const declared = scope.moduleType(description.type, offset);
      if (given.sort !== "core module") throw wrongSort(given, description, site);
      link.spend(declared.exports.size + declared.imports.length + given.module.type.imports.length, site.offset);
      const fault = moduleMismatch(given.module.type, declared);
      if (fault !== null) {
        throw malformed(site.offset, `${site.path} is a core module that ${fault}`, "one of the declared type");
      }
      return given;
    }
  }
}

function wrongSort(given: Entity, description: ExternDescription, site: MatchSite): Error {
  return malformed(site.offset, `${site.path} is a ${given.sort}`, `a ${description.kind.replace(/^type .*/, "type")}`);
}

function mismatch(site: MatchSite, found: string): Error {
  return malformed(site.offset, `${site.path} is ${found}`, "one that fits its declared type");
}

/** `export` of what `site` is about. */
function within(site: MatchSite, name: ExternName): MatchSite {
  // Deeper levels would only lengthen the sentence.
  if (site.path.length > 200) return site;
  return { offset: site.offset, path: `the export ${quoted(name.name)} of ${site.path}` };
}

function matchInstance(
  given: InstanceEntity,
  closure: TypeClosure,
  { link, plan }: { readonly link: LinkContext; readonly plan: PlanBuilder },
  site: MatchSite,
): InstanceEntity {
  const exports = link.nested(site.offset, () =>
    elaborate(closure, {
      link,
      plan,
      isChecked: false,
      handlers: {
        import: null,
        export: (name, description, inner) => matchExport(given.exports, name, description, inner, site),
      },
    }));
  return { exports };
}

function matchExport(
  given: ReadonlyMap<string, Entity>,
  name: ExternName,
  description: ExternDescription,
  scope: Scope,
  site: MatchSite,
): Entity {
  const entity = given.get(name.name);
  if (entity === undefined) {
    throw malformed(site.offset, `${site.path} has no export ${quoted(name.name)}`, "every declared export");
  }
  return matchEntity(entity, description, scope, within(site, name));
}

/** The declared imports have to satisfy the given component, and then its exports the declared ones. */
function matchComponent(given: ComponentEntity, closure: TypeClosure, link: LinkContext, site: MatchSite): void {
  const plan = new PlanBuilder({ isDry: true });
  const source = abstractSource(plan);
  const args: Map<string, Entity> = new Map();
  const options = { link, plan, isChecked: false };
  link.nested(site.offset, () => {
    elaborate(closure, {
      ...options,
      handlers: {
        import: (name, description, scope) => {
          const entity = abstractEntity(scope, description, name, source);
          args.set(name.name, entity);
          return entity;
        },
        export: (name, description, scope) => abstractEntity(scope, description, name, source),
      },
    });
    const exports = link.instantiate(given, { args, plan, link, offset: site.offset });
    elaborate(closure, {
      ...options,
      handlers: {
        import: (name, description, scope) => args.get(name.name) ?? abstractEntity(scope, description, name, source),
        export: (name, description, scope) => matchExport(exports, name, description, scope, site),
      },
    });
  });
}

function isSameType(link: LinkContext, a: TypeEntity, b: TypeEntity, site: MatchSite): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "value":
      return b.kind === "value" && isSameValue(link, a.type, b.type, site.offset);
    case "func":
      return b.kind === "func" && isSameFunc(link, a.type, b.type, site.offset);
    case "resource":
      return b.kind === "resource" && a.alias.resource === b.alias.resource;
    case "instance": {
      if (b.kind !== "instance") return false;
      const plan = new PlanBuilder({ isDry: true });
      const { exports } = link.expand({ kind: "instance", closure: a.closure }, {
        link,
        offset: site.offset,
        isChecked: false,
      });
      matchInstance({ exports }, b.closure, { link, plan }, site);
      return true;
    }
    case "component":
      if (b.kind !== "component") return false;
      matchComponent({ kind: "declared", closure: a.closure }, b.closure, link, site);
      return true;
  }
}

function isSameFunc(link: LinkContext, a: FuncType, b: FuncType, offset: number): boolean {
  return a === b ||
    (isSameFields(link, a.params, b.params, offset) && isSameOptional(link, a.result, b.result, offset));
}

function isSameFields(link: LinkContext, a: readonly Field[], b: readonly Field[], offset: number): boolean {
  return a.length === b.length && a.every((field, index) => {
    const other = b[index];
    return other !== undefined && field.name === other.name && isSameValue(link, field.type, other.type, offset);
  });
}

function isSameCases(link: LinkContext, a: readonly Case[], b: readonly Case[], offset: number): boolean {
  return a.length === b.length && a.every((item, index) => {
    const other = b[index];
    return other !== undefined && item.name === other.name && isSameOptional(link, item.type, other.type, offset);
  });
}

function isSameOptional(link: LinkContext, a: ValueType | null, b: ValueType | null, offset: number): boolean {
  return a === null || b === null ? a === b : isSameValue(link, a, b, offset);
}

/** Structure decides, names included; handles are the same when their resources are. */
function isSameValue(link: LinkContext, a: ValueType, b: ValueType, offset: number): boolean {
  if (a === b) return true;
  link.spend(1, offset);
  if (isPrimitive(a)) return a.kind === b.kind;
  switch (a.kind) {
    case "record":
      return b.kind === "record" && isSameFields(link, a.fields, b.fields, offset);
    case "variant":
      return b.kind === "variant" && isSameCases(link, a.cases, b.cases, offset);
    case "list":
      return b.kind === "list" && isSameValue(link, a.element, b.element, offset);
    case "tuple":
      return b.kind === "tuple" && a.elements.length === b.elements.length && a.elements.every((element, index) => {
        const other = b.elements[index];
        return other !== undefined && isSameValue(link, element, other, offset);
      });
    case "flags":
    case "enum":
      return b.kind === a.kind && a.names.length === b.names.length &&
        a.names.every((name, index) => name === b.names[index]);
    case "option":
      return b.kind === "option" && isSameValue(link, a.some, b.some, offset);
    case "result":
      return b.kind === "result" && isSameOptional(link, a.ok, b.ok, offset) &&
        isSameOptional(link, a.err, b.err, offset);
    case "own":
    case "borrow":
      return b.kind === a.kind && a.resource === b.resource;
  }
}

const primitiveKinds: ReadonlySet<string> = new Set(PRIMITIVE_KINDS);

function isPrimitive(type: ValueType): type is Extract<ValueType, { readonly kind: PrimitiveKind }> {
  return primitiveKinds.has(type.kind);
}
