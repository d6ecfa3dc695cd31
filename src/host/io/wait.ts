/**
 * Waiting on behalf of a suspended guest. The owner of a wait is a resource: when it is dropped, because its guest
 * was ended, nothing stays registered anywhere (no timer, no entry in a wait list).
 */
import { HostTrap } from "../../base/errors.ts";
import type { Waitable } from "../../base/waitable.ts";
import { HostResource, type ResourceWait } from "../resource.ts";
import type { Late } from "../types.ts";

/** How often a thing may be ready and yet give nothing; wasmtime tries as often. */
const LIES_MAX = 10;

/** What an attempt gives that has to be made again. */
export const NOT_YET: unique symbol = Symbol("not yet");

/** A resource on which a guest can block. */
export abstract class BlockingResource extends HostResource {
  /** What the guest waits for. */
  abstract get readiness(): Waitable;
}

/** How a wait ended. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Waits until `attempt` gives something. Another guest may be faster, so it is asked after each wake-up; but one that
 * gives nothing while one of `resources` says it is ready would spin for ever, and a few such answers in a row are a trap.
 * Who listens is told in the job that found the value: with promises a guest that waits would go on three jobs later.
 */
export class ReadyWait<T> implements Late<T>, ResourceWait {
  readonly #resources: readonly BlockingResource[];
  readonly #attempt: () => T | typeof NOT_YET;
  readonly #withdrawals: (() => void)[] = [];
  #liesSeen = 0;
  #outcome: Outcome<T> | undefined;
  #onValue: ((value: T) => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;

  /** `attempt` may throw: so does the wait. */
  constructor(resources: readonly BlockingResource[], attempt: () => T | typeof NOT_YET) {
    this.#resources = resources;
    this.#attempt = attempt;
    for (const resource of resources) resource.enter(this);
    if (resources.some((resource) => resource.readiness.isReady())) this.#tryAgain();
    else for (let index = 0; index < resources.length; index++) this.#watch(index);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- It is one on purpose: whoever awaits promises can await it.
  then(onValue: (value: T) => void, onError: (error: unknown) => void): void {
    this.#onValue = onValue;
    this.#onError = onError;
    if (this.#outcome !== undefined) queueMicrotask(() => this.#tell());
  }

  abandon(dropped: HostResource): void {
    this.#end({
      error: new HostTrap(`Cannot go on waiting: a ${dropped.constructor.name} was dropped, expected it to live`),
    });
  }

  #watch(index: number): void {
    this.#withdrawals[index] = this.#readinessAt(index).onReady(() => this.#wake(index));
  }

  #wake(index: number): void {
    if (this.#outcome !== undefined) return;
    if (this.#readinessAt(index).isReady()) this.#try();
    else this.#watch(index);
  }

  #tryAgain(): void {
    queueMicrotask(() => {
      if (this.#outcome === undefined) this.#try();
    });
  }

  #try(): void {
    try {
      const value = this.#attempt();
      if (value !== NOT_YET) return this.#end({ value });
    } catch (error) {
      return this.#end({ error });
    }
    this.#withdraw();
    const liar = this.#resources.find((resource) => resource.readiness.isReady());
    if (liar === undefined) {
      this.#liesSeen = 0;
      for (let index = 0; index < this.#resources.length; index++) this.#watch(index);
    } else if (++this.#liesSeen < LIES_MAX) {
      this.#tryAgain();
    } else {
      const message = `Cannot go on waiting: a ${liar.constructor.name} is ready and gives nothing, expected either`;
      this.#end({ error: new HostTrap(message) });
    }
  }

  #end(outcome: Outcome<T>): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#withdraw();
    for (const resource of this.#resources) resource.leave(this);
    if (this.#onValue !== undefined) this.#tell();
  }

  #tell(): void {
    const outcome = this.#outcome;
    if (outcome === undefined) return;
    if ("value" in outcome) this.#onValue?.(outcome.value);
    else this.#onError?.(outcome.error);
  }

  #withdraw(): void {
    for (const withdraw of this.#withdrawals) withdraw();
    this.#withdrawals.length = 0;
  }

  #readinessAt(index: number): Waitable {
    const resource = this.#resources[index];
    if (resource === undefined) throw new RangeError(`Cannot wait for resource ${index}: there is none`);
    return resource.readiness;
  }
}
