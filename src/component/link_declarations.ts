/** Runs the declarations of instance and component types, and what these share with components. */
import type { CommonDeclaration, ExternDescription, ExternName, ValueTypeDefinition } from "./ast.ts";
import type { LinkContext } from "./link_context.ts";
import { moduleType } from "./link_module_types.ts";
import { aliasOuter } from "./link_outer.ts";
import type { PlanBuilder } from "./link_plan.ts";
import { type Entity, itemAt, Scope, SCOPE_STEPS, type TypeClosure, type TypeEntity } from "./link_scope.ts";
import { defineFuncType, defineValueType } from "./link_types.ts";
import { malformed, quoted } from "./parse_faults.ts";
import type { CoreRef, ResourceType } from "./types.ts";

/** Makes the entity that an import or export of the type `description` is; each is entered into `scope`. */
export type MakeEntity = (name: ExternName, description: ExternDescription, scope: Scope) => Entity;

/** How a type is elaborated. */
export interface ElaborateOptions {
  readonly link: LinkContext;
  readonly plan: PlanBuilder;
  /** `import` is null for instance types, which declare none. */
  readonly handlers: { readonly import: MakeEntity | null; readonly export: MakeEntity };
  readonly isChecked: boolean;
}

/** Runs the declarations of `closure` and returns its exports. */
export function elaborate(closure: TypeClosure, options: ElaborateOptions): ReadonlyMap<string, Entity> {
  const { link, plan, handlers, isChecked } = options;
  const kind = handlers.import === null ? "instance type" : "component type";
  const scope = new Scope({ link, plan, kind, parent: closure.scope, componentInstance: -1, isChecked });
  link.spend(SCOPE_STEPS, closure.declarations[0]?.offset ?? 0);
  for (const declaration of closure.declarations) {
    const { offset } = declaration;
    link.spend(1, offset);
    switch (declaration.kind) {
      case "import":
        if (handlers.import === null) throw malformed(offset, "an instance type declares an import", "only exports");
        scope.import(declaration, handlers.import);
        break;
      case "export declaration": {
        const { name } = declaration;
        scope.export(name, handlers.export(name, declaration.description, scope));
        break;
      }
      case "core type":
      case "type":
      case "alias export":
      case "alias outer":
        runCommon(scope, declaration);
    }
  }
  return scope.exports;
}

/** A definition that may stand in components and in types. */
export function runCommon(scope: Scope, declaration: CommonDeclaration): void {
  const { offset } = declaration;
  switch (declaration.kind) {
    case "core type": {
      const { type } = declaration;
      scope.coreTypes.push(
        type.kind === "core func type"
          ? { kind: "func", type: type.type }
          : { kind: "module", type: moduleType(scope, type.declarations, offset) },
      );
      return;
    }
    case "type":
      scope.types.push(defineType(scope, declaration));
      return;
    case "alias export": {
      const { instance, name, sort } = declaration;
      const entity = itemAt(scope.instances, instance, "instance", offset).exports.get(name);
      if (entity === undefined) {
        throw malformed(offset, `instance ${instance} has no export ${quoted(name)}`, "an export that it has");
      }
      if (entity.sort !== sort) throw malformed(offset, `the export ${quoted(name)} is a ${entity.sort}`, `a ${sort}`);
      scope.push(entity);
      return;
    }
    case "alias outer":
      aliasOuter(scope, declaration);
      return;
  }
}

function defineType(scope: Scope, { offset, type }: Extract<CommonDeclaration, { kind: "type" }>): TypeEntity {
  const { link } = scope;
  if (type.kind === "func") {
    link.spend(type.params.length, offset);
    return { kind: "func", type: defineFuncType(scope, type, offset) };
  }
  if (type.kind === "resource") {
    return { kind: "resource", alias: { resource: defineResource(scope, type.destructor, offset) } };
  }
  if (type.kind === "instance type" || type.kind === "component type") {
    const entity: TypeEntity = {
      kind: type.kind === "instance type" ? "instance" : "component",
      closure: { declarations: type.declarations, scope },
    };
    // Used or not, it has to be valid.
    if (link.isFirstCheck(type)) link.expand(entity, { link, offset, isChecked: true });
    return entity;
  }
  link.spend(memberCount(type), offset);
  return { kind: "value", type: defineValueType(scope, type, offset) };
}

/** How many parts are written in the definition itself. */
function memberCount(definition: ValueTypeDefinition): number {
  if ("fields" in definition) return definition.fields.length;
  if ("cases" in definition) return definition.cases.length;
  if ("elements" in definition) return definition.elements.length;
  return "names" in definition ? definition.names.length : 1;
}

function defineResource(scope: Scope, destructorIndex: number | null, offset: number): ResourceType {
  if (scope.kind !== "component") {
    throw malformed(offset, `an ${scope.kind} defines a resource`, "(sub resource) as the bound of an export");
  }
  let destructor: CoreRef | null = null;
  if (destructorIndex !== null) {
    const func = scope.coreFunc(destructorIndex, offset);
    if (func.type.params.join() !== "i32" || func.type.results.length > 0) {
      throw malformed(offset, `core func ${destructorIndex} is a destructor of another signature`, "(i32) -> ()");
    }
    destructor = func.ref;
  }
  const origin = { kind: "guest", componentInstance: scope.componentInstance, destructor } as const;
  return scope.plan.addResource({ name: "", origin }, offset);
}
