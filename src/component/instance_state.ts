/**
 * The life of one instance: whether it may be entered, what it waits for, and how it ends.
 * Components never run at the same time as themselves: one call from outside at a time, over all component instances.
 */
import type { FlatValue, GuestResources, ValueScope } from "./abi_env.ts";
import { HostTrap } from "../base/errors.ts";
import { disposeHandles } from "./canon_resource.ts";
import { Fuel } from "./fuel.ts";
import type { GuestMeter, HostBudget } from "./guest_meter.ts";
import { HandleLimit, HandleTable, type LeftHandle, type TakenObject } from "./handles.ts";
import { FUEL_PER_TICK } from "./instrument/instrumented_module.ts";
import { isTrap, makeTrap } from "./trap.ts";

/**
 * `busy`: a call (or the start functions) is under way, maybe suspended. `trapped`: it ended in a trap and is never
 * entered again. `disposed`: its owner ended it. The last two are final.
 */
export type LifeState = "idle" | "busy" | "trapped" | "disposed";

/** Answers of `tick` and `yield` beside fuel. */
const WAIT = 0;
const END = -1;

/** A guest that waits for the host. */
interface Waiting {
  reject(error: unknown): void;
}

/** What all component instances of one instance share. */
export class InstanceState {
  life: LifeState = "busy";
  /** True while every frame below is wasm, up to a function that was entered as a promise: only then it can suspend. */
  mayBlock = false;
  readonly limit: HandleLimit;
  readonly fuel: Fuel;
  readonly host: HostBudget;
  /** What the blocking half of a trampoline is to wait for; set and consumed within one host call. */
  #pending: Promise<FlatValue | undefined> | null = null;
  /** Tells the trampolines that `#pending` is set. */
  readonly blocked: WebAssembly.Global;
  /** It was set since `reset`. */
  #hasBlocked = false;
  #suspension: Waiting | null = null;
  readonly #closers: (() => void)[] = [];
  /** What ends the guest as soon as the host function that it is in returns. */
  #ending: WebAssembly.RuntimeError | null = null;

  constructor(
    options: { readonly handlesMax: number; readonly meter: GuestMeter; readonly host: HostBudget },
  ) {
    this.host = options.host;
    this.limit = new HandleLimit(options.handlesMax, options.host);
    this.fuel = new Fuel(options.meter);
    this.blocked = new WebAssembly.Global({ value: "i32", mutable: true }, 0);
  }

  /** `close` is called when the instance is disposed. */
  atEnd(close: () => void): void {
    this.#closers.push(close);
  }

  /** The instance is disposed: nothing is called in it any more. */
  end(): void {
    this.life = "disposed";
    for (const close of this.#closers) close();
    this.#closers.length = 0;
  }

  /** Begins a call from outside; `mayBlock` when the guest runs on a stack that can suspend. */
  enter(what: string, mayBlock: boolean): void {
    if (this.life !== "idle") throw this.#refusal(what);
    this.life = "busy";
    this.mayBlock = mayBlock;
    this.fuel.run();
  }

  /** A call from outside has ended well. */
  leave(): void {
    this.fuel.rest();
    if (this.life === "busy") this.life = "idle";
  }

  /** Marks the instance as trapped and returns what to throw into the guest. */
  fail(trap: WebAssembly.RuntimeError): WebAssembly.RuntimeError {
    if (this.life === "busy" || this.life === "idle") this.life = "trapped";
    return trap;
  }

  /** A call from outside has ended in a trap. Returns what to tell the caller: when the guest was ended, why. */
  failCall(trap: WebAssembly.RuntimeError): WebAssembly.RuntimeError {
    this.fuel.rest();
    this.fail(trap);
    return this.#ending ?? trap;
  }

  /** Runs guest code with JavaScript on its stack: realloc, a destructor. It cannot suspend meanwhile. */
  withoutWaiting<T>(run: () => T): T {
    const couldBlock = this.mayBlock;
    this.mayBlock = false;
    try {
      return run();
    } finally {
      this.mayBlock = couldBlock;
    }
  }

  /** `tick`: the fuel of a module ran out. More of it, or `WAIT` for `turn`, or `END`. */
  tick(): number {
    if (this.#ending !== null) return END;
    this.fuel.isDue = false;
    this.fuel.level();
    const verdict = this.fuel.meter.check(this.mayBlock);
    if (verdict === "continue") return FUEL_PER_TICK;
    if (verdict === "yield" && this.mayBlock) return WAIT;
    this.kill(verdict === "yield" ? new HostTrap("The guest cannot wait for its turn: nothing can suspend") : verdict);
    return END;
  }

  /** `yield`: the guest waits for its turn. */
  turn(): Promise<number> {
    return new Promise((resolve, reject) => {
      const suspension: Waiting = { reject };
      this.#suspension = suspension;
      this.fuel.rest();
      void this.fuel.meter.turn().then(() => {
        // Killed meanwhile: unwound already.
        if (this.#suspension !== suspension) return;
        this.#suspension = null;
        this.fuel.run();
        resolve(FUEL_PER_TICK);
      });
    });
  }

  /** Makes a busy instance as it was before its first call; false when it was ended meanwhile. */
  reset(): boolean {
    if (this.life === "busy" && this.#ending !== null) this.life = "trapped";
    if (this.life !== "busy") return false;
    this.life = "idle";
    this.mayBlock = false;
    this.#pending = null;
    // Setting a global is a call out of V8's generated code.
    if (this.#hasBlocked) this.blocked.value = 0;
    this.#hasBlocked = false;
    this.fuel.reset();
    return true;
  }

  #refusal(what: string): WebAssembly.RuntimeError {
    const why = {
      idle: "it is idle",
      busy: "a call is under way, expected it to be idle",
      trapped: "it trapped before and is never entered again",
      disposed: "it was disposed",
    }[this.life];
    const message = `Cannot ${what}: the instance cannot be entered, ${why}`;
    return makeTrap(message, new HostTrap(message));
  }

  /**
   * Before and after each host function: a guest that was killed while nothing could unwind it (a host function ran, or
   * its answer was on the way) goes no further.
   */
  checkAlive(): void {
    if (this.#ending !== null) throw this.#ending;
  }

  /**
   * Lets the guest wait for `promise` once the running host function has returned to the trampoline. `resume` gives the
   * flat result; what it throws ends the guest.
   */
  suspend(promise: PromiseLike<unknown>, resume: Resume): void {
    const suspension = new Suspension(resume);
    this.#suspension = suspension;
    this.fuel.rest();
    try {
      promise.then(
        (value) => {
          if (this.#goOn(suspension)) suspension.fulfill(value);
          else resume.leaveValue(value);
        },
        (error) => {
          if (this.#goOn(suspension)) suspension.refuse(error);
          else resume.leaveError(error);
        },
      );
    } catch (error) {
      // A thenable that throws: the guest does not wait for it.
      this.#goOn(suspension);
      throw error;
    }
    this.#block(suspension.promise);
  }

  /** False when the guest was killed or disposed meanwhile: it is gone. */
  #goOn(suspension: Suspension): boolean {
    if (this.#suspension !== suspension) return false;
    this.#suspension = null;
    this.fuel.run();
    return true;
  }

  /** Like `suspend`, for a call into another component of this instance: what it waits for is killed there. */
  suspendOnGuest(promise: Promise<unknown>, resume: Resume): void {
    this.#block(promise.then((value) => resume.fulfilled(value), (error) => resume.rejected(error)));
  }

  /**
   * Asks the meter at the end of a host call that was dear, for a loop of the guest takes its fuel in advance and would ask
   * late. True when the guest is to wait for its turn, and then goes on with `result`.
   */
  waitsForTurn(result: FlatValue | undefined): boolean {
    const answer = this.tick();
    this.checkAlive();
    if (answer !== WAIT) return false;
    this.#block(this.turn().then(() => result));
    return true;
  }

  /** Asks the meter between two core instances, when making them was dear. A promise when the guest is to wait for its turn. */
  turnIfDue(): Promise<unknown> | undefined {
    if (!this.fuel.isDue) return undefined;
    this.mayBlock = true;
    const answer = this.tick();
    this.checkAlive();
    return answer === WAIT ? this.turn() : undefined;
  }

  takePending(): Promise<FlatValue | undefined> | undefined {
    const pending = this.#pending ?? undefined;
    this.#pending = null;
    return pending;
  }

  #block(pending: Promise<FlatValue | undefined>): void {
    this.#pending = pending;
    this.blocked.value = 1;
    this.#hasBlocked = true;
  }

  /** Ends the running call, if there is one. */
  kill(cause: unknown): void {
    if (this.life !== "busy" || this.#ending !== null) return;
    const message = cause instanceof Error ? cause.message : String(cause);
    const trap = isTrap(cause) ? cause : makeTrap(message, cause);
    this.#ending = trap;
    const suspension = this.#suspension;
    this.#suspension = null;
    suspension?.reject(trap);
  }
}

/** How a guest goes on with what it waited for. */
export interface Resume {
  fulfilled(value: unknown): FlatValue | undefined;
  rejected(error: unknown): FlatValue | undefined;
  /** In their place when the guest has ended meanwhile. Never throw. */
  leaveValue(value: unknown): void;
  leaveError(error: unknown): void;
}

/** One that waits for the answer of a host function. */
class Suspension implements Waiting {
  /** Of the flat result, or of what ends the guest. */
  readonly promise: Promise<FlatValue | undefined>;
  readonly #resume: Resume;
  #resolve!: (result: FlatValue | undefined) => void;
  #reject!: (error: unknown) => void;

  constructor(resume: Resume) {
    this.#resume = resume;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  fulfill(value: unknown): void {
    try {
      this.#resolve(this.#resume.fulfilled(value));
    } catch (error) {
      this.#reject(error);
    }
  }

  refuse(reason: unknown): void {
    try {
      this.#resolve(this.#resume.rejected(reason));
    } catch (error) {
      this.#reject(error);
    }
  }

  reject(error: unknown): void {
    this.#reject(error);
  }
}

/** One component instance of the component; all of them share one `InstanceState`. */
export class ComponentScope implements ValueScope {
  readonly id: number;
  readonly state: InstanceState;
  readonly table: HandleTable;
  readonly guestResources: GuestResources;
  mayLeave = true;
  /** A lifted function of it runs; CanonicalABI.md calls the opposite `may_enter`. */
  isEntered = false;
  readonly lent: number[] = [];

  constructor(id: number, state: InstanceState, guestResources: GuestResources) {
    this.id = id;
    this.state = state;
    this.table = new HandleTable(state.limit);
    this.guestResources = guestResources;
  }

  /** As in a new instance. Adds to `left` what the table owned. */
  reset(left: LeftHandle[]): void {
    this.mayLeave = true;
    this.isEntered = false;
    if (this.lent.length > 0) this.lent.length = 0;
    this.table.drain(left);
  }

  /** Takes over objects that belong to the guest and have no handle: they go with the instance. */
  keep(objects: readonly TakenObject[]): void {
    if (objects.length === 0) return;
    this.table.keep(objects);
    if (this.state.life !== "disposed") return;
    try {
      disposeHandles(this.table.drain());
    } catch {
      // All of them were asked to go; the call they came for has ended, so that there is nobody to tell.
    }
  }

  giveBack(): void {
    if (this.lent.length === 0) return;
    for (const handle of this.lent) this.table.giveBack(handle);
    this.lent.length = 0;
  }
}
