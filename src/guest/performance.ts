/**
 * `performance`, whose time begins in each instance. An engine's own begins when its memory is saved, by the clock of the
 * machine that builds: in an instance it would tell the difference of two clocks.
 */
import { areFirstLinesRunning } from "./first_lines.ts";

const engine = globalThis.performance;

/** When the instance first asked: by the engine's clock, and by that of the calendar. */
let start: { readonly engineMs: number; readonly timeOrigin: number } | undefined;

const performance = {
  /** Milliseconds since the instance first asked for the time; 0 while the guest is built. */
  now(): number {
    if (areFirstLinesRunning()) return 0;
    const nowMs = engine.now();
    return nowMs - begun(nowMs).engineMs;
  },

  /** Milliseconds from 1970 to where `now` begins; 0 while the guest is built. */
  get timeOrigin(): number {
    return areFirstLinesRunning() ? 0 : begun(engine.now()).timeOrigin;
  },

  toJSON(): { readonly timeOrigin: number } {
    return { timeOrigin: performance.timeOrigin };
  },
};

Object.defineProperty(globalThis, "performance", {
  value: performance,
  writable: true,
  enumerable: true,
  configurable: true,
});

function begun(nowMs: number): { readonly engineMs: number; readonly timeOrigin: number } {
  return start ??= { engineMs: nowMs, timeOrigin: Date.now() };
}
