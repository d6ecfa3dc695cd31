/** Functions that take two numbers and return nothing are called on a stack that is kept: as many calls as one likes, and their ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keptStackCount } from "../../src/component/kept_stack.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { call, component } from "./wat.ts";

/** More than the process keeps. */
const MANY = 300;

/** `run` and `other` hand their parameters to the suspending `wait`; one that is given a 0 traps, behind a catch-all. */
const COMPONENT = component(
  `(import "wait" (func $wait (param "a" u32) (param "b" u32)))
  (core func $wait (canon lower (func $wait)))
  (core module $M (import "" "wait" (func $wait (param i32 i32)))
    (func $run (export "run") (param i32 i32)
      (block $caught (try_table (catch_all $caught)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (call $wait (local.get 0) (local.get 1)) return)))
    (func (export "other") (param i32 i32) (call $run (local.get 1) (local.get 0))))
  (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait))))))
  (func (export "run") (param "a" u32) (param "b" u32) (canon lift (core func $m "run")))
  (func (export "other") (param "a" u32) (param "b" u32) (canon lift (core func $m "other")))`,
  ["wait"],
);

type Wait = (a: number, b: number) => unknown;

async function open(wait: Wait): Promise<ComponentInstance> {
  return (await COMPONENT).instantiate({ wait });
}

/** Resolves when everything that was given up has ended. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

test("kept stack: a guest that traps ends its stack, and nobody calls on it again", async () => {
  const before = keptStackCount();
  const instance = await open(() => {});
  await call(instance, "run", 1, 2);
  assert.equal(keptStackCount(), before + 1);
  await assert.rejects(async () => await call(instance, "run", 0, 2), WebAssembly.RuntimeError);
  assert.equal(keptStackCount(), before);
  await assert.rejects(async () => await call(instance, "run", 1, 2), WebAssembly.RuntimeError);
  instance.dispose();
  assert.equal(keptStackCount(), before);
});

test("kept stack: an idle one ends with its instance, and tells nobody", async () => {
  const before = keptStackCount();
  const instance = await open(() => {});
  await call(instance, "run", 1, 2);
  instance.dispose();
  assert.equal(keptStackCount(), before);
  await settled();
});

test("kept stack: a guest that is killed while it waits ends its stack, whatever it catches", async () => {
  const before = keptStackCount();
  const instance = await open(() => new Promise(() => {}));
  const running = call(instance, "run", 1, 2);
  instance.kill(new Error("enough"));
  await assert.rejects(async () => await running, /enough/);
  instance.dispose();
  assert.equal(keptStackCount(), before);
});

test("kept stack: a guest that is disposed of while it waits ends its stack", async () => {
  const before = keptStackCount();
  const instance = await open(() => new Promise(() => {}));
  await assert.rejects(async () => await call(instance, "other", 1, 0), WebAssembly.RuntimeError);
  instance.dispose();
  const second = await open(() => new Promise(() => {}));
  const running = call(second, "run", 1, 2);
  second.dispose();
  await assert.rejects(async () => await running, WebAssembly.RuntimeError);
  await settled();
  assert.equal(keptStackCount(), before);
});

test("kept stack: each function of an instance has one of its own, and each call its own parameters", async () => {
  const before = keptStackCount();
  const seen: number[][] = [];
  const instance = await open(async (a, b) => {
    await settled();
    seen.push([a, b]);
  });
  for (const [name, a, b] of [["run", 1, 2], ["other", 3, 4], ["run", 5, 4_294_967_295], ["other", 6, 7]] as const) {
    await call(instance, name, a, b);
  }
  assert.deepEqual(seen, [[1, 2], [4, 3], [5, 4_294_967_295], [7, 6]]);
  assert.equal(keptStackCount(), before + 2);
  instance.dispose();
  assert.equal(keptStackCount(), before);
});

test("kept stack: more guests than stacks are kept wait at once, and the one that was idle the longest gives way", async () => {
  const before = keptStackCount();
  let waiting = 0;
  let goOn = (): void => {};
  const all = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const instances = await Promise.all(Array.from({ length: MANY }, () =>
    open(() => {
      waiting++;
      return all;
    })));
  const running = instances.map((instance) => call(instance, "run", 1, 2));
  await settled();
  assert.equal(waiting, MANY);
  assert.equal(keptStackCount(), 256);
  goOn();
  await Promise.all(running);
  // Those that had none get one now, at the cost of others, whose next call has to get one again.
  for (const instance of instances.toReversed()) await call(instance, "run", 1, 2);
  for (const instance of instances) await call(instance, "run", 1, 2);
  assert.equal(waiting, 3 * MANY);
  assert.equal(keptStackCount(), 256);
  for (const instance of instances) instance.dispose();
  await settled();
  assert.equal(keptStackCount(), before);
});
