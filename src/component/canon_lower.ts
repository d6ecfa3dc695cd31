/**
 * `canon lower`: what a guest calls when it calls an import. Lifts the arguments, calls the host or another component,
 * lowers the result. Everything that does not depend on the instance is made once, by `planLower`.
 */
import { type CanonEnv, type FlatValue, liftedBytes, startLifting } from "./abi_env.ts";
import { HostTrap } from "../base/errors.ts";
import { type CoreSignature, signatureOf } from "./abi_layout.ts";
import type { FlatLift } from "./abi_lift.ts";
import type { Lowerer } from "./abi_lower.ts";
import { atValue, type Codecs, holds, liftParams, lowerSingle, lowerToPointer } from "./codecs.ts";
import { type CoreFunction, frame, type FrameBody, withFrame } from "./core_function.ts";
import { HOST_CALL_BYTES } from "./fuel.ts";
import { type Call, hostCall, type HostCallee, type Invoke } from "./host_call.ts";
import type { ComponentScope, InstanceState, Resume } from "./instance_state.ts";
import { parseFunctionName } from "./js_names.ts";
import { type FindOwned, ownedFinder } from "./owned_objects.ts";
import { isTrap, trap, trapOfHost } from "./trap.ts";
import type { Builtin, ValueType } from "./types.ts";

type LowerBuiltin = Extract<Builtin, { kind: "lower" }>;

/** One `canon lower`, ready for any instance. */
export interface LowerPlan {
  readonly signature: CoreSignature;
  /** For messages. */
  readonly label: string;
  /** It may hand over a promise. */
  readonly suspends: boolean;
  /** Its core function is made by the trampoline module, so that the guest can wait in it: also in one that can be dear. */
  readonly canWait: boolean;
  readonly isFused: boolean;
  /** Lifts the arguments and calls the host or the other component. */
  readonly call: Call;
  readonly lends: boolean;
  /** Its parameters may be large. */
  readonly isBudgeted: boolean;
  /** Index of the core parameter that points to the result; -1 when there is none. */
  readonly resultPointerAt: number;
  readonly lowerOk: (env: CanonEnv, value: unknown, pointer: number) => FlatValue | undefined;
  /** For functions whose result is a `result`: what the host throws is its error side. */
  readonly lowerError: ((env: CanonEnv, payload: unknown, pointer: number) => FlatValue | undefined) | null;
  /** What `lowerOk` and `lowerError` would have given to the guest's table. */
  readonly ownedOk: FindOwned | null;
  readonly ownedError: FindOwned | null;
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
  const takes = types.some((type) => holds(type, "own"));
  const lends = takes && types.some((type) => holds(type, "borrow"));
  const lowerer = codecs.lowerer(options.encoding, boundary);
  const lifter = codecs.lifter(options.encoding, boundary, lends);
  const lifts = watchTaking(liftParams(lifter, params, signature.isSpilled), takes);
  const isThrown = !isFused && result?.kind === "result";
  return {
    signature,
    label: func.kind === "import" ? importLabel(func.interfaceName, func.name) : "a function of another component",
    suspends,
    canWait: suspends || [...types, ...(result === null ? [] : [result])].some((type) => holds(type, "list", "string")),
    isFused,
    call: func.kind === "import"
      ? hostCall(parseFunctionName(func.name), lifts, lends || signature.isSpilled ? null : hostResourceOf(types[0]))
      : fusedCall(lifts),
    lends,
    isBudgeted: types.some((type) => holds(type, "list", "string")),
    resultPointerAt: signature.isReturnedInMemory ? signature.params.length - 1 : -1,
    lowerOk: resultLowerer(lowerer, result, signature.isReturnedInMemory, isThrown ? OK : null),
    lowerError: isThrown ? resultLowerer(lowerer, result, signature.isReturnedInMemory, ERR) : null,
    ownedOk: ownedFinder(isThrown ? result.ok : result),
    ownedError: ownedFinder(isThrown ? result.err : null),
    zero: signature.result === null ? undefined : signature.result === "i64" ? 0n : 0,
  };
}

/** `"wasi:io/poll@0.2.9#poll"`. */
export function importLabel(interfaceName: string | null, name: string): string {
  return `"${interfaceName === null ? name : `${interfaceName}#${name}`}"`;
}

/** Whose handle a parameter is, where the host's object stands behind it. */
function hostResourceOf(type: ValueType | undefined): number | null {
  return type?.kind === "borrow" && type.resource.origin.kind === "host" ? type.resource.id : null;
}

/** Until the last parameter is lifted, the objects of the first ones have no owner. */
function watchTaking(lifts: readonly FlatLift[], takes: boolean): readonly FlatLift[] {
  if (!takes) return lifts;
  return lifts.map((lift, index) => (env, flat) => {
    if (index === 0) env.scope.table.startTaking();
    const value = lift(env, flat);
    if (index === lifts.length - 1) env.scope.table.endTaking();
    return value;
  });
}

/** The cases of `result`. */
const OK = 0;
const ERR = 1;

/** `side`: the value is what this side of a `result` carries. */
function resultLowerer(
  lowerer: Lowerer,
  type: ValueType | null,
  isInMemory: boolean,
  side: number | null,
): LowerPlan["lowerOk"] {
  if (type === null) return () => undefined;
  if (isInMemory) return lowerToPointer(type, side === null ? lowerer.store(type) : lowerer.storeCase(type, side));
  // A result that fits one core value carries nothing.
  return side === null ? lowerSingle(lowerer, type) : () => side;
}

/** The core function for one instance; for suspending ones, the half that runs before the trampoline waits. */
export function bindLower(
  plan: LowerPlan,
  env: CanonEnv,
  scope: ComponentScope,
  callee: HostCallee | Invoke,
): CoreFunction {
  return withFrame(plan.signature.params.length, new LoweredFunction(plan, env, scope, callee));
}

/** One object per instance and import, for most imports of most instances are never called. */
class LoweredFunction implements FrameBody {
  readonly #plan: LowerPlan;
  readonly #env: CanonEnv;
  readonly #scope: ComponentScope;
  readonly #state: InstanceState;
  readonly #callee: HostCallee | Invoke;

  constructor(plan: LowerPlan, env: CanonEnv, scope: ComponentScope, callee: HostCallee | Invoke) {
    this.#plan = plan;
    this.#env = env;
    this.#scope = scope;
    this.#state = scope.state;
    this.#callee = callee;
  }

  run(): FlatValue | undefined {
    const plan = this.#plan;
    const state = this.#state;
    let value: unknown;
    try {
      state.checkAlive();
      state.fuel.call(HOST_CALL_BYTES);
      if (!this.#scope.mayLeave) trap(`Cannot call ${plan.label}: the guest is in realloc or post-return`);
      this.#env.memory.refresh();
      if (plan.isBudgeted) startLifting();
      const pointer = plan.resultPointerAt < 0 ? 0 : Number(frame[plan.resultPointerAt]) >>> 0;
      try {
        value = plan.call(this.#callee, this.#env, frame);
      } catch (error) {
        this.#scope.keep(this.#scope.table.endTaking());
        return this.#finishError(error, pointer);
      }
      state.checkAlive();
      if (plan.isBudgeted) state.fuel.charge(liftedBytes());
      if (value instanceof Promise || (plan.suspends && isThenable(value))) return this.#wait(value, pointer);
      const result = this.#finish(value, pointer);
      return plan.canWait && state.fuel.isDue && state.waitsForTurn(result) ? plan.zero : result;
    } catch (error) {
      this.leaveValue(value);
      return this.#fail(error);
    }
  }

  #finish(value: unknown, pointer: number): FlatValue | undefined {
    if (this.#plan.lends) this.#scope.giveBack();
    this.#env.memory.refresh();
    return this.#plan.lowerOk(this.#env, value, pointer);
  }

  /** After a wait. */
  finishLate(value: unknown, pointer: number): FlatValue | undefined {
    try {
      this.#state.checkAlive();
      return this.#finish(value, pointer);
    } catch (error) {
      this.leaveValue(value);
      return this.#fail(error);
    }
  }

  /** After a wait for what failed. */
  finishLateError(reason: unknown, pointer: number): FlatValue | undefined {
    try {
      return this.#finishError(reason, pointer);
    } catch (error) {
      return this.#fail(error);
    }
  }

  #finishError(error: unknown, pointer: number): FlatValue | undefined {
    const { lends, lowerError } = this.#plan;
    try {
      this.#state.checkAlive();
      if (lends) this.#scope.giveBack();
      if (lowerError === null) throw error;
      const payload = payloadOf(error);
      this.#env.memory.refresh();
      return lowerError(this.#env, payload, pointer);
    } catch (failure) {
      this.leaveError(error);
      throw failure;
    }
  }

  /** The guest does not get `value`, or not all of it: what it owns goes with the instance. Never throws. */
  leaveValue(value: unknown): void {
    const { ownedOk, suspends } = this.#plan;
    try {
      if (value instanceof Promise || (suspends && isThenable(value))) {
        // It settles some time, with nobody left to hear of it.
        value.then((late) => this.leaveValue(late), (late) => this.leaveError(late));
      } else if (ownedOk !== null) {
        this.#scope.keep(ownedOk(value));
      }
    } catch {
      // A thenable that throws instead of a promise: it has nothing to give.
    }
  }

  /** As `leaveValue`, for what a host function threw. */
  leaveError(error: unknown): void {
    const { ownedError } = this.#plan;
    if (ownedError === null) return;
    let payload: unknown;
    try {
      payload = payloadOf(error);
    } catch {
      return; // No WIT error but a fault, which owns nothing.
    }
    this.#scope.keep(ownedError(payload));
  }

  #fail(error: unknown): never {
    const { label } = this.#plan;
    throw this.#state.fail(trapOfHost(error, label, (met) => atValue(met, `result of ${label}`)));
  }

  #wait(promise: PromiseLike<unknown>, pointer: number): FlatValue | undefined {
    const { suspends, isFused, label, zero } = this.#plan;
    if (!suspends) {
      throw new HostTrap(`The host function ${label} returned a promise, expected one that is declared to suspend`);
    }
    if (!this.#state.mayBlock) {
      throw new HostTrap(`Cannot wait in ${label}: nothing can suspend here (constructor, destructor)`);
    }
    const resume = new LateAnswer(this, pointer);
    if (promise instanceof Promise && isFused) this.#state.suspendOnGuest(promise, resume);
    else this.#state.suspend(promise, resume);
    return zero;
  }
}

/** What a guest waits for, and where in its memory the result goes. */
class LateAnswer implements Resume {
  readonly #function: LoweredFunction;
  readonly #pointer: number;

  constructor(lowered: LoweredFunction, pointer: number) {
    this.#function = lowered;
    this.#pointer = pointer;
  }

  fulfilled(value: unknown): FlatValue | undefined {
    return this.#function.finishLate(value, this.#pointer);
  }

  rejected(reason: unknown): FlatValue | undefined {
    return this.#function.finishLateError(reason, this.#pointer);
  }

  leaveValue(value: unknown): void {
    this.#function.leaveValue(value);
  }

  leaveError(reason: unknown): void {
    this.#function.leaveError(reason);
  }
}

function fusedCall(lifts: readonly FlatLift[]): Call {
  return (callee, env, flat) => (callee as Invoke)(lifts.map((lift) => lift(env, flat)));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

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
