/**
 * What lifting and lowering need of an instance: the guest's memory, its realloc and its handle table.
 * The closures of `abi_lift.ts` and `abi_lower.ts` are built once per component and get this as an argument.
 */
import type { HandleTable } from "./handles.ts";
import type { VirtualMemory } from "./virtual_memory.ts";
import { trap, trapOfGuest } from "./trap.ts";

/** A core wasm value as JavaScript has it. */
export type FlatValue = number | bigint;

/**
 * The bytes that one call may lift out of a guest, aliased ones counted each time: 3,000 list entries that point to the
 * same 1 MiB would make 3 GB of host values from one call. 16 MiB is above what any WASI function takes.
 */
export const LIFT_BYTES_MAX = 16 * 1024 * 1024;
/** The list elements of one call, for the same reason: each becomes a JavaScript value of 16 to 100 bytes. */
export const LIFT_ELEMENTS_MAX = 65_536;

/** Lifting runs to its end before anything else does, so that one budget serves all. */
const lifted = { bytes: 0, elements: 0 };

/** Starts the budget of one call's parameters or of its result. */
export function startLifting(): void {
  lifted.bytes = 0;
  lifted.elements = 0;
}

/** The bytes that were counted since. */
export function liftedBytes(): number {
  return lifted.bytes;
}

/** Counts bytes against the budget; traps past it. */
export function countBytes(bytes: number): void {
  lifted.bytes += bytes;
  if (lifted.bytes > LIFT_BYTES_MAX) trap(`The guest passed more than ${LIFT_BYTES_MAX} bytes in one call`);
}

/** Counts list elements against the budget; traps past it. */
export function countElements(elements: number): void {
  lifted.elements += elements;
  if (lifted.elements > LIFT_ELEMENTS_MAX) {
    trap(`The guest passed more than ${LIFT_ELEMENTS_MAX} list elements in one call`);
  }
}

/** Views of a core memory; growing it detaches them, so whoever may have grown it calls `refresh`. */
export class MemoryView {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  data: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  #memory: VirtualMemory | null = null;

  attach(memory: VirtualMemory): void {
    this.#memory = memory;
    this.#renew();
  }

  /** Cheap: a detached view has no bytes. To be called on every entry from wasm and after every call into it. */
  refresh(): void {
    if (this.bytes.length === 0) this.#renew();
  }

  #renew(): void {
    if (this.#memory === null) return;
    const { buffer } = this.#memory.memory;
    if (!(buffer instanceof ArrayBuffer)) throw new TypeError("Cannot use a memory: it is shared, expected an own one");
    this.bytes = new Uint8Array(buffer);
    this.data = new DataView(buffer);
  }

  /** The host is about to write `size` bytes at `pointer`, which were checked. */
  mark(pointer: number, size: number): void {
    this.#memory?.mark(pointer, size);
  }

  /** Traps unless `size` bytes at `pointer` are inside of what the guest has, and aligned. */
  check(pointer: number, size: number, align: number): void {
    if (pointer % align !== 0) trap(`The guest passed a pointer (${pointer}) that is not aligned to ${align}`);
    const length = this.#memory?.byteLength ?? 0;
    if (pointer + size > length) {
      trap(`The guest passed memory out of bounds: ${size} bytes at ${pointer}, expected at most ${length}`);
    }
  }
}

/** The instance, as far as values are concerned. */
export interface ValueState {
  readonly fuel: { charge(bytes: number): void };
  /** False while JavaScript is on the guest's stack. */
  mayBlock: boolean;
}

/** One component instance, as far as values are concerned. */
export interface ValueScope {
  readonly id: number;
  readonly table: HandleTable;
  readonly state: ValueState;
  /** False while the guest runs realloc or post-return: it may not call out of these. */
  mayLeave: boolean;
  /**
   * Handles lent to the running host call. An instance is not entered while it waits for a call, so that only the
   * call's own parameters could take a lent handle away: functions with both `own` and `borrow` keep this account.
   */
  readonly lent: number[];
  /** Host objects of guest resources; see `guest_resource.ts`. */
  readonly guestResources: GuestResources;
}

/** Turns representations of guest resources into host objects and back. */
export interface GuestResources {
  wrap(resourceId: number, rep: number): object;
  /** The representation; with `take` the object is dead afterwards. */
  unwrap(resourceId: number, value: unknown, take: boolean): number;
  /** What `value instanceof` must hold for an imported resource; null when the host gave no class. */
  hostClass(resourceId: number): Constructor | null;
}

/** Anything that `instanceof` can ask for. */
export type Constructor = abstract new (...args: never[]) => object;

/** The environment of one `canon` definition in one instance. */
export class CanonEnv {
  readonly memory: MemoryView;
  readonly scope: ValueScope;
  realloc: ((...args: FlatValue[]) => unknown) | null = null;

  constructor(memory: MemoryView, scope: ValueScope) {
    this.memory = memory;
    this.scope = scope;
  }

  /** Memory of the guest's own; asked for even when `size` is 0, as the specification does (the preview1 adapter counts on it). */
  allocate(align: number, size: number): number {
    const realloc = this.realloc;
    if (realloc === null) throw new TypeError("Cannot pass a value: the function has no realloc");
    const { scope } = this;
    const { state } = scope;
    const couldBlock = state.mayBlock;
    scope.mayLeave = false;
    state.mayBlock = false;
    let pointer: number;
    try {
      state.fuel.charge(size);
      pointer = Number(realloc(0, 0, align, size | 0)) >>> 0;
    } catch (error) {
      throw trapOfGuest(error);
    } finally {
      state.mayBlock = couldBlock;
    }
    scope.mayLeave = true;
    this.memory.refresh();
    this.memory.check(pointer, size, align);
    this.memory.mark(pointer, size);
    return pointer;
  }
}
