/**
 * Ten million creations and drops of one resource leave memory flat: of the host's, of the guest's own, of one that
 * passes between components, and of the pollables that real guests make most of.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { compileComponent } from "../../src/component/engine.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { createHostImports } from "../../src/host/imports.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { COUNTER, counterHolder } from "../engine/fixtures.ts";
import { wat } from "../engine/wat.ts";
import { fakeContext } from "../support/host_context.ts";

const ROUNDS = 10_000_000;
/** The least that could leak for each of them, one word, would be more; garbage not yet collected is less. */
const GROWTH_BYTES_MAX = 64_000_000;

const LOOP = (make: string, drop: string): string =>
  `(loop $again
  (local.set $h ${make}) (call ${drop} (local.get $h))
  (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $h)`;

const HOST = `(import "test:host/things" (instance $api
    (export "thing" (type $thing (sub resource)))
    (export "[constructor]thing" (func (result (own $thing))))))
  (alias export $api "thing" (type $thing))
  (core func $new (canon lower (func $api "[constructor]thing")))
  (core func $drop (canon resource.drop $thing))
  (core module $M (import "" "new" (func $new (result i32))) (import "" "drop" (func $drop (param i32)))
    (func (export "run") (param $n i32) (result i32) (local $h i32) ${LOOP("(call $new)", "$drop")}))
  (core instance $m (instantiate $M (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run")))`;

const POLLABLES = `(import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $p)) (export "pollable" (type $pollable (eq $p)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $drop (canon resource.drop $pollable))
  (core module $M (import "" "new" (func $new (param i64) (result i32))) (import "" "drop" (func $drop (param i32)))
    (func (export "run") (param $n i32) (result i32) (local $h i32) ${LOOP("(call $new (i64.const 1000))", "$drop")}))
  (core instance $m (instantiate $M (with "" (instance (export "new" (func $subscribe)) (export "drop" (func $drop))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run")))`;

/** The guest's own; the representation is a constant, so that its memory does not grow either. */
const OWN = `${COUNTER}
  (core module $L (import "" "new" (func $new (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
    (func (export "run") (param $n i32) (result i32) (local $h i32) ${LOOP("(call $new (i32.const 16))", "$drop")}))
  (core instance $l (instantiate $L (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $l "run")))`;

/** Each call moves a handle from one component into another and drops it there. */
const BETWEEN = counterHolder("(call $drop (local.get $h)) (local.get $h)");

class Thing {
  static made = 0;
  static dropped = 0;
  readonly number: number = Thing.made++;
  [Symbol.dispose](): void {
    Thing.dropped++;
  }
}

type Run = (n: number) => unknown;

async function instantiate(text: string, imports: Readonly<Record<string, unknown>>): Promise<ComponentInstance> {
  return await (await compileComponent(await wat(text), { suspending: SUSPENDING })).instantiate(imports);
}

/** Memory of the process, after a collection where the runtime lets us ask for one. */
function used(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

async function assertFlat(instance: ComponentInstance, rounds: (run: Run) => unknown): Promise<void> {
  const run = instance.exports["run"] as Run;
  await run(1);
  const before = used();
  await rounds(run);
  const grown = used() - before;
  assert.ok(grown < GROWTH_BYTES_MAX, `it grew by ${grown} bytes`);
  assert.equal(instance.handleCount, 0);
}

test("ten million resources of the host: one handle, memory stays flat, each is disposed once", async () => {
  const instance = await instantiate(HOST, { "test:host/things": { Thing } });
  await assertFlat(instance, async (run) => assert.equal(await run(ROUNDS), 1));
  assert.deepEqual([Thing.made, Thing.dropped], [ROUNDS + 1, ROUNDS + 1]);
});

test("ten million resources of the guest: one handle, memory stays flat, each is destroyed once", async () => {
  let destroyed = 0;
  const instance = await instantiate(OWN, { log: () => void destroyed++ });
  await assertFlat(instance, async (run) => assert.equal(await run(ROUNDS), 1));
  assert.equal(destroyed, ROUNDS + 1);
});

test("ten million pollables: one handle, memory stays flat, no timer is left", async () => {
  const context = fakeContext();
  const instance = await instantiate(POLLABLES, createHostImports(context));
  await assertFlat(instance, async (run) => assert.equal(await run(ROUNDS), 1));
  assert.deepEqual([context.clock.timersArmed, context.counters.get("pollables")], [0, 0]);
});

test("two hundred thousand resources between components: memory of both tables stays flat", async () => {
  const instance = await instantiate(BETWEEN, { log() {} });
  // The maker takes four bytes of its own memory for each: the guest's affair, and no handle's.
  await assertFlat(instance, async (run) => {
    for (let round = 0; round < 200_000; round++) await run(round);
  });
});
