/** Lowering: from host values to a guest's flat values or memory; the mirror of `abi_lift.ts`. */
import type { CanonEnv, Constructor, FlatValue } from "./abi_env.ts";
import { misfit } from "./abi_fault.ts";
import { casesOf, type CoreType, flagWords, flatten, isScalar, type Layout, layoutOf } from "./abi_layout.ts";
import { type Boundary, fieldKeys } from "./abi_lift.ts";
import { type ListLower, listLower, loweredList } from "./abi_lists.ts";
import { SCALARS, toJoined } from "./abi_numbers.ts";
import { lowerRecord, lowerTuple, type PartLower, type PartStore, storeRecord, storeTuple } from "./abi_parts.ts";
import { lowered, STRING_LOWERS } from "./abi_strings.ts";
import { caseOpener, enumIndex, fieldKey, lowerFlags } from "./host_values.ts";
import type { ResourceType, StringEncoding, ValueType } from "./types.ts";

/** Into memory that the caller has checked or allocated. */
export type Store = (env: CanonEnv, pointer: number, value: unknown) => void;
/** Into fixed places of an array of core values. */
export type FlatLower = (env: CanonEnv, value: unknown, flat: FlatValue[]) => void;

interface Slot {
  readonly at: number;
  readonly want: CoreType;
}

/** Builds and keeps the lowers of one encoding and boundary. */
export class Lowerer {
  readonly #encoding: StringEncoding;
  readonly #boundary: Boundary;
  readonly #stores = new Map<ValueType, Store>();
  readonly #lists = new Map<ValueType, ListLower>();
  readonly #flats = new Map<ValueType, Map<string, FlatLower>>();

  constructor(encoding: StringEncoding, boundary: Boundary) {
    this.#encoding = encoding;
    this.#boundary = boundary;
  }

  /** Lowers of values that follow each other, each to its own places. */
  sequence(types: readonly ValueType[]): FlatLower[] {
    let at = 0;
    return types.map((type) => {
      const slots = (flatten(type) ?? []).map((want) => ({ at: at++, want }));
      return this.flat(type, slots);
    });
  }

  flat(type: ValueType, slots: readonly Slot[]): FlatLower {
    let known = this.#flats.get(type);
    if (known === undefined) this.#flats.set(type, known = new Map());
    const key = slots.map((slot) => `${slot.at}${slot.want}`).join();
    let lower = known.get(key);
    if (lower === undefined) known.set(key, lower = this.#buildFlat(type, slots));
    return lower;
  }

  /** Lowers a handle that is the only core value. */
  handle(type: Extract<ValueType, { kind: "own" | "borrow" }>): (env: CanonEnv, value: unknown) => number {
    return lowerHandle(type.kind, type.resource, this.#boundary);
  }

  store(type: ValueType): Store {
    let store = this.#stores.get(type);
    if (store === undefined) this.#stores.set(type, store = this.#buildStore(type));
    return store;
  }

  /** Stores case `index` of a variant, option or result; the value is the payload. */
  storeCase(type: ValueType, index: number): Store {
    const { tagSize, payloadOffset } = layoutOf(type);
    const write = writeTag(tagSize);
    const payload = casesOf(type)[index]?.type ?? null;
    if (payload === null) return (env, at) => write(env, at, index);
    const store = this.store(payload);
    return (env, at, value) => {
      write(env, at, index);
      store(env, at + payloadOffset, value);
    };
  }

  #list(element: ValueType): ListLower {
    let lower = this.#lists.get(element);
    if (lower === undefined) this.#lists.set(element, lower = listLower(element, (type) => this.store(type)));
    return lower;
  }

  #buildStore(type: ValueType): Store {
    if (isScalar(type)) {
      const { store } = SCALARS[type.kind];
      return (env, at, value) => store(env.memory.data, at, value);
    }
    const layout = layoutOf(type);
    switch (type.kind) {
      case "string": {
        const lower = STRING_LOWERS[this.#encoding];
        return (env, at, value) => {
          const pointer = lower(env, value);
          env.memory.data.setUint32(at, pointer, true);
          env.memory.data.setUint32(at + 4, lowered.units, true);
        };
      }
      case "list": {
        const lower = this.#list(type.element);
        return (env, at, value) => {
          const pointer = lower(env, value);
          env.memory.data.setUint32(at, pointer, true);
          env.memory.data.setUint32(at + 4, loweredList.length, true);
        };
      }
      case "own":
      case "borrow": {
        const lower = lowerHandle(type.kind, type.resource, this.#boundary);
        return (env, at, value) => env.memory.data.setInt32(at, lower(env, value), true);
      }
      case "record": {
        const keys = fieldKeys(type.fields.map((field) => field.name));
        return storeRecord(this.#partStores(type.fields.map((field) => field.type), layout, keys));
      }
      case "tuple":
        return storeTuple(this.#partStores(type.elements, layout));
      case "flags": {
        const words = flagWords(type.names.length);
        const lower = lowerFlags(type.names);
        const write = writeTag(layout.size > 4 ? 4 : layout.size);
        return (env, at, value) => {
          for (let word = 0; word < words; word++) write(env, at + 4 * word, lower(value, word));
        };
      }
      case "enum": {
        const index = enumIndex(type.names);
        const write = writeTag(layout.tagSize);
        return (env, at, value) => write(env, at, index(value));
      }
      case "variant":
      case "option":
      case "result":
        return this.#buildStoreCases(type);
    }
  }

  #buildStoreCases(type: ValueType): Store {
    const open = caseOpener(type);
    const stores = casesOf(type).map((_, index) => this.storeCase(type, index));
    return (env, at, value) => stores[open.tag(value)]?.(env, at, open.payload(value));
  }

  #buildFlat(type: ValueType, slots: readonly Slot[]): FlatLower {
    if (isScalar(type)) {
      const { lower } = SCALARS[type.kind];
      const write = writeSlot(slots[0], flatten(type)?.[0] ?? "i32");
      return (_env, value, flat) => write(flat, lower(value));
    }
    switch (type.kind) {
      case "string":
      case "list": {
        const isString = type.kind === "string";
        const lower = isString ? STRING_LOWERS[this.#encoding] : this.#list(type.element);
        const pointerTo = writeSlot(slots[0], "i32");
        const lengthTo = writeSlot(slots[1], "i32");
        return (env, value, flat) => {
          const pointer = lower(env, value);
          pointerTo(flat, pointer | 0);
          lengthTo(flat, (isString ? lowered.units : loweredList.length) | 0);
        };
      }
      case "own":
      case "borrow": {
        const lower = lowerHandle(type.kind, type.resource, this.#boundary);
        const write = writeSlot(slots[0], "i32");
        return (env, value, flat) => write(flat, lower(env, value));
      }
      case "record": {
        const keys = fieldKeys(type.fields.map((field) => field.name));
        return lowerRecord(this.#partLowers(type.fields.map((field) => field.type), slots, keys));
      }
      case "tuple":
        return lowerTuple(this.#partLowers(type.elements, slots));
      case "flags": {
        const lower = lowerFlags(type.names);
        const writes = slots.map((slot) => writeSlot(slot, "i32"));
        return (_env, value, flat) => {
          for (const [word, write] of writes.entries()) write(flat, lower(value, word));
        };
      }
      case "enum": {
        const index = enumIndex(type.names);
        const write = writeSlot(slots[0], "i32");
        return (_env, value, flat) => write(flat, index(value));
      }
      case "variant":
      case "option":
      case "result":
        return this.#buildFlatCases(type, slots);
    }
  }

  #buildFlatCases(type: ValueType, slots: readonly Slot[]): FlatLower {
    const write = writeSlot(slots[0], "i32");
    const open = caseOpener(type);
    const payload = slots.slice(1);
    const cases = casesOf(type).map((one) =>
      one.type === null ? null : this.flat(one.type, slotsFor(one.type, payload))
    );
    return (env, value, flat) => {
      const tag = open.tag(value);
      write(flat, tag);
      // What the case does not use is zero, of the slot's own type.
      for (const slot of payload) flat[slot.at] = slot.want === "i64" ? 0n : 0;
      cases[tag]?.(env, open.payload(value), flat);
    };
  }

  /** The parts of a record (with `keys`) or of a tuple. */
  #partStores(types: readonly ValueType[], { offsets }: Layout, keys: readonly string[] = []): PartStore[] {
    return types.map((type, index) => ({
      index,
      field: fieldKey(keys[index] ?? ""),
      offset: offsets[index] ?? 0,
      store: this.store(type),
    }));
  }

  #partLowers(types: readonly ValueType[], slots: readonly Slot[], keys: readonly string[] = []): PartLower[] {
    let at = 0;
    return types.map((type, index) => {
      const length = flatten(type)?.length ?? 0;
      at += length;
      const lower = this.flat(type, slots.slice(at - length, at));
      return { index, field: fieldKey(keys[index] ?? ""), lower };
    });
  }
}

/** A case uses the first of its variant's payload slots. */
function slotsFor(type: ValueType, payload: readonly Slot[]): readonly Slot[] {
  return payload.slice(0, flatten(type)?.length ?? 0);
}

function writeSlot(slot: Slot | undefined, have: CoreType): (flat: FlatValue[], value: FlatValue) => void {
  if (slot === undefined) throw new RangeError("Cannot lower a value: it has too few core values");
  const { at, want } = slot;
  const convert = toJoined(have, want);
  if (convert !== null) {
    return (flat, value) => {
      flat[at] = convert(value);
    };
  }
  return (flat, value) => {
    flat[at] = value;
  };
}

function writeTag(size: number): (env: CanonEnv, at: number, tag: number) => void {
  switch (size) {
    case 0:
      return () => {};
    case 1:
      return (env, at, tag) => env.memory.data.setUint8(at, tag);
    case 2:
      return (env, at, tag) => env.memory.data.setUint16(at, tag, true);
    default:
      return (env, at, tag) => env.memory.data.setInt32(at, tag, true);
  }
}

function lowerHandle(
  kind: "own" | "borrow",
  resource: ResourceType,
  boundary: Boundary,
): (env: CanonEnv, value: unknown) => number {
  const { id, origin } = resource;
  const isOwn = kind === "own";
  if (origin.kind === "guest") {
    const definedIn = origin.componentInstance;
    return (env, value) => {
      const { table, guestResources } = env.scope;
      const rep = boundary === "host" ? guestResources.unwrap(id, value, isOwn) : Number(value);
      if (isOwn) return table.addOwn(id, rep);
      // Its own resource reaches a guest as the representation (CanonicalABI.md, "lower_borrow").
      return env.scope.id === definedIn ? rep | 0 : table.addBorrow(id, rep);
    };
  }
  const expected = `a resource of type ${resource.name || "(unnamed)"}`;
  if (boundary === "fused") {
    return (env, value) => isOwn ? env.scope.table.addOwn(id, value) : env.scope.table.addBorrow(id, value);
  }
  const isOf = instanceChecker();
  return (env, value) => {
    const { table, guestResources } = env.scope;
    if (typeof value !== "object" || value === null) return misfit(expected, value);
    const prototype = prototypeOf(value);
    const hostClass = guestResources.hostClass(id);
    if (hostClass !== null && !isOf(value, prototype, hostClass)) return misfit(expected, value);
    return isOwn ? table.addOwn(id, value, prototype) : table.addBorrow(id, value, prototype);
  };
}

/**
 * `value instanceof hostClass`. V8 looks for a method that answers, and then along the prototypes, in each call where it
 * cannot know the class; so the last class and the prototype of an object of it are kept.
 */
function instanceChecker(): (value: object, prototype: object | null, hostClass: Constructor) => boolean {
  let keptClass: Constructor | undefined;
  let keptPrototype: object | null = null;
  return (value, prototype, hostClass) => {
    if (prototype === keptPrototype && hostClass === keptClass) return true;
    if (!(value instanceof hostClass)) return false;
    keptClass = hostClass;
    keptPrototype = prototype;
    return true;
  };
}

function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}
