/** The types of core modules as far as components rely on them, and when one may stand for another. */

import { quoted } from "./parse_faults.ts";

/** `i32` ... `v128`, `funcref`, `externref`, or `(ref null? heap)`; defined function types are `#n`, interned by signature. */
export type CoreValueType = string;

/** The signature of a core function. */
export interface CoreFuncType {
  readonly params: readonly CoreValueType[];
  readonly results: readonly CoreValueType[];
}

/** The sizes that a table or memory may have. */
export interface CoreLimits {
  readonly min: bigint;
  readonly max: bigint | null;
  readonly is64: boolean;
}

/** The type of a table. */
export interface CoreTable {
  readonly kind: "table";
  readonly element: CoreValueType;
  readonly limits: CoreLimits;
}

/** The type of a memory. */
export interface CoreMemory {
  readonly kind: "memory";
  readonly limits: CoreLimits;
}

/** The type of a global. */
export interface CoreGlobal {
  readonly kind: "global";
  readonly type: CoreValueType;
  readonly isMutable: boolean;
}

/** The type of anything that a core module imports or exports. */
export type CoreExternType =
  | { readonly kind: "func"; readonly type: CoreFuncType }
  | { readonly kind: "tag"; readonly type: CoreFuncType }
  | CoreTable
  | CoreMemory
  | CoreGlobal;

/** A core extern type whose function type is still an index. */
export type CoreExternUse =
  | { readonly kind: "func"; readonly type: number }
  | { readonly kind: "tag"; readonly type: number }
  | CoreTable
  | CoreMemory
  | CoreGlobal;

/** One import of a core module. */
export interface CoreImport {
  readonly module: string;
  readonly name: string;
  readonly type: CoreExternType;
}

/** What a core module needs and gives. */
export interface CoreModuleType {
  readonly imports: readonly CoreImport[];
  readonly exports: ReadonlyMap<string, CoreExternType>;
}

/** Gives equal signatures equal numbers, so that typed references compare without following them. */
export class SignatureTable {
  #numbers: Map<string, number> = new Map();

  number(type: CoreFuncType): number {
    const key = `${type.params.join()}:${type.results.join()}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const next = this.#numbers.size;
    this.#numbers.set(key, next);
    return next;
  }
}

/** How many types of a signature are written in a message. */
const DESCRIBED_TYPES_MAX = 20;

/** `(i32, i64) -> (i32)`. */
export function describeSignature(type: CoreFuncType): string {
  return `(${describeList(type.params)}) -> (${describeList(type.results)})`;
}

function describeList(types: readonly CoreValueType[]): string {
  const shown = types.slice(0, DESCRIBED_TYPES_MAX).join(", ");
  return types.length > DESCRIBED_TYPES_MAX ? `${shown} and ${types.length - DESCRIBED_TYPES_MAX} more` : shown;
}

/** Whether `a` and `b` are the same signature. */
export function isSameSignature(a: CoreFuncType, b: CoreFuncType): boolean {
  return a === b || (isSameList(a.params, b.params) && isSameList(a.results, b.results));
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** What is wrong with giving `actual` where `expected` is imported; null when nothing is. */
export function coreMismatch(actual: CoreExternType, expected: CoreExternType): string | null {
  switch (expected.kind) {
    case "func":
    case "tag":
      if (actual.kind !== expected.kind) break;
      return isSameSignature(actual.type, expected.type)
        ? null
        : `has the signature ${describeSignature(actual.type)}, expected ${describeSignature(expected.type)}`;
    case "table":
      if (actual.kind !== "table") break;
      if (actual.element !== expected.element) return `holds ${actual.element}, expected ${expected.element}`;
      return limitsMismatch(actual.limits, expected.limits);
    case "memory":
      if (actual.kind !== "memory") break;
      return limitsMismatch(actual.limits, expected.limits);
    case "global":
      if (actual.kind !== "global") break;
      // What can be written must be the same both ways.
      if (
        actual.isMutable !== expected.isMutable ||
        !(actual.isMutable ? actual.type === expected.type : isSubValue(actual.type, expected.type))
      ) {
        return `is a ${describeGlobal(actual)}, expected a ${describeGlobal(expected)}`;
      }
      return null;
  }
  return `is a ${actual.kind}, expected a ${expected.kind}`;
}

const SHORT_REFERENCES: Readonly<Record<string, string>> = {
  funcref: "(ref null func)",
  externref: "(ref null extern)",
  exnref: "(ref null exn)",
};

/** Whether each value of `actual` is one of `expected`: references may be narrower. */
function isSubValue(actual: CoreValueType, expected: CoreValueType): boolean {
  if (actual === expected) return true;
  const [, actualNull, actualHeap] = /^\(ref (null )?(.*)\)$/.exec(SHORT_REFERENCES[actual] ?? actual) ?? [];
  const [, expectedNull, expectedHeap] = /^\(ref (null )?(.*)\)$/.exec(SHORT_REFERENCES[expected] ?? expected) ?? [];
  if (actualHeap === undefined || expectedHeap === undefined) return false;
  if (actualNull !== undefined && expectedNull === undefined) return false;
  if (actualHeap === expectedHeap) return true;
  if (expectedHeap === "func") return actualHeap.startsWith("#") || actualHeap === "nofunc";
  return (expectedHeap.startsWith("#") && actualHeap === "nofunc") || actualHeap === `no${expectedHeap}`;
}

function limitsMismatch(actual: CoreLimits, expected: CoreLimits): string | null {
  if (actual.is64 !== expected.is64) {
    return `has ${actual.is64 ? 64 : 32}-bit addresses, expected ${expected.is64 ? 64 : 32}-bit ones`;
  }
  if (actual.min < expected.min) return `has a minimum of ${actual.min}, expected at least ${expected.min}`;
  if (expected.max !== null && (actual.max === null || actual.max > expected.max)) {
    return `has ${actual.max === null ? "no maximum" : `a maximum of ${actual.max}`}, expected at most ${expected.max}`;
  }
  return null;
}

function describeGlobal(type: { readonly type: CoreValueType; readonly isMutable: boolean }): string {
  return `${type.isMutable ? "mutable" : "constant"} global of ${type.type}`;
}

/** What is wrong with giving the module `actual` where `expected` is imported: it may need less and give more. */
export function moduleMismatch(actual: CoreModuleType, expected: CoreModuleType): string | null {
  const offered = new Map(expected.imports.map((item) => [importKey(item.module, item.name), item.type]));
  for (const needed of actual.imports) {
    const offer = offered.get(importKey(needed.module, needed.name));
    if (offer === undefined) {
      return `imports ${quoted(needed.module)} ${quoted(needed.name)}, which its declared type does not`;
    }
    const mismatch = coreMismatch(offer, needed.type);
    if (mismatch !== null) {
      return `imports ${quoted(needed.module)} ${quoted(needed.name)}, which by its declared type ${mismatch}`;
    }
  }
  for (const [name, type] of expected.exports) {
    const given = actual.exports.get(name);
    if (given === undefined) return `has no export ${quoted(name)}, which its declared type has`;
    const mismatch = coreMismatch(given, type);
    if (mismatch !== null) return `has an export ${quoted(name)} that ${mismatch}`;
  }
  return null;
}

/** One string for the two names of a core import. */
export function importKey(module: string, name: string): string {
  return `${module.length}:${module}${name}`;
}
