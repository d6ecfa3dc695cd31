/** Conversions of arguments as web APIs make them: programs in JavaScript pass what they have. */

/** Any value as text. */
export function toText(value: unknown): string {
  return String(value);
}

/** Any value as a number. */
export function toNumber(value: unknown): number {
  return Number(value);
}
