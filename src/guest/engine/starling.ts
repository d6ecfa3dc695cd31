/** StarlingMonkey: exports may be async, and the engine has a loop of its own, which runs promise jobs before a timer. */
import type { ExportedCall, U64 } from "./types.ts";

/** The engine's own, whatever the program has put in its place. */
const nativeTimeout: (callback: () => void, delay: number) => unknown = globalThis.setTimeout;

/** An exported function that starts something and turns the loop until that is done. */
export function toExport<Args extends readonly unknown[], Result>(
  start: (...args: Args) => ExportedCall<Result>,
  turn: () => boolean,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    const call = start(...args);
    for (;;) {
      await new Promise<void>((resolve) => nativeTimeout(resolve, 0));
      if (call.isDone()) return call.finish();
      if (!turn()) call.giveUp();
    }
  };
}

/** A number as the engine wants a `u64`. */
export function u64(value: number): U64 {
  return BigInt(value);
}
