/** Handles and resources of the host: mostly what is forbidden. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { ComponentInstance, InstantiateOptions } from "../../src/component/instance.ts";
import { call, component, LIBC, OPTIONS } from "./wat.ts";

/** `run` of the core module has `body`; the host offers a resource `a` and another one, `b`. */
async function guest(
  body: string,
  exports = "",
): Promise<(api?: object, options?: InstantiateOptions) => Promise<ComponentInstance>> {
  const compiled = await component(
    `(import "test:host/api@0.2.3" (instance $api
      (export "a" (type $a (sub resource)))
      (export "b" (type $b (sub resource)))
      (export "make-a" (func (result (own $a))))
      (export "make-b" (func (result (own $b))))
      (export "take-a" (func (param "x" (own $a))))
      (export "look-a" (func (param "x" (borrow $a)) (result u32)))
      (export "look-b" (func (param "x" (borrow $b))))
      (export "look-take" (func (param "x" (borrow $a)) (param "y" (own $a))))
      (export "take-look" (func (param "x" (own $a)) (param "y" (borrow $a))))
      (export "[static]a.all" (func (result u32)))
      (export "[method]a.value" (func (param "self" (borrow $a)) (result u32)))))
    ${LIBC}
    (alias export $api "a" (type $a)) (alias export $api "b" (type $b))
    (core func $make-a (canon lower (func $api "make-a"))) (core func $make-b (canon lower (func $api "make-b")))
    (core func $take-a (canon lower (func $api "take-a")))
    (core func $look-a (canon lower (func $api "look-a"))) (core func $look-b (canon lower (func $api "look-b")))
    (core func $look-take (canon lower (func $api "look-take")))
    (core func $take-look (canon lower (func $api "take-look")))
    (core func $all (canon lower (func $api "[static]a.all")))
    (core func $value (canon lower (func $api "[method]a.value")))
    (core func $drop-a (canon resource.drop $a)) (core func $drop-b (canon resource.drop $b))
    (core module $M
      (import "" "make-a" (func $make-a (result i32))) (import "" "make-b" (func $make-b (result i32)))
      (import "" "take-a" (func $take-a (param i32)))
      (import "" "look-a" (func $look-a (param i32) (result i32))) (import "" "look-b" (func $look-b (param i32)))
      (import "" "look-take" (func $look-take (param i32 i32))) (import "" "take-look" (func $take-look (param i32 i32)))
      (import "" "all" (func $all (result i32))) (import "" "value" (func $value (param i32) (result i32)))
      (import "" "drop-a" (func $drop-a (param i32))) (import "" "drop-b" (func $drop-b (param i32)))
      ${body})
    (core instance $m (instantiate $M (with "" (instance
      (export "make-a" (func $make-a)) (export "make-b" (func $make-b)) (export "take-a" (func $take-a))
      (export "look-a" (func $look-a)) (export "look-b" (func $look-b)) (export "all" (func $all))
      (export "look-take" (func $look-take)) (export "take-look" (func $take-look))
      (export "value" (func $value)) (export "drop-a" (func $drop-a)) (export "drop-b" (func $drop-b))))))
    ${
      exports === ""
        ? '(func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run")))'
        : exports
    }`,
  );
  return (api = {}, options = {}) => {
    class A {
      static all(): number {
        return 12;
      }
      value(): number {
        return 34;
      }
    }
    class B {
      readonly isB = true;
    }
    return compiled.instantiate({
      "test:host/api": {
        A,
        B,
        makeA: () => new A(),
        makeB: () => new B(),
        takeA() {},
        lookA: () => 1,
        lookB() {},
        lookTake() {},
        takeLook() {},
        ...api,
      },
    }, options);
  };
}

/** A host class for `a` that several instances of a test share. */
class A {
  static all(): number {
    return 0;
  }
  value(): number {
    return 0;
  }
}

const run = (body: string): string => `(func (export "run") (param $n i32) (result i32) (local $h i32) ${body})`;
const MAKE = "(local.set $h (call $make-a))";

const FORBIDDEN = [
  {
    name: "drop twice",
    body: `${MAKE} (call $drop-a (local.get $h)) (call $drop-a (local.get $h))`,
    message: /there is none/,
  },
  {
    name: "use after drop",
    body: `${MAKE} (call $drop-a (local.get $h)) (drop (call $look-a (local.get $h)))`,
    message: /there is none/,
  },
  {
    name: "use after it was given away",
    body: `${MAKE} (call $take-a (local.get $h)) (drop (call $look-a (local.get $h)))`,
    message: /there is none/,
  },
  { name: "drop as another type", body: `${MAKE} (call $drop-b (local.get $h))`, message: /another resource type/ },
  { name: "lend as another type", body: `${MAKE} (call $look-b (local.get $h))`, message: /another resource type/ },
  { name: "handle 0", body: "(call $drop-a (i32.const 0))", message: /there is none/ },
  { name: "a handle far out", body: "(call $drop-a (i32.const -1))", message: /there is none/ },
  {
    name: "lend and give away in one call",
    body: `${MAKE} (call $look-take (local.get $h) (local.get $h))`,
    message: /lent out/,
  },
  {
    name: "give away and lend in one call",
    body: `${MAKE} (call $take-look (local.get $h) (local.get $h))`,
    message: /there is none/,
  },
];
for (const { name, body, message } of FORBIDDEN) {
  test(`resources: ${name} traps`, async () => {
    const instance = await (await guest(run(`${body} (i32.const 0)`)))();
    await assert.rejects(async () => call(instance, "run", 0), message);
    assert.equal(instance.state, "trapped");
  });
}

test("resources: a handle that was lent is whole again after the call", async () => {
  const instance = await (await guest(run(`${MAKE}
    (call $look-take (local.get $h) (call $make-a)) (call $take-a (local.get $h)) (i32.const 0)`)))();
  assert.equal(await call(instance, "run", 0), 0);
  assert.equal(instance.handleCount, 0);
});

test("resources: methods, statics and dispose reach the host's class", async () => {
  const log: string[] = [];
  class A {
    readonly id = 5;
    static all(): number {
      return 1000;
    }
    value(): number {
      return this.id;
    }
    [Symbol.dispose](): void {
      log.push("dispose");
    }
  }
  const make = await guest(run(`${MAKE}
    (i32.add (call $all) (call $value (local.get $h))) (call $drop-a (local.get $h))`));
  assert.equal(await call(await make({ A, makeA: () => new A() }), "run", 0), 1005);
  assert.deepEqual(log, ["dispose"]);
});

test("resources: an object given for own is the one that was passed in, and is not disposed", async () => {
  const make = await guest(run(`(call $take-a (call $make-a)) (i32.const 0)`));
  class Own extends A {
    [Symbol.dispose](): never {
      throw new Error("disposed");
    }
  }
  const made = new Own();
  let taken: unknown = null;
  const instance = await make({ A: Own, makeA: () => made, takeA: (x: unknown) => void (taken = x) });
  await call(instance, "run", 0);
  assert.equal(taken, made);
});

const LIE = [{ value: {}, name: "an object of no class" }, { value: undefined, name: "undefined" }, {
  value: 5,
  name: "a number",
}];
for (const { value, name } of LIE) {
  test(`resources: a host that gives ${name} for a resource traps`, async () => {
    const make = await guest(run("(call $make-a)"));
    await assert.rejects(
      async () => call(await make({ makeA: () => value }), "run", 0),
      /as result of .*#make-a", expected a resource of type a/,
    );
  });
}

/** With LOOPGATE_LONG_TESTS=1 as many as once were too many for others. */
const ROUNDS = process.env["LOOPGATE_LONG_TESTS"] === "1" ? 20_000_000 : 1_000_000;
test("resources: a million creations and drops use one handle", async () => {
  const make = await guest(run(`(loop $again
    (local.set $h (call $make-a)) (call $drop-a (local.get $h))
    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $h)`));
  const one = new A();
  const instance = await make({ A, makeA: () => one });
  assert.equal(await call(instance, "run", ROUNDS), 1);
  assert.equal(instance.handleCount, 0);
});

test("resources: a host's Symbol.dispose that throws, or wants to wait, ends the guest", async () => {
  const make = await guest(run(`${MAKE} (call $drop-a (local.get $h)) (i32.const 0)`));
  const cause = new Error("still in use");
  for (
    const dispose of [() => Promise.reject(cause), (): never => {
      throw cause;
    }]
  ) {
    class Own extends A {
      [Symbol.dispose](): unknown {
        return dispose();
      }
    }
    const instance = await make({ A: Own, makeA: () => new Own() });
    await assert.rejects(async () => call(instance, "run", 0), /still in use|returned a promise/);
    assert.equal(instance.state, "trapped");
  }
});

test("resources: more handles than handlesMax trap", async () => {
  const make = await guest(run(`(loop $again
    (drop (call $make-a)) (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (i32.const 0)`));
  const instance = await make({}, { handlesMax: 10 });
  await call(instance, "run", 10);
  assert.equal(instance.handleCount, 10);
  await assert.rejects(async () => call(instance, "run", 1), /holds 10 handles, expected fewer/);
});

test("resources: dispose ends what is left, newest first, children before their parents", async () => {
  const make = await guest(run(`(loop $again
    (drop (call $make-a)) (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (i32.const 0)`));
  const log: number[] = [];
  let made = 0;
  class Own extends A {
    readonly id = ++made;
    [Symbol.dispose](): void {
      // 4 is a parent of 2, which was made earlier.
      if (this.id === 4 && !log.includes(2)) throw new Error("has a child");
      log.push(this.id);
    }
  }
  const instance = await make({ A: Own, makeA: () => new Own() });
  await call(instance, "run", 5);
  instance.dispose();
  assert.deepEqual(log, [5, 3, 2, 1, 4]);
  assert.equal(instance.handleCount, 0);
});

const BORROWER = `(func (export "run") (param "x" (borrow $a)) (canon lift (core func $m "run")))`;
test("resources: a borrowed handle must be dropped before the export returns", async () => {
  const drops = await guest(
    '(func (export "run") (param i32) (drop (call $look-a (local.get 0))) (call $drop-a (local.get 0)))',
    BORROWER,
  );
  class Own extends A {
    [Symbol.dispose](): never {
      throw new Error("a borrow is not disposed");
    }
  }
  const good = await drops({ A: Own });
  await call(good, "run", new Own());
  assert.equal(good.handleCount, 0);
  await assert.rejects(async () => call(good, "run", {}), /parameter "x" of "run", expected a resource of type a/);
});

test("resources: a borrowed handle cannot be given away", async () => {
  const make = await guest('(func (export "run") (param i32) (call $take-a (local.get 0)))', BORROWER);
  await assert.rejects(async () => call(await make({ A }), "run", new A()), /it is borrowed/);
});

test("resources: a borrowed handle that stays traps", async () => {
  const make = await guest('(func (export "run") (param i32))', BORROWER);
  await assert.rejects(async () => call(await make({ A }), "run", new A()), /returned with 1 borrowed handles/);
});

test("resources: a component without memory options can still pass records of handles", async () => {
  const make = await guest(
    `(func (export "run") (param i32) (result i32) (local.get 0))`,
    `(func (export "run") (param "x" (own $a)) (result (own $a)) (canon lift (core func $m "run") ${OPTIONS}))`,
  );
  const object = new A();
  assert.equal(await call(await make({ A }), "run", object), object);
});

/** Each is made, asked and dropped by the same guest, one after the other. */
const OF_OTHERS: readonly {
  readonly name: string;
  readonly objects: (log: string[]) => readonly A[];
  readonly sum: number;
  readonly ended: string;
}[] = [
  {
    name: "a subclass of the last one's class has its own",
    objects: (log) => {
      class Base extends A {
        override value(): number {
          return 1;
        }
        [Symbol.dispose](): void {
          log.push("base");
        }
      }
      class Derived extends Base {
        override [Symbol.dispose](): void {
          log.push("derived");
        }
      }
      return [new Base(), new Derived(), new Base(), new Derived()];
    },
    sum: 4,
    ended: "base derived base derived",
  },
  {
    name: "an object's own end counts, whatever others of its class have",
    objects: (log) => {
      const own = Object.assign(new A(), { [Symbol.dispose]: () => void log.push("own") });
      return [new A(), own, new A()];
    },
    sum: 0,
    ended: "own",
  },
  {
    name: "what an object has itself is not taken for its class's",
    objects: (log) => [
      Object.assign(new A(), { value: () => 7, [Symbol.dispose]: () => void log.push("own") }),
      new A(),
    ],
    sum: 7,
    ended: "own",
  },
];
for (const { name, objects, sum, ended } of OF_OTHERS) {
  test(`resources: ${name}`, async () => {
    const make = await guest(run(`(local $sum i32) (loop $again ${MAKE}
      (local.set $sum (i32.add (local.get $sum) (call $value (local.get $h)))) (call $drop-a (local.get $h))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $sum)`));
    const log: string[] = [];
    const all = objects(log);
    const rest = [...all];
    const instance = await make({ A, makeA: () => rest.shift() });
    assert.equal(await call(instance, "run", all.length), sum);
    assert.equal(log.join(" "), ended);
    assert.equal(instance.handleCount, 0);
  });
}
