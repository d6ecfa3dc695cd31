/**
 * The first lines of a program, those outside of its functions, run when it is built, where there is no host: a call of it
 * would end the build with a stack of addresses. What needs the host is refused there by an error that says where.
 */

let areRunning = true;

/** An export was called: the program is built, and served. */
export function endFirstLines(): void {
  areRunning = false;
}

/** Whether the program is being built. */
export function areFirstLinesRunning(): boolean {
  return areRunning;
}

/** @throws Error while the program is built */
export function refuseInFirstLines(action: string): void {
  if (!areRunning) return;
  throw new Error(
    `Cannot ${action} while the guest is built, where its first lines run, expected it within "fetch" or "run"`,
  );
}
