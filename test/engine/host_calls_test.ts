/** How the host's functions and classes are called: every kind of function, with any number of arguments. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTrap } from "../../src/component/trap.ts";
import { call, component, LIBC, OPTIONS } from "./wat.ts";

/** Exports `run`, which calls the import `name` with the numbers from 1 to `count`, after a new object for methods. */
function caller(name: string, count: number): string {
  const isMethod = name.startsWith("[method]");
  const params = Array.from({ length: count }, (_, index) => `(param "p${index}" u32)`).join(" ");
  const numbers = Array.from({ length: count }, (_, index) => `(i32.const ${index + 1})`).join(" ");
  return `(import "test:host/api" (instance $api
      (export "t" (type $t (sub resource)))
      (export "make" (func (result (own $t))))
      (export "${name}" (func ${isMethod ? '(param "self" (borrow $t))' : ""} ${params}
        (result ${name.startsWith("[constructor]") ? "(own $t)" : "u32"})))))
    (core func $make (canon lower (func $api "make"))) (core func $f (canon lower (func $api "${name}")))
    (core module $M
      (import "" "make" (func $make (result i32)))
      (import "" "f" (func $f (param ${"i32 ".repeat(isMethod ? count + 1 : count)}) (result i32)))
      (func (export "run") (result i32) (call $f ${isMethod ? "(call $make)" : ""} ${numbers})))
    (core instance $m (instantiate $M (with "" (instance (export "make" (func $make)) (export "f" (func $f))))))
    (func (export "run") (result u32) (canon lift (core func $m "run")))`;
}

for (const count of [0, 1, 2, 3, 4, 5]) {
  for (const name of ["f", "[constructor]t", "[method]t.use", "[static]t.all"]) {
    test(`host calls: ${name} with ${count} arguments`, async () => {
      const log: unknown[] = [];
      class T {
        constructor(...args: readonly unknown[]) {
          if (name === "[constructor]t") log.push(args);
        }
        static all(...args: readonly unknown[]): number {
          log.push(args);
          return this === T ? 1 : 0;
        }
        use(...args: readonly unknown[]): number {
          log.push(args);
          return this instanceof T ? 1 : 0;
        }
      }
      const f = (...args: readonly unknown[]): number => log.push(args);
      const compiled = await component(caller(name, count));
      const instance = await compiled.instantiate({ "test:host/api": { T, f, make: () => new T() } });
      assert.equal(await call(instance, "run"), 1);
      assert.deepEqual(log, [Array.from({ length: count }, (_, index) => index + 1)]);
    });
  }
}

test("host calls: an object that lost its method ends the guest", async () => {
  class T {
    use(): number {
      return 1;
    }
  }
  const make = (): T => Object.assign(new T(), { use: undefined });
  for (const count of [0, 1, 2, 3]) {
    const compiled = await component(caller("[method]t.use", count));
    const instance = await compiled.instantiate({ "test:host/api": { T, make } });
    await assert.rejects(async () => call(instance, "run"), /Cannot call method use: the object has none/);
    assert.equal(instance.state, "trapped");
  }
});

const inner = Object.assign(makeTrap("from below", null), { payload: 5 });
const boom = new Error("boom");
const THROWN = [
  { name: "a trap, whatever it carries", thrown: inner, isTrap: (error: unknown) => error === inner },
  {
    name: "an error without payload",
    thrown: boom,
    isTrap: (error: unknown) => error instanceof WebAssembly.RuntimeError && error.cause === boom,
  },
];
for (const { name, thrown, isTrap } of THROWN) {
  test(`host calls: ${name} is no error side of a result`, async () => {
    const compiled = await component(`(import "f" (func $f (result (result (error u32)))))
      ${LIBC}
      (core func $f (canon lower (func $f) ${OPTIONS}))
      (core module $M (import "" "f" (func $f (param i32))) (func (export "run") (call $f (i32.const 32))))
      (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
      (func (export "run") (canon lift (core func $m "run")))`);
    const instance = await compiled.instantiate({
      f() {
        throw thrown;
      },
    });
    await assert.rejects(async () => call(instance, "run"), isTrap);
    assert.equal(instance.state, "trapped");
  });
}

test("host calls: an imported class is exported as it is", async () => {
  const compiled = await component(`(import "test:host/api" (instance $api (export "t" (type $t (sub resource)))))
    (alias export $api "t" (type $t)) (export "t" (type $t))`);
  class T {
    readonly isT = true;
  }
  const imports = { "test:host/api": { T } };
  compiled.checkImports(imports);
  assert.equal((await compiled.instantiate(imports)).exports["T"], T);
  assert.throws(() => compiled.checkImports({ "test:host/api": {} }), /offers no "test:host\/api#t" \(class T\)/);
});
