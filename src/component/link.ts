/**
 * Component AST to `LinkPlan`: nested components, instances, aliases and type bounds are resolved once, here, so that
 * instantiation only follows a list. Validates on the way everything that the engine relies on later.
 */
import type { ComponentAst } from "./ast.ts";
import { abstractEntity, expandType } from "./link_abstract.ts";
import { instantiate, runComponent } from "./link_component.ts";
import { LinkContext } from "./link_context.ts";
import { hostSource } from "./link_host.ts";
import { PlanBuilder } from "./link_plan.ts";
import type { Entity, TypeEntity } from "./link_scope.ts";
import { parseComponent } from "./parse.ts";
import type { ComponentExport, FuncType, LinkPlan, ResourceType, ValueType } from "./types.ts";

/**
 * Links `ast`, which was parsed from `bytes`.
 *
 * @throws {ComponentError} reason "malformed", "unsupported" or "limit"
 */
export function linkComponent(ast: ComponentAst, bytes: Uint8Array): LinkPlan {
  const link = new LinkContext(bytes, { instantiate, expand: expandType });
  const plan = new PlanBuilder({ isDry: false });
  const source = hostSource(plan);
  const exports = runComponent(ast, {
    link,
    plan,
    parent: null,
    import: (name, description, scope) => abstractEntity(scope, description, name, source),
    isChecked: true,
  });
  const { modules, coreInstances, builtins, imports, resources, componentInstances } = plan;
  const publicExports = exportsOf(exports, { link, plan, offset: ast.start });
  return { modules, coreInstances, builtins, imports, resources, componentInstances, exports: publicExports };
}

/**
 * Parses and links the component that fills `bytes`.
 *
 * @example
 * const plan = planComponent(await readFile("hello.wasm"));
 * plan.imports.map((item) => item.name); // ["wasi:http/types@0.2.9", ...]
 *
 * @throws {ComponentError} reason "malformed", "unsupported" or "limit"
 */
export function planComponent(bytes: Uint8Array): LinkPlan {
  return linkComponent(parseComponent(bytes), bytes);
}

interface ExportContext {
  readonly link: LinkContext;
  readonly plan: PlanBuilder;
  readonly offset: number;
}

/** What a host can use of `entities`: components and core modules that are exported are of no use to anybody here. */
function exportsOf(
  entities: ReadonlyMap<string, Entity>,
  context: ExportContext,
): ReadonlyMap<string, ComponentExport> {
  const result: Map<string, ComponentExport> = new Map();
  for (const [name, entity] of entities) {
    context.plan.addRootItem(context.offset);
    switch (entity.sort) {
      case "func":
        result.set(name, { kind: "func", func: entity.func });
        break;
      case "instance": {
        const exports = context.link.nested(context.offset, () => exportsOf(entity.instance.exports, context));
        result.set(name, { kind: "instance", exports });
        break;
      }
      case "type":
        result.set(name, { kind: "type", type: exportedType(entity.type) });
        break;
      case "component":
      case "core module":
        break;
    }
  }
  return result;
}

function exportedType(type: TypeEntity): ValueType | ResourceType | FuncType | null {
  switch (type.kind) {
    case "value":
    case "func":
      return type.type;
    case "resource":
      return type.alias.resource;
    case "instance":
    case "component":
      return null;
  }
}
