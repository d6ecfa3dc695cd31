/** The one error of a component that cannot be used: malformed, invalid, unsupported, or asking for what nobody offers. */

import type { FaultCode } from "../base/fault_codes.ts";

/** Why it cannot be used. */
export type ComponentErrorReason =
  /** The bytes break the binary format or a validation rule of the component model. */
  | "malformed"
  /** Well-formed, but of a kind this host does not run; the message names the feature. */
  | "unsupported"
  /** Past one of the engine's own bounds (sizes, counts, nesting). */
  | "limit"
  /** Needs an import that the host does not offer, or offers in another shape. */
  | "import";

const FAULTS = {
  malformed: "LG2001",
  unsupported: "LG2002",
  limit: "LG2003",
  import: "LG2004",
} as const satisfies Readonly<Record<ComponentErrorReason, FaultCode>>;

/**
 * @example
 * throw new ComponentError("malformed", 'Cannot read section 7: it ends at 80, expected at most 64', { offset: 12 });
 */
export class ComponentError extends Error {
  readonly reason: ComponentErrorReason;
  readonly fault: FaultCode;
  /** Where in the component's bytes; -1 when it is about no single place (imports). */
  readonly offset: number;
  constructor(
    reason: ComponentErrorReason,
    message: string,
    options: { readonly offset?: number; readonly cause?: unknown } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    this.name = "ComponentError";
    this.reason = reason;
    this.fault = FAULTS[reason];
    this.offset = options.offset ?? -1;
  }
}
