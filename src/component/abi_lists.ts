/** Lists: of numbers as typed arrays copied in one go, of everything else as arrays, element by element. */
import { type CanonEnv, countBytes, countElements } from "./abi_env.ts";
import { misfit, within } from "./abi_fault.ts";
import { layoutOf, type ScalarKind } from "./abi_layout.ts";
import { SCALARS } from "./abi_numbers.ts";
import type { ValueType } from "./types.ts";
import { trap } from "./trap.ts";

/** A list at `pointer` as a host value. */
export type ListLift = (env: CanonEnv, pointer: number, length: number) => unknown;
/** Returns the pointer; the length is in `loweredList.length` until the next call. */
export type ListLower = (env: CanonEnv, value: unknown) => number;
/** Second result of a `ListLower`. */
export const loweredList = { length: 0 };

type Load = (env: CanonEnv, pointer: number) => unknown;
type Store = (env: CanonEnv, pointer: number, value: unknown) => void;

/** Up to so many bytes are copied by a loop: less than a call out of V8's generated code. */
const SHORT_BYTES = 32;

/** The longest list that fits a 32-bit memory at all. */
const LIST_BYTES_MAX = 0x7fffffff;

const TYPED_ARRAYS = {
  u8: Uint8Array,
  s8: Int8Array,
  u16: Uint16Array,
  s16: Int16Array,
  u32: Uint32Array,
  s32: Int32Array,
  u64: BigUint64Array,
  s64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;
type NumericKind = keyof typeof TYPED_ARRAYS;

function isNumeric(kind: ValueType["kind"]): kind is NumericKind {
  return Object.hasOwn(TYPED_ARRAYS, kind);
}

/** How lists of `element` are lifted. */
export function listLift(element: ValueType, load: (type: ValueType) => Load): ListLift {
  const { size, align } = layoutOf(element);
  if (element.kind === "u8") return liftBytes;
  if (isNumeric(element.kind)) return liftNumbers(element.kind, size);
  const loadElement = load(element);
  return (env, pointer, length) => {
    env.memory.check(pointer, length * size, align);
    countElements(length);
    countBytes(length * size);
    // The usual lists: an array that grows takes room for seventeen.
    if (length === 1) return [loadElement(env, pointer)];
    if (length === 2) return [loadElement(env, pointer), loadElement(env, pointer + size)];
    const list: unknown[] = [];
    for (let index = 0; index < length; index++) list.push(loadElement(env, pointer + index * size));
    return list;
  };
}

function liftBytes(env: CanonEnv, pointer: number, length: number): Uint8Array {
  env.memory.check(pointer, length, 1);
  countBytes(length);
  const { bytes } = env.memory;
  if (length > SHORT_BYTES) return bytes.slice(pointer, pointer + length);
  const list = new Uint8Array(length);
  for (let at = 0; at < length; at++) list[at] = bytes[pointer + at] ?? 0;
  return list;
}

function liftNumbers(kind: NumericKind, size: number): ListLift {
  const Typed = TYPED_ARRAYS[kind];
  return (env, pointer, length) => {
    env.memory.check(pointer, length * size, size);
    countBytes(length * size);
    return new Typed(env.memory.bytes.slice(pointer, pointer + length * size).buffer);
  };
}

/** How lists of `element` are lowered. */
export function listLower(element: ValueType, store: (type: ValueType) => Store): ListLower {
  const { size, align } = layoutOf(element);
  if (isNumeric(element.kind)) return lowerNumbers(element.kind, size);
  const storeElement = store(element);
  return (env, value) => {
    if (!Array.isArray(value)) return misfit("an array", value);
    const length = value.length;
    const pointer = env.allocate(align, byteLength(length, size));
    let index = 0;
    try {
      for (; index < length; index++) storeElement(env, pointer + index * size, value[index]);
    } catch (error) {
      throw within(error, `[${index}]`);
    }
    loweredList.length = length;
    return pointer;
  };
}

function lowerNumbers(kind: NumericKind, size: number): ListLower {
  const Typed = TYPED_ARRAYS[kind];
  const lowerPlain = lowerPlainNumbers(kind, size);
  const lowerOther = (env: CanonEnv, value: unknown): number =>
    Array.isArray(value) ? lowerPlain(env, value) : misfit(`a ${Typed.name}`, value);
  // By the name of the class: V8 answers that at once, and looks a class in a variable up in each call.
  if (Typed === Uint8Array) {
    return (env, value) => value instanceof Uint8Array ? lowerBytes(env, value) : lowerOther(env, value);
  }
  return (env, value) => {
    if (!(value instanceof Typed)) return lowerOther(env, value);
    const { length } = value;
    // Asking a short array for its buffer makes V8 move it out of its heap.
    if (length * size <= SHORT_BYTES) return lowerPlain(env, value);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const pointer = env.allocate(size, byteLength(length, size));
    env.memory.bytes.set(bytes, pointer);
    loweredList.length = length;
    return pointer;
  };
}

function lowerBytes(env: CanonEnv, value: Uint8Array): number {
  const { length } = value;
  const pointer = env.allocate(1, length);
  copyBytes(value, env.memory.bytes, pointer);
  loweredList.length = length;
  return pointer;
}

function copyBytes(from: Uint8Array, to: Uint8Array, start: number): void {
  const { length } = from;
  if (length > SHORT_BYTES) return to.set(from, start);
  for (let at = 0; at < length; at++) to[start + at] = from[at] ?? 0;
}

/** One by one: short lists, and the ordinary arrays of numbers that jco's hosts pass too. */
function lowerPlainNumbers(kind: ScalarKind, size: number): (env: CanonEnv, value: ArrayLike<unknown>) => number {
  const { store } = SCALARS[kind];
  return (env, value) => {
    const length = value.length;
    const pointer = env.allocate(size, byteLength(length, size));
    let index = 0;
    try {
      for (; index < length; index++) store(env.memory.data, pointer + index * size, value[index]);
    } catch (error) {
      throw within(error, `[${index}]`);
    }
    loweredList.length = length;
    return pointer;
  };
}

function byteLength(length: number, size: number): number {
  const bytes = length * size;
  return bytes > LIST_BYTES_MAX
    ? trap(`Cannot pass a list of ${bytes} bytes, expected at most ${LIST_BYTES_MAX}`)
    : bytes;
}
