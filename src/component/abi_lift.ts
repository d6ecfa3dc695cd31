/**
 * Lifting: from a guest's flat values or memory to host values, as closures composed once per component.
 * No source text is generated, so that no name in a component can become code.
 */
import type { CanonEnv, FlatValue } from "./abi_env.ts";
import { casesOf, type CoreType, flagWords, flatten, isScalar, layoutOf, type ScalarKind } from "./abi_layout.ts";
import { type ListLift, listLift } from "./abi_lists.ts";
import { fromJoined, SCALARS } from "./abi_numbers.ts";
import { STRING_LIFTS } from "./abi_strings.ts";
import { ComponentError } from "./errors.ts";
import { camelCase } from "./js_names.ts";
import { trap } from "./trap.ts";
import type { ResourceType, StringEncoding, ValueType } from "./types.ts";

/** From memory; the pointer was checked by whoever knows the whole value. */
export type Load = (env: CanonEnv, pointer: number) => unknown;
/** From core values; the places are fixed when the closure is built. */
export type FlatLift = (env: CanonEnv, flat: readonly FlatValue[]) => unknown;

/** What the closures turn guest resources into: objects for the host, plain representations between components. */
export type Boundary = "host" | "fused";

/** A flat value's place among the parameters, and the core type it has there (joined, inside variants). */
interface Slot {
  readonly at: number;
  readonly have: CoreType;
}

/** Builds and keeps the lifts of one encoding and boundary. */
export class Lifter {
  readonly #encoding: StringEncoding;
  readonly #boundary: Boundary;
  readonly #lends: boolean;
  readonly #loads = new Map<ValueType, Load>();
  readonly #lists = new Map<ValueType, ListLift>();
  /** By type and slots: variants in variants would otherwise build the same closures over and over. */
  readonly #flats = new Map<ValueType, Map<string, FlatLift>>();

  /** `lends`: keep account of lent handles, see `lent` of `ValueScope`. */
  constructor(encoding: StringEncoding, boundary: Boundary, lends = false) {
    this.#encoding = encoding;
    this.#boundary = boundary;
    this.#lends = lends;
  }

  /** Lifts of values that follow each other, each from its own places. */
  sequence(types: readonly ValueType[]): FlatLift[] {
    let at = 0;
    return types.map((type) => {
      const slots = (flatten(type) ?? []).map((have) => ({ at: at++, have }));
      return this.flat(type, slots);
    });
  }

  flat(type: ValueType, slots: readonly Slot[]): FlatLift {
    let known = this.#flats.get(type);
    if (known === undefined) this.#flats.set(type, known = new Map());
    const key = slots.map((slot) => `${slot.at}${slot.have}`).join();
    let lift = known.get(key);
    if (lift === undefined) known.set(key, lift = this.#buildFlat(type, slots));
    return lift;
  }

  load(type: ValueType): Load {
    let load = this.#loads.get(type);
    if (load === undefined) this.#loads.set(type, load = this.#buildLoad(type));
    return load;
  }

  #list(element: ValueType): ListLift {
    let lift = this.#lists.get(element);
    if (lift === undefined) this.#lists.set(element, lift = listLift(element, (type) => this.load(type)));
    return lift;
  }

  #buildLoad(type: ValueType): Load {
    if (isScalar(type)) {
      const { load } = SCALARS[type.kind];
      return (env, at) => load(env.memory.data, at);
    }
    const layout = layoutOf(type);
    switch (type.kind) {
      case "string": {
        const lift = STRING_LIFTS[this.#encoding];
        return (env, at) => lift(env, env.memory.data.getUint32(at, true), env.memory.data.getUint32(at + 4, true));
      }
      case "list": {
        const lift = this.#list(type.element);
        return (env, at) => lift(env, env.memory.data.getUint32(at, true), env.memory.data.getUint32(at + 4, true));
      }
      case "own":
      case "borrow": {
        const lift = liftHandle(type.kind, type.resource, this.#boundary, this.#lends);
        return (env, at) => lift(env, env.memory.data.getUint32(at, true));
      }
      case "record": {
        const loads = type.fields.map((field) => this.load(field.type));
        const keys = fieldKeys(type.fields.map((field) => field.name));
        const { offsets } = layout;
        return (env, at) => {
          const record: Record<string, unknown> = {};
          for (let index = 0; index < keys.length; index++) {
            record[keys[index] ?? ""] = part(loads, index)(env, at + (offsets[index] ?? 0));
          }
          return record;
        };
      }
      case "tuple": {
        const loads = type.elements.map((element) => this.load(element));
        return (env, at) => loads.map((load, index) => load(env, at + (layout.offsets[index] ?? 0)));
      }
      case "flags": {
        const words = flagWords(type.names.length);
        const lift = liftFlags(type.names);
        const read = readTag(layout.size > 4 ? 4 : layout.size);
        return (env, at) => lift((word) => word < words ? read(env, at + 4 * word) : 0);
      }
      case "enum": {
        const read = readTag(layout.tagSize);
        const { names } = type;
        return (env, at) => names[read(env, at)] ?? badTag("enum");
      }
      case "variant":
      case "option":
      case "result": {
        const read = readTag(layout.tagSize);
        const loads = casesOf(type).map((one) => one.type === null ? null : this.load(one.type));
        const wraps = caseWrappers(type);
        const payload = layout.payloadOffset;
        return (env, at) => {
          const tag = read(env, at);
          const wrap = wraps[tag] ?? badTag(type.kind);
          const load = loads[tag];
          return wrap(load ? load(env, at + payload) : undefined);
        };
      }
    }
  }

  #buildFlat(type: ValueType, slots: readonly Slot[]): FlatLift {
    if (isScalar(type)) return liftScalar(type, slots[0]);
    switch (type.kind) {
      case "string":
      case "list": {
        const lift = type.kind === "string" ? STRING_LIFTS[this.#encoding] : this.#list(type.element);
        const pointer = readSlot(slots[0], "i32");
        const length = readSlot(slots[1], "i32");
        return (env, flat) => lift(env, Number(pointer(flat)) >>> 0, Number(length(flat)) >>> 0);
      }
      case "own":
      case "borrow": {
        const lift = liftHandle(type.kind, type.resource, this.#boundary, this.#lends);
        const [slot] = slots;
        if (slot?.have === "i32") {
          const { at } = slot;
          return (env, flat) => lift(env, Number(flat[at]) >>> 0);
        }
        const read = readSlot(slot, "i32");
        return (env, flat) => lift(env, Number(read(flat)) >>> 0);
      }
      case "record": {
        const lifts = this.#parts(type.fields.map((field) => field.type), slots);
        const keys = fieldKeys(type.fields.map((field) => field.name));
        return (env, flat) => {
          const record: Record<string, unknown> = {};
          for (let index = 0; index < keys.length; index++) record[keys[index] ?? ""] = part(lifts, index)(env, flat);
          return record;
        };
      }
      case "tuple": {
        const lifts = this.#parts(type.elements, slots);
        return (env, flat) => lifts.map((lift) => lift(env, flat));
      }
      case "flags": {
        const lift = liftFlags(type.names);
        const reads = slots.map((slot) => readSlot(slot, "i32"));
        return (_env, flat) => lift((word) => Number(reads[word]?.(flat) ?? 0));
      }
      case "enum": {
        const read = readSlot(slots[0], "i32");
        const { names } = type;
        return (_env, flat) => names[Number(read(flat)) >>> 0] ?? badTag("enum");
      }
      case "variant":
      case "option":
      case "result":
        return this.#buildFlatCases(type, slots);
    }
  }

  #buildFlatCases(type: ValueType, slots: readonly Slot[]): FlatLift {
    const read = readSlot(slots[0], "i32");
    const payload = slots.slice(1);
    const lifts = casesOf(type).map((one) => {
      if (one.type === null) return null;
      return this.flat(one.type, payload.slice(0, flatten(one.type)?.length ?? 0));
    });
    const wraps = caseWrappers(type);
    return (env, flat) => {
      const tag = Number(read(flat)) >>> 0;
      const wrap = wraps[tag] ?? badTag(type.kind);
      const lift = lifts[tag];
      return wrap(lift ? lift(env, flat) : undefined);
    };
  }

  #parts(types: readonly ValueType[], slots: readonly Slot[]): FlatLift[] {
    let at = 0;
    return types.map((type) => {
      const length = flatten(type)?.length ?? 0;
      at += length;
      return this.flat(type, slots.slice(at - length, at));
    });
  }
}

function liftScalar(type: { readonly kind: ScalarKind }, slot: Slot | undefined): FlatLift {
  const { lift } = SCALARS[type.kind];
  const want = flatten(type)?.[0] ?? "i32";
  if (slot?.have === want) {
    const { at } = slot;
    return (_env, flat) => lift(flat[at] ?? 0);
  }
  const read = readSlot(slot, want);
  return (_env, flat) => lift(read(flat));
}

function part<T>(parts: readonly T[], index: number): T {
  const found = parts[index];
  if (found === undefined) throw new RangeError(`Cannot lift part ${index}: there are ${parts.length}`);
  return found;
}

function readSlot(slot: Slot | undefined, want: CoreType): (flat: readonly FlatValue[]) => FlatValue {
  if (slot === undefined) throw new RangeError("Cannot lift a value: it has too few core values");
  const { at, have } = slot;
  const convert = fromJoined(have, want);
  return convert === null ? (flat) => flat[at] ?? 0 : (flat) => convert(flat[at] ?? 0);
}

function readTag(size: number): (env: CanonEnv, at: number) => number {
  switch (size) {
    case 0:
      return () => 0;
    case 1:
      return (env, at) => env.memory.data.getUint8(at);
    case 2:
      return (env, at) => env.memory.data.getUint16(at, true);
    default:
      return (env, at) => env.memory.data.getUint32(at, true);
  }
}

function badTag(kind: string): never {
  return trap(`The guest passed a case of ${kind} that there is none of`);
}

/**
 * The properties of a record or of flags. The grammar of labels has no underscore, so that the one dangerous name
 * cannot come up; should it ever, the component is refused.
 */
export function fieldKeys(labels: readonly string[]): readonly string[] {
  const keys = labels.map(camelCase);
  if (keys.includes("__proto__")) throw new ComponentError("malformed", 'Cannot use a label: it is "__proto__"');
  return keys;
}

/** Bits above the declared ones are ignored (CanonicalABI.md, "unpack_flags_from_int"). */
function liftFlags(labels: readonly string[]): (word: (index: number) => number) => Record<string, unknown> {
  const keys = fieldKeys(labels);
  return (word) => {
    const flags: Record<string, unknown> = {};
    for (let index = 0; index < keys.length; index++) {
      flags[keys[index] ?? ""] = (word(index >>> 5) & (1 << (index & 31))) !== 0;
    }
    return flags;
  };
}

/** An option is `undefined` or its value, unless its value is an option again: then `{ tag, val }` like a variant. */
export function isPlainOption(type: ValueType): boolean {
  return type.kind === "option" && type.some.kind !== "option";
}

function caseWrappers(type: ValueType): ((payload: unknown) => unknown)[] {
  if (isPlainOption(type)) return [() => undefined, (payload) => payload];
  return casesOf(type).map((one) => {
    const tag = one.name;
    // jco gives the cases of a result a `val` even where there is none.
    if (one.type === null && type.kind !== "result") return () => ({ tag });
    return (payload: unknown) => ({ tag, val: payload });
  });
}

function liftHandle(
  kind: "own" | "borrow",
  resource: ResourceType,
  boundary: Boundary,
  lends: boolean,
): (env: CanonEnv, handle: number) => unknown {
  const { id } = resource;
  const isObject = resource.origin.kind === "guest" && boundary === "host";
  if (kind === "own") {
    if (!isObject) return (env, handle) => env.scope.table.take(handle, id);
    return (env, handle) => env.scope.guestResources.wrap(id, Number(env.scope.table.take(handle, id)));
  }
  if (!isObject && !lends) return (env, handle) => env.scope.table.get(handle, id);
  return (env, handle) => {
    const { table, lent, guestResources } = env.scope;
    const value = table.get(handle, id);
    if (lends) {
      table.lend(handle);
      lent.push(handle);
    }
    return isObject ? guestResources.wrap(id, Number(value)) : value;
  };
}
