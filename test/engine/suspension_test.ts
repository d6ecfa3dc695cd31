/** Host functions that return promises: the fast path, every kind of result, and the places where nothing can wait. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HostTrap } from "../../src/base/errors.ts";
import type { ExportedFunction } from "../../src/component/exported.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { component, LIBC, OPTIONS } from "./wat.ts";

function call(instance: ComponentInstance, name: string, ...args: unknown[]): unknown {
  return (instance.exports[name] as ExportedFunction)(...args);
}

/** A promise and its ends, in the hands of the test. */
function deferred<T>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>();
}

/** Exports `run`, which passes its parameter to the suspending `wait` and returns what that returns. */
async function waiter(
  type: string,
  core: string,
): Promise<(wait: (x: unknown) => unknown) => Promise<ComponentInstance>> {
  const compiled = await component(
    `(import "wait" (func $wait (param "x" ${type}) (result ${type})))
    (core func $wait (canon lower (func $wait)))
    (core module $M (import "" "wait" (func $wait (param ${core}) (result ${core})))
      (func (export "run") (param ${core}) (result ${core})
        (block $caught (try_table (catch_all $caught) (return (call $wait (local.get 0))))) unreachable))
    (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") (param "x" ${type}) (result ${type}) (canon lift (core func $m "run")))`,
    ["wait"],
  );
  return (wait) => compiled.instantiate({ wait });
}

const RESULTS = [
  { type: "u32", core: "i32", value: 4_000_000_000 },
  { type: "s64", core: "i64", value: -(2n ** 63n) },
  { type: "f32", core: "f32", value: 0.5 },
  { type: "f64", core: "f64", value: Math.PI },
  { type: "bool", core: "i32", value: true },
  { type: "char", core: "i32", value: "🦀" },
];
for (const { type, core, value } of RESULTS) {
  test(`suspension: a result of type ${type}, at once and later`, async () => {
    const make = await waiter(type, core);
    const instance = await make((x) => x);
    assert.equal(await call(instance, "run", value), value);
    const slow = await make(async (x) => {
      await Promise.resolve();
      return x;
    });
    assert.equal(await call(slow, "run", value), value);
    assert.equal(await call(slow, "run", value), value);
    assert.equal(slow.state, "idle");
  });
}

test("suspension: any thenable counts as a promise", async () => {
  const make = await waiter("u32", "i32");
  const then = "th".concat("en");
  const instance = await make((x) => ({ [then]: (resolve: (value: unknown) => void) => resolve(x) }));
  assert.equal(await call(instance, "run", 8), 8);
});

test("suspension: a thenable that throws ends its guest by a genuine trap", async () => {
  const make = await waiter("u32", "i32");
  const then = "th".concat("en");
  const instance = await make(() => ({
    [then]: () => {
      throw new Error("no promise");
    },
  }));
  await assert.rejects(async () => call(instance, "run", 8), (error) => {
    assert(error instanceof WebAssembly.RuntimeError);
    return /no promise/.test(`${error.message} ${String(error.cause)}`);
  });
  assert.equal(instance.state, "trapped");
  instance.dispose();
});

test("suspension: an answer that is there at once costs no turn of the microtask queue", async () => {
  const compiled = await component(
    `(import "wait" (func $wait))
    (core func $wait (canon lower (func $wait)))
    (core module $M (import "" "wait" (func $wait))
      (func (export "run") (call $wait) (call $wait) (call $wait)))
    (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") (canon lift (core func $m "run")))`,
    ["wait"],
  );
  const log: string[] = [];
  const instance = await compiled.instantiate({ wait: () => void log.push("wait") });
  const running = call(instance, "run");
  log.push("called");
  await running;
  assert.deepEqual(log, ["wait", "wait", "wait", "called"]);
});

test("suspension: many guests of one component wait at the same time, each for its own", async () => {
  const make = await waiter("u32", "i32");
  const gates = new Map<unknown, PromiseWithResolvers<unknown>>();
  const instances = await Promise.all(Array.from({ length: 20 }, () =>
    make((x) => {
      const gate = deferred<unknown>();
      gates.set(x, gate);
      return gate.promise;
    })));
  const running = instances.map((instance, index) => call(instance, "run", index));
  assert(instances.every((instance) => instance.state === "busy"));
  for (const [x, gate] of [...gates].reverse()) gate.resolve(Number(x) + 100);
  assert.deepEqual(await Promise.all(running), instances.map((_, index) => index + 100));
});

test("suspension: a busy instance refuses a second call, and goes on", async () => {
  const make = await waiter("u32", "i32");
  const gate = deferred<number>();
  const instance = await make(() => gate.promise);
  const first = call(instance, "run", 1);
  await assert.rejects(async () => call(instance, "run", 2), /a call is under way/);
  assert.equal(instance.state, "busy");
  gate.resolve(7);
  assert.equal(await first, 7);
});

test("suspension: a host function that is not declared to suspend gives its value at once", async () => {
  const compiled = await component(
    `(import "wait" (func $wait (param "x" u32) (result u32)))
    (core func $wait (canon lower (func $wait)))
    (core module $M (import "" "wait" (func $wait (param i32) (result i32)))
      (func (export "run") (param i32) (result i32) (call $wait (local.get 0))))
    (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") (param "x" u32) (result u32) (canon lift (core func $m "run")))`,
  );
  assert.equal(await call(await compiled.instantiate({ wait: (x: number) => x + 1 }), "run", 1), 2);
});

test("kill: unwinds a suspended guest with its cause; the late answer does nothing", async () => {
  const make = await waiter("u32", "i32");
  const gate = deferred<number>();
  const instance = await make(() => gate.promise);
  const running = call(instance, "run", 1);
  const cause = new Error("deadline");
  instance.kill(cause);
  await assert.rejects(async () => running, (error) => {
    assert(error instanceof WebAssembly.RuntimeError);
    assert.equal(error.cause, cause);
    assert.equal(error.message, "deadline");
    return true;
  });
  assert.equal(instance.state, "trapped");
  gate.resolve(5);
  await gate.promise;
  instance.kill(new Error("again"));
  instance.dispose();
  instance.dispose();
  assert.equal(instance.state, "disposed");
});

test("kill: from inside a host function ends the guest when that returns; idle instances do not care", async () => {
  const make = await waiter("u32", "i32");
  let instance: ComponentInstance | null = null;
  instance = await make((x) => {
    instance?.kill(new HostTrap("enough"));
    return x;
  });
  instance.kill(new Error("idle"));
  await assert.rejects(async () => call(instance, "run", 1), /^RuntimeError: enough$/);
});

test("dispose: ends a suspended call, whose promise still settles", async () => {
  const make = await waiter("u32", "i32");
  const gate = deferred<number>();
  const instance = await make(() => gate.promise);
  const running = call(instance, "run", 1);
  instance.dispose();
  await assert.rejects(async () => running, /disposed/);
  assert.equal(instance.state, "disposed");
  gate.reject(new Error("nobody hears this"));
  await assert.rejects(async () => call(instance, "run", 1), /it was disposed/);
});

/** Where JavaScript is below the guest; each wraps `(call $wait)` in a handler that swallows all it can. */
const SWALLOW = "(block $caught (try_table (catch_all $caught) (call $wait)))";
const NOWHERE = [
  {
    name: "realloc",
    module: `(func (export "realloc") (param i32 i32 i32 i32) (result i32) ${SWALLOW} (i32.const 64))
      (func (export "run") (param i32 i32)) (func (export "post"))`,
    lift: `(func (export "run") (param "x" string) (canon lift (core func $m "run")
      (memory $memory) (realloc (core func $m "realloc"))))`,
    message: /realloc or post-return/,
  },
  {
    name: "post-return",
    module: `(func (export "run") (param i32 i32)) (func (export "post") ${SWALLOW})
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))`,
    lift: `(func (export "run") (param "x" string) (canon lift (core func $m "run")
      (memory $memory) (realloc (core func $m "realloc")) (post-return (core func $m "post"))))`,
    message: /realloc or post-return/,
  },
];
for (const { name, module, lift, message } of NOWHERE) {
  test(`suspension: a guest that waits in ${name} traps`, async () => {
    const compiled = await component(
      `(import "wait" (func $wait)) ${LIBC}
      (core func $wait (canon lower (func $wait)))
      (core module $M (import "" "wait" (func $wait)) ${module})
      (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait))))))
      ${lift}`,
      ["wait"],
    );
    const instance = await compiled.instantiate({ wait: () => Promise.resolve() });
    await assert.rejects(async () => call(instance, "run", "x"), (error) => {
      assert(error instanceof WebAssembly.RuntimeError);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(instance.state, "trapped");
  });
}

/** Two modules with start functions that log, wait, and log again. */
const STARTS = `(import "wait" (func $wait)) (import "log" (func $log (param "x" u32)))
  (core func $wait (canon lower (func $wait))) (core func $log (canon lower (func $log)))
  (core module $M (import "" "wait" (func $wait)) (import "" "log" (func $log (param i32)))
    (func $start (call $log (i32.const 1)) ${SWALLOW} (call $log (i32.const 2))) (start $start)
    (func (export "run")))
  (core instance $a (instantiate $M (with "" (instance (export "wait" (func $wait)) (export "log" (func $log))))))
  (core instance $b (instantiate $M (with "" (instance (export "wait" (func $wait)) (export "log" (func $log))))))
  (func (export "run") (canon lift (core func $b "run")))`;

test("suspension: a start function can wait, and the next module is made when it has ended", async () => {
  const compiled = await component(STARTS, ["wait"]);
  for (const isSlow of [false, true]) {
    const log: number[] = [];
    const instance = await compiled.instantiate({
      log: (x: number) => void log.push(x),
      wait: () => isSlow ? new Promise((resolve) => setTimeout(resolve)) : undefined,
    });
    assert.deepEqual(log, [1, 2, 1, 2]);
    assert.equal(instance.state, "idle");
    assert.equal(await call(instance, "run"), undefined);
  }
});

test("suspension: a host function that fails, kill and dispose end a start function", async () => {
  const compiled = await component(STARTS, ["wait"]);
  const cause = new Error("over");
  const ends: readonly ((instance: ComponentInstance) => unknown)[] = [
    (instance) => instance.kill(cause),
    (instance) => instance.dispose(),
  ];
  for (const end of [null, ...ends]) {
    const log: number[] = [];
    let made: ComponentInstance | null = null;
    const onMade = (instance: ComponentInstance): void => {
      made = instance;
    };
    const wait = (): Promise<void> => end === null ? Promise.reject(cause) : new Promise(() => {});
    const starting = compiled.instantiate({ log: (x: number) => void log.push(x), wait }, { onMade });
    assert.ok(made !== null);
    const instance: ComponentInstance = made;
    assert.equal(instance.state, "busy");
    end?.(instance);
    await assert.rejects(starting, (error) => {
      assert.ok(error instanceof WebAssembly.RuntimeError);
      if (end !== ends[1]) assert.equal(error.cause, cause);
      return true;
    });
    assert.equal(instance.state, "disposed");
    assert.deepEqual(log, [1]);
  }
});

test("suspension: destructors and constructors run without waiting", async () => {
  const compiled = await component(
    `(import "wait" (func $wait))
    (core func $wait (canon lower (func $wait)))
    (core module $D (import "" "wait" (func $wait)) (func (export "dtor") (param i32) ${SWALLOW}))
    (core instance $d (instantiate $D (with "" (instance (export "wait" (func $wait))))))
    (type $thing (resource (rep i32) (dtor (core func $d "dtor"))))
    (core func $new (canon resource.new $thing))
    (core func $drop (canon resource.drop $thing))
    (core module $M (import "" "wait" (func $wait)) (import "" "new" (func $new (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "make") (result i32) ${SWALLOW} (call $new (i32.const 5)))
      (func (export "run") (block $caught (try_table (catch_all $caught) (call $drop (call $new (i32.const 6)))))))
    (core instance $m (instantiate $M (with "" (instance
      (export "wait" (func $wait)) (export "new" (func $new)) (export "drop" (func $drop))))))
    (export $Thing "thing" (type $thing))
    (func (export "[constructor]thing") (result (own $Thing)) (canon lift (core func $m "make")))
    (func (export "run") (canon lift (core func $m "run")))`,
    ["wait"],
  );
  let isSlow = true;
  const wait = (): Promise<void> | undefined => isSlow ? Promise.resolve() : undefined;
  const one = await compiled.instantiate({ wait });
  await assert.rejects(async () => call(one, "run"), /Cannot wait in "wait"/);
  const two = await compiled.instantiate({ wait });
  const Thing = two.exports["Thing"] as new () => Disposable;
  assert.throws(() => new Thing(), /Cannot wait in "wait"/);
  isSlow = false;
  const three = await compiled.instantiate({ wait });
  const thing = new (three.exports["Thing"] as new () => Disposable)();
  isSlow = true;
  assert.throws(() => thing[Symbol.dispose](), /Cannot wait in "wait"/);
  assert.equal(three.state, "trapped");
});

test("suspension: with a result in memory and an error in it, at once and later", async () => {
  const compiled = await component(
    `(import "wait" (func $wait (param "x" string) (result (result string (error string))))) ${LIBC}
    (core func $wait (canon lower (func $wait) ${OPTIONS}))
    (core module $M (import "" "wait" (func $wait (param i32 i32 i32)))
      (func (export "run") (param i32 i32) (result i32)
        (call $wait (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32)))
    (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") (param "x" string) (result (result string (error string)))
      (canon lift (core func $m "run") ${OPTIONS}))`,
    ["wait"],
  );
  const instance = await compiled.instantiate({
    wait(x: string) {
      if (x === "now") return "at once";
      if (x === "throw") throw { payload: "thrown" };
      return x === "reject" ? Promise.reject({ payload: "rejected" }) : Promise.resolve("later ☂");
    },
  });
  assert.equal(await call(instance, "run", "now"), "at once");
  assert.equal(await call(instance, "run", "later"), "later ☂");
  await assert.rejects(async () => call(instance, "run", "throw"), { name: "ExportError", payload: "thrown" });
  await assert.rejects(async () => call(instance, "run", "reject"), { name: "ExportError", payload: "rejected" });
  assert.equal(instance.state, "idle");
});
