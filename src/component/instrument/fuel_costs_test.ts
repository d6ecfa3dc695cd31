/** What runs between two ticks is bounded, whoever pays for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { coreBytes, exported, instantiateRewritten, scriptedHost } from "../../../test/support/instrumented.ts";
import { PAID_AHEAD_MAX } from "./fuel_costs.ts";

const FUEL = 10_000;
/** As many instructions as are counted in `$n`. */
const work = (units: number): string =>
  `(global.set $n (i64.add (global.get $n) (i64.const ${units}))) ${"(nop) ".repeat(units - 4)}`;

test("first passes of thousands of loops in a row are not all paid for ahead", async () => {
  const rows: Readonly<Record<string, string>> = {
    "short ones": `(loop ${work(80)})`,
    "with calls": `(loop ${"(call $leaf)".repeat(48)})`,
    "in blocks": `(block (loop (br_if 1 (i32.eqz (local.get $p))) (call $leaf)))`,
  };
  for (const [name, loop] of Object.entries(rows)) {
    for (const [around, end] of [["", ""], ["(loop $l", `(br_if $l (i32.lt_u ${next("$j")} (i32.const 3))))`]]) {
      const bytes = await coreBytes(`(global $n (export "n") (mut i64) (i64.const 0)) (func $leaf ${work(59)})
        (func $f (param $p i32) (local $j i32) ${around} ${loop.repeat(1000)} ${end})
        (func (export "run") (local $i i32) (loop $l (call $f (i32.const 1)) (br_if $l (i32.lt_u ${
        next("$i")
      } (i32.const 4)))))`);
      let [counted, most] = [0n, 0n];
      const counters: WebAssembly.Global<"i64">[] = [];
      const look = (): void => {
        const now = counters.reduce((sum, { value }) => sum + value, 0n);
        if (now - counted > most) most = now - counted;
        counted = now;
      };
      const host = scriptedHost({ ticksMax: 1_000_000, fuel: FUEL, onTick: look });
      const { instance, added } = instantiateRewritten(bytes, { host });
      counters.push(instance.exports["n"] as WebAssembly.Global<"i64">);
      (added("fuel") as WebAssembly.Global).value = FUEL;
      exported(instance, "run")();
      look();
      assert.ok(counted > 4 * FUEL, `${name}: only ${counted} units were counted`);
      assert.ok(most <= FUEL + PAID_AHEAD_MAX, `${name}: ${most} units ran between two ticks`);
    }
  }
});

/** Adds one to a local, and leaves it on the stack. */
function next(local: string): string {
  return `(local.tee ${local} (i32.add (local.get ${local}) (i32.const 1)))`;
}
