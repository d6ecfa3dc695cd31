/** Components that may not be linked: indices, names, types, arguments, and what the root may not import. */
import { type Refusal, testRefusals } from "../../test/support/component_refusals.ts";

const M = "malformed";
const U = "unsupported";

const INDICES: readonly Refusal[] = [
  ["a type that is not there", "(type (list 7))", M, /type 7 is used at byte \d+, expected no type, there is none/],
  ["a function that is not there", '(export "a" (func 0))', M, /func 0 is used/],
  ["a later type", "(type (list 1)) (type u8)", M, /type 1 is used/],
  [
    "a function type as a value type",
    "(type (func)) (type (list 0))",
    M,
    /type 0 is a func type.*expected a value type/,
  ],
  ["a value type as a function type", '(type u8) (import "a" (func (type 0)))', M, /type 0 is a value type/],
  ["an own of a value type", "(type u8) (type (own 0))", M, /expected a resource type/],
  [
    "a core type as a module type",
    '(core type (func)) (import "a" (core module (type 0)))',
    M,
    /expected a module type/,
  ],
  ["an instance without the export", '(instance $i) (export "a" (func $i "f"))', M, /instance 0 has no export "f"/],
  [
    "an export of another sort",
    '(type u8) (instance $i (export "f" (type 0))) (export "a" (func $i "f"))',
    M,
    /is a type/,
  ],
  ["an outer alias past the root", "(alias outer 1 0 (type))", M, /past the root/],
  ["an outer alias far past the root", "(component (alias outer 4000000 0 (type)))", M, /past the root/],
  ["an outer type that is not there", "(component (alias outer 1 0 (type)))", M, /outer type 0 is used/],
  ["an outer type from later", "(component (alias outer 1 0 (type))) (type u8)", M, /outer type 0 is used/],
  ["a fault in a component that nobody instantiates", "(component (type (list 7)))", M, /type 7 is used/],
  ["a fault in a type that nobody uses", "(type (instance (type (list 7))))", M, /type 7 is used/],
];

const NAMES: readonly Refusal[] = [
  [
    "two imports of one name",
    '(import "a-b" (func)) (import "A-B" (func))',
    M,
    /the import "A-B" has the name of another/,
  ],
  [
    "two exports of one name",
    '(import "f" (func $f)) (export "a" (func $f)) (export "a" (func $f))',
    M,
    /the export "a"/,
  ],
  ["two names in an instance type", '(type (instance (export "a" (func)) (export "A" (func))))', M, /the export "A"/],
  [
    "two names in an inline instance",
    '(import "f" (func $f)) (instance (export "a" (func $f)) (export "a" (func $f)))',
    M,
    /"a"/,
  ],
  ["a method that is no function", '(import "[method]a.b" (instance))', M, /is a instance.*expected a function/],
  ["a method without its resource", '(import "[method]a.b" (func))', M, /member of no resource in its scope/],
  ["a static without its resource", '(import "[static]a.b" (func))', M, /member of no resource in its scope/],
  ["a method without self", '(import "a" (type $a (sub resource))) (import "[method]a.b" (func))', M, /"self"/],
  [
    "a method with another self",
    '(import "a" (type $a (sub resource))) (import "[method]a.b" (func (param "x" (borrow $a))))',
    M,
    /"self"/,
  ],
  [
    "a method that owns",
    '(import "a" (type $a (sub resource))) (import "[method]a.b" (func (param "self" (own $a))))',
    M,
    /borrows a a/,
  ],
  [
    "a method of another resource",
    '(import "a" (type $a (sub resource))) (import "b" (type $b (sub resource))) (import "[method]a.c" (func (param "self" (borrow $b))))',
    M,
    /does not take its resource/,
  ],
  [
    "a constructor of nothing",
    '(import "a" (type $a (sub resource))) (import "[constructor]a" (func))',
    M,
    /does not make its resource/,
  ],
  [
    "a constructor of a number",
    '(import "a" (type $a (sub resource))) (import "[constructor]a" (func (result u32)))',
    M,
    /an owned a/,
  ],
  [
    "an import's method as an export",
    '(import "a" (type $a (sub resource))) (import "f" (func $f (param "self" (borrow $a)))) (export "[method]a.f" (func $f))',
    M,
    /no resource/,
  ],
];

const TYPES: readonly Refusal[] = [
  [
    "a borrow as a result",
    '(import "a" (type $a (sub resource))) (type (func (result (borrow $a))))',
    M,
    /holds a borrowed handle/,
  ],
  [
    "a borrow deep in a result",
    '(import "a" (type $a (sub resource))) (type (func (result (list (tuple u8 (borrow $a))))))',
    M,
    /borrowed/,
  ],
  ["a resource in an instance type", "(type (instance (type (resource (rep i32)))))", M, /\(sub resource\)/],
  [
    "a destructor of another signature",
    '(core module $m (func (export "d"))) (core instance $i (instantiate $m)) (type (resource (rep i32) (dtor (core func $i "d"))))',
    M,
    /destructor of another signature.*\(i32\) -> \(\)/,
  ],
  [
    "an outer resource",
    "(type $r (resource (rep i32))) (component (alias outer 1 0 (type)))",
    M,
    /resource types as imports/,
  ],
  [
    "an outer handle",
    "(type $r (resource (rep i32))) (type $o (list (own $r))) (component (alias outer 1 1 (type)))",
    M,
    /resource types as imports/,
  ],
  [
    "an outer instance type with a resource",
    '(type $r (resource (rep i32))) (type $i (instance (export "f" (func (param "x" (own $r)))))) (component (alias outer 1 1 (type)))',
    M,
    /resource types as imports/,
  ],
  [
    "a record without a name in an import",
    '(type $r (record (field "a" u8))) (import "f" (func (param "x" $r)))',
    M,
    /uses a record type that is not imported/,
  ],
  [
    "a resource without a name in an import",
    '(type $r (resource (rep i32))) (import "f" (func (param "x" (own $r))))',
    M,
    /uses a resource type/,
  ],
  [
    "its own resource in an import",
    '(type $r (resource (rep i32))) (import "i" (type (eq $r)))',
    M,
    /refers to a resource of this component/,
  ],
  [
    "an export's name in an import",
    '(type $r (record (field "a" u8))) (export $e "e" (type $r)) (import "i" (type (eq $e)))',
    M,
    /refers to an export/,
  ],
];

const ARGUMENTS: readonly Refusal[] = [
  ["a missing argument", '(component $c (import "a" (func))) (instance (instantiate $c))', M, /no argument "a"/],
  [
    "an argument of another sort",
    '(component $c (import "a" (func))) (instance $i) (instance (instantiate $c (with "a" (instance $i))))',
    M,
    /the argument "a" is a instance.*expected a func/,
  ],
  [
    "an argument twice",
    '(import "f" (func $f)) (component $c) (instance (instantiate $c (with "a" (func $f)) (with "a" (func $f))))',
    M,
    /"a" is given twice/,
  ],
  [
    "a function of another result",
    '(import "f" (func $f (result u8))) (component $c (import "a" (func (result s8)))) (instance (instantiate $c (with "a" (func $f))))',
    M,
    /function of another type/,
  ],
  [
    "a function of other parameter names",
    '(import "f" (func $f (param "x" u8))) (component $c (import "a" (func (param "y" u8)))) (instance (instantiate $c (with "a" (func $f))))',
    M,
    /another type/,
  ],
  [
    "an instance that lacks an export",
    '(instance $i) (component $c (import "a" (instance (export "f" (func))))) (instance (instantiate $c (with "a" (instance $i))))',
    M,
    /the argument "a" has no export "f"/,
  ],
  [
    "a mismatch deep inside",
    '(import "f" (func $f)) (instance $i (export "f" (func $f))) (instance $j (export "i" (instance $i))) (component $c (import "a" (instance (export "i" (instance (export "f" (func (result u8)))))))) (instance (instantiate $c (with "a" (instance $j))))',
    M,
    /the export "f" of the export "i" of the argument "a" is a function of another type/,
  ],
  [
    "a type of another structure",
    '(type $t (enum "a" "b")) (component $c (type $u (enum "a" "c")) (import "t" (type (eq $u)))) (instance (instantiate $c (with "t" (type $t))))',
    M,
    /is another type/,
  ],
  [
    "a value type for a resource",
    '(type $t u8) (component $c (import "t" (type (sub resource)))) (instance (instantiate $c (with "t" (type $t))))',
    M,
    /is a value type/,
  ],
  [
    "two resources for one",
    '(type $r (resource (rep i32))) (type $s (resource (rep i32))) (component $c (import "a" (type $a (sub resource))) (import "b" (type (eq $a)))) (instance (instantiate $c (with "a" (type $r)) (with "b" (type $s))))',
    M,
    /the argument "b" is another type/,
  ],
  [
    "a function of another resource",
    '(import "r" (type $r (sub resource))) (import "s" (type $s (sub resource))) (import "f" (func $f (param "x" (own $s)))) (component $c (import "a" (type $a (sub resource))) (import "f" (func (param "x" (own $a))))) (instance (instantiate $c (with "a" (type $r)) (with "f" (func $f))))',
    M,
    /the argument "f" is a function of another type/,
  ],
  [
    "a component that imports more",
    '(component $leaf (import "x" (func))) (component $c (import "c" (component))) (instance (instantiate $c (with "c" (component $leaf))))',
    M,
    /no argument "x"/,
  ],
  [
    "a component that exports less",
    '(component $leaf) (component $c (import "c" (component (export "f" (func))))) (instance (instantiate $c (with "c" (component $leaf))))',
    M,
    /has no export "f"/,
  ],
  [
    "a core module that imports more",
    '(core module $m (import "a" "b" (func))) (component $c (import "m" (core module))) (instance (instantiate $c (with "m" (core module $m))))',
    M,
    /imports "a" "b", which its declared type does not/,
  ],
  [
    "a core module that exports another signature",
    '(core module $m (func (export "f"))) (component $c (import "m" (core module (export "f" (func (param i32)))))) (instance (instantiate $c (with "m" (core module $m))))',
    M,
    /an export "f" that has the signature \(\) -> \(\)/,
  ],
  [
    "an export that is less than ascribed",
    '(instance $i) (export "i" (instance $i) (instance (export "f" (func))))',
    M,
    /the export "i" has no export "f"/,
  ],
  [
    "an export that is other than ascribed",
    '(import "f" (func $f)) (export "g" (func $f) (func (result u8)))',
    M,
    /the export "g" is a function of another type/,
  ],
];

const ROOT: readonly Refusal[] = [
  ["an imported component", '(import "c" (component))', U, /an import of a component by the root component/],
  ["an imported core module", '(import "c" (core module))', U, /an import of a core module by the root component/],
  [
    "an instance in an instance",
    '(import "i" (instance (export "j" (instance))))',
    U,
    /an instance inside an imported instance/,
  ],
  [
    "a component in an instance",
    '(import "i" (instance (export "j" (component))))',
    U,
    /a component inside an imported instance/,
  ],
];

testRefusals([...INDICES, ...NAMES, ...TYPES, ...ARGUMENTS, ...ROOT]);
