/**
 * A borrow may not outlive its call, wherever the lender is: between components, in a variant or a list, through a call
 * that suspends, and with the owner's handle dropped under it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { COUNTER, COUNTER_EXPORTS } from "../engine/fixtures.ts";
import { component, LIBC, OPTIONS } from "../engine/wat.ts";

function run(instance: ComponentInstance, ...args: unknown[]): unknown {
  return (instance.exports["run"] as (...args: readonly unknown[]) => unknown)(...args);
}

/**
 * `$Maker` defines the resource, `$Keeper` exports `keep` with `body`, and `$Holder` owns a counter and lends it to it:
 * the keeper is neither the one that defines the resource nor the one that owns it.
 */
function lending(body: string, holder: string): string {
  const shape = `(export "counter" (type $counter (sub resource)))`;
  return `(import "log" (func $log (param "x" u32)))
  (component $Maker ${COUNTER} ${COUNTER_EXPORTS})
  (instance $maker (instantiate $Maker (with "log" (func $log))))
  (alias export $maker "test:guest/counters@1.0.0" (instance $counters))
  (component $Keeper
    (import "counters" (instance $c ${shape}
      (export "[method]counter.add-to" (func (param "self" (borrow $counter)) (param "n" u32) (result u32)))))
    (alias export $c "counter" (type $counter))
    (core func $add (canon lower (func $c "[method]counter.add-to")))
    (core func $drop (canon resource.drop $counter))
    (core module $M (import "" "add" (func $add (param i32 i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (global $kept (mut i32) (i32.const 0))
      (func (export "keep") (param $b i32) (result i32) ${body}))
    (core instance $m (instantiate $M (with "" (instance (export "add" (func $add)) (export "drop" (func $drop))))))
    (func (export "keep") (param "x" (borrow $counter)) (result u32) (canon lift (core func $m "keep"))))
  (instance $keeper (instantiate $Keeper (with "counters" (instance $counters))))
  (component $Holder
    (import "counters" (instance $c ${shape}
      (export "[constructor]counter" (func (param "n" u32) (result (own $counter))))))
    (alias export $c "counter" (type $counter))
    (import "keep" (func $keep (param "x" (borrow $counter)) (result u32)))
    (core func $make (canon lower (func $c "[constructor]counter")))
    (core func $keep (canon lower (func $keep)))
    (core func $drop (canon resource.drop $counter))
    (core module $M (import "" "make" (func $make (param i32) (result i32)))
      (import "" "keep" (func $keep (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (func (export "run") (param $n i32) (result i32) (local $h i32) (local $r i32)
        (local.set $h (call $make (local.get $n))) ${holder}))
    (core instance $m (instantiate $M (with "" (instance
      (export "make" (func $make)) (export "keep" (func $keep)) (export "drop" (func $drop))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))
  (instance $holder (instantiate $Holder (with "counters" (instance $counters)) (with "keep" (func $keeper "keep"))))
  (export "run" (func $holder "run"))`;
}

const USE = "(local.get $b) (i32.const 5) (call $add) (call $drop (local.get $b))";
const LEND_TWICE = `(local.set $r (call $keep (local.get $h))) (local.set $r (call $keep (local.get $h)))
  (call $drop (local.get $h)) (local.get $r)`;

test("borrow: a component that drops what it was lent may be lent it again, and the owner is not dropped", async () => {
  const dropped: number[] = [];
  const instance = await (await component(lending(USE, LEND_TWICE))).instantiate({
    log: (x: number) => dropped.push(x),
  });
  assert.equal(await run(instance, 1), 11);
  assert.deepEqual(dropped, [11]);
  assert.equal(instance.handleCount, 0);
});

const FORBIDDEN = [
  { name: "kept past the call", body: "(global.set $kept (local.get $b)) (i32.const 0)", message: /borrowed/ },
  {
    name: "kept after it was used",
    body: "(call $add (local.get $b) (i32.const 5))",
    message: /borrowed/,
  },
  {
    name: "dropped twice",
    body: "(call $drop (local.get $b)) (call $drop (local.get $b)) (i32.const 0)",
    message: /there is none/,
  },
  {
    name: "used after it was dropped",
    body: "(call $drop (local.get $b)) (call $add (local.get $b) (i32.const 1))",
    message: /there is none/,
  },
  {
    name: "used in the next call, by its old number",
    body: `(if (result i32) (global.get $kept)
        (then (drop (call $add (global.get $kept) (i32.const 1))) (i32.const 0))
        (else (global.set $kept (i32.add (local.get $b) (i32.const 1))) (call $drop (local.get $b)) (i32.const 0)))`,
    message: /there is none/,
  },
];
for (const { name, body, message } of FORBIDDEN) {
  test(`borrow: between components, ${name}: a trap`, async () => {
    const dropped: number[] = [];
    const instance = await (await component(lending(body, LEND_TWICE))).instantiate({
      log: (x: number) => dropped.push(x),
    });
    await assert.rejects(async () => run(instance, 1), message);
    assert.equal(instance.state, "trapped");
    // Nobody ran a destructor of what its owner still holds.
    assert.deepEqual(dropped, []);
  });
}

class Thing {
  readonly isThing = true;
}

/** `run` gets borrows inside `type` and does `body` with where they are; `$drop` and `$look` are there. */
function inside(type: string, params: string, body: string): string {
  return `(import "test:host/api" (instance $api (export "thing" (type $thing (sub resource)))
      (export "look" (func (param "x" (borrow $thing)) (result u32)))))
    (alias export $api "thing" (type $thing)) ${LIBC}
    (core func $look (canon lower (func $api "look"))) (core func $drop (canon resource.drop $thing))
    (core module $M (import "" "look" (func $look (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (import "" "memory" (memory 1)) (func (export "run") (param ${params}) ${body}))
    (core instance $m (instantiate $M (with "" (instance
      (export "look" (func $look)) (export "drop" (func $drop)) (export "memory" (memory $memory))))))
    (func (export "run") (param "x" ${type}) (canon lift (core func $m "run") ${OPTIONS}))`;
}

const LIST = "(list (borrow $thing))";
const DROP_ALL = `(local $i i32) (loop $next
  (call $drop (i32.load (i32.add (local.get 0) (i32.shl (local.get $i) (i32.const 2)))))
  (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 1))))`;

test("borrow: of a list, each one has to be dropped", async () => {
  const host = { "test:host/api": { Thing, look: () => 1 } };
  const things = [new Thing(), new Thing(), new Thing()];
  const good = await (await component(inside(LIST, "i32 i32", DROP_ALL))).instantiate(host);
  await run(good, things);
  assert.equal(good.handleCount, 0);
  const lazy = await (await component(inside(LIST, "i32 i32", "(call $drop (i32.load (local.get 0)))"))).instantiate(
    host,
  );
  await assert.rejects(async () => run(lazy, things), /returned with 2 borrowed handles/);
});

test("borrow: in an option, one that is there has to be dropped, one that is not has not", async () => {
  const host = { "test:host/api": { Thing, look: () => 1 } };
  const compiled = await component(inside("(option (borrow $thing))", "i32 i32", ""));
  await run(await compiled.instantiate(host), undefined);
  const other = await compiled.instantiate(host);
  await assert.rejects(async () => run(other, new Thing()), /returned with 1 borrowed handles/);
});

test("borrow: through a call that suspends, it lives until the call is over", async () => {
  const gate = Promise.withResolvers<number>();
  const text = inside("(borrow $thing)", "i32", "(drop (call $look (local.get 0))) (call $drop (local.get 0))");
  const compiled = await component(text, ["test:host/api#look"]);
  const seen: unknown[] = [];
  const thing = new Thing();
  const instance = await compiled.instantiate({
    "test:host/api": {
      Thing,
      look(x: unknown) {
        seen.push(x);
        return gate.promise;
      },
    },
  });
  const running = run(instance, thing);
  assert.deepEqual([instance.state, instance.handleCount, seen[0] === thing], ["busy", 1, true]);
  gate.resolve(1);
  await running;
  assert.deepEqual([instance.state, instance.handleCount], ["idle", 0]);
});
