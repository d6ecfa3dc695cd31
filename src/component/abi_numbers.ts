/**
 * Scalars: one row per primitive with what lifting, lowering, loading and storing it takes.
 * Host values are checked, not wrapped: a number out of its type's range is a fault of the host.
 */
import type { CoreType, ScalarKind } from "./abi_layout.ts";
import { misfit } from "./abi_fault.ts";
import type { FlatValue } from "./abi_env.ts";
import { trap } from "./trap.ts";

/** A guest's memory, typed by address. */
export type Memory = DataView<ArrayBuffer>;

/** `number` rows travel as i32, f32 or f64, `bigint` ones as i64. */
export interface Scalar {
  readonly load: (data: Memory, at: number) => unknown;
  readonly store: (data: Memory, at: number, value: unknown) => void;
  readonly lift: (flat: FlatValue) => unknown;
  readonly lower: (value: unknown) => FlatValue;
}

/** `kind` as a sentence needs it. */
function integer(kind: string, min: number, max: number): (value: unknown) => number {
  const expected = `${kind.startsWith("s") ? "an" : "a"} ${kind}`;
  return (value) => {
    if (typeof value === "number" && value >= min && value <= max && Number.isInteger(value)) return value;
    return misfit(expected, value);
  };
}

const S64_MIN = -(2n ** 63n);
const U64_MAX = 2n ** 64n - 1n;

/** jco takes numbers for 64-bit integers as well; only exact ones are right. */
function bigInteger(kind: string, min: bigint, max: bigint): (value: unknown) => bigint {
  return (value) => {
    const big = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof big === "bigint" && big >= min && big <= max) return big;
    return misfit(`${kind === "s64" ? "an" : "a"} ${kind} (BigInt)`, value);
  };
}

/** Every NaN is the canonical one: its bits must not carry anything across the boundary. */
function float(kind: string): (value: unknown) => number {
  return (value) => {
    if (typeof value !== "number") return misfit(`an ${kind} number`, value);
    return value !== value ? NaN : value;
  };
}

function bool(value: unknown): number {
  if (typeof value !== "boolean") return misfit("a boolean", value);
  return value ? 1 : 0;
}

/** A Unicode scalar value, or a trap. */
function liftChar(flat: FlatValue): string {
  const code = Number(flat) >>> 0;
  if (code >= 0x110000 || (code >= 0xd800 && code <= 0xdfff)) {
    trap(`The guest passed a char that is none: 0x${code.toString(16)}`);
  }
  return String.fromCodePoint(code);
}

function lowerChar(value: unknown): number {
  if (typeof value === "string") {
    const code = value.codePointAt(0);
    if (code !== undefined && value.length === (code > 0xffff ? 2 : 1) && !(code >= 0xd800 && code <= 0xdfff)) {
      return code;
    }
  }
  return misfit("a char (a string of one code point)", value);
}

const s8 = integer("s8", -0x80, 0x7f);
const u8 = integer("u8", 0, 0xff);
const s16 = integer("s16", -0x8000, 0x7fff);
const u16 = integer("u16", 0, 0xffff);
const s32 = integer("s32", -0x80000000, 0x7fffffff);
const u32 = integer("u32", 0, 0xffffffff);
const s64 = bigInteger("s64", S64_MIN, -S64_MIN - 1n);
const u64 = bigInteger("u64", 0n, U64_MAX);
const f32 = float("f32");
const f64 = float("f64");

const int = (flat: FlatValue): number => Number(flat);

/**
 * One row per scalar. The flat value of a narrow type may have any upper bits; they are ignored (CanonicalABI.md,
 * "lift_flat_unsigned").
 */
export const SCALARS: Readonly<Record<ScalarKind, Scalar>> = {
  bool: {
    load: (data, at) => data.getUint8(at) !== 0,
    store: (data, at, value) => data.setUint8(at, bool(value)),
    lift: (flat) => int(flat) !== 0,
    lower: bool,
  },
  s8: {
    load: (data, at) => data.getInt8(at),
    store: (data, at, value) => data.setInt8(at, s8(value)),
    lift: (flat) => (int(flat) << 24) >> 24,
    lower: s8,
  },
  u8: {
    load: (data, at) => data.getUint8(at),
    store: (data, at, value) => data.setUint8(at, u8(value)),
    lift: (flat) => int(flat) & 0xff,
    lower: u8,
  },
  s16: {
    load: (data, at) => data.getInt16(at, true),
    store: (data, at, value) => data.setInt16(at, s16(value), true),
    lift: (flat) => (int(flat) << 16) >> 16,
    lower: s16,
  },
  u16: {
    load: (data, at) => data.getUint16(at, true),
    store: (data, at, value) => data.setUint16(at, u16(value), true),
    lift: (flat) => int(flat) & 0xffff,
    lower: u16,
  },
  s32: {
    load: (data, at) => data.getInt32(at, true),
    store: (data, at, value) => data.setInt32(at, s32(value), true),
    lift: (flat) => int(flat) | 0,
    lower: s32,
  },
  u32: {
    load: (data, at) => data.getUint32(at, true),
    store: (data, at, value) => data.setUint32(at, u32(value), true),
    lift: (flat) => int(flat) >>> 0,
    lower: (value) => u32(value) | 0,
  },
  s64: {
    load: (data, at) => data.getBigInt64(at, true),
    store: (data, at, value) => data.setBigInt64(at, s64(value), true),
    lift: (flat) => flat,
    lower: s64,
  },
  u64: {
    load: (data, at) => data.getBigUint64(at, true),
    store: (data, at, value) => data.setBigUint64(at, u64(value), true),
    lift: (flat) => BigInt.asUintN(64, BigInt(flat)),
    lower: (value) => BigInt.asIntN(64, u64(value)),
  },
  f32: {
    load: (data, at) => data.getFloat32(at, true),
    store: (data, at, value) => data.setFloat32(at, f32(value), true),
    lift: (flat) => flat,
    lower: f32,
  },
  f64: {
    load: (data, at) => data.getFloat64(at, true),
    store: (data, at, value) => data.setFloat64(at, f64(value), true),
    lift: (flat) => flat,
    lower: f64,
  },
  char: {
    load: (data, at) => liftChar(data.getUint32(at, true)),
    store: (data, at, value) => data.setUint32(at, lowerChar(value), true),
    lift: liftChar,
    lower: lowerChar,
  },
};

const scratch = new DataView(new ArrayBuffer(8));

/** A flat slot of a variant has the join of its cases' types; this reads the slot as the case's own type. */
export function fromJoined(have: CoreType, want: CoreType): ((flat: FlatValue) => FlatValue) | null {
  if (have === want) return null;
  if (have === "i32") return bitsToF32;
  if (want === "i32") return (flat) => Number(BigInt.asIntN(32, BigInt(flat)));
  if (want === "f32") return (flat) => bitsToF32(Number(BigInt.asIntN(32, BigInt(flat))));
  return (flat) => {
    scratch.setBigInt64(0, BigInt(flat));
    return scratch.getFloat64(0);
  };
}

/** The opposite of `fromJoined`. */
export function toJoined(have: CoreType, want: CoreType): ((flat: FlatValue) => FlatValue) | null {
  if (have === want) return null;
  if (want === "i32") return f32Bits;
  if (have === "i32") return (flat) => BigInt(Number(flat) >>> 0);
  if (have === "f32") return (flat) => BigInt(f32Bits(flat) >>> 0);
  return (flat) => {
    scratch.setFloat64(0, Number(flat));
    return scratch.getBigInt64(0);
  };
}

function bitsToF32(flat: FlatValue): number {
  scratch.setInt32(0, Number(flat));
  return scratch.getFloat32(0);
}

function f32Bits(flat: FlatValue): number {
  scratch.setFloat32(0, Number(flat));
  return scratch.getInt32(0);
}
