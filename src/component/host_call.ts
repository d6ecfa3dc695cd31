/** Calls of host functions with lifted arguments, specialised by their number: the usual ones need no array. */
import type { CanonEnv, FlatValue } from "./abi_env.ts";
import type { FlatLift } from "./abi_lift.ts";

/** A function of the host, called with component values. */
export type HostFunction = (...args: unknown[]) => unknown;
/** A resource class of the host. */
export type HostClass = new (...args: unknown[]) => object;

/** What a host function turned out to be, and how it is called. */
export type HostCallee =
  | { readonly kind: "function"; readonly fn: HostFunction }
  | { readonly kind: "static"; readonly self: object; readonly fn: HostFunction }
  | { readonly kind: "constructor"; readonly hostClass: HostClass }
  /** The first argument is the object. */
  | { readonly kind: "method"; readonly name: string };

type Call = (env: CanonEnv, flat: readonly FlatValue[]) => unknown;

/** Lifts the arguments and calls the host. */
export function hostCall(callee: HostCallee, lifts: readonly FlatLift[]): Call {
  switch (callee.kind) {
    case "function":
      return functionCall(callee.fn, lifts);
    case "static": {
      const { self, fn } = callee;
      return (env, flat) => Reflect.apply(fn, self, lifts.map((lift) => lift(env, flat)));
    }
    case "constructor": {
      const { hostClass } = callee;
      return (env, flat) => new hostClass(...lifts.map((lift) => lift(env, flat)));
    }
    case "method":
      return methodCall(callee.name, lifts);
  }
}

function functionCall(fn: HostFunction, lifts: readonly FlatLift[]): Call {
  const [a, b, c] = lifts;
  if (a === undefined) return () => fn();
  if (b === undefined) return (env, flat) => fn(a(env, flat));
  if (c === undefined) return (env, flat) => fn(a(env, flat), b(env, flat));
  if (lifts.length === 3) return (env, flat) => fn(a(env, flat), b(env, flat), c(env, flat));
  return (env, flat) => fn(...lifts.map((lift) => lift(env, flat)));
}

type HostObject = Readonly<Record<string, HostFunction | undefined>>;

function methodCall(name: string, lifts: readonly FlatLift[]): Call {
  const [self, a, b] = lifts;
  if (self === undefined) throw new RangeError(`Cannot call method ${name}: it has no self parameter`);
  // The class was looked at when the instance was made; the object is the host's own.
  const object = (env: CanonEnv, flat: readonly FlatValue[]): HostObject => self(env, flat) as HostObject;
  const missing = (): never => {
    throw new TypeError(`Cannot call method ${name}: the object has none`);
  };
  if (a === undefined) {
    return (env, flat) => {
      const it = object(env, flat);
      return it[name] === undefined ? missing() : it[name]();
    };
  }
  if (b === undefined) {
    return (env, flat) => {
      const it = object(env, flat);
      return it[name] === undefined ? missing() : it[name](a(env, flat));
    };
  }
  const rest = lifts.slice(1);
  return (env, flat) => {
    const it = object(env, flat);
    return it[name] === undefined ? missing() : it[name](...rest.map((lift) => lift(env, flat)));
  };
}
