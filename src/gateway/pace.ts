/** How many of many things are done at a time. */
import type { Clock } from "../base/clock.ts";

/** Does the work, now or when it is its turn. */
export type Pace = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** All at once. */
export const UNPACED: Pace = (work) => work();

/** `countMax` at a time, in the order of the calls. */
export function pacedBy(countMax: number): Pace {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= countMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}

/** Waits so long, or for `until` if that comes first. */
export async function pauseFor(
  durationMs: number,
  { clock, until }: { readonly clock: Pick<Clock, "startTimer">; readonly until: Promise<void> },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.startTimer(durationMs, resolve);
  await Promise.race([promise, until]);
  cancel();
}
