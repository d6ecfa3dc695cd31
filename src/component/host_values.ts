/** How composite values of the host are looked into: records, tuples, flags, enums and variants, by jco's conventions. */
import { misfit } from "./abi_fault.ts";
import { casesOf } from "./abi_layout.ts";
import { fieldKeys, isPlainOption } from "./abi_lift.ts";
import type { ValueType } from "./types.ts";

/** A property that host objects are asked for. */
export interface FieldKey {
  readonly key: string;
  /** Every object inherits one of that name (`constructor`): it must be the object's own. */
  readonly isInherited: boolean;
}

/** Looks at a name once, for every `readField` of it. */
export function fieldKey(key: string): FieldKey {
  return { key, isInherited: key in Object.prototype };
}

/** The property of `value`; undefined when it only has what every object inherits. */
export function readField(value: object, { key, isInherited }: FieldKey): unknown {
  if (isInherited && !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

/** A record of the host. */
export function recordOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : misfit("a record (an object)", value);
}

/** A tuple of the host. */
export function tupleOf(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) return misfit(`a tuple (an array of ${length})`, value);
  return value;
}

/** Flags may be left out, one by one or all together, as jco allows. */
export function lowerFlags(labels: readonly string[]): (value: unknown, word: number) => number {
  const fields = fieldKeys(labels).map(fieldKey);
  return (value, word) => {
    if (value === undefined || value === null) return 0;
    if (typeof value !== "object") return misfit("flags (an object)", value);
    let bits = 0;
    const end = Math.min(fields.length, word * 32 + 32);
    for (let index = word * 32; index < end; index++) {
      const field = fields[index];
      if (field !== undefined && readField(value, field)) bits |= 1 << (index & 31);
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

/** What `tag` accepts. */
interface TaggedValue {
  readonly tag?: unknown;
  readonly val?: unknown;
}

/** The case of a value and what it holds; `payload` is for values whose case is known. */
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
      const { tag } = value as TaggedValue;
      return indices.get(tag) ?? misfit(expected, tag);
    },
    payload: (value) => (value as TaggedValue).val,
  };
}
