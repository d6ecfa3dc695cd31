/**
 * Guests that try to run for ever, each in another shape, and to survive their end. A scripted meter counts slices and
 * ends them at one: there is no clock in here.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { ScriptedMeter } from "./scripted_meter.ts";
import { call, component, LIBC } from "./wat.ts";

/** The slices that a guest gets. */
const SLICES = 6;

/** A component whose `run` is `body`; `parts` are fields of its module. */
function runs(body: string, parts = ""): string {
  return `(core module $M (memory 4) (tag $t) (type $void (func)) ${parts} (func (export "run") ${body}))
    (core instance $m (instantiate $M)) (func (export "run") (canon lift (core func $m "run")))`;
}

const SPIN = "(func $spin (loop $l (br $l)))";
const CAUGHT = "(loop $again (block $caught (try_table (catch_all $caught) (call $spin))) (br $again))";

const SHAPES = [
  { name: "a loop", text: runs("(loop $l (br $l))") },
  { name: "a loop in a loop", text: runs("(loop $a (loop $b (br_if $b (i32.const 0))) (br $a))") },
  {
    name: "a fan-out of 2^40 calls",
    text: runs(
      "(call $f (i32.const 40))",
      "(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 1))))))",
    ),
  },
  {
    name: "a fan-out without recursion",
    text: runs(
      "(call $f40)",
      "(func $f0) " +
        Array.from({ length: 40 }, (_, n) => `(func $f${n + 1} (call $f${n}) (call $f${n}))`).join(" "),
    ),
  },
  {
    name: "mutual recursion",
    text: runs(
      "(call $a (i32.const 60))",
      `(func $a (param i32) (if (local.get 0) (then (call $b (i32.sub (local.get 0) (i32.const 1))) (call $b (i32.sub (local.get 0) (i32.const 1))))))
      (func $b (param i32) (call $a (local.get 0)))`,
    ),
  },
  {
    name: "recursion through a table",
    text: runs(
      "(call $f (i32.const 60))",
      `(table 1 funcref) (elem (i32.const 0) $f) (type $n (func (param i32)))
      (func $f (param i32) (if (local.get 0) (then
        (call_indirect (type $n) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
        (call_indirect (type $n) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))`,
    ),
  },
  {
    name: "recursion through references",
    text: runs(
      "(call $f (i32.const 60))",
      `(type $n (func (param i32))) (elem declare func $f)
      (func $f (param i32) (if (local.get 0) (then
        (call_ref $n (i32.sub (local.get 0) (i32.const 1)) (ref.func $f))
        (call_ref $n (i32.sub (local.get 0) (i32.const 1)) (ref.func $f)))))`,
    ),
  },
  {
    name: "memory.fill in a loop",
    text: runs("(loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 262144)) (br $l))"),
  },
  {
    name: "memory.copy in a loop",
    text: runs("(loop $l (memory.copy (i32.const 0) (i32.const 1) (i32.const 262143)) (br $l))"),
  },
  { name: "a tail call of itself", text: runs("(call $f)", "(func $f (return_call $f))") },
  {
    name: "tail calls in a circle, through a table",
    text: runs(
      "(call $f)",
      `(table 1 funcref) (elem (i32.const 0) $f) (func $g (return_call_indirect (type $void) (i32.const 0)))
      (func $f (return_call $g))`,
    ),
  },
  {
    name: "exceptions in a loop",
    text: runs("(loop $l (block $caught (try_table (catch_all $caught) (throw $t))) (br $l))"),
  },
  {
    name: "legacy exceptions in a loop",
    text: runs("(loop $l try throw $t catch_all end (br $l))"),
  },
  { name: "a spin within catch_all, again and again", text: runs(CAUGHT, SPIN) },
  {
    name: "a spin within a legacy catch_all, again and again",
    text: runs("(loop $again try (call $spin) catch_all end (br $again))", SPIN),
  },
  {
    name: "a trap of its own within catch_all, after which there is none",
    text: runs("(block $caught (try_table (catch_all $caught) (call $spin) (unreachable))) (call $spin)", SPIN),
  },
  {
    name: "a loop over memory.grow",
    text: runs("(loop $l (drop (memory.grow (i32.const 0))) (br $l))"),
  },
  {
    name: "a loop in a component behind another one",
    text: `(component $Inner (core module $M ${
      SPIN.replace("$spin", '(export "f")')
    }) (core instance $m (instantiate $M))
        (func (export "f") (canon lift (core func $m "f"))))
      (component $Outer (import "f" (func $f)) (core func $f (canon lower (func $f)))
        (core module $M (import "" "f" (func $spin)) (func (export "run") ${CAUGHT}))
        (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
        (func (export "run") (canon lift (core func $m "run"))))
      (instance $inner (instantiate $Inner)) (instance $outer (instantiate $Outer (with "f" (func $inner "f"))))
      (export "run" (func $outer "run"))`,
  },
  {
    name: "post-return",
    text: `(core module $M ${SPIN.replace("$spin", '$spin (export "post")')} (func (export "run")))
      (core instance $m (instantiate $M))
      (func (export "run") (canon lift (core func $m "run") (post-return (core func $m "post"))))`,
  },
];

async function assertStopped(running: () => unknown, meter: ScriptedMeter, instance: ComponentInstance): Promise<void> {
  await assert.rejects(async () => running(), (error) => {
    assert.ok(error instanceof WebAssembly.RuntimeError, String(error));
    assert.equal(error.cause, meter.cause);
    return true;
  });
  assert.equal(instance.state, "trapped");
  assert.equal(meter.isRunning, false);
  assert.equal(meter.checks.length, SLICES);
  instance.dispose();
}

for (const { name, text } of SHAPES) {
  test(`runaway: ${name} waits for its turn, and is stopped`, async () => {
    const meter = new ScriptedMeter({ endsAt: SLICES });
    const instance = await (await component(text)).instantiate({}, { meter });
    await assertStopped(() => call(instance, "run"), meter, instance);
    assert.deepEqual([meter.turns, meter.checks.every((canSuspend) => canSuspend)], [SLICES - 1, true]);
  });
}

test("runaway: recursion without end overflows the stack, whatever it catches", async () => {
  const meter = new ScriptedMeter();
  const text = runs("(call $f)", "(func $f (block $caught (try_table (catch_all $caught) (call $f))) (call $f))");
  const instance = await (await component(text)).instantiate({}, { meter });
  await assert.rejects(async () => call(instance, "run"), (error) => {
    assert.ok(error instanceof WebAssembly.RuntimeError, String(error));
    return true;
  });
  assert.deepEqual([instance.state, meter.isRunning], ["trapped", false]);
});

test("runaway: a start function waits for its turn, and is stopped", async () => {
  const compiled = await component(
    `(core module $M ${SPIN} (func $start ${CAUGHT}) (start $start)) (core instance (instantiate $M))`,
  );
  const meter = new ScriptedMeter({ endsAt: SLICES });
  const made: ComponentInstance[] = [];
  await assert.rejects(
    compiled.instantiate({}, { meter, onMade: (instance) => made.push(instance) }),
    (error) => error instanceof WebAssembly.RuntimeError && error.cause === meter.cause,
  );
  assert.deepEqual([meter.turns, meter.isRunning, made[0]?.state], [SLICES - 1, false, "disposed"]);
});

/** Where JavaScript is on the stack: a spin that cannot wait is still stopped, and what follows could wait again. */
const THING = `(type $thing (resource (rep i32) (dtor (core func $d "dtor"))))
  (core func $new (canon resource.new $thing)) (core func $drop (canon resource.drop $thing))
  (core module $M (import "" "new" (func $new (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
    (func (export "make") (result i32) (call $new (i32.const 5)))
    (func (export "spin") (result i32) (loop $l (br $l)) unreachable)
    (func (export "run") (block $caught (try_table (catch_all $caught) (call $drop (call $new (i32.const 6)))))))
  (core instance $m (instantiate $M (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (export $Thing "thing" (type $thing))
  (func (export "run") (canon lift (core func $m "run")))`;
const SPINNING =
  `(core module $D (func (export "dtor") (param i32) (loop $l (br $l)))) (core instance $d (instantiate $D))`;

const UNSUSPENDABLE: readonly {
  readonly name: string;
  readonly text: string;
  readonly run: (instance: ComponentInstance) => unknown;
}[] = [
  {
    name: "realloc",
    text: `(core module $M (memory (export "memory") 1) (func (export "run") (param i32 i32))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (loop $l (br $l)) unreachable))
      (core instance $m (instantiate $M))
      (func (export "run") (param "x" string) (canon lift (core func $m "run") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))`,
    run: (instance) => call(instance, "run", "x"),
  },
  {
    name: "realloc, 65,536 times in one lowering and each below a tick",
    text: `(core module $M (memory (export "memory") 1) (func (export "run") (param i32 i32))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $n i32)
          (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000)))) (i32.const 0)))
      (core instance $m (instantiate $M))
      (func (export "run") (param "x" (list string)) (canon lift (core func $m "run") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))`,
    run: (instance) => call(instance, "run", Array.from({ length: 8192 }, () => "x")),
  },
  { name: "a destructor, dropped by the guest", text: SPINNING + THING, run: (instance) => call(instance, "run") },
  {
    name: "a destructor, disposed by the host",
    text: SPINNING + THING +
      `(func (export "[constructor]thing") (result (own $Thing)) (canon lift (core func $m "make")))`,
    run: (instance) => new (instance.exports["Thing"] as new () => Disposable)()[Symbol.dispose](),
  },
  {
    name: "a constructor",
    text: SPINNING + THING +
      `(func (export "[constructor]thing") (result (own $Thing)) (canon lift (core func $m "spin")))`,
    run: (instance) => new (instance.exports["Thing"] as new () => Disposable)(),
  },
];

for (const { name, text, run } of UNSUSPENDABLE) {
  test(`runaway: ${name} cannot wait, and is stopped`, async () => {
    const meter = new ScriptedMeter({ endsAt: SLICES });
    const instance = await (await component(text)).instantiate({}, { meter });
    await assertStopped(() => run(instance), meter, instance);
    // The call itself may have asked before it came to the place.
    assert.equal(meter.checks.at(-1), false);
    assert.ok(meter.checks.filter((canSuspend) => canSuspend).length <= 1, String(meter.checks));
  });
}

test("runaway: after realloc and a destructor the guest can wait again", async () => {
  const meter = new ScriptedMeter({ endsAt: SLICES });
  const compiled = await component(`${LIBC}
    (core module $D (func (export "dtor") (param i32))) (core instance $d (instantiate $D))
    (type $thing (resource (rep i32) (dtor (core func $d "dtor"))))
    (core func $new (canon resource.new $thing)) (core func $drop (canon resource.drop $thing))
    (core module $M (import "" "new" (func $new (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (func (export "run") (param i32 i32) (call $drop (call $new (i32.const 6))) (loop $l (br $l))))
    (core instance $m (instantiate $M (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
    (func (export "run") (param "x" string) (canon lift (core func $m "run") (memory $memory) (realloc $realloc)))`);
  const instance = await compiled.instantiate({}, { meter });
  await assertStopped(() => call(instance, "run", "x"), meter, instance);
  assert.ok(meter.turns >= 2, String(meter.checks));
});

const DEAR = `(import "f" (func $f (param "x" (list u8)) (result (list u8)))) ${LIBC}
  (core func $f (canon lower (func $f) (memory $memory) (realloc $realloc)))
  (core module $M (import "" "f" (func $f (param i32 i32 i32)))
    (func (export "run") (param i32) (local $n i32)
      (loop $l (call $f (i32.const 0) (local.get 0) (i32.const 16))
        (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 640))))))
  (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
  (func (export "run") (param "size" u32) (canon lift (core func $m "run")))`;

test("runaway: host calls are charged to the guest, by what they lift and lower", async () => {
  const compiled = await component(DEAR);
  const ticks: number[] = [];
  for (const size of [0, 4096]) {
    const meter = new ScriptedMeter();
    const instance = await compiled.instantiate({ f: (x: Uint8Array) => x.subarray(0, 0) }, { meter });
    await call(instance, "run", size);
    ticks.push(meter.checks.length);
    assert.equal(meter.isRunning, false);
  }
  const [plain = 0, large = 0] = ticks;
  // 640 calls are ten times 64 units, with 4 KiB each fifty times; the last may come after them.
  assert.ok(plain >= 10 && plain <= 22 && large >= 49 && large <= 102, String(ticks));
});

test("runaway: a guest that loops over one dear host call waits for its turn in each", async () => {
  const compiled = await component(`(import "f" (func $f (param "x" (list u8))))
    (core module $Memory (memory (export "memory") 16)) (core instance $mem (instantiate $Memory))
    (alias core export $mem "memory" (core memory $memory)) (core func $f (canon lower (func $f) (memory $memory)))
    (core module $M (import "" "f" (func $f (param i32 i32)))
      (func (export "run") (loop $l (call $f (i32.const 0) (i32.const 1000000)) (br $l))))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
    (func (export "run") (canon lift (core func $m "run")))`);
  const meter = new ScriptedMeter({ endsAt: SLICES });
  let calls = 0;
  const instance = await compiled.instantiate({ f: () => void calls++ }, { meter });
  await assertStopped(() => call(instance, "run"), meter, instance);
  assert.equal(meter.turns, SLICES - 1);
  assert.ok(calls <= SLICES, String(calls));
});

test("runaway: a guest that is killed while it waits for its turn is unwound at once, and its turn goes to nobody", async () => {
  const meter = new ScriptedMeter({ isHeld: true });
  const instance = await (await component(runs(CAUGHT, SPIN))).instantiate({}, { meter });
  const running = call(instance, "run");
  const cause = new Error("over");
  instance.kill(cause);
  await assert.rejects(
    async () => running,
    (error) => error instanceof WebAssembly.RuntimeError && error.cause === cause,
  );
  meter.giveTurn();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual([instance.state, meter.turns, meter.isRunning, meter.checks.length], ["trapped", 1, false, 1]);
});

test("runaway: a guest that computes ends at its next tick when a host function kills it", async () => {
  const meter = new ScriptedMeter();
  const compiled = await component(`(import "f" (func $f)) (core func $f (canon lower (func $f)))
    (core module $M (import "" "f" (func $f)) (func (export "run") (loop $l (call $f) (br $l))))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
    (func (export "run") (canon lift (core func $m "run")))`);
  const cause = new Error("over");
  let calls = 0;
  const instance: ComponentInstance = await compiled.instantiate({
    f() {
      calls++;
      // Between two calls, while the guest computes, nothing else runs: this stands for a timer.
      if (calls === 3) instance.kill(cause);
    },
  }, { meter });
  await assert.rejects(
    async () => call(instance, "run"),
    (error) => error instanceof WebAssembly.RuntimeError && error.cause === cause,
  );
  assert.equal(calls, 3);
});

test("runaway: the meter runs while the guest does, and rests while it waits for the host", async () => {
  const meter = new ScriptedMeter();
  const gate = Promise.withResolvers<void>();
  const compiled = await component(
    `(import "wait" (func $wait)) (core func $wait (canon lower (func $wait)))
    (core module $M (import "" "wait" (func $wait)) (func (export "run") (call $wait)))
    (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") (canon lift (core func $m "run")))`,
    ["wait"],
  );
  const instance = await compiled.instantiate({ wait: () => (assert.ok(meter.isRunning), gate.promise) }, { meter });
  const running = call(instance, "run");
  assert.equal(meter.isRunning, false);
  gate.resolve();
  await running;
  assert.deepEqual([meter.isRunning, instance.state], [false, "idle"]);
});
