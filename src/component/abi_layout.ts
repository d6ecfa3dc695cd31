/**
 * Sizes, alignments and flattening of the canonical ABI (CanonicalABI.md: "Alignment", "Element size", "Flattening").
 * Every answer is kept per type object, since types are shared.
 */
import { ComponentError } from "./errors.ts";
import type { PrimitiveKind, ValueType } from "./types.ts";

/** The number types of core wasm that the canonical ABI uses. */
export type CoreType = "i32" | "i64" | "f32" | "f64";

/** The core types of a lowered or lifted function (flattening context of CanonicalABI.md). */
export interface CoreSignature {
  readonly params: readonly CoreType[];
  readonly result: CoreType | null;
  /** Parameters go through memory: the one core parameter points to them. */
  readonly isSpilled: boolean;
  /** The result goes through memory: by a pointer parameter (lower) or a returned pointer (lift). */
  readonly isReturnedInMemory: boolean;
}

/** How a type lies in memory. */
export interface Layout {
  readonly size: number;
  readonly align: number;
  /** Where fields or elements start (records and tuples); empty otherwise. */
  readonly offsets: readonly number[];
  /** Bytes of a variant's, option's, result's or enum's discriminant; 0 otherwise. */
  readonly tagSize: 0 | 1 | 2 | 4;
  /** Where the payload of a variant starts. */
  readonly payloadOffset: number;
}

/** More core parameters than these go through memory (CanonicalABI.md, `MAX_FLAT_PARAMS`). */
export const FLAT_PARAMS_MAX = 16;
/**
 * Types nest through references, so twenty small definitions can describe a million fields: each call would then
 * make a million objects. Real worlds stay below a few hundred.
 */
const TYPE_NODES_MAX = 65_536;
/** Deeper types would recurse as deeply in each lift; the reference validator stops at 100 as well. */
const TYPE_DEPTH_MAX = 100;

/** Payload types of a variant-like type, by case; null for a case without one. */
export function casesOf(type: ValueType): readonly { readonly name: string; readonly type: ValueType | null }[] {
  if (type.kind === "variant") return type.cases;
  if (type.kind === "option") return [{ name: "none", type: null }, { name: "some", type: type.some }];
  if (type.kind === "result") return [{ name: "ok", type: type.ok }, { name: "err", type: type.err }];
  return [];
}

/** The types a value of this type holds directly. */
export function childrenOf(type: ValueType): readonly ValueType[] {
  if (type.kind === "record") return type.fields.map((field) => field.type);
  if (type.kind === "tuple") return type.elements;
  if (type.kind === "list") return [type.element];
  return casesOf(type).flatMap((one) => one.type === null ? [] : [one.type]);
}

const nodeCounts = new WeakMap<ValueType, { readonly nodes: number; readonly depth: number }>();

/**
 * Refuses types whose values would be too large or too deep.
 * @throws {ComponentError} reason "limit"
 */
export function checkTypeSize(type: ValueType, offset: number, above = 0): { nodes: number; depth: number } {
  const known = nodeCounts.get(type);
  if (known !== undefined) return known;
  let nodes = 1;
  let depth = 1;
  if (above < TYPE_DEPTH_MAX) {
    for (const child of childrenOf(type)) {
      const inner = checkTypeSize(child, offset, above + 1);
      nodes += inner.nodes;
      depth = Math.max(depth, inner.depth + 1);
    }
  }
  if (above >= TYPE_DEPTH_MAX || depth > TYPE_DEPTH_MAX) {
    throw new ComponentError("limit", `Cannot use a type: it nests deeper than ${TYPE_DEPTH_MAX} levels`, { offset });
  }
  if (nodes > TYPE_NODES_MAX) {
    throw new ComponentError("limit", `Cannot use a type: a value has over ${TYPE_NODES_MAX} parts`, { offset });
  }
  const count = { nodes, depth };
  nodeCounts.set(type, count);
  return count;
}

/** Everything that one core value holds and that needs nothing of the instance. */
export type ScalarKind = Exclude<PrimitiveKind, "string">;

const SCALAR_SIZES: Readonly<Record<ScalarKind, 1 | 2 | 4 | 8>> = {
  bool: 1,
  s8: 1,
  u8: 1,
  s16: 2,
  u16: 2,
  s32: 4,
  u32: 4,
  s64: 8,
  u64: 8,
  f32: 4,
  f64: 8,
  char: 4,
};

/** Scalars that are not an i32. */
const WIDE_SCALARS: Readonly<Partial<Record<ScalarKind, CoreType>>> = {
  s64: "i64",
  u64: "i64",
  f32: "f32",
  f64: "f64",
};

/** True for what one core value holds by itself. */
export function isScalar(type: ValueType): type is { readonly kind: ScalarKind } {
  return Object.hasOwn(SCALAR_SIZES, type.kind);
}

const layouts = new WeakMap<ValueType, Layout>();

/** Size, alignment and offsets of a type in memory. */
export function layoutOf(type: ValueType): Layout {
  let layout = layouts.get(type);
  if (layout === undefined) {
    layout = computeLayout(type);
    layouts.set(type, layout);
  }
  return layout;
}

/** The layout of values that follow each other: a tuple, a record, or spilled parameters. */
export function layoutOfSequence(types: readonly ValueType[]): Layout {
  const offsets: number[] = [];
  let size = 0;
  let align = 1;
  for (const type of types) {
    const inner = layoutOf(type);
    size = alignTo(size, inner.align);
    offsets.push(size);
    size += inner.size;
    align = Math.max(align, inner.align);
  }
  return { size: alignTo(size, align), align, offsets, tagSize: 0, payloadOffset: 0 };
}

/** The next multiple of `align`. */
export function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

function scalar(size: number, align = size): Layout {
  return { size, align, offsets: [], tagSize: 0, payloadOffset: 0 };
}

function computeLayout(type: ValueType): Layout {
  if (isScalar(type)) return scalar(SCALAR_SIZES[type.kind]);
  switch (type.kind) {
    case "own":
    case "borrow":
      return scalar(4);
    case "string":
    case "list":
      return scalar(8, 4);
    case "record":
      return layoutOfSequence(type.fields.map((field) => field.type));
    case "tuple":
      return layoutOfSequence(type.elements);
    case "flags": {
      const count = type.names.length;
      if (count === 0) return scalar(0, 1);
      if (count <= 8) return scalar(1);
      if (count <= 16) return scalar(2);
      return scalar(4 * flagWords(count), 4);
    }
    case "enum": {
      const tagSize = tagSizeOf(type.names.length);
      return { size: tagSize, align: tagSize, offsets: [], tagSize, payloadOffset: tagSize };
    }
    case "variant":
    case "option":
    case "result":
      return layoutOfCases(casesOf(type).map((one) => one.type));
  }
}

function layoutOfCases(payloads: readonly (ValueType | null)[]): Layout {
  const tagSize = tagSizeOf(payloads.length);
  let payloadAlign = 1;
  let payloadSize = 0;
  for (const payload of payloads) {
    if (payload === null) continue;
    const inner = layoutOf(payload);
    payloadAlign = Math.max(payloadAlign, inner.align);
    payloadSize = Math.max(payloadSize, inner.size);
  }
  const align = Math.max(tagSize, payloadAlign);
  const payloadOffset = alignTo(tagSize, payloadAlign);
  return { size: alignTo(payloadOffset + payloadSize, align), align, offsets: [], tagSize, payloadOffset };
}

function tagSizeOf(cases: number): 1 | 2 | 4 {
  if (cases <= 0x100) return 1;
  return cases <= 0x10000 ? 2 : 4;
}

/** i32 words that hold so many flags. */
export function flagWords(count: number): number {
  return Math.ceil(count / 32);
}

/** "Too many to be passed flat"; the exact number no longer matters then. */
const TOO_MANY = null;
const flattened = new WeakMap<ValueType, readonly CoreType[] | typeof TOO_MANY>();

/** The core types of a value, or null when there are more than 16 of them. */
export function flatten(type: ValueType): readonly CoreType[] | null {
  let flat = flattened.get(type);
  if (flat === undefined) {
    flat = computeFlat(type);
    flattened.set(type, flat);
  }
  return flat;
}

/** The core types of values that follow each other, or null when there are more than 16. */
export function flattenSequence(types: readonly ValueType[]): readonly CoreType[] | null {
  const all: CoreType[] = [];
  for (const type of types) {
    const flat = flatten(type);
    if (flat === null || all.length + flat.length > FLAT_PARAMS_MAX) return TOO_MANY;
    all.push(...flat);
  }
  return all;
}

function computeFlat(type: ValueType): readonly CoreType[] | null {
  if (isScalar(type)) return [WIDE_SCALARS[type.kind] ?? "i32"];
  switch (type.kind) {
    case "own":
    case "borrow":
    case "enum":
      return ["i32"];
    case "string":
    case "list":
      return ["i32", "i32"];
    case "record":
      return flattenSequence(type.fields.map((field) => field.type));
    case "tuple":
      return flattenSequence(type.elements);
    case "flags": {
      const words = flagWords(type.names.length);
      return words > FLAT_PARAMS_MAX ? TOO_MANY : Array.from({ length: words }, () => "i32" as const);
    }
    case "variant":
    case "option":
    case "result":
      return flattenCases(casesOf(type).map((one) => one.type));
  }
}

function flattenCases(payloads: readonly (ValueType | null)[]): readonly CoreType[] | null {
  const joined: CoreType[] = [];
  for (const payload of payloads) {
    if (payload === null) continue;
    const flat = flatten(payload);
    if (flat === null || flat.length >= FLAT_PARAMS_MAX) return TOO_MANY;
    for (const [index, core] of flat.entries()) {
      const before = joined[index];
      joined[index] = before === undefined ? core : join(before, core);
    }
  }
  return ["i32", ...joined];
}

function join(a: CoreType, b: CoreType): CoreType {
  if (a === b) return a;
  return (a === "i32" && b === "f32") || (a === "f32" && b === "i32") ? "i32" : "i64";
}

/** The core signature of a component function, seen by whoever lifts it or by whoever lowers it. */
export function signatureOf(
  params: readonly ValueType[],
  result: ValueType | null,
  direction: "lift" | "lower",
): CoreSignature {
  const flat = flattenSequence(params);
  const flatResult = result === null ? [] : flatten(result);
  const isReturnedInMemory = flatResult === null || flatResult.length > 1;
  const core: CoreType[] = flat === null ? ["i32"] : [...flat];
  if (isReturnedInMemory && direction === "lower") core.push("i32");
  let coreResult: CoreType | null = flatResult?.[0] ?? null;
  if (isReturnedInMemory) coreResult = direction === "lift" ? "i32" : null;
  return { params: core, result: coreResult, isSpilled: flat === null, isReturnedInMemory };
}
