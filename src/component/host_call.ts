/** Calls of host functions with lifted arguments, specialised by their number: the usual ones need no array. */
import type { CanonEnv, FlatValue } from "./abi_env.ts";
import type { FlatLift } from "./abi_lift.ts";
import { camelCase, type FunctionName } from "./js_names.ts";

/** A function of the host, called with component values. */
export type HostFunction = (...args: unknown[]) => unknown;
/** A resource class of the host. */
export type HostClass = new (...args: unknown[]) => object;

/** What an instance found for an imported function: the function, or for members of a resource their class. */
export type HostCallee = HostFunction | HostClass;

/** What a call between components needs of the other side: takes component values, returns one or a promise of it. */
export type Invoke = (values: readonly unknown[]) => unknown;

/** Lifts the arguments and calls `callee`; made once per component. */
export type Call = (callee: HostCallee | Invoke, env: CanonEnv, flat: readonly FlatValue[]) => unknown;

/** How the host function of that name is called. `selfId` is the resource whose handle is a method's first core value, if it is. */
export function hostCall(name: FunctionName, lifts: readonly FlatLift[], selfId: number | null): Call {
  switch (name.kind) {
    case "plain":
      return functionCall(lifts);
    case "constructor":
      return (callee, env, flat) => new (callee as HostClass)(...lifts.map((lift) => lift(env, flat)));
    case "static":
      return memberCall(camelCase(name.name), (callee) => callee, lifts);
    case "method": {
      const [self, ...rest] = lifts;
      if (self === undefined) throw new RangeError(`Cannot call method ${name.name}: it has no self parameter`);
      const key = camelCase(name.name);
      return selfId === null ? memberCall(key, (_, env, flat) => self(env, flat), rest) : methodCall(key, selfId, rest);
    }
  }
}

function functionCall(lifts: readonly FlatLift[]): Call {
  const [a, b, c] = lifts;
  if (a === undefined) return (callee) => (callee as HostFunction)();
  if (b === undefined) return (callee, env, flat) => (callee as HostFunction)(a(env, flat));
  if (c === undefined) return (callee, env, flat) => (callee as HostFunction)(a(env, flat), b(env, flat));
  if (lifts.length === 3) {
    return (callee, env, flat) => (callee as HostFunction)(a(env, flat), b(env, flat), c(env, flat));
  }
  return (callee, env, flat) => (callee as HostFunction)(...lifts.map((lift) => lift(env, flat)));
}

type Members = Readonly<Record<string, HostFunction | undefined>>;

function memberOf(it: Members, key: string): HostFunction {
  const found = it[key];
  if (found === undefined) throw new TypeError(`Cannot call method ${key}: the object has none`);
  return found;
}

/**
 * Finds the method `key` of an object. The last one is kept with the prototype that has it: a host has one class for a
 * resource, and looking a name up in objects of any class is a tenth of what a short call costs.
 */
function methodFinder(key: string): (it: Members, prototype: object | null) => HostFunction {
  let keptOf: object | null = null;
  let kept: HostFunction | undefined;
  return (it, prototype) => {
    if (kept !== undefined && prototype === keptOf) return kept;
    const found = memberOf(it, key);
    // What an object has by itself says nothing about the others of its class.
    if (prototype !== null && !Object.hasOwn(it, key)) {
      kept = found;
      keptOf = prototype;
    }
    return found;
  };
}

/** A method of a host object: found by its handle, which is the first core value, without a lift in between. */
function methodCall(key: string, selfId: number, lifts: readonly FlatLift[]): Call {
  const [a, b] = lifts;
  const find = methodFinder(key);
  if (a === undefined) {
    return (_, env, flat) => {
      const { table } = env.scope;
      const handle = Number(flat[0]) >>> 0;
      const it = table.get(handle, selfId) as Members;
      return find(it, table.prototypeOf(handle)).call(it);
    };
  }
  if (b === undefined) {
    return (_, env, flat) => {
      const { table } = env.scope;
      const handle = Number(flat[0]) >>> 0;
      const it = table.get(handle, selfId) as Members;
      return find(it, table.prototypeOf(handle)).call(it, a(env, flat));
    };
  }
  return (_, env, flat) => {
    const { table } = env.scope;
    const handle = Number(flat[0]) >>> 0;
    const it = table.get(handle, selfId) as Members;
    const method = find(it, table.prototypeOf(handle));
    return lifts.length === 2
      ? method.call(it, a(env, flat), b(env, flat))
      : method.apply(it, lifts.map((lift) => lift(env, flat)));
  };
}

/** A static function, or a method of what `self` finds. */
function memberCall(key: string, self: Call, lifts: readonly FlatLift[]): Call {
  const [a, b] = lifts;
  return (callee, env, flat) => {
    const it = self(callee, env, flat) as Members;
    const member = memberOf(it, key);
    if (a !== undefined && lifts.length === 1) return member.call(it, a(env, flat));
    if (a !== undefined && b !== undefined && lifts.length === 2) return member.call(it, a(env, flat), b(env, flat));
    return member.apply(it, lifts.map((lift) => lift(env, flat)));
  };
}
