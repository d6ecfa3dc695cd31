/** Objects that a guest gave away in a call that failed before they had a new owner: they go with the instance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { call, component } from "./wat.ts";

class Thing {
  static live = 0;
  constructor() {
    Thing.live++;
  }
  [Symbol.dispose](): void {
    Thing.live--;
  }
}

/** `make` gives a thing; `body` may pass it on to `f` or return it. */
function giving(type: { readonly f: string; readonly core: string; readonly run?: string }, body: string): string {
  const { f, core, run = "u32" } = type;
  return `(import "test:host/api" (instance $api (export "thing" (type $t (sub resource)))
      (export "make" (func (result (own $t)))) (export "f" (func ${f}))))
    (alias export $api "thing" (type $thing)) (alias export $api "make" (func $make)) (alias export $api "f" (func $f))
    (core module $Memory (memory (export "memory") 1)) (core instance $mem (instantiate $Memory))
    (alias core export $mem "memory" (core memory $memory))
    (core func $make (canon lower (func $make))) (core func $f (canon lower (func $f) (memory $memory)))
    (core module $M (import "" "make" (func $make (result i32))) (import "" "f" (func $f (param ${core})))
      (import "" "memory" (memory 1)) (func (export "run") (result i32) ${body}))
    (core instance $m (instantiate $M (with "" (instance
      (export "make" (func $make)) (export "f" (func $f)) (export "memory" (memory $memory))))))
    (func (export "run") (result ${run}) (canon lift (core func $m "run") (memory $memory)))`;
}

const ROWS = [
  {
    name: "a parameter after it is out of bounds",
    text: giving(
      { f: '(param "a" (own $t)) (param "b" string)', core: "i32 i32 i32" },
      "(call $f (call $make) (i32.const 65535) (i32.const 2)) (i32.const 0)",
    ),
  },
  {
    name: "the second of two parameters is no handle",
    text: giving(
      { f: '(param "a" (own $t)) (param "b" (own $t))', core: "i32 i32" },
      "(call $f (call $make) (i32.const 77)) (i32.const 0)",
    ),
  },
  {
    name: "a list ends in no handle",
    text: giving(
      { f: '(param "a" (list (own $t)))', core: "i32 i32" },
      "(i32.store (i32.const 8) (call $make)) (i32.store (i32.const 12) (call $make)) (call $f (i32.const 8) (i32.const 3)) (i32.const 0)",
    ),
  },
  {
    name: "a result beside it cannot be lifted",
    text: giving(
      { f: '(param "a" (own $t))', core: "i32", run: "(tuple (own $thing) string)" },
      "(i32.store (i32.const 8) (call $make)) (i32.store (i32.const 12) (i32.const -1)) (i32.store (i32.const 16) (i32.const 9)) (i32.const 8)",
    ),
  },
];

for (const { name, text } of ROWS) {
  test(`unlifted: ${name}`, async () => {
    let calls = 0;
    const compiled = await component(text);
    const instance = await compiled.instantiate({
      "test:host/api": { Thing, make: () => new Thing(), f: () => void calls++ },
    });
    await assert.rejects(async () => call(instance, "run"), WebAssembly.RuntimeError);
    assert.equal(calls, 0);
    assert.ok(Thing.live > 0);
    instance.dispose();
    assert.deepEqual([Thing.live, instance.handleCount], [0, 0]);
  });
}

test("unlifted: a host function that throws has owned what it was given", async () => {
  const text = giving(
    { f: '(param "a" (own $t)) (param "b" u32)', core: "i32 i32" },
    "(call $f (call $make) (i32.const 7)) (i32.const 0)",
  );
  const given: Thing[] = [];
  const instance = await (await component(text)).instantiate({
    "test:host/api": {
      Thing,
      make: () => new Thing(),
      f(thing: Thing) {
        given.push(thing);
        throw new Error("no");
      },
    },
  });
  await assert.rejects(async () => call(instance, "run"), /no/);
  instance.dispose();
  assert.deepEqual([Thing.live, given.length], [1, 1]);
  given[0]?.[Symbol.dispose]();
});
