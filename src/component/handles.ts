/**
 * The handle table of one component instance, for all resource types together (CanonicalABI.md, "Table" and
 * "ResourceHandle"). An index is used again after its drop, so that creating and dropping for ever needs no memory.
 */
import { HostTrap } from "../base/errors.ts";
import { type HostBudget, UNLIMITED_HOST } from "./guest_meter.ts";
import { makeTrap, trap } from "./trap.ts";

/** The cause of a trap: the guest has all handles that it may have. */
export class HandleLimitTrap extends HostTrap {}

/** The cause of a trap: the host has no memory for more of what the guest makes it keep. */
export class HostMemoryTrap extends HostTrap {}

/** What a handle may cost: an object of the host of 0.1 to 1 KB. */
export const HANDLE_BYTES = 1_024;
/** So many cost nothing: what any request has. */
export const FREE_HANDLES = 64;
/** So many more are paid for at a time. */
const HANDLES_STEP = 64;

/** The handles of all tables of one instance, counted together. */
export class HandleLimit {
  live = 0;
  readonly max: number;
  readonly #budget: HostBudget;
  /** Free ones and those that are paid for. */
  #granted: number;

  constructor(max: number, budget: HostBudget = UNLIMITED_HOST) {
    this.max = max;
    this.#budget = budget;
    this.#granted = Math.min(max, FREE_HANDLES);
  }

  /** Room for one more, or a trap. */
  makeRoom(): void {
    if (this.live < this.#granted) return;
    if (this.live >= this.max) {
      const message = `The guest holds ${this.live} handles, expected fewer`;
      throw makeTrap(message, new HandleLimitTrap(message));
    }
    const granted = Math.min(this.max, this.#granted + HANDLES_STEP);
    if (!this.#budget.hold((granted - this.#granted) * HANDLE_BYTES)) {
      const message = `The guest holds ${this.live} handles, and the host has no memory for more`;
      throw makeTrap(message, new HostMemoryTrap(message));
    }
    this.#granted = granted;
  }

  /** Gives back what was paid for and is not held. */
  settle(): void {
    const granted = Math.min(this.max, Math.max(FREE_HANDLES, this.live));
    if (granted >= this.#granted) return;
    this.#budget.letGo((this.#granted - granted) * HANDLE_BYTES);
    this.#granted = granted;
  }
}

/** A handle that `HandleTable.drain` found; `value` is the host's object or the guest's representation. */
export interface LeftHandle {
  readonly resourceId: number;
  readonly value: unknown;
  /** Order of creation over all tables. */
  readonly order: number;
}

/** A host object between two owners. */
export interface TakenObject {
  readonly resourceId: number;
  readonly value: object;
}

/** An emptied table keeps room for so many: what one request needed much of, the next need not. */
const KEPT_HANDLES_MAX = 1024;

/** Answer of `drop` for a borrowed handle: there is nothing to destroy. */
export const BORROWED = Symbol("borrowed");

let created = 0;

/** The handles of one component instance. */
export class HandleTable {
  // Parallel arrays: an entry costs no object. Index 0 is never a handle.
  readonly #values: unknown[] = [undefined];
  /** `+resourceId` owned, `-resourceId` borrowed, 0 free. */
  readonly #kinds: number[] = [0];
  readonly #lends: number[] = [0];
  readonly #orders: number[] = [0];
  /** Of host objects: asked for once, since that is a call out of V8's generated code. null where nobody looked. */
  readonly #prototypes: (object | null)[] = [null];
  /** Handles that were dropped, the first `#freeCount` of them. */
  readonly #free: number[] = [];
  #freeCount = 0;
  /** The next handle that was never given out. Columns are not shortened: that is a call out of V8's generated code for each. */
  #end = 1;
  readonly #limit: HandleLimit;
  /** What was given away since `startTaking`, while the call it is for may still fail. */
  #taken: TakenObject[] = [];
  #isTaking = false;
  /** Borrowed handles that the running call still has to drop. */
  borrows = 0;

  constructor(limit: HandleLimit) {
    this.#limit = limit;
  }

  /** `prototype` is the value's, if it is known. */
  addOwn(resourceId: number, value: unknown, prototype: object | null = null): number {
    return this.#add(resourceId, value, prototype);
  }

  addBorrow(resourceId: number, value: unknown, prototype: object | null = null): number {
    const handle = this.#add(-resourceId, value, prototype);
    this.borrows++;
    return handle;
  }

  /** Takes over the objects that it does not own yet, past any limit and without a handle for the guest: for `drain`. */
  keep(objects: readonly TakenObject[]): void {
    const owned = new Set(this.#values.filter((_, handle) => (this.#kinds[handle] ?? 0) > 0));
    for (const { resourceId, value } of objects) {
      if (owned.has(value)) continue;
      owned.add(value);
      this.#put(resourceId, value, null);
    }
  }

  /** The value behind a handle, owned or borrowed. */
  get(handle: number, resourceId: number): unknown {
    const kind = this.#kinds[handle];
    if (kind !== resourceId && kind !== -resourceId) this.#refuse(handle);
    return this.#values[handle];
  }

  /** The prototype that came with the value of a handle which is there. */
  prototypeOf(handle: number): object | null {
    return this.#prototypes[handle] ?? null;
  }

  /** Takes an owned handle out, to give its value away. */
  take(handle: number, resourceId: number): unknown {
    if (this.#kinds[handle] !== resourceId) this.#refuse(handle);
    const value = this.#remove(handle);
    if (this.#isTaking && typeof value === "object" && value !== null) this.#taken.push({ resourceId, value });
    return value;
  }

  /** From here on, what is taken belongs to nobody yet. */
  startTaking(): void {
    if (this.#taken.length > 0) this.#taken = [];
    this.#isTaking = true;
  }

  /** It has a new owner; or, for one who met a failure, it is to be kept. */
  endTaking(): readonly TakenObject[] {
    const taken = this.#taken;
    this.#isTaking = false;
    if (taken.length > 0) this.#taken = [];
    return taken;
  }

  /** Takes any handle out; the value when it was owned and is to be destroyed, else `BORROWED`. */
  drop(handle: number, resourceId: number): unknown {
    const kind = this.#kinds[handle];
    if (kind === -resourceId) {
      this.#remove(handle);
      this.borrows--;
      return BORROWED;
    }
    if (kind !== resourceId) this.#refuse(handle);
    return this.#remove(handle);
  }

  /** Counts a borrow out of this table: until `giveBack` the handle can neither be dropped nor given away. */
  lend(handle: number): void {
    this.#lends[handle] = (this.#lends[handle] ?? 0) + 1;
  }

  giveBack(handle: number): void {
    this.#lends[handle] = (this.#lends[handle] ?? 0) - 1;
  }

  /** Empties the table and adds what it owned to `left`, which it returns. */
  drain(left: LeftHandle[] = []): LeftHandle[] {
    for (let handle = 1; handle < this.#end; handle++) {
      const kind = this.#kinds[handle] ?? 0;
      if (kind > 0) left.push({ resourceId: kind, value: this.#values[handle], order: this.#orders[handle] ?? 0 });
      if (kind !== 0) this.#limit.live--;
      this.#kinds[handle] = 0;
      this.#values[handle] = undefined;
    }
    if (this.#end > KEPT_HANDLES_MAX) {
      for (const column of [this.#values, this.#kinds, this.#lends, this.#orders, this.#prototypes]) column.length = 1;
      this.#free.length = 0;
    }
    this.#end = 1;
    this.#freeCount = 0;
    this.borrows = 0;
    return left;
  }

  #add(kind: number, value: unknown, prototype: object | null): number {
    this.#limit.makeRoom();
    return this.#put(kind, value, prototype);
  }

  #put(kind: number, value: unknown, prototype: object | null): number {
    this.#limit.live++;
    const handle = this.#freeCount > 0 ? this.#free[--this.#freeCount] ?? 0 : this.#end++;
    this.#values[handle] = value;
    this.#kinds[handle] = kind;
    this.#lends[handle] = 0;
    this.#orders[handle] = ++created;
    this.#prototypes[handle] = prototype;
    return handle;
  }

  #remove(handle: number): unknown {
    if (this.#lends[handle] !== 0) trap(`Cannot drop or move handle ${handle}: it is lent out to the running call`);
    const value = this.#values[handle];
    this.#values[handle] = undefined;
    this.#kinds[handle] = 0;
    this.#free[this.#freeCount++] = handle;
    this.#limit.live--;
    return value;
  }

  #refuse(handle: number): never {
    const kind = this.#kinds[handle];
    if (kind === undefined || kind === 0) trap(`Cannot use handle ${handle}: there is none`);
    if (kind < 0) trap(`Cannot give handle ${handle} away: it is borrowed or of another type`);
    return trap(`Cannot use handle ${handle}: it is of another resource type`);
  }
}
