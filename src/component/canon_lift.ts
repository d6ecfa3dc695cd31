/**
 * `canon lift`: a core function as a component function. Lowers the arguments, calls the guest, lifts the result, and lets
 * the guest clean up (post-return). Used by exports (host values) and between components (`fused`, raw representations).
 */
import { type CanonEnv, type FlatValue, startLifting } from "./abi_env.ts";
import { layoutOf, signatureOf } from "./abi_layout.ts";
import type { Boundary, FlatLift } from "./abi_lift.ts";
import type { Codecs } from "./codecs.ts";
import { lowerParams } from "./codecs.ts";
import { callCore, type CoreFunction } from "./core_function.ts";
import type { ComponentScope } from "./instance_state.ts";
import { promising } from "./jspi.ts";
import { trap, trapOfGuest } from "./trap.ts";
import type { FuncRef } from "./types.ts";

/** A component function that core code implements. */
export type LiftRef = Extract<FuncRef, { kind: "lift" }>;

/** One `canon lift`, ready for any instance. */
export interface LiftPlan {
  readonly lowerParams: (env: CanonEnv, values: readonly unknown[]) => FlatValue[];
  /** From the core result in place 0. */
  readonly liftResult: FlatLift | null;
  readonly hasCoreResult: boolean;
  /** The guest may wait for the host while it runs. */
  readonly suspends: boolean;
}

/** Who calls the lifted function. */
export interface LiftOptions {
  readonly boundary: Boundary;
  /** For messages. */
  readonly label: string;
  readonly suspends: boolean;
}

/** Works out once what calling a lifted function takes. */
export function planLift(func: LiftRef, codecs: Codecs, options: LiftOptions): LiftPlan {
  const { boundary, label, suspends } = options;
  const { params, result } = func.type;
  const { encoding } = func.options;
  const signature = signatureOf(params.map((param) => param.type), result, "lift");
  const lifter = codecs.lifter(encoding, boundary);
  let liftResult: FlatLift | null = null;
  if (result !== null && signature.isReturnedInMemory) {
    const { size, align } = layoutOf(result);
    const load = lifter.load(result);
    liftResult = (env, flat) => {
      const pointer = Number(flat[0] ?? 0) >>> 0;
      env.memory.check(pointer, size, align);
      return load(env, pointer);
    };
  } else if (result !== null) {
    liftResult = lifter.sequence([result])[0] ?? null;
  }
  return {
    lowerParams: lowerParams(codecs.lowerer(encoding, boundary), params, { isSpilled: signature.isSpilled, label }),
    liftResult,
    hasCoreResult: signature.result !== null,
    suspends,
  };
}

/** The functions of the core instance that a lifted function calls. */
export interface LiftTarget {
  readonly env: CanonEnv;
  readonly scope: ComponentScope;
  readonly core: CoreFunction;
  readonly postReturn: CoreFunction | null;
  /** False for a builtin of the engine, which never waits by itself. */
  readonly isWasm: boolean;
}

/**
 * Calls into the guest: the value, or a promise of it when the guest may suspend and this is a place where it can.
 * The caller has entered the instance (`InstanceState`); errors are traps, but the caller marks the instance.
 */
export function bindLift(plan: LiftPlan, target: LiftTarget): (values: readonly unknown[]) => unknown {
  const { env, scope, core, postReturn } = target;
  const { liftResult } = plan;
  const finish = (returned: FlatValue | undefined): unknown => {
    const core = returned ?? 0;
    env.memory.refresh();
    startLifting();
    const value = liftResult === null ? undefined : liftResult(env, [core]);
    if (scope.table.borrows !== 0) {
      trap(`The guest returned with ${scope.table.borrows} borrowed handles that it did not drop`);
    }
    if (postReturn !== null) {
      scope.mayLeave = false;
      if (plan.hasCoreResult) callGuest(postReturn, [core]);
      else callGuest(postReturn, []);
      scope.mayLeave = true;
    }
    scope.isEntered = false;
    return value;
  };
  let promisingCore: ((...args: FlatValue[]) => Promise<FlatValue | undefined>) | null = null;

  return (values) => {
    if (scope.isEntered) trap("The guest's component instance cannot be entered: a call into it is under way");
    scope.isEntered = true;
    env.memory.refresh();
    const flat = plan.lowerParams(env, values);
    if (plan.suspends && target.isWasm && scope.state.mayBlock) {
      promisingCore ??= promising(core);
      return promisingCore(...flat).then(finish, rethrow);
    }
    return finish(callGuest(core, flat));
  };
}

function callGuest(core: CoreFunction, args: readonly FlatValue[]): FlatValue | undefined {
  try {
    return callCore(core, args);
  } catch (error) {
    throw trapOfGuest(error);
  }
}

function rethrow(error: unknown): never {
  throw trapOfGuest(error);
}
