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

/** A guest that is suspended until a resource is ready. */
export interface ResourceWait {
  /** `dropped` is gone: the guest was ended. */
  abandon(dropped: HostResource): void;
}

/** What all resources have. One object, because V8 looks each field of a base class up anew once many classes derive from it. */
class ResourceLife {
  readonly counters: LiveCounters;
  readonly counted: LiveKind | undefined;
  readonly parent: ResourceLife | undefined;
  children = 0;
  isDropped = false;
  /** Most resources are never waited for. */
  waits: ResourceWait[] | undefined = undefined;

  constructor(counters: LiveCounters, counted: LiveKind | undefined, parent: ResourceLife | undefined) {
    this.counters = counters;
    this.counted = counted;
    this.parent = parent;
  }
}

/** The base of all host classes that guests hold handles on. */
export abstract class HostResource {
  /** Not private: V8 defines a private field of a base class by a call of 50 ns, a property is one store. */
  declare private readonly life: ResourceLife;

  /** `counted` is for classes that always count as the same kind, whatever the options say. */
  constructor(options: ResourceOptions, counted: LiveKind | undefined = options.counted) {
    const { counters, parent } = options;
    this.life = new ResourceLife(counters, counted, parent === undefined ? undefined : parent.life);
    if (counted !== undefined) counters.add(counted, 1);
    if (parent !== undefined) parent.life.children++;
  }

  get isDropped(): boolean {
    return this.life.isDropped;
  }

  /** For the resources that this one makes. */
  protected get counters(): LiveCounters {
    return this.life.counters;
  }

  /** @internal Only for waits: they end when the resource is dropped. */
  enter(wait: ResourceWait): void {
    (this.life.waits ??= []).push(wait);
  }

  /** @internal */
  leave(wait: ResourceWait): void {
    const { waits } = this.life;
    const at = waits?.indexOf(wait) ?? -1;
    if (waits === undefined || at < 0) return;
    const last = waits.pop();
    if (last !== undefined && at < waits.length) waits[at] = last;
  }

  /** The guest drops its handle (or the instance ends). Idempotent. */
  [Symbol.dispose](): void {
    const life = this.life;
    if (life.isDropped) return;
    if (life.children > 0) {
      throw new HostTrap(
        `Cannot drop a ${this.constructor.name}: ${life.children} of its children are alive, expected them to be dropped first`,
      );
    }
    life.isDropped = true;
    if (life.parent !== undefined) life.parent.children--;
    if (life.counted !== undefined) life.counters.add(life.counted, -1);
    const { waits } = life;
    if (waits !== undefined) {
      life.waits = undefined;
      for (const wait of waits) wait.abandon(this);
    }
    this.onDrop();
  }

  /** Releases what the resource holds. Runs once, with children and waits gone. */
  protected abstract onDrop(): void;
}
