/**
 * StarlingMonkey: exports are async, and while one runs the engine turns a loop of its own, which runs promise jobs until
 * none is left before it looks for a timer. So a timer of the engine's without delay is the place between two turns of
 * the guest's loop; nothing else of a guest ever waits in the engine's loop.
 */
import { endFirstLines } from "../first_lines.ts";
import type { ExportedCall, U64 } from "./types.ts";

/** The engine's own: behind a plain name the bundler would put the guest's. */
const setEngineTimeout = Reflect.get(globalThis, "setTimeout") as (callback: () => void, delayMs: number) => unknown;

/** An exported function that starts something and turns the loop until that is done. */
export function toExport<Args extends readonly unknown[], Result>(
  start: (...args: Args) => ExportedCall<Result>,
  turn: () => boolean,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    endFirstLines();
    const call = start(...args);
    for (;;) {
      await promiseJobs();
      if (call.isDone()) return call.finish();
      if (!turn()) call.giveUp();
    }
  };
}

/** Resolves once no promise job is left. */
function promiseJobs(): Promise<void> {
  return new Promise((resolve) => void setEngineTimeout(resolve, 0));
}

/** A number as the engine wants a `u64`. */
export function u64(value: number): U64 {
  return BigInt(value);
}
