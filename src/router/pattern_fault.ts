/** Why a host or path pattern cannot be used. `config` turns it into a diagnostic, the router itself throws it. */
export interface PatternFault {
  readonly kind: "fault";
  /** What is wrong, as in `it has no "/" at its start`. */
  readonly is: string;
  /** What should be there, as in `a path like "/users/:id"`. */
  readonly expected: string;
  /** The pattern that was probably meant. */
  readonly suggestion?: string;
}

/** Builds a fault; leaves `suggestion` out where there is no single answer. */
export function patternFault(is: string, expected: string, suggestion?: string): PatternFault {
  return suggestion === undefined ? { kind: "fault", is, expected } : { kind: "fault", is, expected, suggestion };
}
