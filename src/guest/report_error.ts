/** Errors that nobody catches: one log line with message, stack and causes. */
import { logError } from "./console.ts";
import { formatError } from "./format_log.ts";

/** Writes what was thrown to stderr. */
export function reportError(error: unknown): void {
  logError(`Uncaught ${formatError(error)}`);
}

/** Writes that a promise is awaited which nothing in the program can settle any more, and where such promises come from. */
export function reportUnsettled(): void {
  logError(
    "Uncaught Error: A promise is awaited that nothing can settle: no timer, connection or request is left. " +
      "Look for a new Promise whose resolve and reject nobody calls, or an await of something that never comes",
  );
}
