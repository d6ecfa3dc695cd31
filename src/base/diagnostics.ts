/** Configuration faults are data: where, what, and what to change. All of them are reported, then the command stops. */
import type { FaultCode } from "./fault_codes.ts";

/** A fault of a file. */
export interface Diagnostic {
  /** What is wrong, exactly: `loopgate help LG1104` has its page. */
  readonly code: FaultCode;
  /** As the user named it, relative to where the command ran. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** A sentence in the form of `errors.ts`. */
  readonly message: string;
  /** What to write instead, when there is one answer. */
  readonly fix?: string;
  /** The text of the line, for the code frame. */
  readonly source?: string;
}
