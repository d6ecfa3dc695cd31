/**
 * What the engine asks about a guest that computes, and tells about when it does. `instance/cpu_meter.ts` is the
 * gateway's; tests give a scripted one. All times are the meter's own business: the engine has no clock.
 */

/** What happens to a guest whose fuel ran out. */
export type MeterVerdict = "continue" | "yield" | Error;

/** One per instance, for all its calls. None of its functions throws. */
export interface GuestMeter {
  /** Guest code (or a host function on its behalf) begins to run or goes on after a wait. Paired with `pause`. */
  resume(): void;
  /** It waits for the host, returned, or ended. */
  pause(): void;
  /**
   * Fuel ran out. "continue": more fuel at once. "yield": the guest waits for `turn`; only when `canSuspend`.
   * An error: the guest is ended by a genuine trap with this cause. While JavaScript is on its stack (`canSuspend` is
   * false: realloc, destructors, constructors) a guest has `UNSUSPENDABLE_MS_MAX` in one go, which the meter watches.
   */
  check(canSuspend: boolean): MeterVerdict;
  /** Resolves when it is the guest's turn again. Never rejects; a guest that was killed meanwhile is not resumed. */
  turn(): Promise<void>;
}

/** How long a guest may run where nothing can suspend: it holds the loop of everybody. */
export const UNSUSPENDABLE_MS_MAX = 10;

/** Never asks for a turn and never ends a guest: for tests and tools that run trusted code. */
export const UNMETERED: GuestMeter = {
  resume() {},
  pause() {},
  check: () => "continue",
  turn: () => Promise.resolve(),
};

/** Pages that all memories of one instance may have, and where they come from. */
export interface PageBudget {
  /** Takes `pages` (64 KiB each); false when the instance, or the process, has no more to give. Nothing is taken then. */
  take(pages: number): boolean;
  /** Gives pages back: an instance that ended. */
  giveBack(pages: number): void;
}

/**
 * What the host keeps for one instance beside its memories. Without these bounds a guest of a few hundred bytes takes what
 * no page counts: sixty of them with a thousand components in a row had all the stacks that the system allows, which ends
 * the process; four hundred with all their handles filled the heap.
 */
export interface HostBudget {
  /** Counts bytes of the host that the guest makes it keep; false when there is no more for it. Nothing is counted then. */
  hold(bytes: number): boolean;
  /** What was counted is free again. */
  letGo(bytes: number): void;
  /** A call into another component has a stack of its own, for it may wait; false when there is none. */
  takeStack(): boolean;
  giveStack(): void;
}

/** For tests and tools that run trusted code. */
export const UNLIMITED_HOST: HostBudget = { hold: () => true, letGo() {}, takeStack: () => true, giveStack() {} };

/** Elements that all tables of one instance may have. wit-bindgen's largest have thousands. */
export const TABLE_ELEMENTS_MAX = 1_000_000;
