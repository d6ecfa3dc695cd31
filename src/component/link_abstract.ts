/** Stands in for what is not given: the host's things at the root, placeholders where something is only checked. */
import type { ExternDescription, ExternName } from "./ast.ts";
import type { Expand } from "./link_context.ts";
import { elaborate } from "./link_declarations.ts";
import { PlanBuilder } from "./link_plan.ts";
import type { Entity, Scope, TypeEntity } from "./link_scope.ts";
import { renamedAlias, renamedType } from "./link_types.ts";
import type { FuncRef, FuncType, ResourceType } from "./types.ts";

/** Makes what an abstract import or export stands for. */
export interface EntitySource {
  func(name: ExternName, type: FuncType): FuncRef;
  resource(name: ExternName): ResourceType;
  /** For what is inside the instance `name`. */
  instance(name: ExternName): EntitySource;
  /** Refuses components and core modules where there can be none. */
  closed(name: ExternName, sort: "component" | "core module"): void;
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
      return { sort: "type", type: { kind: "resource", alias: { resource: source.resource(name) } } };
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
      const closure = scope.closure(description.type, "component", offset);
      source.closed(name, "component");
      return { sort: "component", component: { kind: "declared", closure } };
    }
    case "core module": {
      const type = scope.moduleType(description.type, offset);
      source.closed(name, "core module");
      return { sort: "core module", module: { range: null, type } };
    }
  }
}

/** An alias under a new name: types get an identity of their own, so that "has a name" can be asked of each. */
export function renamed(type: TypeEntity): TypeEntity {
  switch (type.kind) {
    case "value":
      return { kind: "value", type: renamedType(type.type) };
    case "resource":
      return { kind: "resource", alias: renamedAlias(type.alias) };
    case "func":
    case "instance":
    case "component":
      return type;
  }
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
export const expandType: Expand = (type, { link, offset, isChecked }) => {
  const plan = new PlanBuilder({ isDry: true });
  const source = abstractSource(plan);
  const entities: Entity[] = [];
  const make = (name: ExternName, description: ExternDescription, scope: Scope): Entity => {
    const entity = abstractEntity(scope, description, name, source);
    entities.push(entity);
    return entity;
  };
  const exports = link.nested(offset, () =>
    elaborate(type.closure, {
      link,
      plan,
      isChecked,
      handlers: { import: type.kind === "component" ? make : null, export: make },
    }));
  return { exports, entities, resources: plan.resources };
};
