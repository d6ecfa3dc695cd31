/** Loops with two kinds of passes, whose bodies are written several times: what is kept from one pass to the next. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { coreBytes, exported, instantiateRewritten } from "../../../test/support/instrumented.ts";

test("a loop with two kinds of passes keeps what is set in the outer one", async () => {
  const passes = `(br_if $k (i32.and (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const 1)))
    (br_if $l (local.get $i))`;
  const ways: Readonly<Record<string, string>> = {
    "a number": `(local $v i32) (loop $k (local.set $v (i32.add (local.get $v) (local.get $i)))
      (loop $l (global.set $n (i32.add (i32.mul (global.get $n) (i32.const 3)) (local.get $v))) ${passes}))`,
    "a reference that is never null": `(local $v (ref $t)) (loop $k (local.set $v (ref.func $seven))
      (loop $l (table.set (i32.const 0) (local.get $v)) ${passes}))
      (global.set $n (call_indirect (type $t) (i32.const 0)))`,
  };
  for (const [way, code] of Object.entries(ways)) {
    const bytes = await coreBytes(`(type $t (func (result i32))) (table 1 funcref) (elem declare func $seven)
      (func $seven (result i32) (i32.const 7)) (global $n (mut i32) (i32.const 0))
      (func (export "run") (param $i i32) (result i32) ${code} (global.get $n))`);
    const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const { instance } = instantiateRewritten(bytes);
    const expected = exported(plain, "run")(100);
    assert.notEqual(expected, 0);
    assert.equal(exported(instance, "run")(100), expected, way);
  }
});
