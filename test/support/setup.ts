/**
 * Loaded before every test file on both runtimes. Deno reports unhandled rejections and errors in timers but leaves
 * the exit code at 0 when they come between tests; here they end the run. (Node does that by itself.)
 */
import process from "node:process";

/** True on Deno. */
const isDeno = "Deno" in globalThis;

if (isDeno) {
  const end = (what: string, reason: unknown): never => {
    console.error(`FAILED: ${what}:`, reason);
    return process.exit(70);
  };
  globalThis.addEventListener("unhandledrejection", (event) => end("unhandled rejection", event.reason));
  globalThis.addEventListener("error", (event) => end("uncaught error", event.error ?? event.message));
}
