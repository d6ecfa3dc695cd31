/** Locals that are added to a function: kinds, and the types they have. */

/** Each is a bit of the set that a function needs. */
export const Scratch = {
  /** Address and value of a store, while its page is marked. */
  ADDRESS_32: 0,
  ADDRESS_64: 1,
  I32: 2,
  I64: 3,
  F32: 4,
  F64: 5,
  V128: 6,
  I32_SECOND: 7,
  I64_SECOND: 8,
  /** The fuel, in a function with loops. */
  CREDIT: 9,
} as const;

/** Type bytes, by kind. */
export const SCRATCH_TYPES: readonly number[] = [0x7f, 0x7e, 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x7f, 0x7e, 0x7f];
