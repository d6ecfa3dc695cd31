/**
 * Work in steps. Rewriting a JavaScript engine takes a second, on the thread of everybody: whoever drives the work gives the
 * event loop its turns between two steps.
 */

/** Yields between two steps of about `STEP_BYTES`; returns the result. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Code that is read or written in one step: about 2 ms. */
export const STEP_BYTES = 32_768;

/** Does all the work at once. */
export function allSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Waits for a turn of the event loop after each step. */
export async function stepsInTurns<T>(steps: Steps<T>, nextTurn: (fire: () => void) => void): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await new Promise<void>((resolve) => {
      nextTurn(resolve);
    });
  }
}
