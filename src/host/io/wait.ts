/**
 * Waiting on behalf of a suspended guest. The owner of a wait is a resource: when it is dropped, because its guest
 * was ended, nothing stays registered anywhere (no timer, no entry in a wait list).
 */
import { HostTrap } from "../../base/errors.ts";
import type { Waitable } from "../../base/waitable.ts";
import { HostResource } from "../resource.ts";

/** How often a thing may be ready and yet give nothing; wasmtime tries as often. */
const LIES_MAX = 10;

/** A resource on which a guest can block. */
export abstract class BlockingResource extends HostResource {
  #waits: Set<ReadyWait> | undefined;

  /** What the guest waits for. */
  abstract get readiness(): Waitable;

  /** @internal Only for waits: they end when the resource is dropped. */
  enter(wait: ReadyWait): void {
    this.#waits ??= new Set();
    this.#waits.add(wait);
  }

  /** @internal */
  leave(wait: ReadyWait): void {
    this.#waits?.delete(wait);
  }

  protected override onDrop(): void {
    if (this.#waits !== undefined) {
      for (const wait of this.#waits) wait.abandon(this);
    }
    this.onRelease();
  }

  /** Releases what the resource holds. Runs once, with children and waits gone. */
  protected abstract onRelease(): void;
}

/**
 * Waits until `attempt` gives something. Another guest may be faster, so it is asked after each wake-up; but one that
 * gives nothing while `resource` says it is ready would spin for ever, and a few such answers in a row are a trap.
 */
export async function untilGiven<T>(resource: BlockingResource, attempt: () => T | undefined): Promise<T> {
  for (let liesSeen = 0; liesSeen < LIES_MAX;) {
    await untilAnyReady([resource]);
    const given = attempt();
    if (given !== undefined) return given;
    liesSeen = resource.readiness.isReady() ? liesSeen + 1 : 0;
  }
  throw new HostTrap(
    `Cannot go on waiting: a ${resource.constructor.name} is ready and gives nothing, expected either`,
  );
}

/**
 * Resolves when one of `resources` was ready; whoever waits looks again, for it may be over by then.
 * @throws {HostTrap} (as a rejection) when one of them is dropped meanwhile
 */
export function untilAnyReady(resources: readonly BlockingResource[]): Promise<void> {
  if (resources.some((resource) => resource.readiness.isReady())) return Promise.resolve();
  return new Promise((resolve, reject) => {
    new ReadyWait(resources, { resolve, reject }).start();
  });
}

interface WaitOutcome {
  resolve(): void;
  reject(reason: HostTrap): void;
}

class ReadyWait {
  readonly #resources: readonly BlockingResource[];
  readonly #outcome: WaitOutcome;
  readonly #withdrawals: (() => void)[] = [];
  #isOver = false;

  constructor(resources: readonly BlockingResource[], outcome: WaitOutcome) {
    this.#resources = resources;
    this.#outcome = outcome;
  }

  start(): void {
    for (const [index, resource] of this.#resources.entries()) {
      resource.enter(this);
      this.#watch(index, resource);
    }
  }

  abandon(dropped: BlockingResource): void {
    if (this.#isOver) return;
    this.#end();
    this.#outcome.reject(
      new HostTrap(`Cannot go on waiting: a ${dropped.constructor.name} was dropped, expected it to live`),
    );
  }

  #watch(index: number, resource: BlockingResource): void {
    const readiness = resource.readiness;
    this.#withdrawals[index] = readiness.onReady(() => {
      if (this.#isOver) return;
      if (readiness.isReady()) {
        this.#end();
        this.#outcome.resolve();
      } else {
        this.#watch(index, resource);
      }
    });
  }

  #end(): void {
    this.#isOver = true;
    for (const withdraw of this.#withdrawals) withdraw();
    for (const resource of this.#resources) resource.leave(this);
  }
}
