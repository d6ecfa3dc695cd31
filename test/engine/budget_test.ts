/** What an instance may have: pages over all its memories, elements over all its tables, from the start and later. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentError } from "../../src/component/errors.ts";
import { CountedPages } from "./counted_pages.ts";
import { ScriptedMeter } from "./scripted_meter.ts";
import { call, component } from "./wat.ts";

/** Three memories, of 1, 2 and 3 pages, in two modules; `grow` grows one of them, `size` gives its size. */
const MEMORIES = `(core module $A (memory (export "a") 1) (memory (export "b") 2 4))
  (core instance $a (instantiate $A))
  (core module $M (import "a" "a" (memory $a 1)) (import "a" "b" (memory $b 2 4)) (memory $c 3)
    (func (export "grow") (param i32 i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return (memory.grow $a (local.get 1)))))
      (if (i32.eq (local.get 0) (i32.const 1)) (then (return (memory.grow $b (local.get 1)))))
      (memory.grow $c (local.get 1)))
    (func (export "sizes") (result i32)
      (i32.add (memory.size $a) (i32.add (i32.mul (i32.const 10) (memory.size $b)) (i32.mul (i32.const 100) (memory.size $c))))))
  (core instance $m (instantiate $M (with "a" (instance $a))))
  (func (export "grow") (param "memory" u32) (param "pages" u32) (result s32) (canon lift (core func $m "grow")))
  (func (export "sizes") (result u32) (canon lift (core func $m "sizes")))`;

test("budget: three memories share one, and what is refused is the guest's to handle", async () => {
  const compiled = await component(MEMORIES);
  assert.equal(compiled.memoryPagesMin, 6);
  const pages = new CountedPages(12);
  const instance = await compiled.instantiate({}, { pages });
  assert.deepEqual([pages.taken, instance.memoryPages], [6, 6]);
  const rows = [
    { memory: 0, by: 2, gives: 1, taken: 8 },
    { memory: 1, by: 3, gives: -1, taken: 8 }, // its own maximum
    { memory: 1, by: 2, gives: 2, taken: 10 },
    { memory: 2, by: 3, gives: -1, taken: 10 }, // the budget
    { memory: 2, by: 0xffff_ffff, gives: -1, taken: 10 },
    { memory: 2, by: 2, gives: 3, taken: 12 },
    { memory: 0, by: 1, gives: -1, taken: 12 },
    { memory: 0, by: 0, gives: 3, taken: 12 },
  ];
  for (const { memory, by, gives, taken } of rows) {
    assert.equal(await call(instance, "grow", memory, by), gives);
    assert.equal(pages.taken, taken);
  }
  assert.equal(await call(instance, "sizes"), 543);
  instance.dispose();
  instance.dispose();
  assert.equal(pages.taken, 0);
});

test("budget: an instance that is put back keeps its pages, and draws on them first", async () => {
  const compiled = await component(`(core module $M (memory 1) (func (export "run") (param i32) (result i32)
      (drop (memory.grow (local.get 0))) (memory.size)))
    (core instance $m (instantiate $M)) (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run")))`);
  const pages = new CountedPages(10);
  const instance = await compiled.instantiate({}, { pages });
  for (const [by, size, taken] of [[5, 6, 6], [3, 4, 6], [9, 10, 10], [10, 1, 10]] as const) {
    assert.equal(await call(instance, "run", by), size);
    assert.equal(pages.taken, taken);
    assert.equal(instance.recycle(), null);
  }
  instance.dispose();
  assert.equal(pages.taken, 0);
});

test("budget: growing page by page is charged to the guest", async () => {
  const compiled = await component(`(core module $M (memory 1)
      (func (export "run") (loop $l (br_if $l (i32.lt_u (memory.grow (i32.const 1)) (i32.const 81))))))
    (core instance $m (instantiate $M)) (func (export "run") (canon lift (core func $m "run")))`);
  const meter = new ScriptedMeter();
  await call(await compiled.instantiate({}, { meter }), "run");
  // 81 times 8 of 64 units; a loop takes fuel in advance, and so asks later than that.
  assert.ok(meter.checks.length >= 2, String(meter.checks.length));
});

test("budget: a component that needs more from the start is refused before any memory is made", async () => {
  const compiled = await component(MEMORIES);
  const pages = new CountedPages(5);
  await assert.rejects(compiled.instantiate({}, { pages }), (error) => {
    assert.ok(error instanceof ComponentError);
    assert.equal(error.reason, "limit");
    assert.match(error.message, /its memories need 6 pages/);
    return true;
  });
  assert.equal(pages.taken, 0);
});

test("budget: pages come back when a later module cannot be instantiated, or its start function traps", async () => {
  const pages = new CountedPages(100);
  for (
    const last of [
      "(table 0 funcref) (func $f) (elem (i32.const 5) func $f)",
      "(func $start unreachable) (start $start)",
    ]
  ) {
    const compiled = await component(`(core module $A (memory 7)) (core instance (instantiate $A))
      (core module $B (memory 3) ${last}) (core instance (instantiate $B))`);
    await assert.rejects(compiled.instantiate({}, { pages }), WebAssembly.RuntimeError);
    assert.equal(pages.taken, 0);
  }
});

test("budget: what the runtime cannot give is a limit, and no RangeError", async () => {
  const compiled = await component(
    `(core module $M (memory i64 200000)) ${
      Array.from({ length: 4 }, () => "(core instance (instantiate $M))").join(" ")
    }`,
  );
  assert.equal(compiled.memoryPagesMin, 800_000);
  const refused = compiled.instantiate({}, { pages: new CountedPages(100_000) });
  await assert.rejects(refused, (error) => error instanceof ComponentError && error.reason === "limit");
});

test("budget: elements of all tables", async () => {
  const compiled = await component(`(core module $M (table $a 10 funcref) (table $b 5 8 externref)
      (func (export "grow") (param i32 i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (table.grow $a (ref.null func) (local.get 1)))))
        (table.grow $b (ref.null extern) (local.get 1))))
    (core instance $m (instantiate $M))
    (func (export "grow") (param "table" u32) (param "by" u32) (result s32) (canon lift (core func $m "grow")))`);
  assert.equal(compiled.tableElementsMin, 15);
  await assert.rejects(
    compiled.instantiate({}, { tableElementsMax: 14 }),
    (error) => error instanceof ComponentError && error.reason === "limit",
  );
  const instance = await compiled.instantiate({}, { tableElementsMax: 20 });
  for (
    const [table, by, gives] of [[1, 4, -1], [0, 6, -1], [0, 4, 10], [1, 2, -1], [1, 1, 5], [0, 1, -1], [0, 0, 14]]
  ) {
    assert.equal(await call(instance, "grow", table, by), gives);
  }
});
