/** Nested components at work, not only planned: outer aliases of every kind, instances as arguments, types handed through. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { transpile } from "@bytecodealliance/jco";
import { compileComponent } from "../../src/component/engine.ts";
import { wat } from "../engine/wat.ts";

type Exports = Readonly<Record<string, unknown>>;
type Numbers = (...args: readonly number[]) => number | Promise<number>;

const ADD_ONE = `(core module $Add (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))`;
const LIFT_F = `(core instance $m (instantiate $Add))
  (func (export "f") (param "x" u32) (result u32) (canon lift (core func $m "f")))`;

interface Nesting {
  readonly name: string;
  readonly text: string;
  /** What `run(n)` gives for 1 and for 10. */
  readonly gives: readonly [number, number];
}

const NESTINGS: readonly Nesting[] = [
  {
    name: "a core module of the outermost component, two levels down",
    text: `${ADD_ONE}
      (component $A
        (component $B (alias outer 2 $Add (core module $Add)) ${LIFT_F})
        (instance $b (instantiate $B)) (export "f" (func $b "f")))
      (instance $a (instantiate $A)) (export "run" (func $a "f"))`,
    gives: [2, 11],
  },
  {
    name: "a component of the outermost one, used in two others",
    text: `(component $Add ${ADD_ONE} ${LIFT_F})
      (component $Twice
        (alias outer 1 $Add (component $Add))
        (import "g" (func $g (param "x" u32) (result u32)))
        (core func $g (canon lower (func $g)))
        (instance $add (instantiate $Add)) (alias export $add "f" (func $f))
        (core func $f (canon lower (func $f)))
        (core module $M (import "" "f" (func $f (param i32) (result i32))) (import "" "g" (func $g (param i32) (result i32)))
          (func (export "f") (param i32) (result i32) (call $g (call $f (local.get 0)))))
        (core instance $m (instantiate $M (with "" (instance (export "f" (func $f)) (export "g" (func $g))))))
        (func (export "f") (param "x" u32) (result u32) (canon lift (core func $m "f"))))
      (instance $add (instantiate $Add))
      (instance $one (instantiate $Twice (with "g" (func $add "f"))))
      (instance $two (instantiate $Twice (with "g" (func $one "f"))))
      (export "run" (func $two "f"))`,
    gives: [4, 13],
  },
  {
    name: "an instance made inline, as an argument of an instance that passes it on",
    text: `(component $Add ${ADD_ONE} ${LIFT_F})
      (component $Inner (import "i" (instance $i (export "g" (func (param "x" u32) (result u32)))))
        (export "f" (func $i "g")))
      (component $Outer (import "j" (instance $j (export "g" (func (param "x" u32) (result u32)))))
        (alias outer 1 $Inner (component $Inner))
        (instance $i (instantiate $Inner (with "i" (instance $j)))) (export "f" (func $i "f")))
      (instance $add (instantiate $Add))
      (instance $bundle (export "g" (func $add "f")))
      (instance $o (instantiate $Outer (with "j" (instance $bundle))))
      (export "run" (func $o "f"))`,
    gives: [2, 11],
  },
  {
    name: "a core module and a component as arguments",
    text: `${ADD_ONE}
      (component $Make
        (import "m" (core module $M (export "f" (func (param i32) (result i32)))))
        (import "c" (component $C (import "h" (func (param "x" u32) (result u32)))
          (export "f" (func (param "x" u32) (result u32)))))
        (core instance $m (instantiate $M))
        (func $h (param "x" u32) (result u32) (canon lift (core func $m "f")))
        (instance $c (instantiate $C (with "h" (func $h)))) (export "f" (func $c "f")))
      (component $Double (import "h" (func $h (param "x" u32) (result u32)))
        (core func $h (canon lower (func $h)))
        (core module $M (import "" "h" (func $h (param i32) (result i32)))
          (func (export "f") (param i32) (result i32) (i32.mul (call $h (local.get 0)) (i32.const 2))))
        (core instance $m (instantiate $M (with "" (instance (export "h" (func $h))))))
        (func (export "f") (param "x" u32) (result u32) (canon lift (core func $m "f"))))
      (instance $made (instantiate $Make (with "m" (core module $Add)) (with "c" (component $Double))))
      (export "run" (func $made "f"))`,
    gives: [4, 22],
  },
  {
    name: "a record type of the outermost one, spoken by two inner ones",
    text: `(type $pair (record (field "left" u32) (field "right" u32)))
      (component $Sum (alias outer 1 $pair (type $p)) (import "pair" (type $pair (eq $p)))
        (core module $M (func (export "f") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
        (core instance $m (instantiate $M))
        (func (export "f") (param "x" $pair) (result u32) (canon lift (core func $m "f"))))
      (instance $sum (instantiate $Sum (with "pair" (type $pair))))
      (component $Caller (alias outer 1 $pair (type $p)) (import "pair" (type $pair (eq $p)))
        (import "s" (func $s (param "x" $pair) (result u32)))
        (core func $s (canon lower (func $s)))
        (core module $M (import "" "s" (func $s (param i32 i32) (result i32)))
          (func (export "f") (param i32) (result i32) (call $s (local.get 0) (i32.const 100))))
        (core instance $m (instantiate $M (with "" (instance (export "s" (func $s))))))
        (func (export "f") (param "x" u32) (result u32) (canon lift (core func $m "f"))))
      (instance $caller (instantiate $Caller (with "pair" (type $pair)) (with "s" (func $sum "f"))))
      (export "run" (func $caller "f"))`,
    gives: [101, 110],
  },
];

async function underEngine(bytes: Uint8Array): Promise<Exports> {
  return (await (await compileComponent(bytes, { suspending: new Set() })).instantiate({})).exports;
}

async function underJco(bytes: Uint8Array): Promise<Exports> {
  const { files } = await transpile(bytes, {
    name: "nesting",
    instantiation: "async",
    noTypescript: true,
    wasiShim: false,
    quiet: true,
  });
  const source = files["nesting.js"];
  assert.ok(source !== undefined);
  const module = (await import(`data:text/javascript;base64,${source.toBase64()}`)) as {
    instantiate: (core: (name: string) => Promise<WebAssembly.Module>, imports: object) => Promise<Exports>;
  };
  return await module.instantiate((name) => WebAssembly.compile(new Uint8Array(files[name] ?? [])), {});
}

for (const { name, text, gives } of NESTINGS) {
  test(`nesting: ${name}`, async () => {
    const bytes = await wat(text);
    for (const exports of [await underEngine(bytes), await underJco(bytes)]) {
      const run = exports["run"] as Numbers;
      assert.deepEqual([await run(1), await run(10)], gives);
    }
  });
}
