/** What is read of core modules, and the broken ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse as wat } from "@bytecodealliance/jco";
import { ItemBudget } from "./binary_reader.ts";
import { scanCoreModule } from "./core_module.ts";
import {
  type CoreExternType,
  coreMismatch,
  type CoreModuleType,
  moduleMismatch,
  SignatureTable,
} from "./core_module_types.ts";
import { ComponentError } from "./errors.ts";

function scan(bytes: Uint8Array): CoreModuleType {
  return scanCoreModule(bytes, {
    start: 0,
    end: bytes.length,
    budget: new ItemBudget(),
    signatures: new SignatureTable(),
  });
}

function limits(
  min: bigint,
  max: bigint | null = null,
  is64 = false,
): { min: bigint; max: bigint | null; is64: boolean } {
  return { min, max, is64 };
}

test("scanCoreModule reads imports and exports of every kind", async () => {
  const { imports, exports } = scan(
    await wat(`(module
      (type $sig (func (param i32 i64) (result f32 f64)))
      (import "a" "f" (func (type $sig)))
      (import "a" "t" (table 1 2 externref))
      (import "a" "m" (memory i64 3))
      (import "a" "g" (global (mut v128)))
      (import "a" "e" (tag (param i32)))
      (table $t 4 funcref)
      (memory $m 1 5)
      (global $g (export "g") i32 (i32.add (i32.const 70000) (i32.const -1)))
      (global $h (export "h") f64 (f64.const 1))
      (global $v (export "v") v128 (v128.const i64x2 1 2))
      (global $n (export "n") funcref (ref.null func))
      (func $own (export "own") (param i32) unreachable)
      (export "f" (func 0)) (export "t" (table $t)) (export "m" (memory $m)) (export "e" (tag 0))
      (start $s) (func $s)
      (data (memory $m) (i32.const 0) "x"))`),
  );
  const sig = { params: ["i32", "i64"], results: ["f32", "f64"] };
  const tag = { params: ["i32"], results: [] };
  assert.deepEqual(imports, [
    { module: "a", name: "f", type: { kind: "func", type: sig } },
    { module: "a", name: "t", type: { kind: "table", element: "externref", limits: limits(1n, 2n) } },
    { module: "a", name: "m", type: { kind: "memory", limits: limits(3n, null, true) } },
    { module: "a", name: "g", type: { kind: "global", type: "v128", isMutable: true } },
    { module: "a", name: "e", type: { kind: "tag", type: tag } },
  ]);
  assert.deepEqual(Object.fromEntries(exports), {
    g: { kind: "global", type: "i32", isMutable: false },
    h: { kind: "global", type: "f64", isMutable: false },
    v: { kind: "global", type: "v128", isMutable: false },
    n: { kind: "global", type: "funcref", isMutable: false },
    own: { kind: "func", type: tag },
    f: { kind: "func", type: sig },
    t: { kind: "table", element: "funcref", limits: limits(4n) },
    m: { kind: "memory", limits: limits(1n, 5n) },
    e: { kind: "tag", type: tag },
  });
});

test("scanCoreModule gives equal function types equal names in references", async () => {
  const { exports } = scan(
    await wat(`(module
      (type $a (func (param i32))) (type $b (func (param i32))) (type $c (func))
      (table (export "a") 0 (ref null $a)) (table (export "b") 0 (ref null $b)) (table (export "c") 0 (ref null $c)))`),
  );
  assert.deepEqual(exports.get("a"), exports.get("b"));
  assert.notDeepEqual(exports.get("a"), exports.get("c"));
});

const BROKEN: readonly (readonly [name: string, sections: readonly number[], message: RegExp])[] = [
  ["a type index that is not there", [3, 2, 1, 0], /its type 0 at byte 11, expected one of its 0/],
  ["an export of nothing", [7, 5, 1, 1, 0x61, 0, 0], /its function 0/],
  ["an export of an unknown kind", [7, 5, 1, 1, 0x61, 9, 0], /0x09 stands for a core export kind/],
  ["two exports of one name", [5, 3, 1, 0, 1, 7, 9, 2, 1, 0x61, 2, 0, 1, 0x61, 2, 0], /exports "a" twice/],
  ["a section past the end", [1, 9, 0], /section is cut off/],
  ["bytes after a section", [1, 2, 0, 0], /1 bytes follow a core section/],
  ["an unknown value type", [1, 5, 1, 0x60, 1, 0x01, 0], /0x01 stands for a core value type/],
  ["an unknown extern kind", [2, 6, 1, 1, 0x61, 1, 0x62, 9], /0x09 stands for a core extern kind/],
  ["an unknown mutability", [6, 6, 1, 0x7f, 9, 0x41, 0, 0x0b], /mutability 0x09/],
  ["a call in a constant", [6, 7, 1, 0x7f, 0, 0x10, 0, 0x0b, 0], /0x10 is in a constant expression/],
  ["a constant without end", [6, 5, 1, 0x7f, 0, 0x41, 0], /cut off/],
  ["a maximum below the minimum", [5, 4, 1, 1, 2, 1], /maximum 1 at byte 11, expected at least its minimum 2/],
  ["a memory of too many pages", [5, 5, 1, 0, 0x81, 0x80, 0x04], /at most 65536 pages/],
  ["a huge number of functions", [3, 5, 0xff, 0xff, 0xff, 0xff, 0x0f], /announced/],
];
for (const [name, sections, message] of BROKEN) {
  test(`scanCoreModule refuses ${name}`, () => {
    const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections]);
    assert.throws(() => scan(bytes), (error) => {
      assert.ok(error instanceof ComponentError);
      assert.equal(error.reason, "malformed");
      assert.match(error.message, message);
      assert.ok(error.offset >= 8 && error.offset <= bytes.length);
      return true;
    });
  });
}

test("scanCoreModule refuses another preamble", () => {
  assert.throws(() => scan(new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])), { reason: "malformed", offset: 4 });
});

const constant = (type: string): CoreExternType => ({ kind: "global", type, isMutable: false });
const MATCHES: readonly (readonly [actual: CoreExternType, expected: CoreExternType, fits: boolean])[] = [
  [constant("i32"), constant("i32"), true],
  [constant("i32"), constant("i64"), false],
  [constant("(ref func)"), constant("funcref"), true],
  [constant("(ref #1)"), constant("funcref"), true],
  [constant("(ref null nofunc)"), constant("(ref null #1)"), true],
  [constant("funcref"), constant("(ref func)"), false],
  [constant("externref"), constant("funcref"), false],
  [constant("(ref null noextern)"), constant("externref"), true],
  [
    { kind: "global", type: "(ref func)", isMutable: true },
    { kind: "global", type: "funcref", isMutable: true },
    false,
  ],
  [{ kind: "memory", limits: limits(2n, 3n) }, { kind: "memory", limits: limits(1n, 3n) }, true],
  [{ kind: "memory", limits: limits(2n, 4n) }, { kind: "memory", limits: limits(1n, 3n) }, false],
  [{ kind: "memory", limits: limits(2n) }, { kind: "memory", limits: limits(1n, 3n) }, false],
  [{ kind: "memory", limits: limits(0n) }, { kind: "memory", limits: limits(1n) }, false],
  [{ kind: "memory", limits: limits(1n, null, true) }, { kind: "memory", limits: limits(1n) }, false],
];
for (const [actual, expected, fits] of MATCHES) {
  const show = (value: unknown): string =>
    JSON.stringify(value, (_key, item: unknown) => typeof item === "bigint" ? String(item) : item);
  test(`coreMismatch of ${show(actual)} for ${show(expected)}`, () => {
    assert.equal(coreMismatch(actual, expected) === null, fits);
  });
}

test("moduleMismatch lets a module need less and give more", () => {
  const func: CoreExternType = { kind: "func", type: { params: [], results: [] } };
  const less: CoreModuleType = { imports: [], exports: new Map([["a", func], ["b", func]]) };
  const more: CoreModuleType = { imports: [{ module: "x", name: "y", type: func }], exports: new Map([["a", func]]) };
  assert.equal(moduleMismatch(less, more), null);
  assert.match(moduleMismatch(more, less) ?? "", /imports "x" "y"/);
  assert.match(moduleMismatch({ ...more, imports: [] }, less) ?? "", /no export "b"/);
});
