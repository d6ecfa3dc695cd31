/**
 * Genuine wasm traps. A guest's `catch_all` swallows every JavaScript error that passes through it, a
 * `new WebAssembly.RuntimeError` and a rejected suspension included; only an error that V8 itself made for a
 * trapping instruction goes through. So each trap of the engine is taken from a module whose one instruction is
 * `unreachable`, and keeps its reason as `cause`. (V8's own stack overflow, a RangeError, cannot be caught either.)
 */
import { HostTrap } from "../base/errors.ts";

/** `(module (func (export "t") unreachable))` */
const TRAP_MODULE = new Uint8Array(
  [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11],
);
const trapExport = new WebAssembly.Instance(new WebAssembly.Module(TRAP_MODULE)).exports["t"];

/** The traps that wasm made, as opposed to a `RuntimeError` that a host function constructed. */
const genuine = new WeakSet<object>();

/** True for a trap that the engine or a guest's own instruction made: it is uncatchable and is passed on as it is. */
export function isTrap(error: unknown): error is WebAssembly.RuntimeError {
  return typeof error === "object" && error !== null && genuine.has(error);
}

/** A genuine trap with `message` and, as its `cause`, the reason. */
export function makeTrap(message: string, cause: unknown): WebAssembly.RuntimeError {
  try {
    if (typeof trapExport === "function") trapExport();
  } catch (error) {
    // A stack overflow on the way is no RuntimeError; it cannot be caught by the guest either.
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    genuine.add(error);
    error.message = message;
    Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true, enumerable: false });
    return error;
  }
  throw new TypeError("Cannot trap: the trap module did not, expected a RuntimeError");
}

/** Ends the call: the guest (or the host) broke the canonical ABI. */
export function trap(message: string): never {
  throw makeTrap(message, new HostTrap(message));
}

/**
 * What a host function threw, as a genuine trap: `HostTrap`, `GuestExit` and unknown errors become the cause.
 * `where` names the function for the errors that do not explain themselves; `explain` may replace the error first.
 */
export function trapOfHost(
  error: unknown,
  where: string,
  explain: (error: unknown) => unknown = (same) => same,
): WebAssembly.RuntimeError {
  if (isTrap(error)) return error;
  try {
    const explained = explain(error);
    if (explained instanceof HostTrap) return makeTrap(explained.message, explained);
    return makeTrap(`The host function ${where} failed: ${describe(explained)}`, explained);
  } catch {
    // A proxy that throws at every touch: what it throws could be caught.
    const message = `The host function ${where} failed: what it threw cannot be looked at`;
    return makeTrap(message, new HostTrap(message));
  }
}

/** What came out of a call into a core function: traps stay what they are, everything else becomes one. */
export function trapOfGuest(error: unknown): WebAssembly.RuntimeError {
  if (isTrap(error)) return error;
  // Host errors never reach a guest unwrapped, so this one comes from the guest's own instruction.
  if (error instanceof WebAssembly.RuntimeError) {
    genuine.add(error);
    return error;
  }
  if (error instanceof WebAssembly.Exception) return makeTrap("The guest let an exception escape", error);
  return makeTrap(`The guest failed: ${describe(error)}`, error);
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "an error that has no text";
  }
}
