/** Every shape of code that runs for ever asks for fuel after a bounded number of instructions, and ends when it gets none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  coreBytes,
  exported,
  instantiateRewritten,
  outcomeOf,
  scriptedHost,
} from "../../../test/support/instrumented.ts";
import { FUEL_PER_TICK } from "./instrumented_module.ts";

/** A tree of calls without loops: 2^levels leaves. */
function fanOut(levels: number): string {
  let text = `(func $f0 (nop))`;
  for (let level = 1; level <= levels; level += 1) {
    text += `(func $f${level} (call $f${level - 1}) (call $f${level - 1}))`;
  }
  return `${text} (func (export "run") (call $f${levels}))`;
}

/** A chain of `length` functions, called in a loop. */
function chain(length: number): string {
  let text = `(func $f0 (nop))`;
  for (let index = 1; index <= length; index += 1) text += `(func $f${index} (call $f${index - 1}))`;
  return `${text} (func (export "run") (loop (call $f${length}) (br 0)))`;
}

const ENDLESS: Readonly<Record<string, string>> = {
  loop: `(func (export "run") (loop (br 0)))`,
  "loop with a condition": `(func (export "run") (loop (br_if 0 (i32.const 1))))`,
  "loop through br_table": `(func (export "run") (loop (br_table 0 0 0 (i32.const 1))))`,
  "inner loop": `(func (export "run") (loop (loop (br 1))))`,
  "inner loop that goes on": `(func (export "run") (loop (loop (br_if 1 (i32.const 0)) (br 0))))`,
  "inner and outer loop in turns": `(func (export "run") (local $i i32) (loop (loop
    (br_if 1 (i32.and (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1))) (br 0))))`,
  "short loop of a small function, in a loop": `(func $f (param $i i32) (loop $l
    (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "run") (loop (call $f (i32.const 3)) (br 0)))`,
  "recursion that is caught": `(func $f (call $f)) (func (export "run")
    (loop (block (try_table (catch_all 0) (call $f))) (br 0)))`,
  "mutual recursion that is caught": `(func $f (call $g)) (func $g (call $f)) (func (export "run")
    (loop (block (try_table (catch_all 0) (call $f))) (br 0)))`,
  "indirect recursion that is caught": `(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f)
    (func $f (call_indirect (type $t) (i32.const 0)))
    (func (export "run") (loop (block (try_table (catch_all 0) (call $f))) (br 0)))`,
  "calls down and up again":
    `(func $f (param $n i32) (if (local.get $n) (then (call $f (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "run") (loop (call $f (i32.const 100)) (br 0)))`,
  "tail calls": `(func $f (export "run") (return_call $f))`,
  "mutual tail calls": `(func $f (export "run") (return_call $g)) (func $g (return_call $f))`,
  "indirect tail calls": `(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f)
    (func $f (export "run") (return_call_indirect (type $t) (i32.const 0)))`,
  "tail calls through a reference": `(type $t (func)) (elem declare func $f)
    (func $f (export "run") (return_call_ref $t (ref.func $f)))`,
  "calls through a reference in a loop": `(type $t (func)) (elem declare func $f) (func $f)
    (func (export "run") (loop (call_ref $t (ref.func $f)) (br 0)))`,
  "exceptions": `(tag $e) (func (export "run") (loop (block (try_table (catch $e 0) (throw $e))) (br 0)))`,
  "legacy exceptions": `(tag $e) (func (export "run") loop try throw $e catch $e end br 0 end)`,
  "legacy exceptions, delegated": `(tag $e) (func (export "run")
    loop try try throw $e delegate 0 catch_all end br 0 end)`,
  "rethrown exceptions": `(tag $e) (func (export "run")
    (loop (block (try_table (catch_all 0) (throw_ref (block (result exnref) (try_table (catch_all_ref 0) (throw $e)) (unreachable))))) (br 0)))`,
  "catch_all around a loop": `(func (export "run") (loop (block (try_table (catch_all 0) (loop (br 0)))) (br 0)))`,
  "legacy catch_all around a loop": `(func (export "run") loop try loop br 0 end catch_all end br 0 end)`,
  "a fan-out of 2^40 without a loop": fanOut(40),
  "a chain of 10,000 calls in a loop": chain(10_000),
  "straight-line code in a loop": `(func $long ${"(drop (i32.const 1))".repeat(50_000)})
    (func (export "run") (loop (call $long) (br 0)))`,
  "straight-line code that calls": `(func $leaf ${"(nop)".repeat(30)})
    (func $long ${"(call $leaf)".repeat(50_000)}) (func (export "run") (loop (call $long) (br 0)))`,
  "jumps over every charge": `(func $long ${`(block (br_if 0 (i32.const 1)) ${"(nop)".repeat(300)})`.repeat(100)})
    (func (export "run") (loop (call $long) (br 0)))`,
  "memory.fill":
    `(memory 100) (func (export "run") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 6000000)) (br 0)))`,
  "memory.copy":
    `(memory 100) (func (export "run") (loop (memory.copy (i32.const 0) (i32.const 1) (i32.const 6000000)) (br 0)))`,
  "table.fill":
    `(table 500000 funcref) (func (export "run") (loop (table.fill (i32.const 0) (ref.null func) (i32.const 500000)) (br 0)))`,
  "table.grow that fails":
    `(table 1 1 funcref) (func (export "run") (loop (drop (table.grow (ref.null func) (i32.const 1000000))) (br 0)))`,
  "memory.size": `(memory 1) (func (export "run") (loop (drop (memory.size)) (br 0)))`,
  "imports": `(import "env" "nop" (func $nop)) (func (export "run") (loop (call $nop) (br 0)))`,
};

for (const [shape, text] of Object.entries(ENDLESS)) {
  test(`fuel stops what runs for ever: ${shape}`, async () => {
    const bytes = await coreBytes(text);
    const host = scriptedHost({ ticksMax: 40, yieldEvery: 4, fuel: 20_000 });
    const { instance } = instantiateRewritten(bytes, { host, imports: { env: { nop() {} } }, tracksWrites: true });
    const outcome = outcomeOf(exported(instance, "run"));
    // The end of the stack is as final as a trap: a guest cannot catch it either.
    if (shape.includes("recursion") && outcome !== "trap: unreachable") return assert.match(outcome, /^RangeError: /);
    assert.equal(outcome, "trap: unreachable");
    // Nothing catches the trap and goes on.
    assert.equal(host.ticks, 41);
    assert.equal(host.yields, 10);
  });
}

test("fuel stops a start function", async () => {
  const bytes = await coreBytes(`(func $start (loop (br 0))) (start $start)`);
  const { module, added, host } = instantiateRewritten(bytes, { host: scriptedHost({ ticksMax: 3 }) });
  assert.ok(module.hasStart);
  const start = added("start");
  assert.equal(outcomeOf(() => (start as () => void)()), "trap: unreachable");
  assert.equal(host.ticks, 4);
});

test("fuel that yield does not give ends the guest too", async () => {
  const bytes = await coreBytes(ENDLESS["catch_all around a loop"] ?? "");
  const host = scriptedHost({ ticksMax: 3, yieldEvery: 1, fuel: 0 });
  const { instance } = instantiateRewritten(bytes, { host });
  assert.equal(outcomeOf(exported(instance, "run")), "trap: unreachable");
  assert.deepEqual([host.ticks, host.yields], [1, 1]);
});

test("a stretch is paid for at least once, whichever way control goes through it", async () => {
  // Each pass counts 100 instructions of its own; jumps of all kinds lead through it.
  const work = "(global.set $n (i64.add (global.get $n) (i64.const 100)))" + "(nop)".repeat(96);
  const bytes = await coreBytes(`(global $n (export "n") (mut i64) (i64.const 0)) (tag $e)
    (func (export "run") (param $i i32) (loop $again
      (block $b (br_if $b (i32.and (local.get $i) (i32.const 1))) ${work} ${work} ${work})
      (if (i32.and (local.get $i) (i32.const 2)) (then ${work} ${work} ${work}) (else ${work}))
      (block $c (try_table (catch $e $c) (br_if $c (i32.and (local.get $i) (i32.const 4))) ${work} ${work} ${work} (throw $e)))
      ${work}
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`);
  const host = scriptedHost({ ticksMax: 1_000_000, fuel: 10_000 });
  const { instance } = instantiateRewritten(bytes, { host });
  exported(instance, "run")(20_000);
  const counted = Number((instance.exports["n"] as WebAssembly.Global).value);
  // The first fuel is FUEL_PER_TICK; each tick gives 10,000 more.
  const paid = FUEL_PER_TICK + host.ticks * 10_000;
  assert.ok(paid >= counted, `${counted} instructions were paid with ${paid}`);
  assert.ok(paid <= 6 * counted, `${counted} instructions were paid with ${paid}`);
});
