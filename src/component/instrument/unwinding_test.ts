/**
 * Whoever calls has paid for what follows the call, and while thousands of calls return (or are unwound) nobody would ask:
 * what runs between two ticks stays within the fuel of one and a few units for each open call, whatever the shape.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  coreBytes,
  exported,
  instantiateRewritten,
  outcomeOf,
  scriptedHost,
} from "../../../test/support/instrumented.ts";
import { UNPAID_LOOPS_MAX, UNPAID_RETURN_MAX, UNPAID_STRAIGHT_MAX } from "./fuel_costs.ts";

const FUEL = 10_000;
/** Calls that are open at once, of functions that have 400 units and more to do when a call returns. */
const DEPTH = 1_200;
/** With a function of JavaScript between two calls: its frames are large. */
const DEPTH_ACROSS = 600;
/** One stretch at most, with the functions that it calls: the one that runs. */
const STRETCH_MAX = 36_000;

/** 400 instructions, which are counted in `$n`. */
const work = `(global.set $n (i64.add (global.get $n) (i64.const 400))) ${"(nop) ".repeat(396)}`;
/** So little that what is thrown behind it is in the same stretch. */
const little = `(global.set $n (i64.add (global.get $n) (i64.const 300))) ${"(nop) ".repeat(296)}`;
const leaves = "(call $leaf) ".repeat(8);
/** As many instructions as are counted, of one kind: `text` has `units` of them. */
const many = (text: string, units: number): string => {
  const times = Math.floor(396 / units);
  return `(global.set $n (i64.add (global.get $n) (i64.const ${4 + times * units}))) ${text.repeat(times)}`;
};
const less = `(i32.sub (local.get $i) (i32.const 1))`;
const again = (call: string): string => `(if (local.get $i) (then (call ${call} ${less})))`;
const recursion = (code: string): string => `(func $f (param $i i32) ${code})`;

/** `$f` is called with the depth. */
const SHAPES: Readonly<Record<string, string>> = {
  "a call of itself": recursion(`${again("$f")} ${work}`),
  "what small functions do": recursion(`${again("$f")} ${leaves}`),
  "a few units at a time": recursion(`${again("$f")} ${"(call $tiny) ".repeat(90)}`),
  "a branch": recursion(`(block (br_if 0 (i32.eqz (local.get $i))) (call $f ${less}) ${work} (return)) ${work}`),
  "an early way out": recursion(
    `(if (local.get $i) (then (call $f ${less}) (if (i32.const 1) (then ${work} (return)))))`,
  ),
  "calls behind calls": recursion(
    `(if (local.get $i) (then ${"(call $f (i32.const 0)) ".repeat(4)} (call $f ${less}) ${leaves})) ${work}`,
  ),
  "two functions": `(func $f (param $i i32) ${again("$g")} ${work}) (func $g (param $i i32) ${again("$f")} ${work})`,
  "a small function between": `(func $f (param $i i32) (call $g (local.get $i)) ${work})
    (func $g (param $i i32) ${again("$f")} ${"(call $tiny) ".repeat(6)})`,
  "a table": recursion(`(if (local.get $i) (then (call_indirect (type $i) ${less} (i32.const 0)))) ${work}`),
  "a table, through another function": `(func $f (param $i i32) (call $g (local.get $i)) ${work})
    (func $g (param $i i32) (if (local.get $i) (then (call_indirect (type $i) ${less} (i32.const 0)))))`,
  "a reference": recursion(`(if (local.get $i) (then (call_ref $i ${less} (ref.func $f)))) ${work}`),
  "the host": recursion(`${again("$host")} ${work} ${leaves}`),
  "another module": recursion(`${again("$other")} ${work} ${leaves}`),
  "a tail call below": `(func $f (param $i i32) ${again("$g")} ${work})
    (func $g (param $i i32) (return_call $f (local.get $i)))`,
  "a chain of calls to a table": `(func $f (param $i i32) (call $g (local.get $i)) ${work})
    (func $g (param $i i32) (call $h (local.get $i)) ${work})
    (func $h (param $i i32) ${again("$table")} ${work})
    (func $table (param $i i32) (call_indirect (type $i) (local.get $i) (i32.const 0)) ${work})`,
  "a long chain of calls to a table": `${
    Array.from({ length: 40 }, (_, index) =>
      `(func ${index === 0 ? "$f" : `$c${index}`} (param $i i32) (call $c${index + 1} (local.get $i)) ${
        index % 2 === 0 ? leaves : `(call $leaf)`
      })`).join("")
  } (func $c40 (param $i i32) (if (i32.gt_s (local.get $i) (i32.const 0))
    (then (call_indirect (type $i) (i32.sub (local.get $i) (i32.const 40)) (i32.const 0)))) ${leaves})`,
  "a chain to a table, and little behind its last call": `(func $f (param $i i32) (call $g (local.get $i)) ${work})
    (func $g (param $i i32) (call $h (local.get $i)) ${leaves})
    (func $h (param $i i32) (if (local.get $i) (then (call_indirect (type $i) ${less} (i32.const 0)))))`,
  "two ways to a table": `(func $f (param $i i32)
      (if (i32.and (local.get $i) (i32.const 1)) (then (call $g (local.get $i)) ${work}) (else (call $h (local.get $i)) (call $tiny))))
    (func $g (param $i i32) (call $h (local.get $i)) ${leaves})
    (func $h (param $i i32) (if (local.get $i) (then (call_indirect (type $i) ${less} (i32.const 0)))) ${leaves})`,
  "a chain with a tail call": `(func $f (param $i i32) (call $g (local.get $i)) ${work})
    (func $g (param $i i32) (return_call $h (local.get $i)))
    (func $h (param $i i32) (if (local.get $i) (then (call_indirect (type $i) ${less} (i32.const 0))))
      ${"(call $tiny) ".repeat(3)})`,
  "a tail call through a table": `(func $f (param $i i32) ${again("$g")} ${work})
    (func $g (param $i i32) (return_call_indirect (type $i) (local.get $i) (i32.const 0)))`,
  "the end of a loop": recursion(`(loop ${again("$f")}) ${work}`),
  "the ends of loops in loops": recursion(
    `${"(loop ".repeat(20)} ${again("$f")} ${`) (call $leaf) (call $leaf) (call $tiny)`.repeat(20)}`,
  ),
  "a branch out of loops": recursion(
    `(block $out (loop (loop (br_if $out (i32.eqz (local.get $i))) (call $f ${less}) (br $out)))) ${work}`,
  ),
  "a quiet loop with calls": recursion(`(local $j i32) (loop $l ${"(call $tiny) ".repeat(3)}
    (br_if $l (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 3)))) ${again("$f")} ${work}`),
  "a pass with quiet loops": recursion(`(local $j i32) (loop $l (local.set $j (i32.add (local.get $j) (i32.const 1)))
    (br_if $l (i32.lt_u (local.get $j) (i32.const 3)))) ${again("$f")} ${work}`),
  "tables of branches": recursion(
    `${again("$f")} ${many("(block (block (block (br_table 0 1 2 2 (local.get $i)))))", 2)}`,
  ),
  "a chain of selects": recursion(
    `${again("$f")} (local.get $i) ${many("(i32.const 1) (i32.const 2) (select) ", 3)} (drop)`,
  ),
  "vectors": recursion(
    `(local $v v128) ${again("$f")} ${many("(local.set $v (i8x16.popcnt (f64x2.sqrt (local.get $v))))", 4)}`,
  ),
  "elements of a table": recursion(
    `${again("$f")} ${many("(table.set $u (i32.const 0) (table.get $u (i32.const 1)))", 4)}`,
  ),
  "references of functions": recursion(`${again("$f")} ${many("(drop (ref.func $f))", 2)}`),
  "loads": recursion(`${again("$f")} ${many("(drop (i32.load (i32.const 0)))", 3)}`),
  "blocks in blocks behind the call": recursion(
    `${again("$f")} ${many("(block (block (br_if 1 (local.get $i)) (br_if 0 (local.get $i))))", 4)}`,
  ),
  "memories that are copied": recursion(
    `${again("$f")} ${many("(memory.copy (i32.const 0) (i32.const 8) (i32.const 4))", 4)}`,
  ),
  "calls through a reference": recursion(
    `${again("$f")} ${many("(call_ref $i (i32.const 0) (ref.func $nothing))", 3)}`,
  ),
  "a memory that is copied": recursion(
    `${again("$f")} (memory.copy (i32.const 0) (i32.const 8) (i32.const 4)) ${work}`,
  ),
  "an exception that goes on": `(func $f (param $i i32)
    (block (try_table (catch $e 0) (if (local.get $i) (then (call $f ${less}))) (throw $e)))
    ${little} (throw $e))`,
  "an exception of a loop that goes on": `(func $f (param $i i32) (loop
    (block (try_table (catch_all 0) (if (local.get $i) (then (call $f ${less}))) (throw $e)))
    ${little}) (throw $e))`,
  "a legacy exception that goes on": recursion(`try ${again("$f")} throw $e catch $e ${little} rethrow 0 end`),
  "a legacy exception that is dropped": recursion(`try ${again("$f")} throw $e catch_all ${little} end ${little}`),
  "a delegated exception": recursion(
    `try try ${again("$f")} throw $e delegate 0 catch_all ${little} end ${little} throw $e`,
  ),
  "a reference of an exception": recursion(`(block (result exnref) (try_table (catch_all_ref 0)
    (if (local.get $i) (then (call $f ${less}))) (throw $e)) (unreachable)) ${little} (throw_ref)`),
  "a chain of functions": Array.from(
    { length: DEPTH + 1 },
    (_, index) =>
      `(func ${index === 0 ? "$f" : `$f${index}`} (param $i i32) ${
        index === DEPTH ? `(call $spin)` : `(call $f${index + 1} (local.get $i))`
      } ${work})`,
  ).join("\n"),
  "loops in loops": recursion(`${"(loop ".repeat(DEPTH)} (call $spin) ${`) ${leaves}`.repeat(DEPTH)}`),
  "blocks in blocks": recursion(
    `${"(block ".repeat(DEPTH)} (call $spin) ${`(br_if 0 (i32.const 0)) ${leaves})`.repeat(DEPTH)}`,
  ),
};

function program(shape: string): string {
  const call = `(call $f (local.get $i))`;
  // No module may have both kinds of exceptions.
  const isLegacy = /\btry\b/.test(shape);
  return `(type $i (func (param i32)))
    (import "env" "host" (func $host (param i32))) (import "env" "other" (func $other (param i32)))
    (tag $e) (table 1 funcref) (elem (i32.const 0) $f) (elem declare func $f $nothing)
    (table $u 2 funcref) (func $nothing (param i32))
    (memory 1) (global $n (export "n") (mut i64) (i64.const 0))
    (func $tiny (global.set $n (i64.add (global.get $n) (i64.const 5))))
    (func $leaf (global.set $n (i64.add (global.get $n) (i64.const 60))) ${"(nop) ".repeat(56)})
    (func $spin (local $i i32) (loop $l (br_if $l
      (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000)))))
    ${shape}
    (func (export "run") (param $i i32) ${
    isLegacy ? `try ${call} catch_all end` : `(block (try_table (catch_all 0) ${call}))`
  })
    (func (export "f") (param $i i32) (call $f (local.get $i)))`;
}

for (const [shape, text] of Object.entries(SHAPES)) {
  for (const tracksWrites of [false, true]) {
    test(`no more than a tick's fuel runs while calls return: ${shape}${tracksWrites ? ", tracked" : ""}`, async () => {
      const bytes = await coreBytes(program(text));
      let [counted, most] = [0n, 0n];
      const modules: ReturnType<typeof instantiateRewritten>[] = [];
      const look = (): void => {
        const now = modules.reduce((sum, { instance }) => sum + counterOf(instance).value, 0n);
        if (now - counted > most) most = now - counted;
        counted = now;
      };
      const host = scriptedHost({ ticksMax: 1_000_000, fuel: FUEL, onTick: look });
      const callOf = (module: number) => (depth: unknown): unknown => {
        const found = modules[module];
        return found === undefined ? assert.fail("there is no such module") : exported(found.instance, "f")(depth);
      };
      for (const [own, other] of [[0, 1], [1, 0]] as const) {
        const imports = { env: { host: callOf(own), other: callOf(other) } };
        modules.push(instantiateRewritten(bytes, { host, tracksWrites, imports }));
      }
      for (const { added } of modules) (added("fuel") as WebAssembly.Global).value = FUEL;
      const [first] = modules;
      const depth = shape.endsWith("host") || shape.endsWith("module") ? DEPTH_ACROSS : DEPTH;
      assert.ok(first !== undefined);
      assert.equal(outcomeOf(() => exported(first.instance, "run")(depth)), "undefined");
      look();
      const bound = FUEL * modules.length + DEPTH * 2 * UNPAID_RETURN_MAX + UNPAID_STRAIGHT_MAX +
        UNPAID_LOOPS_MAX * STRETCH_MAX;
      // Else the bound would say nothing.
      assert.ok(counted > 2 * bound, `only ${counted} units were counted`);
      assert.ok(most <= bound, `${most} units ran between two ticks, and ${bound} may`);
    });
  }
}

function counterOf(instance: WebAssembly.Instance): WebAssembly.Global<"i64"> {
  return instance.exports["n"] as WebAssembly.Global<"i64">;
}
