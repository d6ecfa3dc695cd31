/** Component texts that more than one test uses. */
import type { StringEncoding } from "../../src/component/types.ts";
import { LIBC } from "./wat.ts";

/** A component that passes a list of strings on, from its import `in` to its export `out`, in an encoding of its own. */
function relay(name: string, encoding: StringEncoding): string {
  const options = `(memory $memory) (realloc (core func $libc "realloc")) string-encoding=${encoding}`;
  return `(component $${name}
    (import "in" (func $in (param "x" (list string)) (result (list string))))
    ${LIBC}
    (core func $in (canon lower (func $in) ${options}))
    (core module $M (import "" "in" (func $in (param i32 i32 i32)))
      (func (export "out") (param i32 i32) (result i32)
        (call $in (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32)))
    (core instance $m (instantiate $M (with "" (instance (export "in" (func $in))))))
    (func (export "out") (param "x" (list string)) (result (list string)) (canon lift (core func $m "out") ${options})))`;
}

/** Four components in a row, in these encodings; `run` passes a list of strings through them to the host's `echo`. */
export function chain(...encodings: readonly [StringEncoding, StringEncoding, StringEncoding, StringEncoding]): string {
  const [a, b, c, d] = encodings;
  return `(import "echo" (func $echo (param "x" (list string)) (result (list string))))
    ${relay("A", a)} ${relay("B", b)} ${relay("C", c)} ${relay("D", d)}
    (instance $a (instantiate $A (with "in" (func $echo))))
    (instance $b (instantiate $B (with "in" (func $a "out"))))
    (instance $c (instantiate $C (with "in" (func $b "out"))))
    (instance $d (instantiate $D (with "in" (func $c "out"))))
    (export "run" (func $d "out"))`;
}

/** A counter that the guest defines; the representation is its address, `log` gets what the destructor sees. */
export const COUNTER = `
  (import "log" (func $log (param "x" u32)))
  (core func $log (canon lower (func $log)))
  ${LIBC}
  (core module $D (import "" "log" (func $log (param i32))) (import "" "memory" (memory 1))
    (func (export "dtor") (param i32) (call $log (i32.load (local.get 0)))))
  (core instance $d (instantiate $D (with "" (instance (export "log" (func $log)) (export "memory" (memory $memory))))))
  (type $counter (resource (rep i32) (dtor (core func $d "dtor"))))
  (core func $new (canon resource.new $counter)) (core func $rep (canon resource.rep $counter))
  (core func $drop (canon resource.drop $counter))
  (core module $M
    (import "" "memory" (memory 1)) (import "" "new" (func $new (param i32) (result i32)))
    (import "" "rep" (func $rep (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
    (import "" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    (func (export "make") (param $n i32) (result i32) (local $at i32)
      (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 4)))
      (i32.store (local.get $at) (local.get $n)) (call $new (local.get $at)))
    (func (export "add") (param $self i32) (param $n i32) (result i32)
      (i32.store (local.get $self) (i32.add (i32.load (local.get $self)) (local.get $n))) (i32.load (local.get $self)))
    (func (export "join") (param $a i32) (param $b i32) (result i32) (local $at i32)
      (local.set $at (call $rep (local.get $a)))
      (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.load (call $rep (local.get $b)))))
      (call $drop (local.get $b)) (local.get $a)))
  (core instance $m (instantiate $M (with "" (instance
    (export "memory" (memory $memory)) (export "realloc" (func $realloc)) (export "new" (func $new))
    (export "rep" (func $rep)) (export "drop" (func $drop))))))`;
/** Exports what `COUNTER` made as `test:guest/counters`. */
export const COUNTER_EXPORTS = `
  (component $Shape
    (import "counter" (type $counter (sub resource)))
    (import "make" (func $make (param "n" u32) (result (own $counter))))
    (import "add" (func $add (param "self" (borrow $counter)) (param "n" u32) (result u32)))
    (import "join" (func $join (param "a" (own $counter)) (param "b" (own $counter)) (result (own $counter))))
    (export $Counter "counter" (type $counter))
    (export "[constructor]counter" (func $make) (func (param "n" u32) (result (own $Counter))))
    (export "[method]counter.add-to" (func $add) (func (param "self" (borrow $Counter)) (param "n" u32) (result u32)))
    (export "[static]counter.join" (func $join)
      (func (param "a" (own $Counter)) (param "b" (own $Counter)) (result (own $Counter)))))
  (func $make (param "n" u32) (result (own $counter)) (canon lift (core func $m "make")))
  (func $add (param "self" (borrow $counter)) (param "n" u32) (result u32) (canon lift (core func $m "add")))
  (func $join (param "a" (own $counter)) (param "b" (own $counter)) (result (own $counter))
    (canon lift (core func $m "join")))
  (instance $counters (instantiate $Shape (with "counter" (type $counter)) (with "make" (func $make))
    (with "add" (func $add)) (with "join" (func $join))))
  (export "test:guest/counters@1.0.0" (instance $counters))`;

/** An outer component of two: one defines the resource, the other holds handles of it. */
export function counterHolder(body: string): string {
  return `(import "log" (func $log (param "x" u32)))
  (component $Maker ${COUNTER} ${COUNTER_EXPORTS})
  (instance $maker (instantiate $Maker (with "log" (func $log))))
  (alias export $maker "test:guest/counters@1.0.0" (instance $counters))
  (component $Holder
    (import "counters" (instance $c
      (export "counter" (type $counter (sub resource)))
      (export "[constructor]counter" (func (param "n" u32) (result (own $counter))))
      (export "[method]counter.add-to" (func (param "self" (borrow $counter)) (param "n" u32) (result u32)))
      (export "[static]counter.join" (func (param "a" (own $counter)) (param "b" (own $counter)) (result (own $counter))))))
    (alias export $c "counter" (type $counter))
    (core func $make (canon lower (func $c "[constructor]counter")))
    (core func $add (canon lower (func $c "[method]counter.add-to")))
    (core func $join (canon lower (func $c "[static]counter.join")))
    (core func $drop (canon resource.drop $counter))
    (core module $M
      (import "" "make" (func $make (param i32) (result i32))) (import "" "add" (func $add (param i32 i32) (result i32)))
      (import "" "join" (func $join (param i32 i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (func (export "run") (param $n i32) (result i32) (local $h i32) (local $r i32)
        (local.set $h (call $make (local.get $n))) ${body}))
    (core instance $m (instantiate $M (with "" (instance
      (export "make" (func $make)) (export "add" (func $add)) (export "join" (func $join)) (export "drop" (func $drop))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))
  (instance $holder (instantiate $Holder (with "counters" (instance $counters))))
  (export "run" (func $holder "run"))`;
}
