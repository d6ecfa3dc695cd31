/** Errors, resources, composed components and suspension under jco's glue and under the engine; see `oracle.ts`. */
import { chain, COUNTER, COUNTER_EXPORTS, counterHolder } from "./fixtures.ts";
import { call, type Callable, compare, type Fixture, type Log } from "./oracle.ts";
import { LIBC, OPTIONS } from "./wat.ts";

const FAILING = `(import "test:host/api" (instance $api
    (export "f" (func (param "x" string) (result (result string (error string)))))
    (export "g" (func (param "x" u32) (result (result (error u32)))))))
  ${LIBC}
  (core func $f (canon lower (func $api "f") ${OPTIONS}))
  (core func $g (canon lower (func $api "g") ${OPTIONS}))
  (core module $M (import "" "f" (func $f (param i32 i32 i32))) (import "" "g" (func $g (param i32 i32)))
    (func (export "f") (param i32 i32) (result i32) (call $f (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32))
    (func (export "g") (param i32) (result i32) (call $g (local.get 0) (i32.const 32)) (i32.const 32))
    (func (export "bad") (result i32) (i32.const 65536))
    (func (export "worse") unreachable))
  (core instance $m (instantiate $M (with "" (instance (export "f" (func $f)) (export "g" (func $g))))))
  (func (export "run") (param "x" string) (result (result string (error string))) (canon lift (core func $m "f") ${OPTIONS}))
  (func (export "run-g") (param "x" u32) (result (result (error u32))) (canon lift (core func $m "g") ${OPTIONS}))
  (func (export "bad") (result string) (canon lift (core func $m "bad") ${OPTIONS}))
  (func (export "worse") (canon lift (core func $m "worse")))`;

function failingHost(log: Log): Readonly<Record<string, unknown>> {
  return {
    "test:host/api": {
      f(x: string) {
        log("f", x);
        if (x === "payload") throw Object.assign(new Error("with payload"), { payload: "from an error" });
        if (x === "plain") throw "a plain string";
        return x + x;
      },
      g(x: number) {
        if (x > 1) throw x;
      },
    },
  };
}

const THINGS = `(import "test:host/things" (instance $api
    (export "thing" (type $thing (sub resource)))
    (export "[constructor]thing" (func (param "n" u32) (result (own $thing))))
    (export "[method]thing.get-value" (func (param "self" (borrow $thing)) (result u32)))
    (export "[static]thing.join" (func (param "a" (own $thing)) (param "b" (own $thing)) (result (own $thing))))
    (export "look" (func (param "x" (borrow $thing)) (result u32)))))
  (alias export $api "thing" (type $thing))
  (core func $new (canon lower (func $api "[constructor]thing"))) (core func $get (canon lower (func $api "[method]thing.get-value")))
  (core func $join (canon lower (func $api "[static]thing.join"))) (core func $look (canon lower (func $api "look")))
  (core func $drop (canon resource.drop $thing))
  (core module $M
    (import "" "new" (func $new (param i32) (result i32))) (import "" "get" (func $get (param i32) (result i32)))
    (import "" "join" (func $join (param i32 i32) (result i32))) (import "" "look" (func $look (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "run") (param $n i32) (result i32) (local $a i32) (local $sum i32)
      (local.set $a (call $join (call $new (local.get $n)) (call $new (i32.const 10))))
      (local.set $sum (i32.add (call $get (local.get $a)) (call $look (local.get $a))))
      (call $drop (local.get $a)) (local.get $sum))
    (func (export "pass") (param i32) (result i32) (local.get 0))
    (func (export "peek") (param i32) (result i32) (local $v i32)
      (local.set $v (call $get (local.get 0))) (call $drop (local.get 0)) (local.get $v))
    (func (export "twice") (call $drop (i32.const 1)) (call $drop (i32.const 1))))
  (core instance $m (instantiate $M (with "" (instance (export "new" (func $new)) (export "get" (func $get))
    (export "join" (func $join)) (export "look" (func $look)) (export "drop" (func $drop))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run")))
  (func (export "pass") (param "x" (own $thing)) (result (own $thing)) (canon lift (core func $m "pass")))
  (func (export "peek") (param "x" (borrow $thing)) (result u32) (canon lift (core func $m "peek")))
  (func (export "twice") (canon lift (core func $m "twice")))`;

function thingsFixture(): Fixture {
  let make: ((n: number) => unknown) | null = null;
  return {
    name: "imported resources",
    text: THINGS,
    host: (log) => {
      class Thing {
        readonly n: number;
        constructor(n: number) {
          this.n = n;
          log("new", n);
        }
        static join(a: Thing, b: Thing): Thing {
          log("join", a.n, b.n);
          return new Thing(a.n + b.n);
        }
        getValue(): number {
          return this.n;
        }
        [Symbol.dispose](): void {
          log("dispose", this.n);
        }
      }
      make = (n) => new Thing(n);
      return { "test:host/things": { Thing, look: (thing: Thing) => thing.n * 100 } };
    },
    script: async (exports, log) => {
      await call(log, exports["run"], 5);
      const thing = make?.(77);
      log("same", (await (exports["pass"] as Callable)(thing)) === thing);
      await call(log, exports["peek"], thing);
      await call(log, exports["twice"]);
    },
  };
}

interface Counter extends Disposable {
  addTo(n: number): number | Promise<number>;
}

const FIXTURES: readonly Fixture[] = [
  {
    name: "results that fail, and traps",
    text: FAILING,
    host: failingHost,
    script: async (exports, log) => {
      for (const x of ["fine", "payload", "plain"]) await call(log, exports["run"], x);
      for (const x of [0, 1, 2]) await call(log, exports["runG"], x);
      await call(log, exports["bad"]);
    },
  },
  {
    name: "a trap of the guest",
    text: FAILING,
    host: failingHost,
    script: async (exports, log) => void await call(log, exports["worse"]),
  },
  thingsFixture(),
  {
    name: "exported resources",
    text: COUNTER + COUNTER_EXPORTS,
    host: (log) => ({ log: { default: (x: number) => log("dropped", x) } }),
    script: async (exports, log) => {
      const { Counter } = exports["test:guest/counters@1.0.0"] as {
        Counter: (new (n: number) => Counter) & { join(a: Counter, b: Counter): Counter | Promise<Counter> };
      };
      const a = new Counter(5);
      log(await a.addTo(3), a instanceof Counter);
      const joined = await Counter.join(a, new Counter(100));
      log(await joined.addTo(1));
      joined[Symbol.dispose]();
    },
  },
  {
    name: "resources between components",
    text: counterHolder(`
      (local.set $h (call $join (local.get $h) (call $make (i32.const 7))))
      (local.set $r (call $add (local.get $h) (i32.const 1)))
      (call $drop (local.get $h)) (local.get $r)`),
    host: (log) => ({ log: { default: (x: number) => log("dropped", x) } }),
    script: async (exports, log) => {
      await call(log, exports["run"], 20);
      await call(log, exports["run"], 21);
    },
  },
  {
    name: "strings through four components",
    text: chain("utf8", "utf16", "utf8", "utf16"),
    host: (log) => ({
      echo: {
        default: (x: unknown) => {
          log("host", x);
          return x;
        },
      },
    }),
    script: async (exports, log) => void await call(log, exports["run"], ["", "plain", "é☂🦀", "x".repeat(2000)]),
  },
  {
    name: "a function that suspends",
    text: `(import "wait" (func $wait (param "x" string) (result string))) ${LIBC}
      (core func $wait (canon lower (func $wait) ${OPTIONS}))
      (core module $M (import "" "wait" (func $wait (param i32 i32 i32))) (import "" "memory" (memory 1))
        (func (export "run") (param i32 i32) (result i32)
          (call $wait (local.get 0) (local.get 1) (i32.const 32))
          (call $wait (i32.load (i32.const 32)) (i32.load (i32.const 36)) (i32.const 40)) (i32.const 40)))
      (core instance $m (instantiate $M (with "" (instance
        (export "wait" (func $wait)) (export "memory" (memory $memory))))))
      (func (export "run") (param "x" string) (result string) (canon lift (core func $m "run") ${OPTIONS}))`,
    suspending: ["wait"],
    host: (log) => ({
      wait: {
        async default(x: string) {
          log("wait", x);
          await Promise.resolve();
          return `${x}!`;
        },
      },
    }),
    script: async (exports, log) => {
      await call(log, exports["run"], "a");
      await call(log, exports["run"], "");
    },
  },
];

for (const fixture of FIXTURES) compare(fixture);
