/** Faults in the values that a host passes to a guest. */

/** A value of the host that does not fit its WIT type; the lift or lower around it adds where it was. */
export class ValueFault extends Error {
  /** Path inside the value, outermost first: `.headers[3][1]`. */
  path = "";
  readonly expected: string;
  readonly found: string;
  constructor(expected: string, found: unknown) {
    super();
    this.name = "ValueFault";
    this.expected = expected;
    this.found = describeValue(found);
  }
}

/** Throws because `value` is not what the type asks for. */
export function misfit(expected: string, value: unknown): never {
  throw new ValueFault(expected, value);
}

/** Adds one step to the path of a fault on its way out. */
export function within(error: unknown, step: string): unknown {
  if (error instanceof ValueFault) error.path = step + error.path;
  return error;
}

function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "function") return "a function";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  return typeof value;
}
