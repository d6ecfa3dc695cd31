/** Components that may not be linked: core instances and canonical definitions. */
import { type Refusal, testRefusals } from "../../test/support/component_refusals.ts";

const M = "malformed";
const U = "unsupported";

const core = (wasm: string, more: string): string =>
  `(core module $m ${wasm}) (core instance $i (instantiate $m)) ${more}`;
const needs = (imported: string, given: string, exported: string): string =>
  `(core module $m ${exported}) (core instance $i (instantiate $m)) (core module $n ${imported}) (core instance (instantiate $n (with "x" (instance ${given}))))`;
const CORE: readonly Refusal[] = [
  [
    "a core argument that is missing",
    '(core module $n (import "x" "f" (func))) (core instance (instantiate $n))',
    M,
    /gets no "f" of "x"/,
  ],
  ["a core export that is missing", needs('(import "x" "f" (func))', "$i", ""), M, /gets no "f" of "x"/],
  [
    "a core argument of another kind",
    needs('(import "x" "f" (func))', "$i", '(memory (export "f") 1)'),
    M,
    /is a memory.*expected a func/,
  ],
  [
    "a core function of another signature",
    needs('(import "x" "f" (func (param i64)))', "$i", '(func (export "f") (param i32))'),
    M,
    /\(i32\) -> \(\), expected \(i64\) -> \(\)/,
  ],
  [
    "a memory that is too small",
    needs('(import "x" "f" (memory 2))', "$i", '(memory (export "f") 1)'),
    M,
    /minimum of 1, expected at least 2/,
  ],
  [
    "a memory without maximum",
    needs('(import "x" "f" (memory 1 2))', "$i", '(memory (export "f") 1)'),
    M,
    /no maximum/,
  ],
  [
    "a 64-bit memory for a 32-bit one",
    needs('(import "x" "f" (memory 1))', "$i", '(memory (export "f") i64 1)'),
    M,
    /64-bit addresses/,
  ],
  [
    "a table of other elements",
    needs('(import "x" "f" (table 1 externref))', "$i", '(table (export "f") 1 funcref)'),
    M,
    /holds funcref/,
  ],
  [
    "a constant for a variable",
    needs('(import "x" "f" (global (mut i32)))', "$i", '(global (export "f") i32 (i32.const 0))'),
    M,
    /a constant global of i32/,
  ],
  [
    "a tag of another signature",
    needs('(import "x" "f" (tag (param i64)))', "$i", '(tag (export "f") (param i32))'),
    M,
    /has the signature/,
  ],
  [
    "a core argument twice",
    '(core instance $i) (core module $n) (core instance (instantiate $n (with "x" (instance $i)) (with "x" (instance $i))))',
    M,
    /"x" is given twice/,
  ],
  [
    "a core export twice",
    core('(func (export "f"))', '(core instance (export "a" (func $i "f")) (export "a" (func $i "f")))'),
    M,
    /exports "a" twice/,
  ],
  [
    "a core alias of another sort",
    core('(func (export "f"))', '(alias core export $i "f" (core memory $x))'),
    M,
    /is a func.*expected a memory/,
  ],
  ["a core alias of nothing", core("", '(alias core export $i "f" (core func $x))'), M, /no export "f"/],
  [
    "a lowered function of another signature",
    '(import "f" (func $f (param "x" u64))) (core func $l (canon lower (func $f))) (core module $n (import "x" "f" (func (param i32)))) (core instance (instantiate $n (with "x" (instance (export "f" (func $l))))))',
    M,
    /\(i64\) -> \(\), expected \(i32\) -> \(\)/,
  ],
  [
    "two core imports of one name",
    '(core module (import "a" "b" (func)) (import "a" "b" (func)))',
    M,
    /imports "a" "b" twice/,
  ],
  ["a core module of GC types", "(core module (type (struct)))", U, /garbage collection/],
  ["a core module with shared memory", "(core module (memory 1 1 shared))", U, /shared memories/],
];

const libc =
  '(memory (export "m") 1) (memory (export "m64") i64 1) (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable) (func (export "none")) (func (export "i32") (param i32)) (func (export "give") (result i32) unreachable)';
const canon = (more: string): string => core(libc, more);
const CANON: readonly Refusal[] = [
  [
    "a lift of another signature",
    canon('(func (param "x" u32) (canon lift (core func $i "none")))'),
    M,
    /has the signature \(\) -> \(\).*expected \(i32\) -> \(\)/,
  ],
  [
    "a lift without memory",
    canon('(func (param "x" string) (canon lift (core func $i "none")))'),
    M,
    /lacks the option memory/,
  ],
  [
    "a lift without realloc",
    canon('(func (param "x" string) (canon lift (core func $i "none") (memory (core memory $i "m"))))'),
    M,
    /lacks the option realloc/,
  ],
  [
    "a lift of a result without memory",
    canon('(func (result string) (canon lift (core func $i "give")))'),
    M,
    /lacks the option memory/,
  ],
  [
    "a realloc without memory",
    canon('(func (canon lift (core func $i "none") (realloc (core func $i "r"))))'),
    M,
    /realloc without memory/,
  ],
  [
    "a realloc of another signature",
    canon('(func (canon lift (core func $i "none") (memory (core memory $i "m")) (realloc (core func $i "i32"))))'),
    M,
    /the option realloc has the signature/,
  ],
  [
    "a post-return of another signature",
    canon('(func (result u32) (canon lift (core func $i "give") (post-return (core func $i "none"))))'),
    M,
    /the option post-return has the signature/,
  ],
  [
    "a 64-bit memory",
    canon('(func (canon lift (core func $i "none") (memory (core memory $i "m64"))))'),
    U,
    /64-bit memories at a component's boundary/,
  ],
  [
    "a lower without memory",
    '(import "f" (func $f (param "x" string))) (core func (canon lower (func $f)))',
    M,
    /lacks the option memory/,
  ],
  [
    "a lower without realloc",
    canon('(import "f" (func $f (result string))) (core func (canon lower (func $f) (memory (core memory $i "m"))))'),
    M,
    /lacks the option realloc/,
  ],
  [
    "a lower of 17 parameters without memory",
    `(import "f" (func $f ${
      Array.from({ length: 17 }, (_, i) => `(param "p${i}" u8)`).join(" ")
    })) (core func (canon lower (func $f)))`,
    M,
    /lacks the option memory/,
  ],
  [
    "resource.new of an import",
    '(import "r" (type $r (sub resource))) (core func (canon resource.new $r))',
    M,
    /resource\.new is used for a resource of another component/,
  ],
  [
    "resource.rep of an import",
    '(import "r" (type $r (sub resource))) (core func (canon resource.rep $r))',
    M,
    /resource\.rep is used/,
  ],
  [
    "resource.rep of a nested component's resource",
    '(component $c (type $r (resource (rep i32))) (export "r" (type $r))) (instance $i (instantiate $c)) (alias export $i "r" (type $r)) (core func (canon resource.rep $r))',
    M,
    /resource\.rep is used/,
  ],
  ["resource.drop of a value type", "(type u8) (core func (canon resource.drop 0))", M, /expected a resource type/],
];

testRefusals([...CORE, ...CANON]);
