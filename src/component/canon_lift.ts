/**
 * `canon lift`: a core function as a component function. Lowers the arguments, calls the guest, lifts the result, and lets
 * the guest clean up (post-return). Used by exports (host values) and between components (`fused`, raw representations).
 */
import { HostTrap } from "../base/errors.ts";
import { type CanonEnv, type FlatValue, startLifting } from "./abi_env.ts";
import { layoutOf, signatureOf } from "./abi_layout.ts";
import type { Boundary, FlatLift } from "./abi_lift.ts";
import type { Codecs } from "./codecs.ts";
import { lowerParams } from "./codecs.ts";
import { callCore, type CoreFunction } from "./core_function.ts";
import type { ComponentScope, InstanceState } from "./instance_state.ts";
import type { HostBudget } from "./guest_meter.ts";
import { promising } from "./jspi.ts";
import { canKeepStack, KeptStack } from "./kept_stack.ts";
import { makeTrap, trap, trapOfGuest } from "./trap.ts";
import type { FuncRef } from "./types.ts";

/** A component function that core code implements. */
export type LiftRef = Extract<FuncRef, { kind: "lift" }>;

/** One `canon lift`, ready for any instance. */
export interface LiftPlan {
  readonly lowerParams: (env: CanonEnv, values: readonly unknown[]) => FlatValue[];
  /** From the core result in place 0. */
  readonly liftResult: FlatLift | null;
  readonly hasCoreResult: boolean;
  /** It runs on a stack that can suspend: false where JavaScript has no way to wait for it (constructors). */
  readonly suspends: boolean;
  /** Another component of the same instance calls it: its stack is one more. */
  readonly isNested: boolean;
  /** Its stack is kept from one call to the next. */
  readonly keepsStack: boolean;
}

/** The cause of a trap: there is no stack for a call into another component. */
export class StackLimitTrap extends HostTrap {}

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
    isNested: boundary === "fused",
    keepsStack: boundary === "host" && suspends && canKeepStack(signature),
  };
}

/** A core function of an instance. */
export interface TargetFunction {
  readonly core: CoreFunction;
  /** False for a builtin of the engine, which never waits by itself. */
  readonly isWasm: boolean;
}

/** The functions of the core instance that a lifted function calls. */
export interface LiftTarget extends TargetFunction {
  readonly env: CanonEnv;
  readonly scope: ComponentScope;
  readonly postReturn: TargetFunction | null;
}

/**
 * Calls into the guest: the value, or a promise of it where the guest can suspend.
 * The caller has entered the instance (`InstanceState`); errors are traps, but the caller marks the instance.
 */
export function bindLift(plan: LiftPlan, target: LiftTarget): (values: readonly unknown[]) => unknown {
  const { env, scope, postReturn } = target;
  const { state } = scope;
  const { liftResult } = plan;
  const stacks = plan.isNested ? state.host : null;
  const call = plan.keepsStack ? keepingCaller(target, state) : guestCaller(target, stacks);
  const callPostReturn = postReturn === null ? null : guestCaller(postReturn, stacks);
  const lift = (core: FlatValue): unknown => {
    const { table } = scope;
    startLifting();
    if (liftResult !== null) table.startTaking();
    try {
      const value = liftResult === null ? undefined : liftResult(env, [core]);
      if (table.borrows !== 0) trap(`The guest returned with ${table.borrows} borrowed handles that it did not drop`);
      table.endTaking();
      return value;
    } catch (error) {
      // What it had given away goes with the instance.
      scope.keep(table.endTaking());
      throw error;
    }
  };
  const leave = (value: unknown): unknown => {
    scope.mayLeave = true;
    scope.isEntered = false;
    return value;
  };
  const finish = (returned: FlatValue | undefined): unknown => {
    const core = returned ?? 0;
    env.memory.refresh();
    const value = lift(core);
    if (callPostReturn === null) return leave(value);
    scope.mayLeave = false;
    return callPostReturn(plan.hasCoreResult ? [core] : [], plan.suspends && state.mayBlock, () => leave(value));
  };

  return (values) => {
    if (scope.isEntered) trap("The guest's component instance cannot be entered: a call into it is under way");
    scope.isEntered = true;
    env.memory.refresh();
    const flat = plan.lowerParams(env, values);
    return call(flat, plan.suspends && state.mayBlock, finish);
  };
}

/** Calls a core function, on a stack of its own that can suspend or at once, and goes on with what it returned. */
type GuestCaller = (
  args: readonly FlatValue[],
  maySuspend: boolean,
  onReturn: (returned: FlatValue | undefined) => unknown,
) => unknown;

function guestCaller({ core, isWasm }: TargetFunction, stacks: HostBudget | null): GuestCaller {
  let promisingCore: ((...args: FlatValue[]) => Promise<FlatValue | undefined>) | null = null;
  return (args, maySuspend, onReturn) => {
    if (maySuspend && isWasm) {
      promisingCore ??= promising(core);
      if (stacks === null) return promisingCore(...args).then(onReturn, rethrow);
      if (!stacks.takeStack()) {
        const message = "Cannot call another component: as many guests are running as the process can suspend";
        throw makeTrap(message, new StackLimitTrap(message));
      }
      return promisingCore(...args).then(
        (returned) => {
          stacks.giveStack();
          return onReturn(returned);
        },
        (error: unknown) => {
          stacks.giveStack();
          return rethrow(error);
        },
      );
    }
    let returned: FlatValue | undefined;
    try {
      returned = callCore(core, args);
    } catch (error) {
      throw trapOfGuest(error);
    }
    return onReturn(returned);
  };
}

/** For a function that a host calls again and again; without a stack to keep, or where it may not suspend, as any other. */
function keepingCaller(target: TargetFunction, state: InstanceState): GuestCaller {
  const callOther = guestCaller(target, null);
  let kept: KeptStack | undefined;
  state.atEnd(() => kept?.close());
  return (args, maySuspend, onReturn) => {
    if (!maySuspend || !target.isWasm) return callOther(args, maySuspend, onReturn);
    if (kept?.isOpen !== true) kept = KeptStack.open(target.core);
    if (kept === undefined) return callOther(args, maySuspend, onReturn);
    return kept.call(Number(args[0]), Number(args[1])).then(() => onReturn(undefined), rethrow);
  };
}

function rethrow(error: unknown): never {
  throw trapOfGuest(error);
}
