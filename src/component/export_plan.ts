/** The exports of a component: planned once, bound to each instance as jco shapes them. */
import { type LiftPlan, type LiftRef, planLift } from "./canon_lift.ts";
import { checkFunctionType, type ComponentPlan } from "./component_plan.ts";
import { ComponentError } from "./errors.ts";
import { type ExportedClass, type ExportedFunction, exportedFunction, type ExportOptions } from "./exported.ts";
import type { GuestObjects } from "./guest_resource.ts";
import type { HostBindings } from "./host_imports.ts";
import type { InstanceState } from "./instance_state.ts";
import { bareName, camelCase, type FunctionName, parseFunctionName, pascalCase } from "./js_names.ts";
import type { ComponentExport, ResourceType } from "./types.ts";

/** Functions by camelCase name, resource classes by PascalCase name, instances inside instances. */
export interface ExportedInterface {
  readonly [name: string]: ExportedFunction | ExportedClass | ExportedInterface | undefined;
}

interface LiftedExport extends ExportOptions {
  readonly kind: "lift";
  readonly name: FunctionName;
  /** The property; none for constructors. */
  readonly key: string;
  readonly plan: LiftPlan;
  readonly ref: LiftRef;
  readonly env: number;
  /** The class that it is a member of. */
  readonly member: { readonly resource: ResourceType; readonly className: string } | null;
}

type ExportPlan =
  | LiftedExport
  /** A host function that the component passes on as it is. */
  | { readonly kind: "host"; readonly key: string; readonly callee: number }
  | { readonly kind: "class"; readonly key: string; readonly resource: ResourceType }
  | { readonly kind: "instance"; readonly key: string; readonly items: readonly ExportPlan[] };

export type { ExportPlan };

/** @throws {ComponentError} for what cannot be offered to a host */
export function planExports(
  exports: ReadonlyMap<string, ComponentExport>,
  component: ComponentPlan,
  path = "",
): readonly ExportPlan[] {
  const items: ExportPlan[] = [];
  for (const [name, item] of exports) {
    switch (item.kind) {
      case "instance": {
        const key = /[:/]/.test(name) ? name : camelCase(name);
        items.push({ kind: "instance", key, items: planExports(item.exports, component, `${name}#`) });
        break;
      }
      case "type":
        if (!isResource(item.type)) break;
        component.needClass(item.type);
        items.push({ kind: "class", key: pascalCase(name), resource: item.type });
        break;
      case "func":
        items.push(...planFunction(name, item, exports, component, path));
        break;
    }
  }
  return items;
}

function planFunction(
  name: string,
  { func }: Extract<ComponentExport, { kind: "func" }>,
  siblings: ReadonlyMap<string, ComponentExport>,
  component: ComponentPlan,
  path: string,
): ExportPlan[] {
  const parsed = parseFunctionName(name);
  if (func.kind === "import") {
    // Members of an imported class come with the class.
    return parsed.kind === "plain" ? [{ kind: "host", key: camelCase(name), callee: component.hostOf(func) }] : [];
  }
  let member: LiftedExport["member"] = null;
  if (parsed.kind !== "plain") {
    const type = siblings.get(parsed.resource);
    const resource = type?.kind === "type" && isResource(type.type) ? type.type : null;
    if (resource?.origin.kind !== "guest") {
      throw new ComponentError(
        "unsupported",
        `Cannot export "${path}${name}": its resource is not the component's own`,
        {
          offset: func.offset,
        },
      );
    }
    member = { resource, className: pascalCase(parsed.resource) };
  }
  checkFunctionType(func.type, func.offset);
  const label = `"${path}${name}"`;
  const suspends = parsed.kind !== "constructor";
  return [{
    kind: "lift",
    name: parsed,
    key: parsed.kind === "constructor" ? "" : camelCase(parsed.name),
    label,
    type: func.type,
    suspends,
    plan: planLift(func, component.codecs, { boundary: "host", label, suspends }),
    ref: func,
    env: component.envOf(func.componentInstance, func.options),
    member,
  }];
}

function isResource(type: object | null): type is ResourceType {
  return type !== null && "origin" in type;
}

/** The keys of exported interfaces, by their names without a version. */
export function interfaceKeys(items: readonly ExportPlan[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const item of items) {
    if (item.kind !== "instance") continue;
    const bare = bareName(item.key);
    if (!keys.has(bare)) keys.set(bare, item.key);
  }
  return keys;
}

/** What binding the exports needs of an instance. */
export interface ExportContext {
  readonly state: InstanceState;
  readonly guestObjects: GuestObjects;
  readonly host: HostBindings;
  readonly invoke: (plan: LiftPlan, ref: LiftRef, env: number) => (values: readonly unknown[]) => unknown;
}

/** Makes the exports of one instance. */
export function bindExports(items: readonly ExportPlan[], context: ExportContext): ExportedInterface {
  // No prototype: nothing can be found here but what the component exports.
  const exports: Record<string, ExportedFunction | ExportedClass | ExportedInterface | undefined> = Object.create(null);
  for (const item of items) {
    switch (item.kind) {
      case "instance":
        exports[item.key] = bindExports(item.items, context);
        break;
      case "class": {
        const found = classOf(item.resource, item.key, context);
        if (found !== null) exports[item.key] = found;
        break;
      }
      case "host":
        exports[item.key] = context.host.callees[item.callee] as ExportedFunction | undefined;
        break;
      case "lift": {
        const call = exportedFunction(context.state, context.invoke(item.plan, item.ref, item.env), item);
        if (item.member === null) exports[item.key] = call;
        else addMember(item, item.member, call, context.guestObjects);
        break;
      }
    }
  }
  return Object.freeze(exports);
}

function classOf(resource: ResourceType, className: string, context: ExportContext): ExportedClass | null {
  if (resource.origin.kind === "guest") {
    return context.guestObjects.classOf(resource.id, className).constructible;
  }
  const hostClass = context.host.classes.get(resource.id);
  return hostClass === undefined ? null : hostClass as ExportedClass;
}

function addMember(
  { name, key }: LiftedExport,
  { resource, className }: NonNullable<LiftedExport["member"]>,
  call: ExportedFunction,
  guestObjects: GuestObjects,
): void {
  const guestClass = guestObjects.classOf(resource.id, className);
  switch (name.kind) {
    case "plain":
      break;
    case "constructor":
      guestClass.construct = call;
      break;
    case "static":
      define(guestClass.constructible, key, call);
      break;
    case "method":
      define(guestClass.constructible.prototype as object, key, function (this: unknown, ...args) {
        return call(this, ...args);
      });
      break;
  }
}

/** Defined, not assigned: a method may be called `constructor`. */
function define(target: object, key: string, value: ExportedFunction): void {
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable: false });
}
