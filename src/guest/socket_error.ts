/** Why a call of a socket failed. */
import { wasiError } from "./wasi_error.ts";

/**
 * `code` is the `wasi:sockets` error code: "connection-refused", "access-denied", "address-in-use" and so on.
 *
 * @example
 * try {
 *   await connect({ hostname: "10.1.0.7", port: 5432 });
 * } catch (error) {
 *   if (error instanceof SocketError && error.code === "access-denied") console.error("the policy of the route denies it");
 * }
 */
export class SocketError extends Error {
  /** As WASI has it, such as "connection-refused". */
  readonly code: string;

  /** `action` is what could not be done, `expected` what an argument should have been. */
  constructor(action: string, code: string, expected?: string) {
    super(`Cannot ${action}: ${code}${expected === undefined ? "" : `, expected ${expected}`}`);
    this.name = "SocketError";
    this.code = code;
  }
}

/** The code of what a socket threw; anything else that was thrown is thrown on. */
export function socketCode(error: unknown): string {
  return String(wasiError(error));
}

/** What `call` gives. @throws SocketError when it throws a code */
export function attempt<T>(action: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new SocketError(action, socketCode(error));
  }
}
