/** Fuel is a global of each core module: a guest of many modules must not have it many times over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedMeter } from "../engine/scripted_meter.ts";
import { call, component } from "../engine/wat.ts";

const MODULES = 100;
const PASSES = 50_000;
/** Of one pass through the loop, at least. */
const PASS_COST = 4;
const FUEL_PER_TICK = 400_000;

/** Each of so many modules computes for less than its fuel lasts, one after the other. */
function relay(modules: number): string {
  const numbers = Array.from({ length: modules }, (_, index) => index);
  return `(core module $Leaf (func (export "f") (param $n i32)
      (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
    ${numbers.map((n) => `(core instance $leaf${n} (instantiate $Leaf))`).join(" ")}
    (core module $Main ${numbers.map((n) => `(import "leaf" "f${n}" (func $f${n} (param i32)))`).join(" ")}
      (func (export "run") ${numbers.map((n) => `(call $f${n} (i32.const ${PASSES}))`).join(" ")}))
    (core instance $main (instantiate $Main (with "leaf" (instance
      ${numbers.map((n) => `(export "f${n}" (func $leaf${n} "f"))`).join(" ")}))))
    (func (export "run") (canon lift (core func $main "run")))`;
}

test("a guest of many modules is asked for its turn as often as one of a single module", async () => {
  const meter = new ScriptedMeter();
  const instance = await (await component(relay(MODULES))).instantiate({}, { meter });
  const least = Math.floor(MODULES * PASSES * PASS_COST / FUEL_PER_TICK / 2);
  for (let round = 0; round < 3; round++) {
    const before = meter.turns;
    await call(instance, "run");
    assert.ok(meter.turns - before >= least, `it was asked ${meter.turns - before} times, expected ${least} or more`);
    assert.equal(instance.recycle(), null);
  }
  instance.dispose();
});
