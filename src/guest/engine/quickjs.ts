/**
 * QuickJS: nothing runs promise jobs by itself while an export that is not async runs, and JavaScript cannot ask for it.
 * Its runtime runs them after an async call of an export, which a guest on a host of WASI 0.2 never gets. So the build
 * gives `resolution` of the clock another body (`scripts/guest_build/promise_jobs.ts`): it makes such a call, from
 * within, to the guest's first export, which sees `isRunningJobs` and returns a promise that never settles.
 */
import { resolution as runQueuedJobs } from "../wasi/clocks_monotonic_clock.ts";
import { endFirstLines } from "../first_lines.ts";
import type { ExportedCall, U64 } from "./types.ts";

/** Never settles, so that the runtime takes nothing for the result of an async export. */
// oxlint-disable-next-line unicorn/no-thenable -- the runtime asks for `then`, and a promise would keep its callbacks for ever
const NEVER = { then(): void {} };

let isRunningJobs = false;

/** An exported function that starts something and turns the loop until that is done. */
export function toExport<Args extends readonly unknown[], Result>(
  start: (...args: Args) => ExportedCall<Result>,
  turn: () => boolean,
): (...args: Args) => Result {
  return (...args) => {
    if (isRunningJobs) return NEVER as Result;
    endFirstLines();
    const call = start(...args);
    for (;;) {
      runJobs();
      if (call.isDone()) return call.finish();
      if (!turn()) call.giveUp();
    }
  };
}

/** Runs promise jobs until none is left. */
function runJobs(): void {
  isRunningJobs = true;
  runQueuedJobs();
  isRunningJobs = false;
}

/** A number as the engine wants a `u64`. */
export function u64(value: number): U64 {
  return value;
}
