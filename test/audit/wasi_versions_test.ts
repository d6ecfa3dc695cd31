/**
 * One component that imports its interfaces in every version of WASI 0.2, from 0.2.0 to 0.2.12, as bundles of several
 * tools do. To the component these are thirteen different resource types; all are the host's one class.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentError } from "../../src/component/errors.ts";
import { compileComponent } from "../../src/component/engine.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { createHostImports } from "../../src/host/imports.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { LIBC, wat } from "../engine/wat.ts";
import { fakeContext } from "../support/host_context.ts";

const PATCHES = Array.from({ length: 13 }, (_, patch) => patch);

/** The interfaces of one version: its own `poll`, and a clock whose pollables are that `poll`'s. */
function version(patch: number): string {
  return `
  (import "wasi:io/poll@0.2.${patch}" (instance $poll${patch}
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.ready" (func (param "self" (borrow $pollable)) (result bool)))
    (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
  (alias export $poll${patch} "pollable" (type $pollable${patch}))
  (import "wasi:clocks/monotonic-clock@0.2.${patch}" (instance $clock${patch}
    (alias outer 1 $pollable${patch} (type $p))
    (export "pollable" (type $pollable (eq $p)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (core func $subscribe${patch} (canon lower (func $clock${patch} "subscribe-duration")))
  (core func $ready${patch} (canon lower (func $poll${patch} "[method]pollable.ready")))
  (core func $drop${patch} (canon resource.drop $pollable${patch}))
  (core func $poll${patch} (canon lower (func $poll${patch} "poll") (memory $memory) (realloc $realloc)))`;
}

/** `run` subscribes in every version, waits for each with its own `poll`, asks whether it is ready, and drops it. */
const EVERY_VERSION = `${LIBC} ${PATCHES.map(version).join("")}
  (core module $M (import "" "memory" (memory 1))
    ${
  PATCHES.map((n) => `
      (import "" "subscribe${n}" (func $subscribe${n} (param i64) (result i32)))
      (import "" "ready${n}" (func $ready${n} (param i32) (result i32)))
      (import "" "drop${n}" (func $drop${n} (param i32)))
      (import "" "poll${n}" (func $poll${n} (param i32 i32 i32)))`).join("")
}
    (func (export "run") (result i32) (local $h i32) (local $sum i32)
      ${
  PATCHES.map((n) => `
        (local.set $h (call $subscribe${n} (i64.const ${n + 1})))
        (i32.store (i32.const 64) (local.get $h))
        (call $poll${n} (i32.const 64) (i32.const 1) (i32.const 32))
        (local.set $sum (i32.add (local.get $sum) (i32.add (i32.load (i32.const 36)) (call $ready${n} (local.get $h)))))
        (call $drop${n} (local.get $h))`).join("")
}
      (local.get $sum)))
  (core instance $m (instantiate $M (with "" (instance (export "memory" (memory $memory))
    ${
  PATCHES.map((n) => `
      (export "subscribe${n}" (func $subscribe${n})) (export "ready${n}" (func $ready${n}))
      (export "drop${n}" (func $drop${n})) (export "poll${n}" (func $poll${n}))`).join("")
}))))
  (func (export "run") (result u32) (canon lift (core func $m "run")))`;

function run(instance: ComponentInstance): unknown {
  const exported = instance.exports["run"];
  assert.ok(typeof exported === "function");
  return (exported as () => unknown)();
}

test("WASI 0.2.0 to 0.2.12 in one component: every version's clock and poll work side by side", async () => {
  const compiled = await compileComponent(await wat(EVERY_VERSION), { suspending: SUSPENDING });
  assert.equal(compiled.imports.length, PATCHES.length * 2);
  const context = fakeContext();
  const instance = await compiled.instantiate(createHostImports(context));
  const answers: unknown[] = [];
  const running = Promise.resolve(run(instance)).then((value) => answers.push(value));
  while (answers.length === 0) {
    await context.clock.advanceMs(1);
  }
  await running;
  // One ready index and one `true` for each version.
  assert.deepEqual(answers, [PATCHES.length * 2]);
  assert.equal(instance.handleCount, 0);
  instance.dispose();
  assert.equal(context.counters.get("pollables"), 0);
});

test("WASI of another line than 0.2 is refused by name, beside what is offered", async () => {
  for (const wanted of ["0.3.0", "0.2.0-rc-2023-11-10", "1.0.0"]) {
    const text = `(import "wasi:io/poll@${wanted}" (instance $poll (export "pollable" (type (sub resource)))
      (export "odd" (func))))
      (core func $odd (canon lower (func $poll "odd")))
      (core module $M (import "" "odd" (func))) (core instance (instantiate $M (with "" (instance (export "odd" (func $odd))))))`;
    const compiled = await compileComponent(await wat(text), { suspending: SUSPENDING });
    await assert.rejects(() => compiled.instantiate(createHostImports(fakeContext())), (error) => {
      assert.ok(error instanceof ComponentError && error.reason === "import");
      assert.ok(error.message.includes(`wasi:io/poll@${wanted}`), error.message);
      assert.match(error.message, /It offers wasi:cli\/environment, .*wasi:io\/poll/);
      return true;
    });
  }
});
