/** Elaborates instance and component types: runs their declarations in a scope of their own. */
import type { CommonDeclaration, ExternDescription, ExternName, ModuleDeclaration } from "./ast.ts";
import type { CoreExternType, CoreExternUse, CoreFuncType, CoreImport, CoreModuleType } from "./core_module_types.ts";
import { checkModuleImports } from "./core_module.ts";
import type { LinkContext } from "./link_context.ts";
import { type Entity, itemAt, Scope, type TypeClosure, type TypeEntity } from "./link_scope.ts";
import { defineFuncType, defineValueType, renamedType, typeFacts } from "./link_types.ts";
import { malformed, quoted, unsupported } from "./parse_faults.ts";
import type { PlanBuilder } from "./link_plan.ts";
import { PlanBuilder as Builder } from "./link_plan.ts";
import type { CoreRef, FuncRef, FuncType, ResourceType } from "./types.ts";

/** Makes what an abstract import or export stands for: the host's things for the root, placeholders in checks. */
export interface EntitySource {
  func(name: ExternName, type: FuncType): FuncRef;
  resource(name: ExternName): ResourceType;
  /** For what is inside the instance `name`. */
  instance(name: ExternName): EntitySource;
  /** Refuses components and core modules where there can be none. */
  closed(name: ExternName, sort: "component" | "core module"): void;
}

/** Where the imports and exports of a type come from; each is entered into the scope. */
export interface DeclarationHandlers {
  /** Null for instance types, which declare none. */
  readonly import: ((name: ExternName, description: ExternDescription, scope: Scope) => Entity) | null;
  readonly export: (name: ExternName, description: ExternDescription, scope: Scope) => Entity;
}

/** Runs the declarations of `closure` and returns its exports. */
export function elaborate(
  closure: TypeClosure,
  options: {
    readonly link: LinkContext;
    readonly plan: PlanBuilder;
    readonly handlers: DeclarationHandlers;
    readonly isChecked: boolean;
  },
): ReadonlyMap<string, Entity> {
  const { link, plan, handlers, isChecked } = options;
  const scope = new Scope({
    link,
    plan,
    kind: handlers.import === null ? "instance type" : "component type",
    parent: closure.scope,
    componentInstance: -1,
    isChecked,
  });
  for (const declaration of closure.declarations) {
    link.spend(1, declaration.offset);
    switch (declaration.kind) {
      case "import": {
        if (handlers.import === null) {
          throw malformed(declaration.offset, "an instance type declares an import", "only exports");
        }
        const entity = handlers.import(declaration.name, declaration.description, scope);
        scope.externs?.declare("import", declaration.name, entity, link);
        scope.push(entity);
        break;
      }
      case "export declaration": {
        const entity = handlers.export(declaration.name, declaration.description, scope);
        scope.externs?.declare("export", declaration.name, entity, link);
        scope.push(entity);
        scope.exports.set(declaration.name.name, entity);
        break;
      }
      default:
        runCommon(scope, declaration);
    }
  }
  return scope.exports;
}

/** A definition that may stand in components and in types. */
export function runCommon(scope: Scope, declaration: CommonDeclaration): void {
  const { offset } = declaration;
  switch (declaration.kind) {
    case "core type":
      scope.coreTypes.push(
        declaration.type.kind === "core func type"
          ? { kind: "func", type: declaration.type.type }
          : { kind: "module", type: moduleType(scope, declaration.type.declarations, offset) },
      );
      return;
    case "type":
      scope.types.push(defineType(scope, declaration));
      return;
    case "alias export": {
      const entity = itemAt(scope.instances, declaration.instance, "instance", offset).exports.get(declaration.name);
      if (entity === undefined) {
        throw malformed(
          offset,
          `instance ${declaration.instance} has no export ${quoted(declaration.name)}`,
          "an export that it has",
        );
      }
      if (entity.sort !== declaration.sort) {
        throw malformed(offset, `the export ${quoted(declaration.name)} is a ${entity.sort}`, `a ${declaration.sort}`);
      }
      scope.push(entity);
      return;
    }
    case "alias outer":
      aliasOuter(scope, declaration);
      return;
  }
}

function aliasOuter(
  scope: Scope,
  { offset, sort, count, index }: Extract<CommonDeclaration, { kind: "alias outer" }>,
): void {
  const outer = scope.outer(count, offset);
  switch (sort) {
    case "core type":
      scope.coreTypes.push(itemAt(outer.coreTypes, index, "outer core type", offset));
      return;
    case "core module":
      scope.coreModules.push(itemAt(outer.coreModules, index, "outer core module", offset));
      return;
    case "component":
      scope.components.push(itemAt(outer.components, index, "outer component", offset));
      return;
    case "type": {
      const type = itemAt(outer.types, index, "outer type", offset);
      if (crossesComponent(scope, count) && hasOuterResource(scope, type, offset)) {
        throw malformed(offset, "an outer alias brings a resource type into a component", "resource types as imports");
      }
      scope.types.push(type);
      return;
    }
  }
}

/** Whether one of the `count` scopes that are left is a component: resources do not go in except as imports. */
function crossesComponent(scope: Scope, count: number): boolean {
  let inner: Scope | null = scope;
  for (let left = count; left > 0 && inner !== null; left -= 1) {
    if (inner.kind === "component") return true;
    inner = inner.parent;
  }
  return false;
}

/** Whether `type` refers to a resource that it does not declare itself. */
function hasOuterResource(scope: Scope, type: TypeEntity, offset: number): boolean {
  switch (type.kind) {
    case "resource":
      return true;
    case "value":
    case "func":
      return typeFacts(type.type).hasResource;
    case "instance":
    case "component": {
      const plan = new Builder({ isDry: true });
      const exports = elaborateAbstractly(type, scope.link, plan, offset);
      const own = new Set(plan.resources);
      return [...exports.values()].some((entity) => usesOtherResource(entity, own, scope.link, offset));
    }
  }
}

function usesOtherResource(entity: Entity, own: ReadonlySet<ResourceType>, link: LinkContext, offset: number): boolean {
  link.spend(1, offset);
  switch (entity.sort) {
    case "func":
      return typeUsesOther({ kind: "func", type: entity.func.type }, own, link, offset);
    case "type":
      return typeUsesOther(entity.type, own, link, offset);
    case "instance":
      return [...entity.instance.exports.values()].some((inner) => usesOtherResource(inner, own, link, offset));
    case "component":
    case "core module":
      return false;
  }
}

function typeUsesOther(type: TypeEntity, own: ReadonlySet<ResourceType>, link: LinkContext, offset: number): boolean {
  if (type.kind === "resource") return !own.has(type.resource);
  if (type.kind !== "value" && type.kind !== "func") return false;
  if (!typeFacts(type.type).hasResource) return false;
  return holdsOther(type.type, own, link, offset);
}

/** Looks through a value or function type; types are data, so every property that is an object is a part. */
function holdsOther(part: unknown, own: ReadonlySet<ResourceType>, link: LinkContext, offset: number): boolean {
  link.spend(1, offset);
  if (typeof part !== "object" || part === null) return false;
  if ("resource" in part) return !own.has(part.resource as ResourceType);
  return Object.values(part).some((inner) => holdsOther(inner, own, link, offset));
}

function defineType(scope: Scope, { offset, type }: Extract<CommonDeclaration, { kind: "type" }>): TypeEntity {
  switch (type.kind) {
    case "func":
      scope.link.spend(type.params.length, offset);
      return { kind: "func", type: defineFuncType(scope, type, offset) };
    case "resource":
      return { kind: "resource", resource: defineResource(scope, type.destructor, offset) };
    case "instance type":
    case "component type": {
      const entity: TypeEntity = {
        kind: type.kind === "instance type" ? "instance" : "component",
        closure: { declarations: type.declarations, scope },
      };
      // Used or not, it has to be valid.
      if (scope.link.isFirstCheck(type)) elaborateAbstractly(entity, scope.link, new Builder({ isDry: true }), offset);
      return entity;
    }
    default: {
      const value = defineValueType(scope, type, offset);
      if (value === null) throw malformed(offset, `a ${type.kind} is used as a value type`, "a value type");
      scope.link.spend(1 + memberCount(value), offset);
      return { kind: "value", type: value };
    }
  }
}

function memberCount(type: object): number {
  return Object.values(type).reduce((sum: number, member) => sum + (Array.isArray(member) ? member.length : 0), 0);
}

function defineResource(scope: Scope, destructorIndex: number | null, offset: number): ResourceType {
  if (scope.kind !== "component") {
    throw malformed(offset, `a resource is defined in an ${scope.kind}`, "(sub resource) as the bound of an export");
  }
  let destructor: CoreRef | null = null;
  if (destructorIndex !== null) {
    const func = scope.coreFunc(destructorIndex, offset);
    if (func.type.params.join() !== "i32" || func.type.results.length > 0) {
      throw malformed(offset, `core func ${destructorIndex} is a destructor of another signature`, "(i32) -> ()");
    }
    destructor = func.ref;
  }
  return scope.plan.addResource({
    name: "",
    origin: { kind: "guest", componentInstance: scope.componentInstance, destructor },
  }, offset);
}

/** What an import or export of the type `description` is when nothing is given for it. */
export function abstractEntity(
  scope: Scope,
  description: ExternDescription,
  name: ExternName,
  source: EntitySource,
): Entity {
  const { offset } = description;
  switch (description.kind) {
    case "func":
      return { sort: "func", func: source.func(name, scope.funcType(description.type, offset)) };
    case "type eq":
      return { sort: "type", type: renamed(scope.type(description.type, offset)) };
    case "type sub resource":
      return { sort: "type", type: { kind: "resource", resource: source.resource(name) } };
    case "instance": {
      const closure = scope.closure(description.type, "instance", offset);
      const inner = source.instance(name);
      const { link, plan } = scope;
      const exports = link.nested(offset, () =>
        elaborate(closure, {
          link,
          plan,
          isChecked: false,
          handlers: { import: null, export: (at, declared, within) => abstractEntity(within, declared, at, inner) },
        }));
      return { sort: "instance", instance: { exports } };
    }
    case "component": {
      source.closed(name, "component");
      return {
        sort: "component",
        component: { kind: "declared", closure: scope.closure(description.type, "component", offset) },
      };
    }
    case "core module":
      source.closed(name, "core module");
      return { sort: "core module", module: { range: null, type: scope.moduleType(description.type, offset) } };
  }
}

/** An alias under a new name: value types get an identity of their own, so that "has a name" can be asked of each. */
export function renamed(type: TypeEntity): TypeEntity {
  return type.kind === "value" ? { kind: "value", type: renamedType(type.type) } : type;
}

/** Placeholders for a check: nobody calls them. */
export function abstractSource(plan: PlanBuilder): EntitySource {
  const source: EntitySource = {
    func: (name, type) => ({ kind: "import", interfaceName: null, name: name.name, type }),
    resource: (name) =>
      plan.addResource({ name: name.name, origin: { kind: "host", interfaceName: null } }, name.offset),
    instance: () => source,
    closed: () => undefined,
  };
  return source;
}

/** Runs a type with placeholders for everything it declares. */
export function elaborateAbstractly(
  entity: Extract<TypeEntity, { kind: "instance" | "component" }>,
  link: LinkContext,
  plan: PlanBuilder,
  offset: number,
): ReadonlyMap<string, Entity> {
  const source = abstractSource(plan);
  const make = (name: ExternName, description: ExternDescription, scope: Scope): Entity =>
    abstractEntity(scope, description, name, source);
  return link.nested(offset, () =>
    elaborate(entity.closure, {
      link,
      plan,
      isChecked: true,
      handlers: { import: entity.kind === "component" ? make : null, export: make },
    }));
}

function moduleType(scope: Scope, declarations: readonly ModuleDeclaration[], offset: number): CoreModuleType {
  const types: CoreFuncType[] = [];
  const imports: CoreImport[] = [];
  const exports: Map<string, CoreExternType> = new Map();
  for (const declaration of declarations) {
    scope.link.spend(1, declaration.offset);
    switch (declaration.kind) {
      case "type":
        types.push(declaration.type);
        break;
      case "alias outer type":
        types.push(outerFuncType(scope, types, declaration));
        break;
      case "import":
        imports.push({
          module: declaration.module,
          name: declaration.name,
          type: resolveExtern(declaration.type, types, declaration.offset),
        });
        break;
      case "export":
        if (exports.has(declaration.name)) {
          throw malformed(
            declaration.offset,
            `a module type exports ${quoted(declaration.name)} twice`,
            "different names",
          );
        }
        exports.set(declaration.name, resolveExtern(declaration.type, types, declaration.offset));
        break;
    }
  }
  const type: CoreModuleType = { imports, exports };
  checkModuleImports(type, offset);
  return type;
}

function outerFuncType(
  scope: Scope,
  own: readonly CoreFuncType[],
  { offset, count, index }: Extract<ModuleDeclaration, { kind: "alias outer type" }>,
): CoreFuncType {
  if (count === 0) return itemAt(own, index, "core type", offset);
  const entity = itemAt(scope.outer(count - 1, offset).coreTypes, index, "outer core type", offset);
  if (entity.kind !== "func") throw unsupported(offset, "module types as members of module types");
  return entity.type;
}

function resolveExtern(use: CoreExternUse, types: readonly CoreFuncType[], offset: number): CoreExternType {
  if (use.kind !== "func" && use.kind !== "tag") return use;
  return { kind: use.kind, type: itemAt(types, use.type, "core type", offset) };
}
