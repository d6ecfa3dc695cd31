/**
 * Instances that are put back to their first state. Nothing that one request left behind may be seen by the next: a guest
 * that counts somewhere answers 1 for ever, or is refused with the reason. With and without the map of written pages.
 */
// tidy: long because it is tables of guests
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecycleRefusal } from "../../src/component/first_state.ts";
import type { HostImports } from "../../src/component/host_imports.ts";
import type { ComponentInstance, InstantiateOptions } from "../../src/component/instance.ts";
import { CountedPages } from "./counted_pages.ts";
import { COUNTER, COUNTER_EXPORTS } from "./fixtures.ts";
import { call, component, LIBC, OPTIONS } from "./wat.ts";

const ROUNDS = 4;

/** `run` is `body`, which returns an i32. */
function runs(body: string, parts = ""): string {
  return `(core module $M ${parts} (func (export "run") (result i32) (local $x i32) ${body}))
    (core instance $m (instantiate $M)) (func (export "run") (result u32) (canon lift (core func $m "run")))`;
}

/** Counts at an address, in a way that the store is of any kind. */
function counts(store: string, at = 100): string {
  return `(local.set $x (i32.add (i32.load (i32.const ${at})) (i32.const 1))) ${store} (i32.load (i32.const ${at}))`;
}

const STORE = "(i32.store (i32.const 100) (local.get $x))";

interface Row {
  readonly name: string;
  readonly text: string;
  readonly imports?: HostImports;
  readonly options?: InstantiateOptions;
}

const KEPT: readonly Row[] = [
  {
    name: "a global",
    text: runs(
      "(global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)",
      "(global $g (mut i32) (i32.const 0))",
    ),
  },
  {
    name: "a global of 64 bits, and floats",
    text: runs(
      `(global.set $g (i64.add (global.get $g) (i64.const 1))) (global.set $f (f64.add (global.get $f) (f64.const 1)))
      (global.set $s (f32.add (global.get $s) (f32.const 1)))
      (i32.add (i32.wrap_i64 (global.get $g)) (i32.add (i32.trunc_f64_s (global.get $f)) (i32.trunc_f32_s (global.get $s))))`,
      "(global $g (mut i64) (i64.const -1)) (global $f (mut f64) (f64.const 0)) (global $s (mut f32) (f32.const 0))",
    ),
  },
  {
    name: "a v128 global",
    text: runs(
      "(global.set $g (i64x2.add (global.get $g) (v128.const i64x2 1 1))) (i32.wrap_i64 (i64x2.extract_lane 1 (global.get $g)))",
      "(global $g (mut v128) (v128.const i64x2 -7 0))",
    ),
  },
  { name: "memory", text: runs(counts(STORE), "(memory 2)") },
  {
    name: "memory with data",
    text: runs(counts(STORE), '(memory 2) (data (i32.const 90) "xxxxxxxxxx\\00\\00\\00\\00yyy")'),
  },
  {
    name: "memory, by stores of every width",
    text: runs(
      `(i32.store8 (i32.const 5000) (i32.add (i32.load8_u (i32.const 5000)) (i32.const 1)))
      (i32.store16 (i32.const 9000) (i32.load8_u (i32.const 5000)))
      (i64.store (i32.const 13000) (i64.extend_i32_u (i32.load16_u (i32.const 9000))))
      (f32.store (i32.const 17000) (f32.convert_i64_u (i64.load (i32.const 13000))))
      (f64.store (i32.const 21000) (f64.promote_f32 (f32.load (i32.const 17000))))
      (i64.store32 (i32.const 25000) (i64.trunc_f64_u (f64.load (i32.const 21000))))
      (i32.add (i32.load (i32.const 25000)) (i32.mul (i32.const 100) (i32.sub (i32.load8_u (i32.const 5000)) (i32.const 1))))`,
      "(memory 2)",
    ),
  },
  {
    name: "memory, by SIMD",
    text: runs(
      `(v128.store (i32.const 8184) (i32x4.add (v128.load (i32.const 8184)) (v128.const i32x4 1 1 1 1)))
      (v128.store32_lane 3 (i32.const 12286) (v128.load (i32.const 8184)))
      (i32.add (i32.load (i32.const 8196)) (i32.sub (i32.load (i32.const 12286)) (i32.const 1)))`,
      "(memory 2)",
    ),
  },
  {
    name: "memory, by atomics",
    text: runs(
      `(drop (i32.atomic.rmw.add (i32.const 4096) (i32.const 1)))
      (drop (i32.atomic.rmw.cmpxchg (i32.const 8192) (i32.const 0) (i32.const 1)))
      (i64.atomic.store (i32.const 16384) (i64.add (i64.atomic.load (i32.const 16384)) (i64.const 1)))
      (i32.wrap_i64 (i64.atomic.load (i32.const 16384)))`,
      "(memory 2)",
    ),
  },
  {
    name: "memory, where a store straddles two pages",
    text: runs(
      `(i64.store (i32.const 8188) (i64.add (i64.load (i32.const 8188)) (i64.const 0x100000001)))
      (i32.add (i32.load (i32.const 8192)) (i32.sub (i32.load (i32.const 8188)) (i32.const 1)))`,
      "(memory 2)",
    ),
  },
  {
    name: "memory, at an address that wraps around",
    text: runs(
      counts("(call $put (i32.const -1) (local.get $x))"),
      `(memory 2) (func $put (param $p i32) (param $v i32)
        (i32.store (i32.add (local.get $p) (i32.const 101)) (local.get $v)))`,
    ),
  },
  {
    name: "memory, in both passes of a loop that has two kinds",
    text: runs(
      `(call $put (i32.const 8190))
      (i32.add (i32.load8_u (i32.const 8190)) (i32.sub (i32.load8_u (i32.const 16382)) (i32.const 1)))`,
      `(memory 2) (func $more (param $p i32) (i32.store8 (local.get $p) (i32.add (i32.load8_u (local.get $p)) (i32.const 1))))
      (func $put (param $p i32) (local $n i32) (loop $outer
        (i32.store8 (local.get $p) (i32.add (i32.load8_u (local.get $p)) (i32.const 1)))
        (loop $inner (local.set $p (i32.add (local.get $p) (i32.const 4096)))
          (br_if $outer (i32.eq (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 2)))
          (br_if $inner (i32.lt_u (local.get $n) (i32.const 4))))) (return_call $more (i32.const 8191)))`,
    ),
  },
  {
    name: "memory, in a second one, which grew between two stores",
    text: runs(
      `(call $put (i32.const 65530)) (local.set $x (i32.load8_u $b (i32.const 65530)))
      (i32.add (i32.load8_u $b (i32.const 65769)) (i32.sub (local.get $x) (i32.const 1)))`,
      `(memory 1 1) (memory $b 1 3) (func $put (param $p i32)
        (i32.store8 $b (local.get $p) (i32.add (i32.load8_u $b (local.get $p)) (i32.const 1)))
        (drop (memory.grow $b (i32.const 1)))
        (i32.store8 $b offset=239 (local.get $p) (i32.add (i32.load8_u $b offset=239 (local.get $p)) (i32.const 1))))`,
    ),
  },
  {
    name: "memory, in bulk",
    text: runs(
      `(local.set $x (i32.add (i32.load8_u (i32.const 70000)) (i32.const 1)))
      (memory.fill (i32.const 4000) (local.get $x) (i32.const 20000))
      (memory.copy (i32.const 60000) (i32.const 8192) (i32.const 12000))
      (memory.init $d (i32.const 100000) (i32.const 0) (i32.const 5000))
      (i32.add (i32.load8_u (i32.const 70000)) (i32.sub (i32.load8_u (i32.const 104999)) (i32.const 97)))`,
      `(memory 2) (data $d "${"a".repeat(5000)}")`,
    ),
  },
  {
    name: "grown memory",
    text: runs(
      `(local.set $x (memory.grow (i32.const 3)))
      (i32.store (i32.const 200000) (i32.add (i32.load (i32.const 200000)) (i32.const 1)))
      (i32.add (i32.load (i32.const 200000)) (i32.mul (i32.const 100) (i32.sub (memory.size) (i32.const 4))))`,
      "(memory 1)",
    ),
  },
  {
    name: "memory behind the size that it sees",
    text: runs(
      // A fresh instance traps at the first load; one that is kept must find zeros.
      `(if (i32.eqz (i32.load (i32.const 0))) (then (drop (memory.grow (i32.const 3)))))
      (i32.store (i32.const 0) (i32.const 1))
      (i32.store (i32.const 200004) (i32.add (i32.load (i32.const 200004)) (i32.const 1))) (i32.load (i32.const 200004))`,
      "(memory 1)",
    ),
  },
  {
    name: "a memory of another module, which exports it",
    text: `(core module $Owner (memory (export "memory") 1))
      (core instance $owner (instantiate $Owner))
      (core module $M (import "o" "memory" (memory 1)) (func (export "run") (result i32) (local $x i32)
        (drop (memory.grow (i32.const 1))) ${counts("(i32.store (i32.const 70000) (local.get $x))", 70000)}))
      (core instance $m (instantiate $M (with "o" (instance $owner))))
      (func (export "run") (result u32) (canon lift (core func $m "run")))`,
  },
  {
    name: "a global of another module, which exports it",
    text: `(core module $Owner (global (export "g") (mut i32) (i32.const 0)))
      (core instance $owner (instantiate $Owner))
      (core module $M (import "o" "g" (global $g (mut i32))) (func (export "run") (result i32)
        (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))
      (core instance $m (instantiate $M (with "o" (instance $owner))))
      (func (export "run") (result u32) (canon lift (core func $m "run")))`,
  },
  {
    name: "memory that its start function wrote",
    text: runs(
      `${counts(STORE)} (i32.load8_u (i32.const 50)) i32.add`,
      "(memory 1) (func $start (i32.store (i32.const 100) (i32.const -7)) (i32.store8 (i32.const 50) (i32.const 7))) (start $start)",
    ),
  },
  {
    name: "one of two memories",
    text: runs(
      `(i32.store $b (i32.const 100) (i32.add (i32.load $b (i32.const 100)) (i32.const 1))) (i32.load $b (i32.const 100))`,
      "(memory $a 1) (memory $b 1)",
    ),
  },
  {
    name: "a memory with 64-bit addresses",
    text: runs(
      `(drop (memory.grow (i64.const 1)))
      (i32.store (i64.const 70000) (i32.add (i32.load (i64.const 70000)) (i32.const 1)))
      (i32.add (i32.load (i64.const 70000)) (i32.mul (i32.const 100) (i32.sub (i32.wrap_i64 (memory.size)) (i32.const 2))))`,
      "(memory i64 1)",
    ),
  },
  {
    name: "its handle numbers",
    text: `(type $r (resource (rep i32))) (core func $new (canon resource.new $r))
      (core module $M (import "" "new" (func $new (param i32) (result i32)))
        (func (export "run") (result i32) (call $new (i32.const 9))))
      (core instance $m (instantiate $M (with "" (instance (export "new" (func $new))))))
      (func (export "run") (result u32) (canon lift (core func $m "run")))`,
  },
  {
    name: "its heap, into which the host writes",
    text: `(import "f" (func $f (param "x" u32) (result (list u8)))) ${LIBC}
      (core func $f (canon lower (func $f) ${OPTIONS}))
      (core module $M (import "" "f" (func $f (param i32 i32))) (import "" "memory" (memory 1))
        (func (export "run") (result i32) (local $x i32)
          (local.set $x (i32.load8_u (i32.const 24000)))
          (call $f (i32.const 0) (i32.const 30000))
          (i32.add (i32.sub (i32.load (i32.const 30000)) (i32.const 4095))
            (i32.add (local.get $x) (i32.load8_u (i32.const 40000))))))
      (core instance $m (instantiate $M (with "" (instance
        (export "f" (func $f)) (export "memory" (memory $memory))))))
      (func (export "run") (result u32) (canon lift (core func $m "run")))`,
    imports: { f: () => new Uint8Array(20_000).fill(1, 19_000) },
  },
];

for (const tracksWrites of [false, true]) {
  for (const { name, text, imports = {}, options = {} } of KEPT) {
    test(`recycle: a guest that counts in ${name} answers the same for ever (${tracksWrites ? "map" : "whole"})`, async () => {
      const instance = await (await component(text, [], { tracksWrites })).instantiate(imports, options);
      const answers: unknown[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        answers.push(await call(instance, "run"));
        assert.equal(instance.recycle(), null);
        assert.deepEqual([instance.state, instance.handleCount], ["idle", 0]);
      }
      // What a new instance says.
      const fresh = await (await component(text)).instantiate(imports, options);
      assert.deepEqual(answers, Array.from({ length: ROUNDS }, () => answers[0]));
      assert.equal(answers[0], await call(fresh, "run"));
      // Without recycling it would have counted on, so that the test can see it.
      await call(instance, "run");
      assert.notEqual(await call(instance, "run"), answers[0]);
    });
  }
}

/** Grows by `n` pages, and says the size before. */
const GROW = (n: number): string => `(memory.grow (i32.const ${n}))`;
const FUNCREF = "(table 2 funcref) (elem declare func $f) (func $f)";

const REFUSED: readonly (Row & { readonly reason: RecycleRefusal })[] = [
  {
    name: "table.set",
    text: runs("(table.set (i32.const 0) (ref.func $f)) (i32.const 1)", FUNCREF),
    reason: "table-changed",
  },
  {
    name: "table.grow",
    text: runs("(table.grow (ref.null func) (i32.const 1))", FUNCREF),
    reason: "table-changed",
  },
  {
    name: "table.fill",
    text: runs("(table.fill (i32.const 0) (ref.func $f) (i32.const 1)) (i32.const 1)", FUNCREF),
    reason: "table-changed",
  },
  {
    name: "table.copy",
    text: runs("(table.copy (i32.const 0) (i32.const 1) (i32.const 1)) (i32.const 1)", FUNCREF),
    reason: "table-changed",
  },
  {
    name: "table.init",
    text: runs(
      "(table.init $e (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 1)",
      "(table 2 funcref) (func $f) (elem $e func $f)",
    ),
    reason: "table-changed",
  },
  {
    name: "data.drop",
    text: runs("(data.drop $d) (i32.const 1)", '(memory 1) (data $d "x")'),
    reason: "segment-dropped",
  },
  {
    name: "elem.drop",
    text: runs("(elem.drop $e) (i32.const 1)", "(func $f) (elem $e func $f)"),
    reason: "segment-dropped",
  },
  { name: "growing past the bound", text: runs(GROW(65), "(memory 1)"), reason: "grew" },
  {
    name: "growing past a smaller bound",
    text: runs(GROW(3), "(memory 1)"),
    options: { recycleGrowthPagesMax: 2 },
    reason: "grew",
  },
  {
    name: "growing one of two memories",
    text: runs("(memory.grow $b (i32.const 1))", "(memory $a 1) (memory $b 1)"),
    reason: "grew",
  },
  {
    name: "a global that holds a function",
    text: runs("(i32.const 1)", "(global (mut funcref) (ref.func $f)) (func $f)"),
    reason: "unreadable-global",
  },
  {
    name: "a global that holds an exception",
    text: runs("(i32.const 1)", "(global (mut exnref) (ref.null exn))"),
    reason: "unreadable-global",
  },
  {
    name: "a start function that calls the host",
    text: `(import "f" (func $f)) (core func $f (canon lower (func $f)))
      (core module $M (import "" "f" (func $f)) (func $start (call $f)) (start $start)
        (func (export "run") (result i32) (i32.const 1)))
      (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
      (func (export "run") (result u32) (canon lift (core func $m "run")))`,
    imports: { f() {} },
    reason: "start-called-host",
  },
  {
    name: "a start function that makes a resource",
    text: `(type $r (resource (rep i32))) (core func $new (canon resource.new $r))
      (core module $M (import "" "new" (func $new (param i32) (result i32)))
        (func $start (drop (call $new (i32.const 9)))) (start $start)
        (func (export "run") (result i32) (i32.const 1)))
      (core instance $m (instantiate $M (with "" (instance (export "new" (func $new))))))
      (func (export "run") (result u32) (canon lift (core func $m "run")))`,
    reason: "start-called-host",
  },
  {
    name: "a start function that gets no memory",
    text: runs("(i32.const 1)", `(memory 1) (func $start (drop ${GROW(5)})) (start $start)`),
    options: { pages: new CountedPages(3) },
    reason: "start-met-limit",
  },
];

for (const { name, text, imports = {}, options = {}, reason } of REFUSED) {
  test(`recycle: ${name} is refused: ${reason}`, async () => {
    const compiled = await component(text, [], { tracksWrites: true });
    const instance = await compiled.instantiate(imports, options);
    await call(instance, "run");
    assert.equal(instance.recycle(), reason);
    assert.equal(instance.state, "idle");
    instance.dispose();
    assert.equal(instance.recycle(), "disposed");
    // One that did not begin so badly is put back.
    if (/global|start/.test(reason)) return;
    const other = await compiled.instantiate(imports, options);
    assert.equal(other.recycle(), null);
  });
}

test("recycle: what a start function does to tables and segments belongs to the first state", async () => {
  const text = runs(
    "(call_indirect (result i32) (i32.const 0))",
    `(table 1 funcref) (elem declare func $f) (data $d "x") (memory 1) (func $f (result i32) (i32.const 5))
    (func $start (table.set (i32.const 0) (ref.func $f)) (data.drop $d)) (start $start)`,
  );
  const instance = await (await component(text)).instantiate({});
  for (let round = 0; round < ROUNDS; round++) {
    assert.equal(await call(instance, "run"), 5);
    assert.equal(instance.recycle(), null);
  }
});

test("recycle: a trapped, a busy and a killed instance are refused", async () => {
  const compiled = await component(
    `(import "wait" (func $wait)) (core func $wait (canon lower (func $wait)))
    (core module $M (import "" "wait" (func $wait)) (func (export "run") (call $wait)))
    (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") (canon lift (core func $m "run")))`,
    ["wait"],
  );
  const gate = Promise.withResolvers<void>();
  const instance = await compiled.instantiate({ wait: () => gate.promise });
  const running = call(instance, "run");
  assert.equal(instance.recycle(), "busy");
  gate.resolve();
  await running;
  assert.equal(instance.recycle(), null);
  const failing = await compiled.instantiate({ wait: () => Promise.reject(new Error("no")) });
  await assert.rejects(async () => call(failing, "run"));
  assert.equal(failing.recycle(), "trapped");
  const killed = await compiled.instantiate({ wait: () => new Promise(() => {}) });
  const stuck = call(killed, "run");
  killed.kill(new Error("over"));
  await assert.rejects(async () => stuck);
  assert.equal(killed.recycle(), "trapped");
});

const KEEPING = `(import "test:host/api" (instance $api (export "thing" (type $t (sub resource)))
    (export "make" (func (result (own $t))))))
  (alias export $api "thing" (type $thing)) (alias export $api "make" (func $make))
  (core func $make (canon lower (func $make)))
  (core module $M (import "" "make" (func $make (result i32)))
    (func (export "run") (result i32) (drop (call $make)) (call $make)))
  (core instance $m (instantiate $M (with "" (instance (export "make" (func $make))))))
  (func (export "run") (result u32) (canon lift (core func $m "run")))`;

test("recycle: the host's objects are disposed, newest first, and the instance cannot be called meanwhile", async () => {
  const log: string[] = [];
  let made = 0;
  class Thing {
    readonly number = ++made;
    [Symbol.dispose](): void {
      log.push(`${this.number} while it is ${instance.state}`);
    }
  }
  const compiled = await component(KEEPING);
  const instance: ComponentInstance = await compiled.instantiate({
    "test:host/api": { Thing, make: () => new Thing() },
  });
  for (let round = 0; round < 2; round++) {
    assert.equal(await call(instance, "run"), 2);
    assert.equal(instance.recycle(), null);
    assert.deepEqual([instance.handleCount, instance.state], [0, "idle"]);
  }
  assert.deepEqual(log, ["2 while it is busy", "1 while it is busy", "4 while it is busy", "3 while it is busy"]);
});

test("recycle: an object that cannot be disposed of ends the instance", async () => {
  class Thing {
    [Symbol.dispose](): void {
      throw new Error("still in use");
    }
  }
  const instance = await (await component(KEEPING)).instantiate({
    "test:host/api": { Thing, make: () => new Thing() },
  });
  await call(instance, "run");
  assert.throws(() => instance.recycle(), AggregateError);
  assert.equal(instance.state, "disposed");
});

test("recycle: host objects of the guest's resources are dead afterwards", async () => {
  const log: number[] = [];
  const instance = await (await component(COUNTER + COUNTER_EXPORTS)).instantiate({
    log: (x: number) => void log.push(x),
  });
  const Counter = instance.findInterface("test:guest/counters")?.["Counter"] as new (n: number) => Disposable & {
    addTo(n: number): Promise<number>;
  };
  const stale = new Counter(5);
  assert.equal(instance.recycle(), null);
  // The same representation, and another resource.
  const fresh = new Counter(7);
  stale[Symbol.dispose]();
  assert.deepEqual(log, []);
  assert.equal(await fresh.addTo(1), 8);
  await assert.rejects(async () => stale.addTo(1), /expected a resource/);
});

test("recycle: a large memory, in which a mark stands for several pages", async () => {
  const text = runs(
    `(local.set $x (i32.load (i32.const 285212672)))
    (i32.store (i32.const 285212672) (i32.const 1))
    (i64.store (i32.const 268435452) (i64.const -1))
    (i32.add (local.get $x) (i32.load8_u (i32.const 16777216)))`,
    "(memory 4400)",
  );
  const instance = await (await component(text, [], { tracksWrites: true })).instantiate({});
  for (let round = 0; round < 2; round++) {
    assert.equal(await call(instance, "run"), 0);
    assert.equal(instance.recycle(), null);
  }
});
