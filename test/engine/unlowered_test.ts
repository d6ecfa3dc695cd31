/** Resources in results that a guest never gets: whatever the reason, the instance's end is theirs too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HostTrap, WitError } from "../../src/base/errors.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { call, component, LIBC, OPTIONS } from "./wat.ts";

/** The host's things, and those of them that are not disposed of. */
class Things {
  readonly live = new Set<object>();
  readonly Thing: abstract new () => object;
  readonly make: (parent?: object) => object;

  constructor() {
    const { live } = this;
    const children = new Map<object, number>();
    const count = (parent: object | undefined, by: number): void => {
      if (parent !== undefined) children.set(parent, (children.get(parent) ?? 0) + by);
    };
    class Thing {
      readonly #parent: object | undefined;
      constructor(parent?: object) {
        this.#parent = parent;
        count(parent, 1);
        live.add(this);
      }
      [Symbol.dispose](): void {
        if ((children.get(this) ?? 0) > 0) throw new HostTrap("it has children");
        assert(live.delete(this), "disposed of twice");
        count(this.#parent, -1);
      }
    }
    this.Thing = Thing;
    this.make = (parent) => new Thing(parent);
  }
}

const BAD_POINTER = 65_532;

/** `run` calls `$f`, whose result is `type`, with what makes `call` of it. */
async function guest(
  type: string,
  body: string,
): Promise<(things: Things, f: () => unknown) => Promise<ComponentInstance>> {
  const isFlat = type === "(own $thing)";
  const core = isFlat ? "(result i32)" : "(param i32)";
  const compiled = await component(
    `(import "test:host/api" (instance $api
      (export "thing" (type $thing (sub resource)))
      (type $rich-t (record (field "many" (list (own $thing))) (field "maybe" (option (own $thing)))))
      (export "rich" (type $rich (eq $rich-t)))
      (type $fault-t (variant (case "plain") (case "failed" (own $thing))))
      (export "fault" (type $fault (eq $fault-t)))
      (export "make" (func (result (own $thing))))
      (export "f" (func (result ${type})))))
    ${LIBC}
    (alias export $api "thing" (type $thing))
    (core func $make (canon lower (func $api "make")))
    (core func $f (canon lower (func $api "f") ${isFlat ? "" : OPTIONS}))
    (core module $M
      (import "" "make" (func $make (result i32)))
      (import "" "f" (func $f ${core}))
      (func (export "run") ${body}))
    (core instance $m (instantiate $M (with "" (instance (export "make" (func $make)) (export "f" (func $f))))))
    (func (export "run") (canon lift (core func $m "run")))`,
    ["test:host/api#f"],
  );
  return ({ Thing, make }, f) =>
    compiled.instantiate({ "test:host/api": { Thing, make: () => make(), f } }, { handlesMax: 3 });
}

const FULL = "(drop (call $make)) (drop (call $make)) (drop (call $make))";
const AT = (pointer: number): string => `(call $f (i32.const ${pointer}))`;
const PAIR = "(tuple (own $thing) (own $thing))";
const RESULT = "(result $rich (error $fault))";

interface Row {
  readonly name: string;
  readonly type: string;
  readonly body: string;
  readonly value: (things: Things) => unknown;
  readonly message: RegExp;
}

const rich = ({ make }: Things, extra: object = {}): object => ({ many: [make(), make()], maybe: make(), ...extra });

const ROWS: readonly Row[] = [
  {
    name: "a full table",
    type: "(own $thing)",
    body: `${FULL} (drop (call $f))`,
    value: ({ make }) => make(),
    message: /handles/,
  },
  {
    name: "a table that takes one of two",
    type: PAIR,
    body: `(drop (call $make)) (drop (call $make)) ${AT(64)}`,
    value: ({ make }) => {
      const parent = make();
      return [parent, make(parent)];
    },
    message: /handles/,
  },
  {
    name: "out of bounds",
    type: PAIR,
    body: AT(BAD_POINTER),
    value: ({ make }) => [make(), make()],
    message: /bounds/,
  },
  { name: "misaligned", type: PAIR, body: AT(65), value: ({ make }) => [make(), make()], message: /aligned/ },
  { name: "in a record, a list and an option", type: RESULT, body: AT(BAD_POINTER), value: rich, message: /bounds/ },
  {
    name: "beside a field that does not fit",
    type: RESULT,
    body: AT(64),
    value: ({ make }) => ({ many: 5, maybe: make() }),
    message: /"?many/,
  },
  {
    name: "beside a field that cannot be read",
    type: RESULT,
    body: AT(64),
    value: ({ make }) => ({
      get many(): never {
        throw new Error("no many");
      },
      maybe: make(),
    }),
    message: /no many/,
  },
  {
    name: "in an error",
    type: RESULT,
    body: AT(BAD_POINTER),
    value: ({ make }) => {
      throw new WitError({ tag: "failed", val: make() });
    },
    message: /bounds/,
  },
];

for (const isLate of [false, true]) {
  for (const { name, type, body, value, message } of ROWS) {
    test(`unlowered (${isLate ? "promise" : "at once"}): ${name}`, async () => {
      const things = new Things();
      const instance: ComponentInstance = await (await guest(type, body))(
        things,
        isLate ? async () => value(things) : () => value(things),
      );
      await assert.rejects(async () => call(instance, "run"), message);
      instance.dispose();
      assert.equal(things.live.size, 0);
      assert.equal(instance.handleCount, 0);
    });
  }
}

const ENDS = [
  { name: "killed, then disposed", before: ["kill", "dispose"], after: [] },
  { name: "disposed", before: ["dispose"], after: [] },
  { name: "killed, disposed afterwards", before: ["kill"], after: ["dispose"] },
] as const;

for (const { name, before, after } of ENDS) {
  for (const settles of ["fulfilled", "rejected"] as const) {
    test(`unlowered: a promise of an instance that was ${name} is ${settles}`, async () => {
      const things = new Things();
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const instance: ComponentInstance = await (await guest(RESULT, AT(64)))(things, () => promise);
      const running = assert.rejects(async () => call(instance, "run"), WebAssembly.RuntimeError);
      const end = (how: "kill" | "dispose"): void =>
        how === "kill" ? instance.kill(new HostTrap("over")) : instance.dispose();
      before.forEach(end);
      await running;
      if (settles === "fulfilled") resolve(rich(things));
      else reject(new WitError({ tag: "failed", val: things.make() }));
      await new Promise((done) => setTimeout(done));
      after.forEach(end);
      assert.equal(things.live.size, 0);
      assert.equal(instance.handleCount, 0);
    });
  }
}

for (const how of ["kill", "dispose"] as const) {
  for (const isLate of [false, true]) {
    test(`unlowered: the host function calls ${how} and returns a ${isLate ? "promise" : "value"}`, async () => {
      const things = new Things();
      const instance: ComponentInstance = await (await guest(PAIR, AT(64)))(things, () => {
        if (how === "kill") instance.kill(new HostTrap("over"));
        else instance.dispose();
        const pair = [things.make(), things.make()];
        return isLate ? Promise.resolve(pair) : pair;
      });
      await assert.rejects(async () => call(instance, "run"), WebAssembly.RuntimeError);
      instance.dispose();
      await new Promise((done) => setTimeout(done));
      assert.equal(things.live.size, 0);
      assert.equal(instance.handleCount, 0);
    });
  }
}
