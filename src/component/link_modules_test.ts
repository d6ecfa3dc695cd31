/** Core modules that components pass to each other: the types of such modules, and what does not fit them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse as wat } from "@bytecodealliance/jco";
import { type Refusal, testRefusals } from "../../test/support/component_refusals.ts";
import { planComponent } from "./link.ts";

const M = "malformed";
const U = "unsupported";

/** A component that wants a module of `type` and gets one that is `module`. */
const given = (type: string, module: string): string =>
  `(component $C (import "m" (core module ${type}))) (core module $m ${module})
  (instance (instantiate $C (with "m" (core module $m))))`;

const FUNC = '(func (export "c"))';
const ARGUMENTS: readonly Refusal[] = [
  ["a module without the export", given('(export "c" (func))', ""), M, /has no export "c"/],
  ["a module whose export has another signature", given('(export "c" (func (param i32)))', FUNC), M, /\(i32\) -> \(\)/],
  ["a module that imports more", given('(export "c" (func))', `(import "a" "b" (func)) ${FUNC}`), M, /imports "a" "b"/],
  [
    "a module that imports something else",
    given('(import "a" "b" (func (param i32)))', '(import "a" "b" (func))'),
    M,
    /imports "a" "b", which by its declared type has the signature \(i32\) -> \(\), expected \(\) -> \(\)/,
  ],
  ["a module of less memory", given('(export "c" (memory 2))', '(memory (export "c") 1)'), M, /minimum of 1/],
  [
    "a module of another global",
    given('(export "c" (global i32))', '(global (export "c") i64 (i64.const 1))'),
    M,
    /a constant global of i64/,
  ],
  [
    "a module of another table",
    given('(export "c" (table 1 funcref))', '(table (export "c") 1 externref)'),
    M,
    /holds externref/,
  ],
];

const TYPES: readonly Refusal[] = [
  ["a module at the root", '(import "m" (core module))', U, /import of a core module by the root/],
  ["two exports", '(core type (module (export "a" (func)) (export "a" (func))))', M, /exports "a" twice/],
  ["two imports", '(core type (module (import "a" "b" (func)) (import "a" "b" (func))))', M, /imports "a" "b" twice/],
  ["a type that is not there", '(core type (module (export "a" (func (type 3)))))', M, /core type 3 is used/],
  ["an outer type that is not there", "(core type (module (alias outer 1 7 (type))))", M, /outer core type 7 is used/],
  ["a type past the root", "(core type (module (alias outer 9 0 (type))))", M, /goes past the root/],
  [
    "a module type in a module type",
    "(core type $t (module)) (core type (module (alias outer 1 $t (type))))",
    U,
    /module types as members of module types/,
  ],
  ["a typed reference", "(core type (func (param (ref null 0))))", U, /typed function references/],
  [
    "a typed reference in a module type",
    "(core type (module (type (func (param (ref null 0))))))",
    U,
    /typed function/,
  ],
  ["a typed reference to nothing", '(core module (import "a" "b" (func (param (ref null 3)))))', M, /its type 3/],
  ["a continuation", "(core module (type (cont 0)))", U, /stack switching/],
];

testRefusals([...ARGUMENTS, ...TYPES]);

const LINKED = [
  {
    name: "a module that needs less than its type says",
    text: given(
      '(import "a" "b" (func)) (import "a" "c" (func)) (export "c" (func))',
      `(import "a" "b" (func)) ${FUNC}`,
    ),
  },
  {
    name: "module types of types from outside",
    text: `(core type $t (func (param i32)))
      (component $C (alias outer 1 $t (core type $x))
        (import "m" (core module (alias outer 1 $x (type)) (export "f" (func (type 0))))))
      (core module $m (func (export "f") (param i32)))
      (instance (instantiate $C (with "m" (core module $m))))`,
  },
  {
    name: "a module from the component around",
    text: `(core module $m) (component $C (alias outer 1 $m (core module $x)) (core instance (instantiate $x)))
      (instance (instantiate $C))`,
  },
  {
    name: "a module that a component exports",
    text: `(component $C (core module $m) (export "m" (core module $m))) (instance $i (instantiate $C))
      (alias export $i "m" (core module $x)) (core instance (instantiate $x))`,
  },
  {
    name: "constants of every kind",
    text:
      `(core module (table 1 funcref (ref.null func)) (global v128 (v128.const i64x2 0 0)) (global f32 (f32.const 1))
      (global f64 (f64.const 1)) (global i64 (i64.const 1)) (global i32 (i32.add (i32.const 1) (i32.const 2))))`,
  },
];
for (const { name, text } of LINKED) {
  test(`linkComponent links ${name}`, async () => {
    const plan = planComponent(await wat(`(component ${text})`));
    assert.equal(plan.coreInstances.length, /core instance/.test(text) ? 1 : 0);
  });
}
