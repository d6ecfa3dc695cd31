/** `setTimeout` and its family, and `queueMicrotask`. */
import { toNumber } from "./convert.ts";
import { refuseInFirstLines } from "./first_lines.ts";
import { nowMs, timers } from "./loop.ts";
import { reportError } from "./report_error.ts";

/** A delay past this is 1 ms, as elsewhere: it would not fit into 32 bits. */
const DELAY_MS_MAX = 2_147_483_647;

type Callback = (...args: unknown[]) => void;

/** Calls `callback` once, `delay` milliseconds from now. */
export function setTimeout(callback: Callback, delay?: number, ...args: readonly unknown[]): number {
  refuseInFirstLines("start a timer");
  return timers.add({ dueMs: nowMs() + delayMs(delay, 0), run: () => call(callback, args) });
}

/** Calls `callback` every `delay` milliseconds. */
export function setInterval(callback: Callback, delay?: number, ...args: readonly unknown[]): number {
  refuseInFirstLines("start a timer");
  const everyMs = delayMs(delay, 1);
  return timers.add({ dueMs: nowMs() + everyMs, everyMs, run: () => call(callback, args) });
}

/** Ends a timer of either kind; one that is over is nothing to end. */
export function clearTimeout(id?: number): void {
  if (id !== undefined) timers.clear(id);
}

/** As `clearTimeout`. */
export const clearInterval = clearTimeout;

/** Calls `callback` before anything else that waits. */
export function queueMicrotask(callback: () => void): void {
  if (typeof callback !== "function") throw new TypeError("Cannot queue a microtask: it is no function");
  // A promise job that throws would end the guest.
  void Promise.resolve().then(() => call(callback, []));
}

/** An error of a callback has no caller that could catch it: it is a log line, and everything else goes on. */
function call(callback: Callback, args: readonly unknown[]): void {
  try {
    callback(...args);
  } catch (error) {
    reportError(error);
  }
}

function delayMs(delay: number | undefined, least: number): number {
  const ms = toNumber(delay ?? 0);
  if (!(ms > least)) return least;
  return ms > DELAY_MS_MAX ? 1 : ms;
}
