/** Records and tuples on their way into a guest, part by part; a fault says which part it was. */
import { within } from "./abi_fault.ts";
import type { FlatLower, Store } from "./abi_lower.ts";
import { type FieldKey, readField, recordOf, tupleOf } from "./host_values.ts";

/** A part of a record or of a tuple. */
interface Part {
  readonly index: number;
  readonly field: FieldKey;
}

/** One that goes into memory. */
export interface PartStore extends Part {
  readonly offset: number;
  readonly store: Store;
}

/** One that goes into core values. */
export interface PartLower extends Part {
  readonly lower: FlatLower;
}

/** Stores a record, field by field. */
export function storeRecord(parts: readonly PartStore[]): Store {
  return (env, at, value) => {
    const record = recordOf(value);
    for (const { field, offset, store } of parts) {
      try {
        store(env, at + offset, readField(record, field));
      } catch (error) {
        throw within(error, `.${field.key}`);
      }
    }
  };
}

/** Stores a tuple, element by element. */
export function storeTuple(parts: readonly PartStore[]): Store {
  return (env, at, value) => {
    const tuple = tupleOf(value, parts.length);
    for (const { index, offset, store } of parts) {
      try {
        store(env, at + offset, tuple[index]);
      } catch (error) {
        throw within(error, `[${index}]`);
      }
    }
  };
}

/** Lowers a record, field by field. */
export function lowerRecord(parts: readonly PartLower[]): FlatLower {
  return (env, value, flat) => {
    const record = recordOf(value);
    for (const { field, lower } of parts) {
      try {
        lower(env, readField(record, field), flat);
      } catch (error) {
        throw within(error, `.${field.key}`);
      }
    }
  };
}

/** Lowers a tuple, element by element. */
export function lowerTuple(parts: readonly PartLower[]): FlatLower {
  return (env, value, flat) => {
    const tuple = tupleOf(value, parts.length);
    for (const { index, lower } of parts) {
      try {
        lower(env, tuple[index], flat);
      } catch (error) {
        throw within(error, `[${index}]`);
      }
    }
  };
}
