/** Every way in which the engine or the host ends a guest is a trap that a guest's `catch_all` cannot swallow. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestExit, HostTrap, WitError } from "../../src/base/errors.ts";
import type { ExportedFunction } from "../../src/component/exported.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { component, LIBC, OPTIONS } from "./wat.ts";

/** Calls `$what` under a handler that swallows all it can; 77 means that it swallowed. */
function guest(catching: "try_table" | "legacy", body: string): string {
  const guarded = catching === "try_table"
    ? `(block $caught (try_table (catch_all $caught) ${body} (return (i32.const 1))))`
    : `try ${body} (return (i32.const 1)) catch_all end`;
  return `(import "" "f" (func $f (param i32) (result i32)))
    (import "" "s" (func $s (param i32 i32)))
    (import "" "wait" (func $wait (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "make" (func $make (result i32)))
    (func (export "run") (result i32) ${guarded} (i32.const 77))`;
}

async function fixture(
  catching: "try_table" | "legacy",
  body: string,
): Promise<(host: object) => Promise<ComponentInstance>> {
  const compiled = await component(
    `(import "test:host/api" (instance $api
      (export "thing" (type $thing (sub resource)))
      (export "f" (func (param "x" u32) (result u32)))
      (export "s" (func (param "s" string)))
      (export "wait" (func (result u32)))
      (export "make" (func (result (own $thing))))))
    ${LIBC}
    (alias export $api "thing" (type $thing))
    (core func $f (canon lower (func $api "f")))
    (core func $s (canon lower (func $api "s") ${OPTIONS}))
    (core func $wait (canon lower (func $api "wait")))
    (core func $drop (canon resource.drop $thing))
    (core func $make (canon lower (func $api "make")))
    (core module $M ${guest(catching, body)})
    (core instance $m (instantiate $M (with "" (instance
      (export "f" (func $f)) (export "s" (func $s)) (export "wait" (func $wait)) (export "drop" (func $drop))
      (export "make" (func $make))))))
    (func (export "run") (result u32) (canon lift (core func $m "run")))`,
    ["test:host/api#wait"],
  );
  class Thing {
    readonly isThing = true;
  }
  return (host) =>
    compiled.instantiate({
      "test:host/api": { Thing, f: () => 1, s: () => {}, wait: () => 1, make: () => new Thing(), ...host },
    });
}

async function trapOf(instance: ComponentInstance): Promise<WebAssembly.RuntimeError> {
  const run = instance.exports["run"] as ExportedFunction;
  try {
    assert.fail(`the guest returned ${String(await run())}`);
  } catch (error) {
    assert(error instanceof WebAssembly.RuntimeError, String(error));
    assert.equal(instance.state, "trapped");
    return error;
  }
}

const boom = new Error("boom");
const later = async (error: unknown): Promise<never> => {
  await Promise.resolve();
  throw error;
};
function deep(n: number): number {
  return 1 + deep(n + 1);
}

/** Throws at every touch, each time something that a guest could catch. */
function hostile(): object {
  const refuse = (): never => {
    throw new Error("hands off");
  };
  return new Proxy({}, { get: refuse, has: refuse, getOwnPropertyDescriptor: refuse, getPrototypeOf: refuse });
}

class HostileThing {
  [Symbol.dispose](): never {
    throw hostile();
  }
}

interface Case {
  readonly name: string;
  readonly body: string;
  readonly host: object;
  readonly message: RegExp;
  readonly cause?: (cause: unknown) => boolean;
}
const isHostTrap = (cause: unknown): boolean => cause instanceof HostTrap;

const CALL_F = "(drop (call $f (i32.const 5)))";
const CALL_WAIT = "(drop (call $wait))";
const CASES: readonly Case[] = [
  {
    name: "a host function throws a HostTrap",
    body: CALL_F,
    host: {
      f() {
        throw new HostTrap("no more");
      },
    },
    message: /^no more$/,
    cause: isHostTrap,
  },
  {
    name: "a host function exits the guest",
    body: CALL_F,
    host: {
      f() {
        throw new GuestExit(3);
      },
    },
    message: /code 3/,
    cause: (cause) => cause instanceof GuestExit && cause.exitCode === 3,
  },
  {
    name: "a host function throws an error",
    body: CALL_F,
    host: {
      f() {
        throw boom;
      },
    },
    message: /"test:host\/api#f" failed: Error: boom/,
    cause: (cause) => cause === boom,
  },
  {
    name: "a host function throws a RuntimeError that wasm did not make",
    body: CALL_F,
    host: {
      f() {
        throw new WebAssembly.RuntimeError("fake");
      },
    },
    message: /fake/,
    cause: (cause) => cause instanceof WebAssembly.RuntimeError,
  },
  {
    name: "a host function without a result throws a WIT error",
    body: CALL_F,
    host: {
      f() {
        throw new WitError("odd");
      },
    },
    message: /failed/,
    cause: (cause) => cause instanceof WitError,
  },
  {
    name: "a host function throws undefined",
    body: CALL_F,
    host: {
      f() {
        throw undefined;
      },
    },
    message: /undefined/,
  },
  {
    name: "a host function overflows the stack",
    body: CALL_F,
    host: { f: () => deep(0) },
    message: /call stack/,
    cause: (cause) => cause instanceof RangeError,
  },
  {
    name: "a host function returns what does not fit",
    body: CALL_F,
    host: { f: () => "five" },
    message: /passed "five" as result of "test:host\/api#f", expected a u32/,
    cause: isHostTrap,
  },
  {
    name: "a host function that may not suspend returns a promise",
    body: CALL_F,
    host: { f: async () => 1 },
    message: /returned a promise/,
    cause: isHostTrap,
  },
  {
    name: "a suspending function rejects at once",
    body: CALL_WAIT,
    host: { wait: () => Promise.reject(boom) },
    message: /boom/,
    cause: (cause) => cause === boom,
  },
  {
    name: "a suspending function rejects later",
    body: CALL_WAIT,
    host: { wait: () => later(boom) },
    message: /boom/,
    cause: (cause) => cause === boom,
  },
  {
    name: "a suspending function traps later",
    body: CALL_WAIT,
    host: { wait: () => later(new HostTrap("late")) },
    message: /^late$/,
    cause: isHostTrap,
  },
  {
    name: "a suspending function exits later",
    body: CALL_WAIT,
    host: { wait: () => later(new GuestExit(0)) },
    message: /code 0/,
    cause: (cause) => cause instanceof GuestExit,
  },
  {
    name: "a suspending function resolves to what does not fit",
    body: CALL_WAIT,
    host: { wait: async () => -1 },
    message: /-1 as result/,
    cause: isHostTrap,
  },
  {
    name: "a suspending function throws",
    body: CALL_WAIT,
    host: {
      wait() {
        throw boom;
      },
    },
    message: /boom/,
    cause: (cause) => cause === boom,
  },
  {
    name: "a string is out of bounds",
    body: "(call $s (i32.const 65530) (i32.const 10))",
    host: {},
    message: /out of bounds/,
    cause: isHostTrap,
  },
  {
    name: "a string is longer than the memory",
    body: "(call $s (i32.const 0) (i32.const -1))",
    host: {},
    message: /out of bounds/,
    cause: isHostTrap,
  },
  { name: "a handle is unknown", body: "(call $drop (i32.const 9))", host: {}, message: /handle 9/, cause: isHostTrap },
  {
    name: "a host function throws what cannot be looked at",
    body: CALL_F,
    host: {
      f() {
        throw hostile();
      },
    },
    message: /cannot be looked at/,
    cause: isHostTrap,
  },
  {
    name: "a promise is rejected with what cannot be looked at",
    body: CALL_WAIT,
    host: { wait: () => later(hostile()) },
    message: /cannot be looked at/,
    cause: isHostTrap,
  },
  {
    name: "Symbol.dispose throws what cannot be looked at",
    body: "(call $drop (call $make))",
    host: { Thing: HostileThing, make: () => new HostileThing() },
    message: /cannot be looked at/,
    cause: isHostTrap,
  },
  {
    name: "the guest's own trap",
    body: "unreachable",
    host: {},
    message: /unreachable/,
    cause: (cause) => cause === undefined,
  },
];

for (const catching of ["try_table", "legacy"] as const) {
  for (const row of CASES) {
    test(`traps (${catching}): ${row.name}`, async () => {
      const instance = await (await fixture(catching, row.body))(row.host);
      const trap = await trapOf(instance);
      assert.match(trap.message, row.message);
      if (row.cause !== undefined) assert(row.cause(trap.cause), `cause is ${String(trap.cause)}`);
      instance.dispose();
    });
  }
}

test("traps: the guest can catch what it threw itself, and goes on", async () => {
  const compiled = await component(`
    (core module $M (tag $t)
      (func (export "run") (result i32) (block $caught (try_table (catch_all $caught) (throw $t))) (i32.const 77))
      (func (export "escape") (throw $t)))
    (core instance $m (instantiate $M))
    (func (export "run") (result u32) (canon lift (core func $m "run")))
    (func (export "escape") (canon lift (core func $m "escape")))`);
  const instance = await compiled.instantiate({});
  assert.equal(await (instance.exports["run"] as ExportedFunction)(), 77);
  await assert.rejects(async () => (instance.exports["escape"] as ExportedFunction)(), /let an exception escape/);
  assert.equal(instance.state, "trapped");
});

test("traps: an instance that trapped is never entered again", async () => {
  const instance = await (await fixture("try_table", CALL_F))({ f: () => "no" });
  await trapOf(instance);
  let calls = 0;
  const run = instance.exports["run"] as ExportedFunction;
  await assert.rejects(async () => run(calls++), /trapped before/);
  assert.equal(instance.state, "trapped");
});
