/** Compiling, imports, and the way of a call: what is asked for, spilled parameters, post-return, memory that grows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentError } from "../../src/component/errors.ts";
import type { ExportedFunction } from "../../src/component/exported.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { component, LIBC, OPTIONS } from "./wat.ts";

function call(instance: ComponentInstance, name: string, ...args: unknown[]): unknown {
  return (instance.exports[name] as ExportedFunction)(...args);
}

test("imports: what no core module calls need not be offered", async () => {
  const compiled = await component(`
    (import "a:b/types" (instance $types (export "r" (type (sub resource))) (export "f" (func))))
    (import "a:b/api@0.2.1" (instance $api (export "used" (func (result u32))) (export "unused" (func))))
    (import "unused" (func))
    (core func $used (canon lower (func $api "used")))
    (core func $unused (canon lower (func $api "unused")))
    (core module $M (import "" "used" (func $used (result i32))) (func (export "run") (result i32) (call $used)))
    (core instance $m (instantiate $M (with "" (instance (export "used" (func $used))))))
    (func (export "run") (result u32) (canon lift (core func $m "run")))`);
  assert.deepEqual(compiled.imports.map((item) => item.name), ["a:b/types", "a:b/api@0.2.1", "unused"]);
  assert.equal(await call(await compiled.instantiate({ "a:b/api@0.2.7": { used: () => 3 } }), "run"), 3);
  await assert.rejects(
    () => compiled.instantiate({}),
    (error) => error instanceof ComponentError && error.reason === "import",
  );
});

test("exports: an interface is found whatever its version, and nothing is inherited", async () => {
  const compiled = await component(`(core module $M (func (export "run"))) (core instance $m (instantiate $M))
    (func $run (canon lift (core func $m "run")))
    (instance $i (export "run-it" (func $run))) (export "wasi:cli/run@0.2.9" (instance $i))`);
  const instance = await compiled.instantiate({});
  const found = instance.findInterface("wasi:cli/run");
  assert.equal(found, instance.exports["wasi:cli/run@0.2.9"]);
  assert.deepEqual(Object.keys(found ?? {}), ["runIt"]);
  assert.equal(instance.findInterface("wasi:cli/stdin"), undefined);
  assert.equal(instance.exports["toString"], undefined);
});

test("compile: a core module that V8 refuses is a malformed component, with its offset", async () => {
  const text = `(core module $Bad (func (export "f") (result i32) (nop))) (core instance (instantiate $Bad))`;
  await assert.rejects(component(text), (error) => {
    assert(error instanceof ComponentError);
    assert.equal(error.reason, "malformed");
    assert(error.offset > 8);
    return true;
  });
});

test("calls: seventeen parameters go through memory, in both directions", async () => {
  const params = Array.from({ length: 17 }, (_, index) => `(param "p${index}" ${index === 3 ? "string" : "u64"})`).join(
    " ",
  );
  const compiled = await component(`(import "f" (func $f ${params} (result string))) ${LIBC}
    (core func $f (canon lower (func $f) ${OPTIONS}))
    (core module $M (import "" "f" (func $f (param i32 i32)))
      (func (export "run") (param i32) (result i32) (call $f (local.get 0) (i32.const 16)) (i32.const 16)))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
    (func (export "run") ${params} (result string) (canon lift (core func $m "run") ${OPTIONS}))`);
  const instance = await compiled.instantiate({ f: (...args: unknown[]) => args.join() });
  const args = Array.from({ length: 17 }, (_, index) => index === 3 ? "three" : BigInt(index));
  assert.equal(await call(instance, "run", ...args), args.join());
  await assert.rejects(
    async () => call(instance, "run", ...args.slice(0, 16)),
    /undefined as parameter "p16" of "run", expected a u64/,
  );
});

test("calls: post-return gets what the function returned, after the result was read", async () => {
  const compiled = await component(`${LIBC}
    (core module $M (import "" "memory" (memory 1)) (global $freed (mut i32) (i32.const 0))
      (data (i32.const 64) "\\80\\00\\00\\00\\05\\00\\00\\00") (data (i32.const 128) "hello")
      (func (export "run") (result i32) (i32.const 64))
      (func (export "post") (param i32) (i32.store (i32.const 128) (i32.const 0)) (global.set $freed (local.get 0)))
      (func (export "freed") (result i32) (global.get $freed)))
    (core instance $m (instantiate $M (with "" (instance (export "memory" (memory $memory))))))
    (func (export "run") (result string) (canon lift (core func $m "run") ${OPTIONS} (post-return (core func $m "post"))))
    (func (export "freed") (result u32) (canon lift (core func $m "freed")))`);
  const instance = await compiled.instantiate({});
  assert.equal(await call(instance, "run"), "hello");
  assert.equal(await call(instance, "freed"), 64);
});

const BAD_RESULTS = [
  { name: "misaligned", pointer: 66, message: /not aligned to 4/ },
  { name: "out of bounds", pointer: 65532, message: /out of bounds/ },
  { name: "negative", pointer: -4, message: /out of bounds/ },
];
for (const { name, pointer, message } of BAD_RESULTS) {
  test(`calls: a result pointer that is ${name} traps, returned or passed`, async () => {
    const compiled = await component(`(import "f" (func $f (result string))) ${LIBC}
      (core func $f (canon lower (func $f) ${OPTIONS}))
      (core module $M (import "" "f" (func $f (param i32)))
        (func (export "returned") (result i32) (i32.const ${pointer}))
        (func (export "passed") (call $f (i32.const ${pointer}))))
      (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
      (func (export "returned") (result string) (canon lift (core func $m "returned") ${OPTIONS}))
      (func (export "passed") (canon lift (core func $m "passed")))`);
    for (const run of ["returned", "passed"]) {
      const instance = await compiled.instantiate({ f: () => "x" });
      await assert.rejects(async () => call(instance, run), message);
      assert.equal(instance.state, "trapped");
    }
  });
}

test("calls: memory that the guest grew between and within calls is the one that is read", async () => {
  const compiled = await component(`(import "f" (func $f (param "x" string) (result string))) ${LIBC}
    (core func $f (canon lower (func $f) ${OPTIONS}))
    (core module $M (import "" "f" (func $f (param i32 i32 i32))) (import "" "memory" (memory 1))
      (func (export "run") (param i32 i32) (result i32)
        (drop (memory.grow (i32.const 1)))
        (call $f (local.get 0) (local.get 1) (i32.const 16))
        (drop (memory.grow (i32.const 1))) (i32.const 16)))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f)) (export "memory" (memory $memory))))))
    (func (export "run") (param "x" string) (result string) (canon lift (core func $m "run") ${OPTIONS}))`);
  const instance = await compiled.instantiate({ f: (x: string) => `${x}${"y".repeat(70_000)}` });
  for (const x of ["a", "b".repeat(100_000)]) assert.equal(await call(instance, "run", x), `${x}${"y".repeat(70_000)}`);
});

test("calls: one call lifts at most 16 MiB, however often it names the same bytes", async () => {
  const compiled = await component(`(import "f" (func $f (param "x" (list (list u8))))) ${LIBC}
    (core func $f (canon lower (func $f) ${OPTIONS}))
    (core module $M (import "" "f" (func $f (param i32 i32))) (import "" "memory" (memory 1))
      (func (export "run") (param $n i32) (local $at i32)
        (local.set $at (local.get $n))
        (loop $again (local.set $at (i32.sub (local.get $at) (i32.const 1)))
          (i32.store offset=4 (i32.mul (local.get $at) (i32.const 8)) (i32.const 65536)) (br_if $again (local.get $at)))
        (call $f (i32.const 0) (local.get $n))))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f)) (export "memory" (memory $memory))))))
    (func (export "run") (param "n" u32) (canon lift (core func $m "run")))`);
  let lists = 0;
  const instance = await compiled.instantiate({ f: (x: unknown[]) => void (lists += x.length) });
  await call(instance, "run", 255);
  assert.equal(lists, 255);
  await assert.rejects(async () => call(instance, "run", 3000), /more than 16777216 bytes in one call/);
});
