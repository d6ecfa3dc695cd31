/** Components inside components: values between different encodings, re-entrance, suspension through several of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExportedFunction } from "../../src/component/exported.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { chain } from "./fixtures.ts";
import { component } from "./wat.ts";

function call(instance: ComponentInstance, name: string, ...args: unknown[]): unknown {
  return (instance.exports[name] as ExportedFunction)(...args);
}

const CHAIN = chain("utf8", "utf16", "latin1+utf16", "utf8");
const TEXTS = ["", "plain", "é\u0080\u00ff", "☂🦀", "\ufeffbom", "x".repeat(5000), "\u0000"];

test("composed: strings keep their value through all encodings, at once", async () => {
  const instance = await (await component(CHAIN)).instantiate({ echo: (x: unknown) => x });
  assert.deepEqual(await call(instance, "run", TEXTS), TEXTS);
  assert.deepEqual(await call(instance, "run", []), []);
});

test("composed: four components wait for one host function", async () => {
  const instance = await (await component(CHAIN, ["echo"])).instantiate({
    async echo(x: unknown) {
      await Promise.resolve();
      return x;
    },
  });
  assert.deepEqual(await call(instance, "run", TEXTS), TEXTS);
  assert.deepEqual(await call(instance, "run", ["again"]), ["again"]);
  assert.equal(instance.state, "idle");
});

test("composed: what can suspend answers at once when the host does", async () => {
  const instance = await (await component(CHAIN, ["echo"])).instantiate({ echo: (x: unknown) => x });
  assert.deepEqual(await call(instance, "run", TEXTS), TEXTS);
});

test("composed: kill unwinds all of them", async () => {
  const gate = Promise.withResolvers<unknown>();
  const instance = await (await component(CHAIN, ["echo"])).instantiate({ echo: () => gate.promise });
  const running = call(instance, "run", TEXTS);
  const cause = new Error("deadline");
  instance.kill(cause);
  await assert.rejects(
    async () => running,
    (error) => error instanceof WebAssembly.RuntimeError && error.cause === cause,
  );
  gate.resolve([]);
  assert.equal(instance.state, "trapped");
});

test("composed: a host function that rejects behind four components ends the call with its error", async () => {
  const cause = new Error("no");
  const instance = await (await component(CHAIN, ["echo"])).instantiate({ echo: () => Promise.reject(cause) });
  await assert.rejects(async () => call(instance, "run", TEXTS), (error) => {
    assert(error instanceof WebAssembly.RuntimeError);
    assert.equal(error.cause, cause);
    return true;
  });
});

/** `$Inner` exports `f`, which swallows what it can around a call of its import. */
const SWALLOWING = `(component $Inner
    (import "f" (func $f))
    (core func $f (canon lower (func $f)))
    (core module $M (import "" "f" (func $f))
      (func (export "f") (block $caught (try_table (catch_all $caught) (call $f)))))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
    (func (export "f") (canon lift (core func $m "f"))))`;

for (const suspending of [[], ["f"]]) {
  test(`composed: a trap goes through every component (${suspending.length === 0 ? "synchronous" : "suspending"})`, async () => {
    const compiled = await component(
      `(import "f" (func $f)) ${SWALLOWING}
      (instance $a (instantiate $Inner (with "f" (func $f))))
      (instance $b (instantiate $Inner (with "f" (func $a "f"))))
      (export "run" (func $b "f")) (export "other" (func $a "f"))`,
      suspending,
    );
    const cause = new Error("boom");
    const instance = await compiled.instantiate({
      f() {
        throw cause;
      },
    });
    const isRight = (error: unknown): boolean => error instanceof WebAssembly.RuntimeError && error.cause === cause;
    await assert.rejects(async () => call(instance, "run"), isRight);
    assert.equal(instance.state, "trapped");
    await assert.rejects(async () => call(instance, "other"), /trapped before/);
  });
}

test("composed: the trap of an inner component's own instruction is passed on as it is", async () => {
  const compiled = await component(`
    (component $Bad (core module $M (func (export "f") unreachable)) (core instance $m (instantiate $M))
      (func (export "f") (canon lift (core func $m "f"))))
    ${SWALLOWING}
    (instance $bad (instantiate $Bad)) (instance $a (instantiate $Inner (with "f" (func $bad "f"))))
    (export "run" (func $a "f"))`);
  const instance = await compiled.instantiate({});
  await assert.rejects(
    async () => call(instance, "run"),
    (error) => error instanceof WebAssembly.RuntimeError && error.cause === undefined,
  );
});

test("composed: a component that calls itself cannot be entered", async () => {
  // The root lifts a function, lowers it again and calls it from the same core instance through a table.
  const compiled = await component(`
    (core module $Table (table (export "t") 1 funcref) (type $f (func))
      (func (export "f") (call_indirect (type $f) (i32.const 0))))
    (core instance $t (instantiate $Table))
    (func $f (canon lift (core func $t "f")))
    (core func $again (canon lower (func $f)))
    (core module $Fill (import "" "t" (table 1 funcref)) (import "" "f" (func $f)) (elem (i32.const 0) func $f))
    (core instance (instantiate $Fill (with "" (instance
      (export "t" (table $t "t")) (export "f" (func $again))))))
    (export "run" (func $f))`);
  const instance = await compiled.instantiate({});
  await assert.rejects(async () => call(instance, "run"), /cannot be entered/);
  assert.equal(instance.state, "trapped");
});

test("composed: a host function that calls the running guest is refused, and may go on", async () => {
  const compiled = await component(`(import "f" (func $f))
    ${SWALLOWING} (instance $a (instantiate $Inner (with "f" (func $f)))) (export "run" (func $a "f"))`);
  let refused: unknown = null;
  const instance: ComponentInstance = await compiled.instantiate({
    f() {
      (call(instance, "run") as Promise<unknown>).catch((error: unknown) => {
        refused = error;
      });
    },
  });
  await call(instance, "run");
  assert.match(String(refused), /a call is under way/);
  assert.equal(instance.state, "idle");
});

test("composed: start functions run in order, and can call the components before them", async () => {
  const compiled = await component(`(import "log" (func $log (param "x" u32)))
    (component $C (import "log" (func $log (param "x" u32))) (import "n" (func $n (result u32)))
      (core func $log (canon lower (func $log))) (core func $n (canon lower (func $n)))
      (core module $M (import "" "log" (func $log (param i32))) (import "" "n" (func $n (result i32)))
        (global $x (mut i32) (i32.const 0))
        (func $start (global.set $x (i32.add (call $n) (i32.const 1))) (call $log (global.get $x))) (start $start)
        (func (export "n") (result i32) (global.get $x)))
      (core instance $m (instantiate $M (with "" (instance (export "log" (func $log)) (export "n" (func $n))))))
      (func (export "n") (result u32) (canon lift (core func $m "n"))))
    (import "zero" (func $zero (result u32)))
    (instance $a (instantiate $C (with "log" (func $log)) (with "n" (func $zero))))
    (instance $b (instantiate $C (with "log" (func $log)) (with "n" (func $a "n"))))
    (instance $c (instantiate $C (with "log" (func $log)) (with "n" (func $b "n"))))
    (export "n" (func $c "n"))`);
  const log: number[] = [];
  const instance = await compiled.instantiate({ log: (x: number) => void log.push(x), zero: () => 0 });
  assert.deepEqual(log, [1, 2, 3]);
  assert.equal(await call(instance, "n"), 3);
});

test("composed: an import that is exported again is the host's own function", async () => {
  const compiled = await component(`(import "f" (func $f (param "x" u32) (result u32))) (export "g" (func $f))`);
  const f = (x: number): number => x * 2;
  assert.equal(await call(await compiled.instantiate({ f }), "g", 4), 8);
});
