/** The lifts and lowers of one component, shared by its functions: one of each per string encoding and boundary. */
import type { CanonEnv, FlatValue } from "./abi_env.ts";
import { HostTrap } from "../base/errors.ts";
import { ValueFault } from "./abi_fault.ts";
import { childrenOf, isScalar, layoutOf, layoutOfSequence } from "./abi_layout.ts";
import { type Boundary, type FlatLift, Lifter } from "./abi_lift.ts";
import { type FlatLower, Lowerer, type Store } from "./abi_lower.ts";
import { SCALARS } from "./abi_numbers.ts";
import type { Field, StringEncoding, ValueType } from "./types.ts";

/** All lifts and lowers of one component. */
export class Codecs {
  readonly #lifters = new Map<string, Lifter>();
  readonly #lowerers = new Map<string, Lowerer>();

  lifter(encoding: StringEncoding, boundary: Boundary, lends = false): Lifter {
    const key = `${encoding} ${boundary} ${lends}`;
    let lifter = this.#lifters.get(key);
    if (lifter === undefined) this.#lifters.set(key, lifter = new Lifter(encoding, boundary, lends));
    return lifter;
  }

  lowerer(encoding: StringEncoding, boundary: Boundary): Lowerer {
    const key = `${encoding} ${boundary}`;
    let lowerer = this.#lowerers.get(key);
    if (lowerer === undefined) this.#lowerers.set(key, lowerer = new Lowerer(encoding, boundary));
    return lowerer;
  }
}

/** Parameters that come from a guest: flat, or through the memory that the first core value points to. */
export function liftParams(lifter: Lifter, params: readonly Field[], isSpilled: boolean): FlatLift[] {
  const types = params.map((param) => param.type);
  if (!isSpilled) return lifter.sequence(types);
  const { size, align, offsets } = layoutOfSequence(types);
  return types.map((type, index) => {
    const load = lifter.load(type);
    const offset = offsets[index] ?? 0;
    return (env, flat) => {
      const pointer = Number(flat[0] ?? 0) >>> 0;
      if (index === 0) env.memory.check(pointer, size, align);
      return load(env, pointer + offset);
    };
  });
}

/** Parameters for a guest: the core arguments of the call. */
export function lowerParams(
  lowerer: Lowerer,
  params: readonly Field[],
  options: { readonly isSpilled: boolean; readonly label: string },
): (env: CanonEnv, values: readonly unknown[]) => FlatValue[] {
  const { isSpilled, label } = options;
  const types = params.map((param) => param.type);
  const lowers: FlatLower[] = isSpilled ? spillingLowers(lowerer, types) : lowerer.sequence(types);
  return (env, values) => {
    const flat: FlatValue[] = [];
    let index = 0;
    try {
      for (; index < lowers.length; index++) lowers[index]?.(env, values[index], flat);
    } catch (error) {
      throw atValue(error, `parameter "${params[index]?.name}" of ${label}`);
    }
    return flat;
  };
}

function spillingLowers(lowerer: Lowerer, types: readonly ValueType[]): FlatLower[] {
  const { size, align, offsets } = layoutOfSequence(types);
  return types.map((type, index) => {
    const store = lowerer.store(type);
    const offset = offsets[index] ?? 0;
    return (env, value, flat) => {
      if (index === 0) flat[0] = env.allocate(align, size) | 0;
      store(env, (Number(flat[0]) >>> 0) + offset, value);
    };
  });
}

/** Lowers one result where at most one core value holds it. */
export function lowerSingle(
  lowerer: Lowerer,
  type: ValueType,
): (env: CanonEnv, value: unknown) => FlatValue | undefined {
  if (isScalar(type)) {
    const { lower } = SCALARS[type.kind];
    return (_env, value) => lower(value);
  }
  if (type.kind === "own") return lowerer.handle(type);
  const [lower] = lowerer.sequence([type]);
  return (env, value) => {
    const flat: FlatValue[] = [];
    lower?.(env, value, flat);
    return flat[0];
  };
}

/** Stores a result of `type` at the pointer that the caller passed. */
export function lowerToPointer(
  type: ValueType,
  store: Store,
): (env: CanonEnv, value: unknown, pointer: number) => undefined {
  const { size, align } = layoutOf(type);
  return (env, value, pointer) => {
    env.memory.check(pointer, size, align);
    env.memory.mark(pointer, size);
    store(env, pointer, value);
    return undefined;
  };
}

/** A value that did not fit, as the fault of the host that it is. */
export function atValue(error: unknown, what: string): unknown {
  if (!(error instanceof ValueFault)) return error;
  return new HostTrap(`The host passed ${error.found} as ${what}${error.path}, expected ${error.expected}`, {
    cause: error,
  });
}

/** True when a value of the type may hold a value of one of these kinds. */
export function holds(type: ValueType, ...kinds: readonly ValueType["kind"][]): boolean {
  return kinds.includes(type.kind) || childrenOf(type).some((child) => holds(child, ...kinds));
}
