/** Rewritten code does what it did: the same results, traps, memory and tables; and no write goes unmarked. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  coreBytes,
  exported,
  instantiateRewritten,
  type Instrumented,
  outcomeOf,
  scriptedHost,
} from "../../../test/support/instrumented.ts";
import { WRITTEN_PAGE_BYTES, WRITTEN_SPILL_BYTES } from "./instrumented_module.ts";

type Arguments = readonly (number | bigint)[];

/** Runs `name` with each of the arguments, one after the other, in the module as it is and rewritten. */
function compare(bytes: Uint8Array<ArrayBuffer>, name: string, calls: readonly Arguments[]): Instrumented {
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  let last: Instrumented | undefined;
  for (const tracksWrites of [false, true]) {
    const rewritten = instantiateRewritten(bytes, {
      tracksWrites,
      host: scriptedHost({ ticksMax: 1e6, yieldEvery: 3 }),
    });
    const reference = tracksWrites ? new WebAssembly.Instance(new WebAssembly.Module(bytes)) : plain;
    for (const args of calls) {
      const before = imageOf(reference);
      const expected = outcomeOf(() => exported(reference, name)(...args));
      const actual = outcomeOf(() => exported(rewritten.instance, name)(...args));
      assert.equal(actual, expected, `${name}(${args.join()})`);
      expectSameMemories(reference, rewritten.instance, `${name}(${args.join()})`);
      if (tracksWrites) expectMarked(rewritten, before, `${name}(${args.join()})`);
    }
    last = rewritten;
  }
  if (last === undefined) throw new Error("nothing ran");
  return last;
}

function memoriesOf(instance: WebAssembly.Instance): [string, Uint8Array][] {
  return Object.entries(instance.exports).flatMap(([name, item]) =>
    item instanceof WebAssembly.Memory && !name.includes(":") ? [[name, new Uint8Array(item.buffer)]] : []
  );
}

function imageOf(instance: WebAssembly.Instance): Map<string, Uint8Array> {
  return new Map(memoriesOf(instance).map(([name, bytes]) => [name, bytes.slice()]));
}

function expectSameMemories(one: WebAssembly.Instance, other: WebAssembly.Instance, call: string): void {
  const actual = new Map(memoriesOf(other));
  for (const [name, bytes] of memoriesOf(one)) {
    assert.equal(Buffer.compare(bytes, actual.get(name) ?? new Uint8Array()), 0, `${call}: memory ${name}`);
  }
}

/** Every byte that is not as before lies in a page that is marked, or at the begin of the next one. */
function expectMarked(rewritten: Instrumented, before: ReadonlyMap<string, Uint8Array>, call: string): void {
  memoriesOf(rewritten.instance).forEach(([name, bytes], index) => {
    const map = rewritten.added(`written:${index}`);
    const marks = map instanceof WebAssembly.Memory ? new Uint8Array(map.buffer) : new Uint8Array(65_536);
    const old = before.get(name) ?? new Uint8Array();
    for (let page = 0; page * WRITTEN_PAGE_BYTES < bytes.length; page += 1) {
      if (marks[page] === 1) continue;
      const start = page * WRITTEN_PAGE_BYTES + (page > 0 && marks[page - 1] === 1 ? WRITTEN_SPILL_BYTES : 0);
      const end = (page + 1) * WRITTEN_PAGE_BYTES;
      const isSame = Buffer.compare(bytes.subarray(start, end), old.subarray(start, end)) === 0;
      assert.ok(isSame, `${call}: page ${page} of ${name} was written and is not marked`);
    }
  });
}

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
    compare(bytes, "copy", RANGES.map((range) => range.map(wide)));
  });

  test(`memory.fill of a memory with ${index} addresses: as it was`, async () => {
    const bytes = await coreBytes(
      `(memory (export "m") ${memory}) ${data} (func (export "fill") (param ${index} i32 ${index})
      (memory.fill (local.get 0) (local.get 1) (local.get 2)))`,
    );
    compare(bytes, "fill", RANGES.map(([to, value, length]) => [wide(to), value & 0xff, wide(length)]));
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
    compare(bytes, "run", ranges.map((range) => range.map(wide)));
    compare(bytes, "grow", [[wide(1)], [wide(99_999)], [wide(1)], [wide(0)], [wide(-1)]]);
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
  compare(bytes, "short", [[0, 0, 5], [4094, 0, 5], [0, 1, 5], [0, 0, 0], [0, 5, 0], [0, 6, 0], [-1, 0, 1], [
    0,
    0,
    -1,
  ]]);
  compare(bytes, "long", [[0, 0, 1_100_000], [3, 1, 1_099_999], [0, 1, 1_100_000], [50 * PAGE - 1, 0, 1_050_000], [
    -1,
    0,
    1_050_000,
  ]]);
  compare(bytes, "table", [[0, 0, 3], [69_998, 0, 3], [0, 1, 3], [5, 3, 0]]);
  compare(bytes, "all", [[0], [1], [0]]);
  const { module, added } = compare(bytes, "drop", [[]]);
  assert.ok(module.hasChanged);
  assert.equal((added("changed") as WebAssembly.Global).value, 2);
});

test("copies between memories of different address widths", async () => {
  const bytes = await coreBytes(`(memory $a (export "a") 50) (memory $b (export "b") i64 50) ${PATTERN}
    (func (export "to") (param i64 i32 i32) (memory.copy $b $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "from") (param i32 i64 i32) (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2)))`);
  compare(bytes, "to", RANGES.map(([to, from, length]) => [BigInt(to), from, length]));
  compare(bytes, "from", RANGES.map(([to, from, length]) => [to, BigInt(from), length]));
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
    for (const name of names) compare(bytes, name, [[0, 5], [1, 5], [2, 5], [2, 100_000], [3, 5], [9, 5]]);
  }
});

/** Stores of every kind and width, with constant offsets, near page ends, through locals that are set between. */
const STORES: readonly string[] = [
  ...["i32.store", "i32.store8", "i32.store16"].map((op) => `(${op} $OFFSET $ADDRESS (i32.const 0x5a5a5a5a))`),
  ...["i64.store", "i64.store8", "i64.store16", "i64.store32"].map((op) =>
    `(${op} $OFFSET $ADDRESS (i64.const 0x5b5b5b5b5b5b5b5b))`
  ),
  "(f32.store $OFFSET $ADDRESS (f32.const 3.5))",
  "(f64.store $OFFSET $ADDRESS (f64.const 3.7))",
  "(v128.store $OFFSET $ADDRESS (v128.const i32x4 0x5c5c5c5c 0x5c5c5c5c 0x5c5c5c5c 0x5c5c5c5c))",
  ...["8", "16", "32", "64"].map((w) =>
    `(v128.store${w}_lane $OFFSET 1 $ADDRESS (v128.const i32x4 0x5d5d5d5d 0x5d5d5d5d 0x5d5d5d5d 0x5d5d5d5d))`
  ),
  "(i32.atomic.store $OFFSET $ADDRESS (i32.const 0x5e5e5e5e))",
  "(i64.atomic.store8 $OFFSET $ADDRESS (i64.const 0x5e))",
  "(drop (i32.atomic.rmw.add $OFFSET $ADDRESS (i32.const 3)))",
  "(drop (i64.atomic.rmw16.xchg_u $OFFSET $ADDRESS (i64.const 3)))",
  "(drop (i64.atomic.rmw.cmpxchg $OFFSET $ADDRESS (i64.const 0) (i64.const 77)))",
  "(drop (i32.atomic.rmw8.cmpxchg_u $OFFSET $ADDRESS (i32.const 0) (i32.const 77)))",
];
const MOVES: readonly string[] = [
  "",
  "(local.set $p (i32.add (local.get $p) (i32.const 4093)))",
  "(drop (local.tee $p (i32.add (local.get $p) (i32.const 8192))))",
  "(if (i32.and (local.get $p) (i32.const 8)) (then (local.set $p (i32.add (local.get $p) (i32.const 5000)))))",
  "(block $b (br_if $b (i32.and (local.get $p) (i32.const 16))) (i32.store8 (local.get $p) (i32.const 1)))",
  "(local.set $q (local.get $p)) (local.set $p (i32.sub (local.get $p) (i32.const 4096)))",
  "(call $away)",
  "(loop $l (i32.store8 (local.get $q) (i32.const 2)) (br_if $l (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const 4096))) (i32.const 20000))))",
];
const ADDRESSES: readonly string[] = [
  "(local.get $p)",
  "(local.tee $q (i32.add (local.get $p) (i32.const 4096)))",
  "(i32.add (local.get $q) (i32.const 7))",
  "(i32.const 12280)",
  "(local.get $q)",
];

test("random stores: nothing that is written is unmarked", async () => {
  const store = fc.record({
    store: fc.constantFrom(...STORES),
    address: fc.constantFrom(...ADDRESSES),
    offset: fc.constantFrom(0, 1, 8, 112, 128, 239, 240, 241, 256, 4095, 4096, 8184, 100_000),
    move: fc.constantFrom(...MOVES),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(store, { minLength: 1, maxLength: 12 }),
      fc.array(fc.constantFrom(0, 1, 8, 16, 24, 4088, 4090, 4092, 4095, 8191, 131_000, -16, -1), {
        minLength: 1,
        maxLength: 4,
      }),
      async (stores, starts) => {
        const code = stores.map(({ store, address, offset, move }) =>
          store.replace("$OFFSET", `offset=${offset}`).replace("$ADDRESS", address) + move
        );
        const bytes = await coreBytes(`(memory (export "m") 4) (func $away (drop (i32.const 1)))
          (func (export "run") (param $p i32) (local $q i32) ${code.join("\n")})`);
        compare(bytes, "run", starts.map((start) => [start]));
      },
    ),
    { numRuns: 60 },
  );
});

test("random stores among blocks: a mark counts only where every way leads through it", async () => {
  const store = fc.record({
    offset: fc.constantFrom(0, 8, 239, 4096, 8184),
    address: fc.constantFrom("(local.get $p)", "(local.get $q)", "(i32.const 0)"),
  });
  const { code } = fc.letrec<{ code: string; statement: string }>((tie) => ({
    code: fc.array(tie("statement"), { maxLength: 5, depthIdentifier: "nesting" }).map((list) => list.join("\n")),
    statement: fc.oneof(
      { maxDepth: 4, depthIdentifier: "nesting" },
      store.map(({ offset, address }) => `(i32.store offset=${offset} ${address} (i32.const -1))`),
      fc.constantFrom(
        "(local.set $p (i32.add (local.get $p) (i32.const 4096)))",
        "(local.set $q (i32.add (local.get $p) (i32.const 250)))",
        "(br_if 0 (i32.and (local.get $q) (i32.const 1)))",
        "(br_if 0 (i32.and (local.get $p) (i32.const 4096)))",
      ),
      tie("code").map((inner) => `(block ${inner})`),
      tie("code").map((inner) =>
        `(if (i32.and (local.get $p) (i32.const 1)) (then ${inner}) (else (local.set $q (local.get $p))))`
      ),
      tie("code").map((inner) => `(if (i32.and (local.get $q) (i32.const 2)) (then (nop)) (else ${inner}))`),
      tie("code").map((inner) =>
        `(block (loop (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if 1 (i32.lt_s (local.get $n) (i32.const 0))) (block ${inner}) (br 0)))`
      ),
      tie("code").map((inner) => `(block (try_table (catch_all 0) ${inner} (throw $e)))`),
      tie("code").map((inner) => `try ${inner} (throw $e) catch_all ${inner} end`),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(code, fc.constantFrom(0, 1, 4095), async (inner, start) => {
      const bytes = await coreBytes(`(memory (export "m") 4) (tag $e)
        (func (export "run") (param $p i32) (local $q i32) (local $n i32) (local.set $n (i32.const 20)) ${inner})`);
      // The two kinds of exceptions cannot be mixed in one function.
      if (WebAssembly.validate(bytes)) compare(bytes, "run", [[start]]);
    }),
    { numRuns: 300 },
  );
});

test("memory64: stores at 64-bit addresses and offsets are marked or trap", async () => {
  const bytes = await coreBytes(`(memory (export "m") i64 4) (func (export "run") (param $p i64)
    (i64.store offset=4090 (local.get $p) (i64.const -1)) (i32.store8 offset=70000 (local.get $p) (i32.const 9))
    (i64.store offset=18446744073709551608 (i64.add (local.get $p) (i64.const 8)) (i64.const 5)))`);
  compare(bytes, "run", [0n, 2n, 4096n, 8190n, -1n, 1n << 40n, (1n << 64n) - 8n].map((address) => [address]));
});
