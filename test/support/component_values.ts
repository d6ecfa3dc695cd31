/** Random component types with random values of them, for round trips. */
import * as fc from "fast-check";
import { isScalar } from "../../src/component/abi_layout.ts";
import type { ValueType } from "../../src/component/types.ts";

/** A type, and a value of it as the host has it. */
export interface TypedValue {
  readonly type: ValueType;
  readonly value: unknown;
}

const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom("a", "é", "\u00ff", "\u0080"), maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom("", "\ufeff", "\ufeffx", "☂🦀", "\u0000", "x".repeat(300), "é".repeat(300)),
);

function typedArray<T>(element: fc.Arbitrary<T>, make: (values: T[]) => unknown): fc.Arbitrary<unknown> {
  return fc.array(element, { maxLength: 9 }).map(make);
}

const integer = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, 0));
const s64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const f32 = fc.float();
const f64 = fc.double();

/** Values of each scalar, and of a list of it. */
const SCALARS: Readonly<
  Record<string, { readonly one: fc.Arbitrary<unknown>; readonly list?: fc.Arbitrary<unknown> }>
> = {
  bool: { one: fc.boolean() },
  s8: { one: integer(-128, 127), list: typedArray(integer(-128, 127), (values) => new Int8Array(values)) },
  u8: { one: integer(0, 255), list: typedArray(integer(0, 255), (values) => new Uint8Array(values)) },
  s16: { one: integer(-32768, 32767), list: typedArray(integer(-32768, 32767), (values) => new Int16Array(values)) },
  u16: { one: integer(0, 65535), list: typedArray(integer(0, 65535), (values) => new Uint16Array(values)) },
  s32: {
    one: integer(-(2 ** 31), 2 ** 31 - 1),
    list: typedArray(integer(-(2 ** 31), 2 ** 31 - 1), (values) => new Int32Array(values)),
  },
  u32: { one: integer(0, 2 ** 32 - 1), list: typedArray(integer(0, 2 ** 32 - 1), (values) => new Uint32Array(values)) },
  s64: { one: s64, list: typedArray(s64, (values) => new BigInt64Array(values)) },
  u64: { one: u64, list: typedArray(u64, (values) => new BigUint64Array(values)) },
  f32: { one: f32, list: typedArray(f32, (values) => new Float32Array(values)) },
  f64: { one: f64, list: typedArray(f64, (values) => new Float64Array(values)) },
  char: { one: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
  string: { one: text },
};

/** Labels and the properties they are; some are properties that every object or promise has. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ["a", "a"],
  ["b-two", "bTwo"],
  ["constructor", "constructor"],
  ["to-string", "toString"],
  ["d4", "d4"],
  ["HTTP-code", "httpCode"],
  ["value-of", "valueOf"],
  ["x-Y", "xY"],
  ["then", "then"],
]);
const labels = fc.uniqueArray(fc.constantFrom(...KEYS.keys()), { minLength: 1, maxLength: 5 });
const manyLabels = fc.integer({ min: 1, max: 32 }).map((count) =>
  Array.from({ length: count }, (_, index) => `f${index}`)
);

/** Types, from the leaves up. */
const anyType: fc.Arbitrary<ValueType> = fc.letrec<{ type: ValueType }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...Object.keys(SCALARS)).map((kind) => ({ kind }) as ValueType),
    manyLabels.map((names): ValueType => ({ kind: "flags", names })),
    manyLabels.map((names): ValueType => ({ kind: "enum", names })),
    tie("type").map((element): ValueType => ({ kind: "list", element })),
    tie("type").map((some): ValueType => ({ kind: "option", some })),
    fc.array(tie("type"), { minLength: 1, maxLength: 5 }).map((elements): ValueType => ({ kind: "tuple", elements })),
    fc.tuple(fc.option(tie("type")), fc.option(tie("type"))).map(([ok, err]): ValueType => ({
      kind: "result",
      ok,
      err,
    })),
    labels.chain((names) =>
      fc.tuple(...names.map(() => tie("type")))
        .map((types): ValueType => ({
          kind: "record",
          fields: names.map((name, index) => ({ name, type: types[index] as ValueType })),
        }))
    ),
    labels.chain((names) =>
      fc.tuple(...names.map(() => fc.option(tie("type"))))
        .map((types): ValueType => ({
          kind: "variant",
          cases: names.map((name, index) => ({ name, type: types[index] ?? null })),
        }))
    ),
  ),
})).type;

/** Values of `type`. */
export function valuesOf(type: ValueType): fc.Arbitrary<unknown> {
  if (isScalar(type) || type.kind === "string") return SCALARS[type.kind]?.one ?? fc.constant(undefined);
  switch (type.kind) {
    case "own":
    case "borrow":
      throw new TypeError("Cannot make a resource up");
    case "list":
      return SCALARS[type.element.kind]?.list ?? fc.array(valuesOf(type.element), { maxLength: 4 });
    case "record":
      return fc.tuple(...type.fields.map((field) => valuesOf(field.type)))
        .map((values) => Object.fromEntries(type.fields.map((field, index) => [KEYS.get(field.name), values[index]])));
    case "tuple":
      return fc.tuple(...type.elements.map(valuesOf));
    case "flags":
      return fc.tuple(...type.names.map(() => fc.boolean()))
        .map((values) => Object.fromEntries(type.names.map((name, index) => [name, values[index]])));
    case "enum":
      return fc.constantFrom(...type.names);
    case "option":
      if (type.some.kind !== "option") return fc.option(valuesOf(type.some), { nil: undefined });
      return fc.oneof(fc.constant({ tag: "none" }), valuesOf(type.some).map((val) => ({ tag: "some", val })));
    case "result":
      return fc.oneof(
        (type.ok === null ? fc.constant(undefined) : valuesOf(type.ok)).map((val) => ({ tag: "ok", val })),
        (type.err === null ? fc.constant(undefined) : valuesOf(type.err)).map((val) => ({ tag: "err", val })),
      );
    case "variant":
      return fc.oneof(
        ...type.cases.map((one) =>
          one.type === null ? fc.constant({ tag: one.name }) : valuesOf(one.type).map((val) => ({ tag: one.name, val }))
        ),
      );
  }
}

export const anyTypeAndValue: fc.Arbitrary<TypedValue> = anyType
  .chain((type) => valuesOf(type).map((value) => ({ type, value })));

export { anyType };
