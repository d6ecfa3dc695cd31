/**
 * The machine's time as far as this process has had it. A limit that is no matter of a test then holds on a busy machine too: a
 * thousand requests have the seconds that they are given, though others compute meanwhile. Not for tests that wait: while this
 * process does nothing, its time stands still.
 */
import process from "node:process";
import { type Clock, systemClock } from "../../src/base/clock.ts";

const NS_PER_US = 1000n;

/** Timers are late by up to this and by what the machine makes them. */
const LOOK_MS = 50;

function usedUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** One for each test: all threads of the process count, those of the collector and the compiler too. */
export const processClock: Clock = {
  monotonicNs: () => BigInt(usedUs()) * NS_PER_US,
  monotonicMs: () => usedUs() / 1000,
  wallMs: () => systemClock.wallMs(),
  startTimer(delayMs, fire) {
    const dueMs = usedUs() / 1000 + delayMs;
    let cancel = (): void => {};
    const look = (): void => {
      if (usedUs() / 1000 >= dueMs) fire();
      else cancel = systemClock.startTimer(Math.min(LOOK_MS, Math.max(1, dueMs - usedUs() / 1000)), look);
    };
    look();
    return () => cancel();
  },
};
