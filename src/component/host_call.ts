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

/** How the host function of that name is called. */
export function hostCall(name: FunctionName, lifts: readonly FlatLift[]): Call {
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
      return memberCall(camelCase(name.name), (_, env, flat) => self(env, flat), rest);
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

/**
 * Finds the method `key` of an object. The last one is kept with the prototype that has it: a host has one class for a
 * resource, and looking a name up in objects of any class is a tenth of what a short call costs.
 */
function memberFinder(key: string): (it: Members) => HostFunction {
  let keptOf: unknown;
  let kept: HostFunction | undefined;
  return (it) => {
    const prototype: unknown = Object.getPrototypeOf(it);
    if (kept !== undefined && prototype === keptOf) return kept;
    const found = it[key];
    if (found === undefined) throw new TypeError(`Cannot call method ${key}: the object has none`);
    // What an object has by itself says nothing about the others of its class.
    if (!Object.hasOwn(it, key)) {
      kept = found;
      keptOf = prototype;
    }
    return found;
  };
}

type Members = Readonly<Record<string, HostFunction | undefined>>;

/** The class was looked at when the instance was made; the object is the host's own. */
function memberCall(key: string, self: Call, lifts: readonly FlatLift[]): Call {
  const [a, b] = lifts;
  const member = memberFinder(key);
  if (a === undefined) {
    return (callee, env, flat) => {
      const it = self(callee, env, flat) as Members;
      return member(it).call(it);
    };
  }
  if (b === undefined) {
    return (callee, env, flat) => {
      const it = self(callee, env, flat) as Members;
      return member(it).call(it, a(env, flat));
    };
  }
  if (lifts.length === 2) {
    return (callee, env, flat) => {
      const it = self(callee, env, flat) as Members;
      return member(it).call(it, a(env, flat), b(env, flat));
    };
  }
  return (callee, env, flat) => {
    const it = self(callee, env, flat) as Members;
    return member(it).apply(it, lifts.map((lift) => lift(env, flat)));
  };
}
