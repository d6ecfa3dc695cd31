/** `canon resource.new`, `resource.rep` and `resource.drop`, and the destruction that a drop leads to. */
import { HostTrap } from "../base/errors.ts";
import type { CoreFunction } from "./core_function.ts";
import { BORROWED } from "./handles.ts";
import type { ComponentScope, InstanceState } from "./instance_state.ts";
import { trap, trapOfGuest, trapOfHost } from "./trap.ts";
import type { ResourceType } from "./types.ts";

/** Destroys a value that nobody owns any more. */
export type Destroy = (value: unknown) => void;

/** `resource.new: (rep: i32) -> i32` */
export function bindResourceNew(scope: ComponentScope, resource: ResourceType): CoreFunction {
  return (rep) =>
    guard(scope.state, () => {
      if (!scope.mayLeave) trap("Cannot make a resource: the guest is in realloc or post-return");
      return scope.table.addOwn(resource.id, Number(rep) | 0);
    });
}

/** `resource.rep: (handle: i32) -> i32` */
export function bindResourceRep(scope: ComponentScope, resource: ResourceType): CoreFunction {
  return (handle) => guard(scope.state, () => Number(scope.table.get(Number(handle) >>> 0, resource.id)));
}

/** `resource.drop: (handle: i32)` */
export function bindResourceDrop(
  scope: ComponentScope,
  resource: ResourceType,
  destroy: (by: ComponentScope) => Destroy,
): CoreFunction {
  const destroyHere = destroy(scope);
  return (handle) =>
    guard(scope.state, () => {
      scope.state.checkAlive();
      if (!scope.mayLeave) trap("Cannot drop a resource: the guest is in realloc or post-return");
      const value = scope.table.drop(Number(handle) >>> 0, resource.id);
      if (value !== BORROWED) destroyHere(value);
      scope.state.checkAlive();
      return undefined;
    });
}

function guard<T>(state: InstanceState, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw state.fail(trapOfHost(error, "Symbol.dispose"));
  }
}

/** The end of an imported resource: the host object's `Symbol.dispose`, if it has one. */
export function disposeHostObject(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const dispose: unknown = Reflect.get(value, Symbol.dispose);
  if (typeof dispose !== "function") return;
  const returned: unknown = Reflect.apply(dispose, value, []);
  if (returned instanceof Promise) {
    returned.catch(() => {});
    throw new HostTrap("The host's Symbol.dispose returned a promise, expected it to be done");
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
  const couldBlock = state.mayBlock;
  state.mayBlock = false;
  if (isOther) definer.isEntered = true;
  try {
    destructor(rep);
  } catch (error) {
    throw trapOfGuest(error);
  }
  if (isOther) definer.isEntered = false;
  state.mayBlock = couldBlock;
}
