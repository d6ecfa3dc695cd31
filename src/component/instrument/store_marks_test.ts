/** No store goes unmarked, and marks are left out only where they are superfluous. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compareRewritten } from "../../../test/support/compare_rewritten.ts";
import { coreBytes } from "../../../test/support/instrumented.ts";

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
  "(i32.store $other $OFFSET $ADDRESS (i32.const 0x5f5f5f5f))",
  "(v128.store $other $OFFSET $ADDRESS (v128.const i32x4 6 6 6 6))",
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
  "(drop (memory.grow (i32.const 1)))",
  "(loop $l (i32.store8 (local.get $q) (i32.const 2)) (br_if $l (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const 4096))) (i32.const 20000))))",
];
const ADDRESSES: readonly string[] = [
  "(local.get $p)",
  "(local.tee $q (i32.add (local.get $p) (i32.const 4096)))",
  "(i32.add (local.get $q) (i32.const 7))",
  "(i32.const 12280)",
  "(i32.const 8191)",
  "(i32.add (local.get $p) (i32.const -8))",
  "(i32.add (local.get $p) (i32.const 232))",
  "(i32.add (local.get $p) (i32.const 3))",
  "(i32.add (local.get $p) (i32.const 1))",
  "(i32.add (i32.const 4100) (local.get $p))",
  "(i32.add (i32.add (local.get $q) (i32.const -240)) (i32.const 250))",
  "(i32.add (i32.const 4000) (i32.const 95))",
  "(i32.add (i32.add (local.get $q) (local.get $p)) (i32.const 4096))",
  "(i32.add (i32.const 8192) (i32.and (local.get $p) (i32.const 4095)))",
  "(i32.add (local.tee $q (local.get $p)) (i32.const 65536))",
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
        const bytes = await coreBytes(
          `(memory (export "m") 4 8) (memory $other (export "other") 2) (func $away (drop (i32.const 1)))
          (func (export "run") (param $p i32) (local $q i32) ${code.join("\n")})`,
        );
        compareRewritten(bytes, "run", starts.map((start) => [start]));
      },
    ),
    { numRuns: 60 },
  );
});

test("random stores among blocks: a mark counts only where every way leads through it", async () => {
  const store = fc.record({
    offset: fc.constantFrom(0, 8, 239, 4096, 8184),
    address: fc.constantFrom(
      "(local.get $p)",
      "(local.get $q)",
      "(i32.const 0)",
      "(i32.const 4000)",
      "(i32.add (local.get $p) (i32.const 12))",
      "(i32.add (i32.const -12) (local.get $p))",
      "(i32.add (local.get $q) (i32.const 4090))",
    ),
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
      if (WebAssembly.validate(bytes)) compareRewritten(bytes, "run", [[start]]);
    }),
    { numRuns: 300 },
  );
});

test("a mark reaches as far as the widest store that it stands for, and no farther", async () => {
  const places = [
    0,
    1,
    223,
    224,
    225,
    231,
    239,
    240,
    241,
    247,
    255,
    256,
    257,
    479,
    480,
    481,
    511,
    512,
    -1,
    -239,
    -240,
    -241,
  ];
  const store = (place: number): string =>
    `(v128.store (i32.add (local.get $p) (i32.const ${place})) (v128.const i32x4 -1 -1 -1 -1))`;
  const runs = places.flatMap((first) =>
    [first, first + 1, first + 225, first + 239, first + 240, first + 255].map((second) => store(first) + store(second))
  );
  const bytes = await coreBytes(
    `(memory (export "m") 1) ${runs.map((code, at) => `(func (export "${at}") (param $p i32) ${code})`).join("")}`,
  );
  const pageEnds = [4095, 4094, 4080, 8192 - 240, 8192 - 15].map((address) => [address]);
  for (const at of runs.keys()) compareRewritten(bytes, String(at), pageEnds);
});

test("a store whose address wraps around is marked where the place before it is: at the end of all addresses", async () => {
  const bytes = await coreBytes(`(memory (export "m") 4) (func (export "run") (param $p i32)
    (i32.store8 offset=1 (i32.add (local.get $p) (i32.const 230)) (i32.const 7)))`);
  compareRewritten(bytes, "run", [-1, -100, -230].map((address) => [address]));
});

test("stores near each other have one mark, whatever their order", async () => {
  const lengths = await Promise.all([[0, 1, 2, 3], [3, 0, 2, 1], [3, 2, 1, 0]].map(async (order) => {
    const stores = order.map((at) => `(i32.store8 (i32.add (local.get $p) (i32.const ${at})) (i32.const 7))`);
    const bytes = await coreBytes(`(memory (export "m") 4) (func (export "run") (param $p i32) ${stores.join(" ")})`);
    return compareRewritten(bytes, "run", [[0], [4094]]).module.bytes.length;
  }));
  assert.equal(new Set(lengths).size, 1, lengths.join());
});

test("memory64: stores at 64-bit addresses and offsets are marked or trap", async () => {
  const bytes = await coreBytes(`(memory (export "m") i64 4) (func (export "run") (param $p i64)
    (i64.store offset=4090 (local.get $p) (i64.const -1)) (i32.store8 offset=70000 (local.get $p) (i32.const 9))
    (i64.store offset=18446744073709551608 (i64.add (local.get $p) (i64.const 8)) (i64.const 5)))`);
  compareRewritten(bytes, "run", [0n, 2n, 4096n, 8190n, -1n, 1n << 40n, (1n << 64n) - 8n].map((address) => [address]));
});
