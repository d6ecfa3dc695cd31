/** `canon resource.new`, `resource.rep` and `resource.drop`, and the destruction that a drop leads to. */
import { HostTrap } from "../base/errors.ts";
import type { CoreFunction } from "./core_function.ts";
import { HOST_CALL_BYTES } from "./fuel.ts";
import { BORROWED, type LeftHandle } from "./handles.ts";
import type { ComponentScope } from "./instance_state.ts";
import { trap, trapOfGuest, trapOfHost } from "./trap.ts";
import type { ResourceType } from "./types.ts";

/** What making a handle costs, in the unit of `HOST_CALL_BYTES`. */
const HANDLE_BYTES = 128;

/** Destroys a value that nobody owns any more; `prototype` is a host object's, if it is known. */
export type Destroy = (value: unknown, prototype?: object | null) => void;

/** `resource.new: (rep: i32) -> i32` */
export function bindResourceNew(scope: ComponentScope, resource: ResourceType): CoreFunction {
  return (rep) => {
    try {
      scope.state.fuel.call(HANDLE_BYTES);
      if (!scope.mayLeave) trap("Cannot make a resource: the guest is in realloc or post-return");
      return scope.table.addOwn(resource.id, Number(rep) | 0);
    } catch (error) {
      throw failed(scope, error);
    }
  };
}

/** `resource.rep: (handle: i32) -> i32` */
export function bindResourceRep(scope: ComponentScope, resource: ResourceType): CoreFunction {
  return (handle) => {
    try {
      return Number(scope.table.get(Number(handle) >>> 0, resource.id));
    } catch (error) {
      throw failed(scope, error);
    }
  };
}

/** `resource.drop: (handle: i32)` */
export function bindResourceDrop(scope: ComponentScope, resource: ResourceType, destroy: Destroy): CoreFunction {
  return (handle) => {
    try {
      scope.state.checkAlive();
      scope.state.fuel.call(HOST_CALL_BYTES);
      if (!scope.mayLeave) trap("Cannot drop a resource: the guest is in realloc or post-return");
      const index = Number(handle) >>> 0;
      const value = scope.table.drop(index, resource.id);
      if (value !== BORROWED) destroy(value, scope.table.prototypeOf(index));
      scope.state.checkAlive();
      return undefined;
    } catch (error) {
      throw failed(scope, error);
    }
  };
}

function failed({ state }: ComponentScope, error: unknown): WebAssembly.RuntimeError {
  return state.fail(trapOfHost(error, "Symbol.dispose"));
}

/**
 * Ends the objects of one imported resource. What the last one's prototype has for it is kept with that: a host has one class
 * for a resource, and in objects of that many classes looking it up is dear.
 */
export function hostDestroyer(): Destroy {
  let keptOf: object | null = null;
  let kept: unknown;
  return (value, prototype = null) => {
    if (typeof value !== "object" || value === null) return;
    if (prototype !== null && prototype === keptOf) return disposeBy(kept, value);
    const dispose = disposeOf(value);
    // That a class has none says nothing about an object that has its own.
    if (prototype !== null && typeof dispose === "function" && !Object.hasOwn(value, Symbol.dispose)) {
      keptOf = prototype;
      kept = dispose;
    }
    disposeBy(dispose, value);
  };
}

/** The end of an imported resource: the host object's `Symbol.dispose`, if it has one. */
export function disposeHostObject(value: unknown): void {
  if (typeof value === "object" && value !== null) disposeBy(disposeOf(value), value);
}

function disposeOf(value: { readonly [Symbol.dispose]?: unknown }): unknown {
  return value[Symbol.dispose];
}

function disposeBy(dispose: unknown, value: object): void {
  if (typeof dispose !== "function") return;
  const returned: unknown = dispose.call(value);
  if (returned instanceof Promise) {
    returned.catch(() => {});
    throw new HostTrap("The host's Symbol.dispose returned a promise, expected it to be done");
  }
}

/**
 * The end of what the tables of an ended instance owned, newest first. Guest resources need nothing: their instance is
 * gone with them.
 * @throws {AggregateError} of what the objects' `Symbol.dispose` threw; all of them were called
 */
export function disposeHandles(handles: readonly LeftHandle[]): void {
  if (handles.length === 0) return;
  let left = handles.filter((handle) => typeof handle.value === "object").sort((a, b) => b.order - a.order);
  // A parent that moved between tables is newer than its children and refuses at first: it gets another turn.
  for (;;) {
    const refused: LeftHandle[] = [];
    const errors: unknown[] = [];
    for (const handle of left) {
      try {
        disposeHostObject(handle.value);
      } catch (error) {
        refused.push(handle);
        errors.push(error);
      }
    }
    if (refused.length === 0) return;
    if (refused.length === left.length) throw new AggregateError(errors, "Cannot dispose all resources of an instance");
    left = refused;
  }
}

/**
 * The end of a guest's resource: its destructor, in the component instance that defines it. JavaScript is on the stack,
 * so that nothing can suspend meanwhile.
 */
export function runDestructor(
  destructor: CoreFunction,
  rep: number,
  definer: ComponentScope,
  by: ComponentScope | null,
): void {
  const { state } = definer;
  const isOther = definer !== by;
  if (isOther && definer.isEntered) trap("Cannot drop a resource: the component instance that defines it is running");
  if (isOther) definer.isEntered = true;
  try {
    state.withoutWaiting(() => destructor(rep));
  } catch (error) {
    throw trapOfGuest(error);
  }
  if (isOther) definer.isEntered = false;
}
