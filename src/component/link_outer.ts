/** Outer aliases: what a nested component or a type may take from around it. */
import type { CommonDeclaration } from "./ast.ts";
import type { LinkContext } from "./link_context.ts";
import { type Entity, itemAt, type Scope, type TypeEntity } from "./link_scope.ts";
import { typeFacts } from "./link_types.ts";
import { malformed } from "./parse_faults.ts";
import type { FuncType, ResourceType, ValueType } from "./types.ts";

/** Enters what is aliased into `scope`. */
export function aliasOuter(scope: Scope, alias: Extract<CommonDeclaration, { kind: "alias outer" }>): void {
  const { offset, sort, count, index } = alias;
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
      // Known from the first run of the same alias.
      if (scope.externs !== null && crossesComponent(scope, count)) expectNoOuterResource(scope.link, type, offset);
      scope.types.push(type);
      return;
    }
  }
}

/** Whether one of the `count` scopes that are left is a component: resources go in only as imports. */
function crossesComponent(scope: Scope, count: number): boolean {
  let inner: Scope | null = scope;
  for (let left = count; left > 0 && inner !== null; left -= 1) {
    if (inner.kind === "component") return true;
    inner = inner.parent;
  }
  return false;
}

function expectNoOuterResource(link: LinkContext, type: TypeEntity, offset: number): void {
  if (usesOther(type, new Set(), link, offset)) {
    throw malformed(
      offset,
      "an outer alias refers to a resource type of another component",
      "resource types as imports",
    );
  }
}

/** Whether `type` refers to a resource outside of `own`. */
function usesOther(type: TypeEntity, own: ReadonlySet<ResourceType>, link: LinkContext, offset: number): boolean {
  switch (type.kind) {
    case "resource":
      return !own.has(type.alias.resource);
    case "value":
    case "func":
      return typeFacts(type.type).hasResource && holdsOther(type.type, own, link, offset);
    case "instance":
    case "component": {
      const { entities, resources } = link.expand(type, { link, offset, isChecked: false });
      const declared = new Set([...own, ...resources]);
      return entities.some((entity) => entityUsesOther(entity, declared, link, offset));
    }
  }
}

function entityUsesOther(entity: Entity, own: ReadonlySet<ResourceType>, link: LinkContext, offset: number): boolean {
  link.spend(1, offset);
  switch (entity.sort) {
    case "func":
      return usesOther({ kind: "func", type: entity.func.type }, own, link, offset);
    case "type":
      return usesOther(entity.type, own, link, offset);
    case "instance":
      return [...entity.instance.exports.values()].some((inner) => entityUsesOther(inner, own, link, offset));
    case "component":
      return entity.component.kind === "declared" &&
        usesOther({ kind: "component", closure: entity.component.closure }, own, link, offset);
    case "core module":
      return false;
  }
}

/** Looks through a value or function type: types are data, so every object in one is a part of it. */
function holdsOther(
  part: ValueType | FuncType | object,
  own: ReadonlySet<ResourceType>,
  link: LinkContext,
  offset: number,
): boolean {
  link.spend(1, offset);
  if ("kind" in part && "resource" in part) return !own.has(part.resource);
  return Object.values(part).some((inner: unknown) =>
    typeof inner === "object" && inner !== null && holdsOther(inner, own, link, offset)
  );
}
