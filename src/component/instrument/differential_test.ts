/** Rewritten code does what it did: the same results, traps, memory and tables. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { compareRewritten } from "../../../test/support/compare_rewritten.ts";
import { coreBytes, exported, instantiateRewritten } from "../../../test/support/instrumented.ts";

const PAGE = 65_536;
const MIB = 1024 * 1024;
/** Targets, sources and lengths around the ends of a memory of 50 pages and of chunks. */
const RANGES: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [50 * PAGE, 0, 0],
  [50 * PAGE + 1, 0, 0],
  [0, 50 * PAGE + 1, 0],
  [0, 1, 100],
  [1, 0, 100],
  [4000, 8000, 300],
  [0, 1, 3 * MIB],
  [1, 0, 3 * MIB],
  [100_000, 0, 2 * MIB + 1],
  [0, 100_000, 2 * MIB + 1],
  [MIB, 0, MIB + 1],
  [0, 0, 50 * PAGE],
  [0, 0, 50 * PAGE + 1],
  [1, 0, 50 * PAGE],
  [0, 1, 50 * PAGE],
  [50 * PAGE - 10, 0, 11],
  [0, 50 * PAGE - 10, 11],
  [-1, 0, 2 * MIB],
  [0, -1, 2 * MIB],
  [0, 0, -1],
  [-1, -1, -1],
];

const PATTERN =
  `(data (i32.const 0) "abcdefghijklmnopqrstuvwxyz") (data (i32.const 99990) "0123456789") (data (i32.const 1048570) "ABCDEFGHIJKL")`;

for (const index of ["i32", "i64"] as const) {
  const wide = (value: number): number | bigint => index === "i64" ? BigInt.asUintN(32, BigInt(value)) : value;
  const memory = index === "i64" ? "i64 50 60" : "50 60";
  const data = index === "i64" ? PATTERN.replaceAll("i32.const", "i64.const") : PATTERN;

  test(`memory.copy of a memory with ${index} addresses: as it was`, async () => {
    const bytes = await coreBytes(
      `(memory (export "m") ${memory}) ${data} (func (export "copy") (param ${index} ${index} ${index})
      (memory.copy (local.get 0) (local.get 1) (local.get 2)))`,
    );
    compareRewritten(bytes, "copy", RANGES.map((range) => range.map(wide)));
  });

  test(`memory.fill of a memory with ${index} addresses: as it was`, async () => {
    const bytes = await coreBytes(
      `(memory (export "m") ${memory}) ${data} (func (export "fill") (param ${index} i32 ${index})
      (memory.fill (local.get 0) (local.get 1) (local.get 2)))`,
    );
    compareRewritten(bytes, "fill", RANGES.map(([to, value, length]) => [wide(to), value & 0xff, wide(length)]));
  });

  test(`table.copy, fill, grow of a table with ${index} indices: as it was`, async () => {
    const n = (value: number): string => `(${index}.const ${value})`;
    const bytes = await coreBytes(
      `(table $t ${index === "i64" ? "i64" : ""} 200000 300000 funcref) (elem declare func $f $g)
      (func $f) (func $g)
      (func $at (param ${index}) (result i32) (ref.is_null (table.get $t (local.get 0))))
      (func (export "run") (param $to ${index}) (param $from ${index}) (param $n ${index}) (result i32)
        (table.fill $t ${n(10)} (ref.func $f) ${n(20)})
        (table.fill $t ${n(100_000)} (ref.func $g) ${n(70_000)})
        (table.copy $t $t (local.get $to) (local.get $from) (local.get $n))
        (i32.or (i32.or (call $at (local.get $to)) (i32.shl (call $at ${n(15)}) (i32.const 1)))
          (i32.or (i32.shl (call $at ${n(140_000)}) (i32.const 2)) (i32.shl (call $at ${n(199_999)}) (i32.const 3)))))
      (func (export "grow") (param ${index}) (result ${index}) (table.grow $t (ref.null func) (local.get 0)))`,
    );
    const ranges = [[0, 10, 5], [10, 0, 30], [15, 10, 100_000], [0, 15, 140_000], [199_999, 0, 2], [0, 0, 200_000], [
      1,
      0,
      200_000,
    ]];
    compareRewritten(bytes, "run", ranges.map((range) => range.map(wide)));
    compareRewritten(bytes, "grow", [[wide(1)], [wide(99_999)], [wide(1)], [wide(0)], [wide(-1)]]);
  });
}

test("memory.init and table.init: as they were, long and short, before and after a drop", async () => {
  const long = "x".repeat(1_100_000);
  const bytes = await coreBytes(
    `(memory (export "m") 50) (table 70000 funcref) (data $short "hello") (data $long "${long}")
    (elem $e func $f $f $f) (func $f)
    (func (export "short") (param i32 i32 i32) (memory.init $short (local.get 0) (local.get 1) (local.get 2)))
    (func (export "long") (param i32 i32 i32) (memory.init $long (local.get 0) (local.get 1) (local.get 2)))
    (func (export "drop") (data.drop $long) (data.drop $short) (elem.drop $e))
    (func (export "table") (param i32 i32 i32) (table.init $e (local.get 0) (local.get 1) (local.get 2)))
    (func (export "all") (param i32)
      (memory.init $long (i32.const 5) (i32.const 0) (i32.const 1100000))
      (if (local.get 0) (then (data.drop $long)))
      (memory.init $long (i32.const 7) (i32.const 1) (i32.const 1099999)))`,
  );
  compareRewritten(bytes, "short", [[0, 0, 5], [4094, 0, 5], [0, 1, 5], [0, 0, 0], [0, 5, 0], [0, 6, 0], [-1, 0, 1], [
    0,
    0,
    -1,
  ]]);
  compareRewritten(bytes, "long", [[0, 0, 1_100_000], [3, 1, 1_099_999], [0, 1, 1_100_000], [
    50 * PAGE - 1,
    0,
    1_050_000,
  ], [
    -1,
    0,
    1_050_000,
  ]]);
  compareRewritten(bytes, "table", [[0, 0, 3], [69_998, 0, 3], [0, 1, 3], [5, 3, 0]]);
  compareRewritten(bytes, "all", [[0], [1], [0]]);
  const { module, added } = compareRewritten(bytes, "drop", [[]]);
  assert.ok(module.hasChanged);
  assert.equal((added("changed") as WebAssembly.Global).value, 2);
});

test("copies between memories of different address widths", async () => {
  const bytes = await coreBytes(`(memory $a (export "a") 50) (memory $b (export "b") i64 50) ${PATTERN}
    (func (export "to") (param i64 i32 i32) (memory.copy $b $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "from") (param i32 i64 i32) (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2)))`);
  compareRewritten(bytes, "to", RANGES.map(([to, from, length]) => [BigInt(to), from, length]));
  compareRewritten(bytes, "from", RANGES.map(([to, from, length]) => [to, BigInt(from), length]));
});

test("two indices of one memory overlap as one memory does", async () => {
  const bytes = await coreBytes(`(import "env" "m" (memory $a 50)) (import "env" "m" (memory $b 50))
    (func (export "copy") (param i32 i32 i32) (memory.copy $b $a (local.get 0) (local.get 1) (local.get 2)))`);
  const contents = (run: (memory: WebAssembly.Memory) => WebAssembly.Instance): Uint8Array => {
    const memory = new WebAssembly.Memory({ initial: 50 });
    new Uint8Array(memory.buffer).forEach((_, at, all) => all[at] = at % 251);
    exported(run(memory), "copy")(100_000, 0, 2 * MIB + 7);
    return new Uint8Array(memory.buffer);
  };
  const expected = contents((m) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { m } }));
  const actual = contents((m) => instantiateRewritten(bytes, { imports: { env: { m } } }).instance);
  assert.equal(Buffer.compare(expected, actual), 0);
});

test("exceptions of both kinds, tail calls and references give what they gave", async () => {
  const common = `(type $i (func (param i32) (result i32))) (tag $e (param i32)) (tag $o)
    (table 4 funcref) (elem (i32.const 0) $a $b $c) (elem declare func $sum)
    (func $a (type $i) (i32.add (local.get 0) (i32.const 1)))
    (func $b (type $i) (throw $e (local.get 0)))
    (func $c (type $i) (return_call $sum (local.get 0)))
    (func $sum (type $i) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 7))
      (else (return_call $sum (i32.sub (local.get 0) (i32.const 1))))))`;
  const modern = await coreBytes(`${common}
    (func (export "new") (param i32 i32) (result i32) (block $h (result i32)
      (block $all (br $h (try_table (result i32) (catch $e $h) (catch_all $all)
        (call_indirect (type $i) (local.get 1) (local.get 0)))))
      (i32.const -1)))
    (func (export "reference") (param i32 i32) (result i32) (call_ref $i (local.get 1) (ref.func $sum)))`);
  const legacy = await coreBytes(`${common}
    (func (export "old") (param i32 i32) (result i32)
      try (result i32)
        local.get 1 local.get 0 call_indirect (type $i)
      catch $e i32.const 100 i32.add
      catch_all i32.const -1 end)
    (func (export "delegated") (param i32 i32) (result i32)
      try (result i32)
        try (result i32) local.get 1 local.get 0 call_indirect (type $i) delegate 0
      catch $e i32.const 200 i32.add end)
    (func (export "rethrown") (param i32 i32) (result i32)
      try (result i32)
        try (result i32) local.get 1 local.get 0 call_indirect (type $i) catch $e drop rethrow 0 end
      catch $e i32.const 300 i32.add end)`);
  for (const [bytes, names] of [[modern, ["new", "reference"]], [legacy, ["old", "delegated", "rethrown"]]] as const) {
    for (const name of names) compareRewritten(bytes, name, [[0, 5], [1, 5], [2, 5], [2, 100_000], [3, 5], [9, 5]]);
  }
});
