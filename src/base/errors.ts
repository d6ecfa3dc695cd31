/**
 * Operating errors of the gateway: one class, stable codes, one table.
 * Users match `code` or `fault`, never the text. A sentence reads
 * "Cannot <action> <thing>: <what is>, expected <what should be>".
 */

import type { Diagnostic } from "./diagnostics.ts";
import { FAULT_CODES, type FaultCode } from "./fault_codes.ts";

/** Faults of whoever operates the gateway: a file, a flag, a port. They end with a message and exit code 2. */
export const OPERATOR_FAULTS = {
  ERR_USAGE: "the command line is wrong",
  ERR_CONFIG: "a file of the folder is wrong; the diagnostics say where",
  ERR_LISTEN: "the listener cannot be opened",
  ERR_COMPONENT: "a component cannot be used",
  ERR_BUILD: "a guest cannot be built",
  ERR_RUNTIME: "the runtime lacks what the gateway needs",
} as const;

/** Faults met while serving. */
export const SYSTEM_FAULTS = {
  ERR_GUEST_TRAP: "a guest trapped",
  ERR_GUEST_EXIT: "a guest ended itself",
  ERR_NO_RESPONSE: "a handler ended without an answer",
  ERR_SERVICE_DOWN: "the workload's service is not running",
  ERR_OVERLOADED: "concurrency and queue of a route are full",
  ERR_CLOSED: "the thing was closed",
  ERR_TIMEOUT: "a deadline passed",
  ERR_REQUEST: "a request cannot be served",
  ERR_DENIED: "the policy does not allow it",
  ERR_LIMIT: "a guest met a limit",
  ERR_INTERNAL: "the gateway itself failed",
} as const;

/** Classes of faults; each fault has a code of its own besides, see `fault_codes.ts`. */
export type ErrorCode = keyof typeof OPERATOR_FAULTS | keyof typeof SYSTEM_FAULTS;

/**
 * The one error class of the gateway's own faults.
 *
 * @example
 * throw new LoopgateError("LG5001", 'Cannot listen on "127.0.0.1:80": permission denied, expected a free port', { cause });
 */
export class LoopgateError extends Error {
  /** The class of the fault: `ERR_CONFIG` is something wrong in a file. */
  readonly code: ErrorCode;
  /** What is wrong, exactly: `loopgate help LG1104` has its page. Where there are diagnostics, each has its own. */
  readonly fault: FaultCode;
  /** Every fault of the files, for `ERR_CONFIG`; empty for other codes. */
  readonly diagnostics: readonly Diagnostic[];
  /** `fault` decides the class. */
  constructor(
    fault: FaultCode,
    message: string,
    options: { readonly cause?: unknown; readonly diagnostics?: readonly Diagnostic[] } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    this.name = "LoopgateError";
    this.code = FAULT_CODES[fault];
    this.fault = fault;
    this.diagnostics = options.diagnostics ?? [];
  }
}

/**
 * The `err` side of a WIT `result`, thrown by a host function. It is no `Error` on purpose: an operating
 * condition such as `would-block` must not pay for a stack trace. The field name is jco's convention, so
 * that the same host class works under jco's glue.
 *
 * @example
 * throw new WitError("would-block");
 */
export class WitError<T = unknown> {
  readonly payload: T;
  constructor(payload: T) {
    this.payload = payload;
  }
}

/**
 * A host function ends the guest: a broken contract of WASI (a write past `check-write`, an empty poll list).
 * The engine turns it into a genuine wasm trap which no guest can catch, and keeps this object as its cause.
 */
export class HostTrap extends Error {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = "HostTrap";
  }
}

/** `wasi:cli/exit`: ends the guest like a trap does, but is no fault by itself. */
export class GuestExit extends HostTrap {
  /** 0 is success (WIT `exit: func(status: result)`, `exit-with-code: func(status-code: u8)`). */
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`The guest exited with code ${exitCode}`);
    this.name = "GuestExit";
    this.exitCode = exitCode;
  }
}
