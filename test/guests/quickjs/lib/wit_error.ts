/** The error side of a WIT `result`, as it arrives in a guest: thrown, with the error's value in `payload`. */

/**
 * The value of a thrown WIT error. Anything else that was thrown is a fault of the program and is thrown on.
 *
 * @example
 * try { socket.finishConnect(); } catch (error) { if (witError(error) !== "would-block") throw error; }
 */
export function witError(error: unknown): unknown {
  if (typeof error === "object" && error !== null && "payload" in error) return error.payload;
  throw error;
}
