/** Lifting and lowering against a memory of the test: what must come back equal, and what must trap. */
// tidy: long because it is tables of values
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { HostTrap } from "../base/errors.ts";
import { anyTypeAndValue } from "../../test/support/component_values.ts";
import { CanonEnv, type FlatValue, LIFT_BYTES_MAX, LIFT_ELEMENTS_MAX, MemoryView, startLifting } from "./abi_env.ts";
import { ValueFault } from "./abi_fault.ts";
import { flatten, layoutOf } from "./abi_layout.ts";
import { Lifter } from "./abi_lift.ts";
import { Lowerer } from "./abi_lower.ts";
import { HandleLimit, HandleTable } from "./handles.ts";
import type { PrimitiveKind, StringEncoding, ValueType } from "./types.ts";
import { VirtualMemory } from "./virtual_memory.ts";

const ENCODINGS: readonly StringEncoding[] = ["utf8", "utf16", "latin1+utf16"];

interface Bench {
  readonly env: CanonEnv;
  readonly memory: WebAssembly.Memory;
  readonly reallocs: (readonly number[])[];
}

/** An environment with a memory of `pages` and a realloc that moves upwards and grows it. */
function openEnv(pages = 1): Bench {
  const memory = new WebAssembly.Memory({ initial: pages });
  const budget = { take: () => true, giveBack() {} };
  const virtual = new VirtualMemory({
    is64: false,
    minPages: BigInt(pages),
    maxPages: null,
    budget,
    tracksWrites: false,
  });
  virtual.attach(memory);
  const view = new MemoryView();
  view.attach(virtual);
  const guestResources = {
    wrap: () => ({}),
    unwrap: () => 0,
    hostClass: () => null,
  };
  const table = new HandleTable(new HandleLimit(100));
  const state = { fuel: { charge() {} }, mayBlock: true };
  const env = new CanonEnv(view, { id: 0, table, state, mayLeave: true, lent: [], guestResources });
  const reallocs: (readonly number[])[] = [];
  let next = 1024;
  env.realloc = (...args: FlatValue[]) => {
    const [old = 0, oldSize = 0, align = 1, size = 0] = args.map(Number);
    reallocs.push([old, oldSize, align, size]);
    assert.equal(env.scope.mayLeave, false);
    next = Math.ceil(next / align) * align;
    const at = next;
    next += size;
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) virtual.grow(Math.ceil(missing / 65536));
    return at;
  };
  startLifting();
  return { env, memory, reallocs };
}

const prim = (kind: PrimitiveKind): ValueType => ({ kind });
const u8 = prim("u8");
const string = prim("string");
const list = (element: ValueType): ValueType => ({ kind: "list", element });
const option = (some: ValueType): ValueType => ({ kind: "option", some });
const record = (...names: readonly string[]): ValueType => ({
  kind: "record",
  fields: names.map((name) => ({ name, type: u8 })),
});

function throughMemory(type: ValueType, value: unknown, encoding: StringEncoding): unknown {
  const { env } = openEnv();
  new Lowerer(encoding, "host").store(type)(env, 0, value);
  return new Lifter(encoding, "host").load(type)(env, 0);
}

function throughFlat(type: ValueType, value: unknown, encoding: StringEncoding): unknown {
  const { env } = openEnv();
  const flat: FlatValue[] = [];
  new Lowerer(encoding, "host").sequence([type])[0]?.(env, value, flat);
  const expected = flatten(type) ?? [];
  assert.deepEqual(flat.map((one) => typeof one), expected.map((core) => core === "i64" ? "bigint" : "number"));
  return new Lifter(encoding, "host").sequence([type])[0]?.(env, flat);
}

for (const encoding of ENCODINGS) {
  test(`values: any type and value comes back equal, ${encoding}`, () => {
    fc.assert(
      fc.property(anyTypeAndValue, ({ type, value }) => {
        if (layoutOf(type).size <= 1024) assert.deepEqual(throughMemory(type, value, encoding), value);
        if (flatten(type) !== null) assert.deepEqual(throughFlat(type, value, encoding), value);
      }),
      { numRuns: 400 },
    );
  });
}

const MISFITS: readonly { readonly type: ValueType; readonly value: unknown; readonly path?: string }[] = [
  { type: u8, value: 256 },
  { type: u8, value: -1 },
  { type: u8, value: 1.5 },
  { type: u8, value: "1" },
  { type: u8, value: 1n },
  { type: prim("s8"), value: 128 },
  { type: prim("s16"), value: -32769 },
  { type: prim("u16"), value: 65536 },
  { type: prim("s32"), value: 2 ** 31 },
  { type: prim("u32"), value: 2 ** 32 },
  { type: prim("u32"), value: NaN },
  { type: prim("u64"), value: -1n },
  { type: prim("u64"), value: 2n ** 64n },
  { type: prim("u64"), value: 2 ** 53 },
  { type: prim("u64"), value: 0.5 },
  { type: prim("s64"), value: 2n ** 63n },
  { type: prim("f64"), value: "0" },
  { type: prim("bool"), value: 1 },
  { type: prim("bool"), value: undefined },
  { type: prim("char"), value: "" },
  { type: prim("char"), value: "ab" },
  { type: prim("char"), value: "\ud800" },
  { type: prim("char"), value: 65 },
  { type: string, value: null },
  { type: string, value: new String("x") },
  { type: list(u8), value: "abc" },
  { type: list(u8), value: new Uint16Array(2) },
  { type: list(u8), value: [1, 2, 300], path: "[2]" },
  { type: list(prim("u64")), value: new BigInt64Array(1) },
  { type: list(string), value: ["a", 5], path: "[1]" },
  { type: list(string), value: { length: 1 } },
  { type: record("a", "b"), value: { a: 1 }, path: ".b" },
  { type: record("a"), value: null },
  { type: record("a"), value: 5 },
  { type: record("constructor"), value: {}, path: ".constructor" },
  { type: record("to-string"), value: {}, path: ".toString" },
  { type: { kind: "tuple", elements: [u8, u8] }, value: [1] },
  { type: { kind: "tuple", elements: [u8, u8] }, value: [1, 2, 3] },
  { type: { kind: "tuple", elements: [u8, string] }, value: [1, 2], path: "[1]" },
  { type: { kind: "enum", names: ["a", "b"] }, value: "c" },
  { type: { kind: "enum", names: ["a", "b"] }, value: "toString" },
  { type: { kind: "enum", names: ["a", "b"] }, value: 0 },
  { type: { kind: "variant", cases: [{ name: "a", type: u8 }] }, value: { tag: "b", val: 1 } },
  { type: { kind: "variant", cases: [{ name: "a", type: u8 }] }, value: { tag: "a" } },
  { type: { kind: "variant", cases: [{ name: "a", type: u8 }] }, value: "a" },
  { type: { kind: "variant", cases: [{ name: "a", type: null }] }, value: { tag: "__proto__" } },
  { type: { kind: "result", ok: u8, err: null }, value: 1 },
  { type: option(option(u8)), value: 1 },
  { type: option(u8), value: "1" },
  { type: { kind: "flags", names: ["a"] }, value: 1 },
];
for (const { type, value, path = "" } of MISFITS) {
  test(`values: ${inspect(value)} is refused as ${type.kind}`, () => {
    const isFault = (error: unknown): boolean => error instanceof ValueFault && error.path === path;
    assert.throws(() => throughMemory(type, value, "utf8"), isFault);
    if (flatten(type) !== null) assert.throws(() => throughFlat(type, value, "utf8"), isFault);
  });
}

const LENIENT: readonly { readonly type: ValueType; readonly value: unknown; readonly becomes: unknown }[] = [
  { type: prim("u64"), value: 5, becomes: 5n },
  { type: prim("s64"), value: -5, becomes: -5n },
  { type: option(u8), value: null, becomes: undefined },
  { type: { kind: "flags", names: ["a", "b"] }, value: undefined, becomes: { a: false, b: false } },
  {
    type: { kind: "flags", names: ["a", "to-string"] },
    value: { a: 1, z: true },
    becomes: { a: true, toString: false },
  },
  { type: list(prim("s16")), value: [-1, 2], becomes: new Int16Array([-1, 2]) },
  { type: string, value: "a\ud800b", becomes: "a\ufffdb" },
  { type: prim("f32"), value: 0.1, becomes: Math.fround(0.1) },
  { type: record("constructor"), value: { constructor: 4 }, becomes: { constructor: 4 } },
];
for (const { type, value, becomes } of LENIENT) {
  test(`values: ${inspect(value)} becomes ${inspect(becomes)} as ${type.kind}`, () => {
    for (const encoding of ENCODINGS) assert.deepEqual(throughMemory(type, value, encoding), becomes);
  });
}

/** Bytes at 0 of the memory, and the trap or value that loading them gives. */
const LOADS: readonly {
  readonly name: string;
  readonly type: ValueType;
  readonly bytes: readonly number[];
  readonly encoding?: StringEncoding;
  readonly trap?: RegExp;
  readonly value?: unknown;
}[] = [
  { name: "a bool that is 2", type: prim("bool"), bytes: [2], value: true },
  { name: "a surrogate", type: prim("char"), bytes: [0, 0xd8, 0, 0], trap: /char that is none: 0xd800/ },
  { name: "the last surrogate", type: prim("char"), bytes: [0xff, 0xdf, 0, 0], trap: /char that is none/ },
  { name: "a char past Unicode", type: prim("char"), bytes: [0, 0, 0x11, 0], trap: /char that is none: 0x110000/ },
  { name: "a char of all ones", type: prim("char"), bytes: [0xff, 0xff, 0xff, 0xff], trap: /0xffffffff/ },
  { name: "the last char", type: prim("char"), bytes: [0xff, 0xff, 0x10, 0], value: "\u{10ffff}" },
  { name: "an enum past its cases", type: { kind: "enum", names: ["a", "b"] }, bytes: [2], trap: /case of enum/ },
  { name: "an option past its cases", type: option(u8), bytes: [2, 0], trap: /case of option/ },
  {
    name: "a result past its cases",
    type: { kind: "result", ok: null, err: null },
    bytes: [255],
    trap: /case of result/,
  },
  {
    name: "a variant past its cases",
    type: { kind: "variant", cases: [{ name: "a", type: null }] },
    bytes: [1],
    trap: /case of variant/,
  },
  {
    name: "flags above the declared ones",
    type: { kind: "flags", names: ["a", "b"] },
    bytes: [0xfe],
    value: { a: false, b: true },
  },
  { name: "a string out of bounds", type: string, bytes: [0, 0, 1, 0, 1, 0, 0, 0], trap: /out of bounds/ },
  { name: "an empty string out of bounds", type: string, bytes: [1, 0, 1, 0, 0, 0, 0, 0], trap: /out of bounds/ },
  { name: "an empty string at the end", type: string, bytes: [0, 0, 1, 0, 0, 0, 0, 0], value: "" },
  {
    name: "a string past 4 GiB",
    type: string,
    bytes: [255, 255, 255, 255, 255, 255, 255, 255],
    trap: /out of bounds|aligned/,
  },
  {
    name: "a list past 4 GiB",
    type: list(prim("u64")),
    bytes: [0, 0, 0, 0, 255, 255, 255, 255],
    trap: /out of bounds/,
  },
  {
    name: "a list at an odd address",
    type: list(prim("u16")),
    bytes: [1, 0, 0, 0, 1, 0, 0, 0],
    trap: /not aligned to 2/,
  },
  {
    name: "an empty list at an odd address",
    type: list(prim("u64")),
    bytes: [4, 0, 0, 0, 0, 0, 0, 0],
    trap: /not aligned to 8/,
  },
  { name: "a lone continuation byte", type: string, bytes: [8, 0, 0, 0, 1, 0, 0, 0, 0x80], trap: /not UTF-8/ },
  { name: "an overlong slash", type: string, bytes: [8, 0, 0, 0, 2, 0, 0, 0, 0xc0, 0xaf], trap: /not UTF-8/ },
  { name: "a surrogate in UTF-8", type: string, bytes: [8, 0, 0, 0, 3, 0, 0, 0, 0xed, 0xa0, 0x80], trap: /not UTF-8/ },
  { name: "a cut UTF-8 sequence", type: string, bytes: [8, 0, 0, 0, 2, 0, 0, 0, 0x61, 0xc3], trap: /not UTF-8/ },
  { name: "a BOM is text", type: string, bytes: [8, 0, 0, 0, 3, 0, 0, 0, 0xef, 0xbb, 0xbf], value: "\ufeff" },
  {
    name: "a lone surrogate in UTF-16",
    type: string,
    encoding: "utf16",
    bytes: [8, 0, 0, 0, 1, 0, 0, 0, 0, 0xdc],
    trap: /not UTF-16/,
  },
  {
    name: "UTF-16 at an odd address",
    type: string,
    encoding: "utf16",
    bytes: [9, 0, 0, 0, 0, 0, 0, 0],
    trap: /not aligned to 2/,
  },
  {
    name: "UTF-16 of too many units",
    type: string,
    encoding: "utf16",
    bytes: [8, 0, 0, 0, 0, 0x80, 0, 0],
    trap: /out of bounds/,
  },
  {
    name: "latin1",
    type: string,
    encoding: "latin1+utf16",
    bytes: [8, 0, 0, 0, 2, 0, 0, 0, 0xe9, 0x80],
    value: "é\u0080",
  },
  {
    name: "tagged UTF-16",
    type: string,
    encoding: "latin1+utf16",
    bytes: [8, 0, 0, 0, 1, 0, 0, 0x80, 0x02, 0x26],
    value: "☂",
  },
  {
    name: "tagged UTF-16, lone surrogate",
    type: string,
    encoding: "latin1+utf16",
    bytes: [8, 0, 0, 0, 1, 0, 0, 0x80, 0, 0xd8],
    trap: /not UTF-16/,
  },
  {
    name: "latin1 at an odd address",
    type: string,
    encoding: "latin1+utf16",
    bytes: [9, 0, 0, 0, 1, 0, 0, 0],
    trap: /not aligned to 2/,
  },
];
for (const { name, type, bytes, encoding = "utf8", trap, value } of LOADS) {
  test(`load: ${name}`, () => {
    const { env, memory } = openEnv();
    new Uint8Array(memory.buffer).set(bytes);
    const load = (): unknown => new Lifter(encoding, "host").load(type)(env, 0);
    if (trap === undefined) return assert.deepEqual(load(), value);
    assert.throws(load, (error) => {
      assert(error instanceof WebAssembly.RuntimeError);
      assert(error.cause instanceof HostTrap);
      assert.match(error.message, trap);
      return true;
    });
  });
}

test("lift: the upper bits of narrow integers are ignored, the flags' too", () => {
  const { env } = openEnv();
  const lift = (type: ValueType, ...flat: FlatValue[]): unknown =>
    new Lifter("utf8", "host").sequence([type])[0]?.(env, flat);
  assert.equal(lift(u8, 0x101), 1);
  assert.equal(lift(prim("s8"), 0x180), -128);
  assert.equal(lift(prim("u16"), -1), 65535);
  assert.equal(lift(prim("s16"), 0x18000), -32768);
  assert.equal(lift(prim("u32"), -1), 4294967295);
  assert.equal(lift(prim("u64"), -1n), 2n ** 64n - 1n);
  assert.equal(lift(prim("bool"), -7), true);
  assert.deepEqual(lift({ kind: "flags", names: ["a"] }, -2), { a: false });
  assert.throws(() => lift({ kind: "enum", names: ["a"] }, -1), /case of enum/);
  assert.throws(() => lift(prim("char"), -1), /char that is none/);
});

test("lower: realloc is called for empty strings and lists too, with their alignment", () => {
  const { env, reallocs } = openEnv();
  const lowerer = new Lowerer("utf8", "host");
  lowerer.store(string)(env, 0, "");
  lowerer.store(list(prim("u64")))(env, 0, new BigUint64Array());
  lowerer.store(list(string))(env, 0, []);
  assert.deepEqual(reallocs, [[0, 0, 1, 0], [0, 0, 8, 0], [0, 0, 4, 0]]);
});

const LYING_REALLOCS = [
  { name: "out of bounds", pointer: 65536, message: /out of bounds/ },
  { name: "far out of bounds", pointer: -8, message: /out of bounds/ },
  { name: "not aligned", pointer: 4, message: /not aligned to 8/ },
];
for (const { name, pointer, message } of LYING_REALLOCS) {
  test(`lower: a realloc whose answer is ${name} traps`, () => {
    const { env } = openEnv();
    env.realloc = () => pointer;
    assert.throws(() => new Lowerer("utf8", "host").store(list(prim("u64")))(env, 0, [1n]), message);
  });
}

test("lower: memory that realloc grows is written to, not the detached one", () => {
  const { env, memory } = openEnv();
  const big = new Uint8Array(200_000).fill(7);
  const value = [big, big];
  const type = list(list(u8));
  new Lowerer("utf8", "host").store(type)(env, 0, value);
  assert(memory.buffer.byteLength > 400_000);
  assert.deepEqual(new Lifter("utf8", "host").load(type)(env, 0), value);
});

test("lift: one call's bytes and elements are limited, aliased ones count each time", () => {
  const { env, memory } = openEnv(32);
  const data = new DataView(memory.buffer);
  const size = 1024 * 1024;
  for (let at = 0; at < 17; at++) {
    data.setUint32(at * 8, 65536, true);
    data.setUint32(at * 8 + 4, size, true);
  }
  const load = (length: number): unknown => {
    data.setUint32(1000, 0, true);
    data.setUint32(1004, length, true);
    startLifting();
    return new Lifter("utf8", "host").load(list(list(u8)))(env, 1000);
  };
  assert.equal((load(15) as unknown[]).length, 15);
  assert.throws(() => load(17), new RegExp(`more than ${LIFT_BYTES_MAX} bytes`));
  data.setUint32(1004, LIFT_ELEMENTS_MAX + 1, true);
  startLifting();
  assert.throws(() => new Lifter("utf8", "host").load(list(prim("bool")))(env, 1000), /65536 list elements/);
});

test("lift: every NaN comes in as one", () => {
  const { env, memory } = openEnv();
  new Lowerer("utf8", "host").store(prim("f32"))(env, 0, NaN);
  new Lowerer("utf8", "host").store(prim("f64"))(env, 8, NaN);
  const data = new DataView(memory.buffer);
  assert.equal(data.getUint32(0, true), 0x7fc00000);
  assert.equal(data.getBigUint64(8, true), 0x7ff8000000000000n);
});

test("lift: a record's fields are its own, whatever their names", () => {
  const value = throughMemory(record("constructor", "has-own-property", "value-of"), {
    constructor: 1,
    hasOwnProperty: 2,
    valueOf: 3,
  }, "utf8");
  assert.deepEqual(Object.keys(value as object), ["constructor", "hasOwnProperty", "valueOf"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});
