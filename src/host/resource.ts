/**
 * What every host resource shares: it is dropped once, it is counted while it lives, and it may not be
 * dropped before its children (wasmtime's resource table has the same rule, and traps the same way).
 */
import { HostTrap } from "../base/errors.ts";
import type { LiveCounters, LiveKind } from "../telemetry/live_counters.ts";

/** How every resource is made. */
export interface ResourceOptions {
  readonly counters: LiveCounters;
  /** What it counts as; absent for things that nothing limits, and where the class itself says it. */
  readonly counted?: LiveKind;
  /** The resource that must outlive this one. */
  readonly parent?: HostResource;
}

/** The base of all host classes that guests hold handles on. */
export abstract class HostResource {
  readonly #counters: LiveCounters;
  readonly #counted: LiveKind | undefined;
  readonly #parent: HostResource | undefined;
  #children = 0;
  #isDropped = false;

  /** `counted` is for classes that always count as the same kind, whatever the options say. */
  constructor(options: ResourceOptions, counted: LiveKind | undefined = options.counted) {
    this.#counters = options.counters;
    this.#counted = counted;
    this.#parent = options.parent;
    if (counted !== undefined) this.#counters.add(counted, 1);
    if (this.#parent !== undefined) this.#parent.#children++;
  }

  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** For the resources that this one makes. */
  protected get counters(): LiveCounters {
    return this.#counters;
  }

  /** The guest drops its handle (or the instance ends). Idempotent. */
  [Symbol.dispose](): void {
    if (this.#isDropped) return;
    if (this.#children > 0) {
      throw new HostTrap(
        `Cannot drop a ${this.constructor.name}: ${this.#children} of its children are alive, expected them to be dropped first`,
      );
    }
    this.#isDropped = true;
    if (this.#parent !== undefined) this.#parent.#children--;
    if (this.#counted !== undefined) this.#counters.add(this.#counted, -1);
    this.onDrop();
  }

  /** Releases what the resource holds. Runs once, with the children gone. */
  protected abstract onDrop(): void;
}
