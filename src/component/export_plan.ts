/** The exports of a component: planned once, bound to each instance as jco shapes them. */
import { type LiftPlan, type LiftRef, planLift } from "./canon_lift.ts";
import { checkFunctionType, type ComponentPlan } from "./component_plan.ts";
import { ComponentError } from "./errors.ts";
import { type ExportedClass, type ExportedFunction, exportedFunction, type ExportOptions } from "./exported.ts";
import type { GuestObjects } from "./guest_resource.ts";
import type { HostBindings } from "./host_imports.ts";
import type { HostCallee } from "./host_call.ts";
import type { InstanceState } from "./instance_state.ts";
import { camelCase, type FunctionName, parseFunctionName, pascalCase } from "./js_names.ts";
import type { ComponentExport, ResourceType } from "./types.ts";

/** Functions by camelCase name, resource classes by PascalCase name, instances inside instances. */
export interface ExportedInterface {
  readonly [name: string]: ExportedFunction | ExportedClass | ExportedInterface | undefined;
}

interface LiftedExport extends ExportOptions {
  readonly kind: "lift";
  readonly name: FunctionName;
  readonly plan: LiftPlan;
  readonly ref: LiftRef;
  readonly env: number;
  /** For members of a class. */
  readonly resource: ResourceType | null;
}

type ExportPlan =
  | LiftedExport
  /** A host function that the component passes on as it is. */
  | { readonly kind: "host"; readonly name: string; readonly callee: number }
  | { readonly kind: "class"; readonly resource: ResourceType; readonly name: string }
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
        items.push({ kind: "class", resource: item.type, name });
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
    return parsed.kind === "plain" ? [{ kind: "host", name: camelCase(name), callee: component.hostOf(func) }] : [];
  }
  let resource: ResourceType | null = null;
  if (parsed.kind !== "plain") {
    const type = siblings.get(parsed.resource);
    resource = type?.kind === "type" && isResource(type.type) ? type.type : null;
    if (resource?.origin.kind !== "guest") {
      throw new ComponentError(
        "unsupported",
        `Cannot export "${path}${name}": its resource is not the component's own`,
        {
          offset: func.offset,
        },
      );
    }
  }
  checkFunctionType(func.type, func.offset);
  const label = `"${path}${name}"`;
  const suspends = (component.canSuspend[func.componentInstance] ?? false) && parsed.kind !== "constructor";
  return [{
    kind: "lift",
    name: parsed,
    label,
    type: func.type,
    suspends,
    plan: planLift(func, component.codecs, { boundary: "host", label, suspends }),
    ref: func,
    env: component.envOf(func.componentInstance, func.options),
    resource,
  }];
}

function isResource(type: object | null): type is ResourceType {
  return type !== null && "origin" in type;
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
        const found = classOf(item.resource, item.name, context);
        if (found !== null) exports[pascalCase(item.name)] = found;
        break;
      }
      case "host":
        exports[item.name] = hostFunction(context.host.callees[item.callee]);
        break;
      case "lift": {
        const call = exportedFunction(context.state, context.invoke(item.plan, item.ref, item.env), item);
        if (item.name.kind === "plain") exports[camelCase(item.name.name)] = call;
        else if (item.resource !== null) addMember(item.resource, item.name, call, context);
        break;
      }
    }
  }
  return Object.freeze(exports);
}

function hostFunction(callee: HostCallee | undefined): ExportedFunction | undefined {
  return callee?.kind === "function" ? callee.fn : undefined;
}

function classOf(resource: ResourceType, name: string, context: ExportContext): ExportedClass | null {
  if (resource.origin.kind === "guest") {
    return context.guestObjects.classOf(resource.id, pascalCase(name)).constructible;
  }
  const hostClass = context.host.classes.get(resource.id);
  return hostClass === undefined ? null : hostClass as ExportedClass;
}

function addMember(
  resource: ResourceType,
  name: Exclude<FunctionName, { kind: "plain" }>,
  call: ExportedFunction,
  context: ExportContext,
): void {
  const guestClass = context.guestObjects.classOf(resource.id, pascalCase(name.resource));
  switch (name.kind) {
    case "constructor":
      guestClass.construct = call;
      break;
    case "static":
      define(guestClass.constructible, camelCase(name.name), call);
      break;
    case "method":
      define(guestClass.constructible.prototype as object, camelCase(name.name), function (this: unknown, ...args) {
        return call(this, ...args);
      });
      break;
  }
}

/** Defined, not assigned: a method may be called `constructor`. */
function define(target: object, key: string, value: ExportedFunction): void {
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable: false });
}
