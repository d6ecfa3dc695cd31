import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTypeSize, type CoreType, flatten, layoutOf, signatureOf } from "./abi_layout.ts";
import { ComponentError } from "./errors.ts";
import type { PrimitiveKind, ValueType } from "./types.ts";

const prim = (kind: PrimitiveKind): ValueType => ({ kind });
const tuple = (...elements: readonly ValueType[]): ValueType => ({ kind: "tuple", elements });
const variant = (...types: readonly (ValueType | null)[]): ValueType => ({
  kind: "variant",
  cases: types.map((type, index) => ({ name: `c${index}`, type })),
});
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);
const flags = (count: number): ValueType => ({ kind: "flags", names: names(count) });
const [u8, u16, u32, u64, f32, f64, string] = (["u8", "u16", "u32", "u64", "f32", "f64", "string"] as const).map(
  prim,
) as [
  ValueType,
  ValueType,
  ValueType,
  ValueType,
  ValueType,
  ValueType,
  ValueType,
];

const LAYOUTS: readonly {
  readonly type: ValueType;
  readonly size: number;
  readonly align: number;
  readonly flat: readonly CoreType[] | null;
}[] = [
  { type: prim("bool"), size: 1, align: 1, flat: ["i32"] },
  { type: prim("char"), size: 4, align: 4, flat: ["i32"] },
  { type: prim("s64"), size: 8, align: 8, flat: ["i64"] },
  { type: string, size: 8, align: 4, flat: ["i32", "i32"] },
  { type: { kind: "list", element: u64 }, size: 8, align: 4, flat: ["i32", "i32"] },
  { type: tuple(u8, u16, u8, u32, u8), size: 16, align: 4, flat: ["i32", "i32", "i32", "i32", "i32"] },
  { type: tuple(u8, u64), size: 16, align: 8, flat: ["i32", "i64"] },
  { type: flags(8), size: 1, align: 1, flat: ["i32"] },
  { type: flags(9), size: 2, align: 2, flat: ["i32"] },
  { type: flags(17), size: 4, align: 4, flat: ["i32"] },
  { type: flags(33), size: 8, align: 4, flat: ["i32", "i32"] },
  { type: { kind: "enum", names: names(256) }, size: 1, align: 1, flat: ["i32"] },
  { type: { kind: "enum", names: names(257) }, size: 2, align: 2, flat: ["i32"] },
  { type: { kind: "enum", names: names(65537) }, size: 4, align: 4, flat: ["i32"] },
  { type: variant(null, null), size: 1, align: 1, flat: ["i32"] },
  { type: variant(u8, u64), size: 16, align: 8, flat: ["i32", "i64"] },
  { type: variant(f32, u32), size: 8, align: 4, flat: ["i32", "i32"] },
  { type: variant(f32, f32), size: 8, align: 4, flat: ["i32", "f32"] },
  { type: variant(f32, f64), size: 16, align: 8, flat: ["i32", "i64"] },
  { type: variant(f64, u64), size: 16, align: 8, flat: ["i32", "i64"] },
  { type: variant(tuple(u8, f32), string, null), size: 12, align: 4, flat: ["i32", "i32", "i32"] },
  { type: { kind: "option", some: u8 }, size: 2, align: 1, flat: ["i32", "i32"] },
  { type: { kind: "result", ok: null, err: null }, size: 1, align: 1, flat: ["i32"] },
  { type: { kind: "result", ok: u64, err: string }, size: 16, align: 8, flat: ["i32", "i64", "i32"] },
  {
    type: tuple(...Array.from({ length: 16 }, () => u8)),
    size: 16,
    align: 1,
    flat: Array.from({ length: 16 }, () => "i32"),
  },
  { type: tuple(...Array.from({ length: 17 }, () => u8)), size: 17, align: 1, flat: null },
];
for (const { type, size, align, flat } of LAYOUTS) {
  test(`layout: ${JSON.stringify(type).slice(0, 90)}`, () => {
    const layout = layoutOf(type);
    assert.deepEqual([layout.size, layout.align], [size, align]);
    assert.deepEqual(flatten(type), flat);
  });
}

test("layout: fields lie where C would put them", () => {
  assert.deepEqual(layoutOf(tuple(u8, u16, u8, u32, u8)).offsets, [0, 2, 4, 8, 12]);
  assert.equal(layoutOf(variant(u8, u64)).payloadOffset, 8);
  assert.equal(layoutOf(variant(u8)).payloadOffset, 1);
});

test("signature: 16 parameters are flat, 17 go through memory; two results go through a pointer", () => {
  const many = (count: number): ValueType[] => Array.from({ length: count }, () => u32);
  assert.equal(signatureOf(many(16), null, "lower").params.length, 16);
  assert.deepEqual(signatureOf(many(17), u32, "lower"), {
    params: ["i32"],
    result: "i32",
    isSpilled: true,
    isReturnedInMemory: false,
  });
  assert.deepEqual(signatureOf([u64], string, "lower").params, ["i64", "i32"]);
  assert.deepEqual(signatureOf(many(16), string, "lower").params.length, 17);
  assert.deepEqual(signatureOf([u64], string, "lift"), {
    params: ["i64"],
    result: "i32",
    isSpilled: false,
    isReturnedInMemory: true,
  });
});

test("checkTypeSize: refuses types that are small to write and large to make", () => {
  let wide: ValueType = u8;
  for (let level = 0; level < 20; level++) wide = tuple(wide, wide);
  let deep: ValueType = u8;
  for (let level = 0; level < 5000; level++) deep = { kind: "option", some: deep };
  for (const type of [wide, deep, variant(deep)]) {
    assert.throws(
      () => checkTypeSize(type, 77),
      (error) => error instanceof ComponentError && error.reason === "limit" && error.offset === 77,
    );
  }
  // Flattening does not follow such a type either.
  assert.equal(flatten(wide), null);
  checkTypeSize(tuple(u8, string, { kind: "list", element: u64 }), 0);
});
