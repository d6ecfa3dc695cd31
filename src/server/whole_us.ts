/** Durations of log lines: nobody reads nanoseconds, and digits take room. */
export function wholeUs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
