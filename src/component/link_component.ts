/** Runs the definitions of a component: once per instantiation, and once with placeholders to check it. */
import type { ComponentAst, Definition } from "./ast.ts";
import { coreMismatch } from "./core_module_types.ts";
import { linkCanon } from "./link_canon.ts";
import type { Instantiate, LinkContext } from "./link_context.ts";
import { abstractEntity, abstractSource, renamed } from "./link_abstract.ts";
import { elaborate, type MakeEntity, runCommon } from "./link_declarations.ts";
import { PlanBuilder } from "./link_plan.ts";
import { type CoreInstanceEntity, type CoreItem, type Entity, itemAt, Scope, SCOPE_STEPS } from "./link_scope.ts";
import { malformed, quoted } from "./parse_faults.ts";
import { matchEntity } from "./subtype.ts";
import type { CoreArgument, CoreRef } from "./types.ts";
import { ExternChecks } from "./validate_externs.ts";

/** How a component is run. */
export interface RunOptions {
  readonly link: LinkContext;
  readonly plan: PlanBuilder;
  /** The scope in which the component is defined; null for the root. */
  readonly parent: Scope | null;
  readonly import: MakeEntity;
  readonly isChecked: boolean;
}

/** Instantiates a component with `args`, which have to fit its imports. */
export const instantiate: Instantiate = (component, { args, plan, link, offset }) => {
  const importArgument: MakeEntity = (name, description, scope) => {
    const given = args.get(name.name);
    if (given === undefined) {
      throw malformed(offset, `an instantiation has no argument ${quoted(name.fullName)}`, "one for every import");
    }
    return matchEntity(given, description, scope, { offset, path: `the argument ${quoted(name.fullName)}` });
  };
  return link.nested(offset, () => {
    if (component.kind === "defined") {
      return runComponent(component.component, {
        link,
        plan,
        parent: component.scope,
        import: importArgument,
        isChecked: false,
      });
    }
    const source = abstractSource(plan);
    return elaborate(component.closure, {
      link,
      plan,
      isChecked: false,
      handlers: {
        import: importArgument,
        export: (name, description, scope) => abstractEntity(scope, description, name, source),
      },
    });
  });
};

/** Runs the definitions of `component` in order and returns its exports. */
export function runComponent(component: ComponentAst, options: RunOptions): ReadonlyMap<string, Entity> {
  const { link, plan } = options;
  const scope = new Scope({
    link,
    plan,
    kind: "component",
    parent: options.parent,
    componentInstance: plan.addComponentInstance(component.start),
    isChecked: options.isChecked,
  });
  link.spend(SCOPE_STEPS, component.start);
  for (const definition of component.definitions) {
    link.spend(1, definition.offset);
    runDefinition(scope, definition, options.import);
  }
  return scope.exports;
}

function runDefinition(scope: Scope, definition: Definition, importEntity: MakeEntity): void {
  const { offset } = definition;
  switch (definition.kind) {
    case "core module":
      scope.coreModules.push({
        range: { start: definition.start, end: definition.end },
        type: scope.link.moduleType({ start: definition.start, end: definition.end }),
      });
      return;
    case "core instantiate":
      scope.coreInstances.push(instantiateCore(scope, definition));
      return;
    case "core exports":
      scope.coreInstances.push(inlineCoreInstance(scope, definition));
      return;
    case "alias core export":
      aliasCoreExport(scope, definition);
      return;
    case "component":
      checkComponent(scope, definition.component, offset);
      scope.components.push({ kind: "defined", component: definition.component, scope });
      return;
    case "instantiate":
      scope.instances.push({ exports: instantiateDefinition(scope, definition) });
      return;
    case "exports":
      scope.instances.push({ exports: inlineInstance(scope, definition) });
      return;
    case "canon lift":
    case "canon lower":
    case "canon resource":
      linkCanon(scope, definition);
      return;
    case "import":
      scope.import(definition, importEntity);
      return;
    case "export":
      exportEntity(scope, definition);
      return;
    case "core type":
    case "type":
    case "alias export":
    case "alias outer":
      runCommon(scope, definition);
  }
}

/** Every component has to be valid by itself, instantiated or not: it is run once with placeholders as arguments. */
function checkComponent(scope: Scope, component: ComponentAst, offset: number): void {
  const { link } = scope;
  if (!link.isFirstCheck(component)) return;
  const plan = new PlanBuilder({ isDry: true });
  const source = abstractSource(plan);
  link.nested(offset, () =>
    runComponent(component, {
      link,
      plan,
      parent: scope,
      import: (name, description, inner) => abstractEntity(inner, description, name, source),
      isChecked: true,
    }));
}

function instantiateDefinition(
  scope: Scope,
  { component, args, offset }: Extract<Definition, { kind: "instantiate" }>,
): ReadonlyMap<string, Entity> {
  const given: Map<string, Entity> = new Map();
  for (const arg of args) {
    if (given.has(arg.name)) throw malformed(arg.offset, `the argument ${quoted(arg.name)} is given twice`, "once");
    given.set(arg.name, scope.entity(arg.sort, arg.index, arg.offset));
  }
  const { link, plan } = scope;
  link.spend(args.length, offset);
  return link.instantiate(itemAt(scope.components, component, "component", offset), {
    args: given,
    plan,
    link,
    offset,
  });
}

function inlineInstance(
  scope: Scope,
  { exports }: Extract<Definition, { kind: "exports" }>,
): ReadonlyMap<string, Entity> {
  const items: Map<string, Entity> = new Map();
  const checks = scope.externs === null ? null : new ExternChecks("exports");
  for (const { name, sort, index, offset } of exports) {
    scope.link.spend(1, offset);
    const entity = scope.entity(sort, index, offset);
    checks?.declare("export", name, entity, scope.link);
    items.set(name.name, entity);
  }
  return items;
}

function exportEntity(
  scope: Scope,
  { name, sort, index, ascribed, offset }: Extract<Definition, { kind: "export" }>,
): void {
  let entity = scope.entity(sort, index, offset);
  if (ascribed !== null) {
    entity = matchEntity(entity, ascribed, scope, { offset, path: `the export ${quoted(name.fullName)}` });
    if (entity.sort === "func" && ascribed.kind === "func") {
      // The same type by structure, but by the names that the component gives its parts.
      entity = { sort: "func", func: { ...entity.func, type: scope.funcType(ascribed.type, offset) } };
    }
  }
  if (entity.sort === "type") {
    const { type } = entity;
    entity = { sort: "type", type: renamed(type) };
    // A guest's resource is called as it is first exported.
    if (type.kind === "resource" && type.alias.resource.name === "") type.alias.resource.name = name.fullName;
  }
  scope.export(name, entity);
}

function instantiateCore(
  scope: Scope,
  definition: Extract<Definition, { kind: "core instantiate" }>,
): CoreInstanceEntity {
  const { offset } = definition;
  const { range, type } = itemAt(scope.coreModules, definition.module, "core module", offset);
  const given: Map<string, CoreInstanceEntity> = new Map();
  const args: Map<string, CoreArgument> = new Map();
  for (const { name, instance, offset: at } of definition.args) {
    if (given.has(name)) throw malformed(at, `the core argument ${quoted(name)} is given twice`, "once");
    const entity = itemAt(scope.coreInstances, instance, "core instance", at);
    given.set(name, entity);
    args.set(name, entity.argument);
  }
  scope.link.spend(definition.args.length + type.imports.length, offset);
  for (const needed of type.imports) {
    const item = given.get(needed.module)?.item(needed.name);
    if (item === undefined) {
      throw malformed(
        offset,
        `a core module gets no ${quoted(needed.name)} of ${quoted(needed.module)}`,
        `a ${needed.type.kind}, which it imports`,
      );
    }
    const mismatch = coreMismatch(item.type, needed.type);
    if (mismatch !== null) {
      throw malformed(
        offset,
        `the argument ${quoted(needed.name)} of ${quoted(needed.module)} for a core module ${mismatch}`,
        "what it imports",
      );
    }
  }
  const { plan, componentInstance } = scope;
  // Only in a dry run a module may be without bytes, and what that makes is thrown away.
  const module = range === null ? -1 : plan.addModule(range);
  const coreInstance = plan.addCoreInstance({ module, args, componentInstance }, offset);
  return {
    argument: { kind: "instance", coreInstance },
    item(name) {
      const found = type.exports.get(name);
      return found === undefined ? undefined : { ref: { kind: "export", coreInstance, name }, type: found };
    },
  };
}

function inlineCoreInstance(
  scope: Scope,
  { exports }: Extract<Definition, { kind: "core exports" }>,
): CoreInstanceEntity {
  const items: Map<string, CoreItem> = new Map();
  const refs: Map<string, CoreRef> = new Map();
  for (const { name, sort, index, offset } of exports) {
    scope.link.spend(1, offset);
    if (items.has(name)) throw malformed(offset, `a core instance exports ${quoted(name)} twice`, "different names");
    const item = scope.coreItem(sort, index, offset);
    items.set(name, item);
    refs.set(name, item.ref);
  }
  return { argument: { kind: "inline", items: refs }, item: (name) => items.get(name) };
}

function aliasCoreExport(
  scope: Scope,
  { offset, sort, instance, name }: Extract<Definition, { kind: "alias core export" }>,
): void {
  const item = itemAt(scope.coreInstances, instance, "core instance", offset).item(name);
  if (item === undefined) {
    throw malformed(offset, `core instance ${instance} has no export ${quoted(name)}`, "an export that it has");
  }
  if (item.type.kind !== sort) {
    throw malformed(offset, `the core export ${quoted(name)} is a ${item.type.kind}`, `a ${sort}`);
  }
  scope.coreItems[sort].push(item);
}
