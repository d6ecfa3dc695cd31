/** How composite values of the host are looked into: records, tuples, flags, enums and variants, by jco's conventions. */
import { misfit, within } from "./abi_fault.ts";
import { casesOf } from "./abi_layout.ts";
import { fieldKeys, isPlainOption } from "./abi_lift.ts";
import type { ValueType } from "./types.ts";

/** `value[key]`, but for names that every object inherits (`constructor`): those must be the object's own. */
export function readField(value: object, key: string): unknown {
  if (key in Object.prototype && !Object.hasOwn(value, key)) return undefined;
  return Reflect.get(value, key);
}

/** Goes through the fields of a record, in their order. */
export function eachField(keys: readonly string[], value: unknown, put: (field: unknown, index: number) => void): void {
  if (typeof value !== "object" || value === null) return misfit("a record (an object)", value);
  let index = 0;
  try {
    for (; index < keys.length; index++) put(readField(value, keys[index] ?? ""), index);
  } catch (error) {
    throw within(error, `.${keys[index]}`);
  }
}

/** Goes through the elements of a tuple. */
export function eachElement(length: number, value: unknown, put: (element: unknown, index: number) => void): void {
  if (!Array.isArray(value) || value.length !== length) return misfit(`a tuple (an array of ${length})`, value);
  let index = 0;
  try {
    for (; index < length; index++) put(value[index], index);
  } catch (error) {
    throw within(error, `[${index}]`);
  }
}

/** Flags may be left out, one by one or all together, as jco allows. */
export function lowerFlags(labels: readonly string[]): (value: unknown, word: number) => number {
  const keys = fieldKeys(labels);
  return (value, word) => {
    if (value === undefined || value === null) return 0;
    if (typeof value !== "object") return misfit("flags (an object)", value);
    let bits = 0;
    const end = Math.min(keys.length, word * 32 + 32);
    for (let index = word * 32; index < end; index++) {
      if (readField(value, keys[index] ?? "")) bits |= 1 << (index & 31);
    }
    return bits;
  };
}

/** The number of an enum's case. */
export function enumIndex(names: readonly string[]): (value: unknown) => number {
  const indices = new Map<unknown, number>(names.map((name, index) => [name, index]));
  const expected = `a case of the enum (${names.slice(0, 5).join(", ")}${names.length > 5 ? ", ..." : ""})`;
  return (value) => indices.get(value) ?? misfit(expected, value);
}

/** The case of a value and what it holds. */
export interface CaseOpener {
  readonly tag: (value: unknown) => number;
  readonly payload: (value: unknown) => unknown;
}

/** How a variant, option or result value is taken apart. */
export function caseOpener(type: ValueType): CaseOpener {
  if (isPlainOption(type)) {
    return { tag: (value) => value === undefined || value === null ? 0 : 1, payload: (value) => value };
  }
  const cases = casesOf(type);
  const indices = new Map<unknown, number>(cases.map((one, index) => [one.name, index]));
  const names = cases.slice(0, 5).map((one) => one.name).join(", ");
  const expected = `a ${type.kind} with a tag (${names}${cases.length > 5 ? ", ..." : ""})`;
  return {
    tag: (value) => {
      if (typeof value !== "object" || value === null) return misfit(expected, value);
      return indices.get(Reflect.get(value, "tag")) ?? misfit(expected, Reflect.get(value, "tag"));
    },
    payload: (value) => typeof value === "object" && value !== null ? Reflect.get(value, "val") : undefined,
  };
}
