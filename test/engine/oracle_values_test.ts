/** Values of all kinds under jco's glue and under the engine; see `oracle.ts`. */
import type { StringEncoding, ValueType } from "../../src/component/types.ts";
import { call, compare, type Fixture } from "./oracle.ts";
import { echoComponent } from "./type_wat.ts";

const prim = (kind: "bool" | "u8" | "s16" | "u32" | "u64" | "s64" | "f32" | "f64" | "char" | "string"): ValueType => ({
  kind,
});
const list = (element: ValueType): ValueType => ({ kind: "list", element });
const option = (some: ValueType): ValueType => ({ kind: "option", some });
const string = prim("string");
const point: ValueType = {
  kind: "record",
  fields: [{ name: "x-axis", type: prim("s16") }, { name: "constructor", type: string }],
};
const shape: ValueType = {
  kind: "variant",
  cases: [{ name: "none", type: null }, { name: "circle", type: prim("f32") }, { name: "named", type: string }, {
    name: "big",
    type: prim("u64"),
  }],
};
const colour: ValueType = { kind: "enum", names: ["red", "deep-blue"] };
const access: ValueType = { kind: "flags", names: ["read", "write-all", "run"] };

/** Types and values that jco passes through unchanged. */
const ECHOES: readonly { readonly type: ValueType; readonly values: readonly unknown[] }[] = [
  { type: prim("bool"), values: [true, false] },
  { type: prim("u8"), values: [0, 255] },
  { type: prim("s16"), values: [-32768, 32767] },
  { type: prim("u32"), values: [0, 2 ** 32 - 1] },
  { type: prim("u64"), values: [0n, 2n ** 64n - 1n] },
  { type: prim("s64"), values: [-(2n ** 63n)] },
  { type: prim("f32"), values: [0.5, NaN, -Infinity, -0] },
  { type: prim("f64"), values: [Math.PI, NaN, 5e-324] },
  { type: prim("char"), values: ["a", "☂", "🦀"] },
  { type: string, values: ["", "plain", "é☂🦀", "\u0000", "x".repeat(3000), "é".repeat(3000), "ÿ", "Ā"] },
  { type: list(prim("u8")), values: [new Uint8Array(), new Uint8Array([1, 2, 255])] },
  { type: list(prim("u64")), values: [new BigUint64Array([1n, 2n ** 64n - 1n])] },
  { type: list(prim("f32")), values: [new Float32Array([0.5, 2])] },
  { type: list(string), values: [[], ["a", "", "é☂"]] },
  { type: list(point), values: [[{ xAxis: -1, constructor: "c" }, { xAxis: 2, constructor: "" }]] },
  { type: point, values: [{ xAxis: 5, constructor: "five" }] },
  { type: { kind: "tuple", elements: [prim("u8"), string, prim("f64")] }, values: [[1, "x", 2.5]] },
  {
    type: shape,
    values: [{ tag: "none" }, { tag: "circle", val: 1.5 }, { tag: "named", val: "é" }, { tag: "big", val: 2n ** 63n }],
  },
  { type: colour, values: ["red", "deep-blue"] },
  { type: access, values: [{ read: true, writeAll: false, run: true }, { read: false, writeAll: true, run: false }] },
  { type: option(string), values: [undefined, "", "some"] },
  { type: option(prim("u32")), values: [undefined, 0] },
  {
    type: option(option(prim("u8"))),
    values: [{ tag: "none" }, { tag: "some", val: undefined }, { tag: "some", val: 3 }],
  },
  { type: list(option(point)), values: [[undefined, { xAxis: 1, constructor: "q" }]] },
  {
    type: list({ kind: "result", ok: prim("u8"), err: string }),
    values: [[{ tag: "ok", val: 3 }, { tag: "err", val: "no" }]],
  },
  {
    type: { kind: "tuple", elements: Array.from({ length: 20 }, () => prim("u32")) },
    values: [Array.from({ length: 20 }, (_, index) => index * 1000)],
  },
];

function echoFixture(encoding: StringEncoding): Fixture {
  return {
    name: `values of all kinds, ${encoding}`,
    text: echoComponent(ECHOES.map((echo) => echo.type), encoding),
    host: (log) => {
      const functions = ECHOES.map((_, n) => [`echo${n}`, (x: unknown) => {
        log("host", n, x);
        return x;
      }]);
      return { "test:echo/host": Object.fromEntries(functions) };
    },
    script: async (exports, log) => {
      for (const [n, { values }] of ECHOES.entries()) {
        for (const value of values) await call(log, exports[`run${n}`], value);
      }
    },
  };
}

compare(echoFixture("utf8"));
compare(echoFixture("utf16"));
