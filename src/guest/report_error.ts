/** Errors that nobody catches: one log line with message, stack and causes. */
import { logError } from "./console.ts";
import { formatError } from "./format_log.ts";

/** Writes what was thrown to stderr. */
export function reportError(error: unknown): void {
  logError(`Uncaught ${formatError(error)}`);
}
