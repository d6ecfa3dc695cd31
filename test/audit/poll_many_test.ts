/** `poll` called by a guest with many pollables at once: the canonical ABI, the host and the clock together. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileComponent } from "../../src/component/engine.ts";
import { createHostImports } from "../../src/host/imports.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { LIBC, wat } from "../engine/wat.ts";
import { settle } from "../support/fake_clock.ts";
import { fakeContext } from "../support/host_context.ts";

/**
 * `add` subscribes to a time so many ms away and puts the handle behind the others, from address 1,000,000 on; `run` polls
 * the list of all of them and gives the indices.
 */
const GUEST = `${LIBC}
  (import "wasi:io/poll@0.2.8" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.8" (instance $clock
    (alias outer 1 $pollable (type $p)) (export "pollable" (type $pollable (eq $p)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $poll (canon lower (func $poll "poll") (memory $memory) (realloc $realloc)))
  (core func $drop (canon resource.drop $pollable))
  (core module $M (import "" "memory" (memory 1)) (import "" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "" "poll" (func $poll (param i32 i32 i32))) (import "" "drop" (func $drop (param i32)))
    (global $count (mut i32) (i32.const 0))
    (func $grow (drop (memory.grow (i32.const 31)))) (start $grow)
    (func $at (param $index i32) (result i32)
      (i32.add (i32.const 1000000) (i32.shl (local.get $index) (i32.const 2))))
    (func (export "add") (param $ms i32)
      (i32.store (call $at (global.get $count))
        (call $subscribe (i64.mul (i64.extend_i32_u (local.get $ms)) (i64.const 1000000))))
      (global.set $count (i32.add (global.get $count) (i32.const 1))))
    (func (export "run") (result i32)
      (call $poll (i32.const 1000000) (global.get $count) (i32.const 32)) (i32.const 32))
    (func (export "clear")
      (block $done (loop $next
        (br_if $done (i32.eqz (global.get $count)))
        (global.set $count (i32.sub (global.get $count) (i32.const 1)))
        (call $drop (i32.load (call $at (global.get $count)))) (br $next)))))
  (core instance $m (instantiate $M (with "" (instance (export "memory" (memory $memory))
    (export "subscribe" (func $subscribe)) (export "poll" (func $poll)) (export "drop" (func $drop))))))
  (func (export "add") (param "ms" u32) (canon lift (core func $m "add")))
  (func (export "run") (result (list u32)) (canon lift (core func $m "run") (memory $memory)))
  (func (export "clear") (canon lift (core func $m "clear")))`;

type Call = (...args: readonly unknown[]) => unknown;

async function guest() {
  const context = fakeContext();
  const compiled = await compileComponent(await wat(GUEST), { suspending: SUSPENDING });
  const instance = await compiled.instantiate(createHostImports(context), { handlesMax: 100_000 });
  const call = (name: string, ...args: readonly unknown[]) => (instance.exports[name] as Call)(...args);
  return { context, instance, call };
}

test("poll of 16,384 pollables gives exactly those that are due, in order, and leaves no timer", async () => {
  const { context, instance, call } = await guest();
  // Every 1,000th is due after 5 ms, the others much later.
  for (let index = 0; index < 16_384; index++) await call("add", index % 1000 === 7 ? 5 : 60_000 + index);
  const answers: Uint32Array[] = [];
  const running = Promise.resolve(call("run")).then((indices) => answers.push(indices as Uint32Array));
  await context.clock.advanceMs(4);
  await settle();
  assert.deepEqual(answers, []);
  await context.clock.advanceMs(1);
  await running;
  assert.deepEqual([...(answers[0] ?? [])], Array.from({ length: 17 }, (_, index) => index * 1000 + 7));
  // Asked again, the same ones are ready at once: nothing is used up by polling.
  assert.equal(((await call("run")) as Uint32Array).length, 17);
  await call("clear");
  assert.deepEqual([instance.handleCount, context.counters.get("pollables"), context.clock.timersArmed], [0, 0, 0]);
});

test("poll of an empty list, and of one over the limit, is a trap", async () => {
  for (const count of [0, 16_385]) {
    const { instance, call } = await guest();
    for (let index = 0; index < count; index++) await call("add", 0);
    await assert.rejects(async () => call("run"), /Cannot poll/);
    assert.equal(instance.state, "trapped");
    instance.dispose();
  }
});
