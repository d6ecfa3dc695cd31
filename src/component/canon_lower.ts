/**
 * `canon lower`: what a guest calls when it calls an import. Lifts the arguments, calls the host or another component,
 * lowers the result. Everything that does not depend on the instance is made once, by `planLower`.
 */
import { type CanonEnv, type FlatValue, startLifting } from "./abi_env.ts";
import { HostTrap } from "../base/errors.ts";
import { type CoreSignature, signatureOf } from "./abi_layout.ts";
import type { FlatLift } from "./abi_lift.ts";
import type { Lowerer } from "./abi_lower.ts";
import { atValue, type Codecs, holds, liftParams, lowerSingle, lowerToPointer } from "./codecs.ts";
import { type CoreFunction, frame, withFrame } from "./core_function.ts";
import { hostCall, type HostCallee } from "./host_call.ts";
import type { ComponentScope } from "./instance_state.ts";
import { isTrap, trap, trapOfHost } from "./trap.ts";
import type { Builtin, ValueType } from "./types.ts";

type LowerBuiltin = Extract<Builtin, { kind: "lower" }>;

/** One `canon lower`, ready for any instance. */
export interface LowerPlan {
  readonly signature: CoreSignature;
  /** For messages. */
  readonly label: string;
  /** It may hand over a promise; its core function is then made by the trampoline module. */
  readonly suspends: boolean;
  readonly isFused: boolean;
  readonly lifts: readonly FlatLift[];
  readonly lends: boolean;
  /** Its parameters may be large. */
  readonly isBudgeted: boolean;
  /** Index of the core parameter that points to the result; -1 when there is none. */
  readonly resultPointerAt: number;
  readonly lowerOk: (env: CanonEnv, value: unknown, pointer: number) => FlatValue | undefined;
  /** For functions whose result is a `result`: what the host throws is its error side. */
  readonly lowerError: ((env: CanonEnv, payload: unknown, pointer: number) => FlatValue | undefined) | null;
  /** Core value that stands for the result until the trampoline has waited. */
  readonly zero: FlatValue | undefined;
}

/** Works out once what an import of a guest takes. */
export function planLower(builtin: LowerBuiltin, codecs: Codecs, suspends: boolean): LowerPlan {
  const { func, options } = builtin;
  const { params, result } = func.type;
  const types = params.map((param) => param.type);
  const signature = signatureOf(types, result, "lower");
  const isFused = func.kind === "lift";
  const boundary = isFused ? "fused" : "host";
  const lends = types.some((type) => holds(type, "own")) && types.some((type) => holds(type, "borrow"));
  const lowerer = codecs.lowerer(options.encoding, boundary);
  const isThrown = !isFused && result?.kind === "result";
  return {
    signature,
    label: func.kind === "import" ? importLabel(func.interfaceName, func.name) : "a function of another component",
    suspends,
    isFused,
    lifts: liftParams(codecs.lifter(options.encoding, boundary, lends), params, signature.isSpilled),
    lends,
    isBudgeted: types.some((type) => holds(type, "list", "string")),
    resultPointerAt: signature.isReturnedInMemory ? signature.params.length - 1 : -1,
    lowerOk: resultLowerer(lowerer, result, signature.isReturnedInMemory, isThrown ? "ok" : null),
    lowerError: isThrown ? resultLowerer(lowerer, result, signature.isReturnedInMemory, "err") : null,
    zero: signature.result === null ? undefined : signature.result === "i64" ? 0n : 0,
  };
}

/** `"wasi:io/poll@0.2.9#poll"`. */
export function importLabel(interfaceName: string | null, name: string): string {
  return `"${interfaceName === null ? name : `${interfaceName}#${name}`}"`;
}

function resultLowerer(
  lowerer: Lowerer,
  type: ValueType | null,
  isInMemory: boolean,
  tag: "ok" | "err" | null,
): LowerPlan["lowerOk"] {
  if (type === null) return () => undefined;
  const wrap = tag === null ? (value: unknown) => value : (val: unknown) => ({ tag, val });
  if (isInMemory) {
    const store = lowerToPointer(lowerer, type);
    return (env, value, pointer) => {
      store(env, wrap(value), pointer);
      return undefined;
    };
  }
  const lower = lowerSingle(lowerer, type);
  return (env, value) => lower(env, wrap(value));
}

/** What a fused call needs of the other side: takes component values, returns one, or a promise when it may suspend. */
export type Invoke = (values: readonly unknown[]) => unknown;

/** The core function for one instance; for suspending ones, the half that runs before the trampoline waits. */
export function bindLower(
  plan: LowerPlan,
  env: CanonEnv,
  scope: ComponentScope,
  callee: HostCallee | Invoke,
): CoreFunction {
  const { lowerOk, lowerError, resultPointerAt, label, suspends, isFused, lends, isBudgeted } = plan;
  const { state } = scope;
  const call = typeof callee === "function" ? fusedCall(callee, plan.lifts) : hostCall(callee, plan.lifts);

  const fail = (error: unknown): never => {
    throw state.fail(trapOfHost(atValue(error, `result of ${label}`), label));
  };
  const finish = (value: unknown, pointer: number): FlatValue | undefined => {
    if (lends) scope.giveBack();
    env.memory.refresh();
    return lowerOk(env, value, pointer);
  };
  const finishError = (error: unknown, pointer: number): FlatValue | undefined => {
    if (lends) scope.giveBack();
    if (lowerError === null) throw error;
    const payload = payloadOf(error);
    env.memory.refresh();
    return lowerError(env, payload, pointer);
  };
  const wait = (promise: PromiseLike<unknown>, pointer: number): FlatValue | undefined => {
    if (!suspends) {
      refusePromise(promise, `The host function ${label} returned a promise, expected one that is declared to suspend`);
    }
    if (!state.mayBlock) {
      refusePromise(promise, `Cannot wait in ${label}: nothing can suspend here (start, constructor, destructor)`);
    }
    const resume = {
      fulfilled: guarded((value: unknown) => finish(value, pointer), fail),
      rejected: guarded((error: unknown) => finishError(error, pointer), fail),
    };
    if (promise instanceof Promise && isFused) state.suspendOnGuest(promise, resume);
    else state.suspend(promise, resume);
    return plan.zero;
  };

  return withFrame(plan.signature.params.length, () => {
    try {
      state.checkAlive();
      if (!scope.mayLeave) trap(`Cannot call ${label}: the guest is in realloc or post-return`);
      env.memory.refresh();
      if (isBudgeted) startLifting();
      const pointer = resultPointerAt < 0 ? 0 : Number(frame[resultPointerAt]) >>> 0;
      let value: unknown;
      try {
        value = call(env, frame);
      } catch (error) {
        state.checkAlive();
        return finishError(error, pointer);
      }
      state.checkAlive();
      if (value instanceof Promise || (suspends && isThenable(value))) return wait(value, pointer);
      return finish(value, pointer);
    } catch (error) {
      return fail(error);
    }
  });
}

function guarded<T>(step: (value: unknown) => T, fail: (error: unknown) => never): (value: unknown) => T {
  return (value) => {
    try {
      return step(value);
    } catch (error) {
      return fail(error);
    }
  };
}

function fusedCall(invoke: Invoke, lifts: readonly FlatLift[]): (env: CanonEnv, flat: readonly FlatValue[]) => unknown {
  return (env, flat) => invoke(lifts.map((lift) => lift(env, flat)));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The promise will settle some time, with nobody left to hear of it. */
function refusePromise(promise: PromiseLike<unknown>, message: string): never {
  promise.then(ignore, ignore);
  throw new HostTrap(message);
}

function ignore(): void {}

/**
 * The WIT error in what a host function threw, by jco's convention: an own `payload`, or the thrown thing itself when it
 * is no `Error`. Any other error is a fault of the host and ends the guest.
 */
function payloadOf(error: unknown): unknown {
  if (isTrap(error)) throw error;
  if (typeof error === "object" && error !== null) {
    if (Object.hasOwn(error, "payload")) return Reflect.get(error, "payload");
    if (error instanceof Error) throw error;
  }
  return error;
}
