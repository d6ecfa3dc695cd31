/** Resources that a guest defines, as the host and as another component see them: mostly what is forbidden. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { COUNTER, COUNTER_EXPORTS, counterHolder } from "./fixtures.ts";
import { call, component } from "./wat.ts";

interface Counter extends Disposable {
  addTo(n: number): Promise<number>;
}
type CounterClass = (new (n: number) => Counter) & { join(a: Counter, b: Counter): Promise<Counter> };

async function counters(): Promise<{ instance: ComponentInstance; Counter: CounterClass; log: number[] }> {
  const log: number[] = [];
  const compiled = await component(COUNTER + COUNTER_EXPORTS);
  const instance = await compiled.instantiate({ log: (x: number) => void log.push(x) });
  const found = instance.findInterface("test:guest/counters");
  assert(found !== undefined);
  return { instance, Counter: found["Counter"] as CounterClass, log };
}

test("guest resources: constructor, methods, statics, and the destructor on dispose", async () => {
  const { instance, Counter, log } = await counters();
  const a = new Counter(5);
  assert(a instanceof Counter);
  assert.equal(Counter.name, "Counter");
  assert.equal(await a.addTo(3), 8);
  const b = new Counter(100);
  const joined = await Counter.join(a, b);
  assert(joined instanceof Counter);
  assert.equal(await joined.addTo(0), 108);
  assert.deepEqual(log, [100]);
  joined[Symbol.dispose]();
  joined[Symbol.dispose]();
  assert.deepEqual(log, [100, 108]);
  assert.equal(instance.handleCount, 0);
});

test("guest resources: dropped, moved and foreign objects are refused", async () => {
  const rows: readonly ((Counter: CounterClass, other: Counter) => unknown)[] = [
    (Counter) => {
      const a = new Counter(1);
      a[Symbol.dispose]();
      return a.addTo(1);
    },
    async (Counter) => {
      const a = new Counter(1);
      await Counter.join(a, new Counter(2));
      return a.addTo(1);
    },
    (Counter) => {
      const a = new Counter(1);
      return Counter.join(a, a);
    },
    (Counter, other) => Counter.prototype.addTo.call(other, 1),
    (Counter) => Reflect.apply(Counter.prototype.addTo, {}, [1]),
    (Counter) => Counter.prototype.addTo.call(Object.create(Counter.prototype) as Counter, 1),
  ];
  for (const row of rows) {
    const { instance, Counter } = await counters();
    const other = new (await counters()).Counter(9);
    await assert.rejects(async () => row(Counter, other), /expected a resource/);
    assert.equal(instance.state, "trapped");
  }
});

test("guest resources: they die with their instance", async () => {
  const { instance, Counter, log } = await counters();
  const a = new Counter(1);
  instance.dispose();
  await assert.rejects(async () => a.addTo(1), /it was disposed/);
  a[Symbol.dispose]();
  assert.deepEqual(log, []);
});

test("resources between components: owned, lent, joined and dropped", async () => {
  const log: number[] = [];
  const compiled = await component(counterHolder(`
    (local.set $h (call $join (local.get $h) (call $make (i32.const 7))))
    (local.set $r (call $add (local.get $h) (i32.const 1)))
    (call $drop (local.get $h)) (local.get $r)`));
  const instance = await compiled.instantiate({ log: (x: number) => void log.push(x) });
  assert.equal(await call(instance, "run", 20), 28);
  assert.deepEqual(log, [7, 28]);
  assert.equal(instance.handleCount, 0);
});

const BETWEEN = [
  { name: "use after drop", body: "(call $drop (local.get $h)) (call $add (local.get $h) (i32.const 1))" },
  {
    name: "use after moving",
    body: "(drop (call $join (local.get $h) (call $make (i32.const 1)))) (call $add (local.get $h) (i32.const 1))",
  },
  { name: "giving one handle twice", body: "(call $join (local.get $h) (local.get $h))" },
  { name: "a number that is no handle", body: "(call $add (i32.const 4096) (i32.const 1))" },
];
for (const { name, body } of BETWEEN) {
  test(`resources between components: ${name} traps`, async () => {
    const compiled = await component(counterHolder(body));
    const instance = await compiled.instantiate({ log() {} });
    await assert.rejects(async () => call(instance, "run", 1), /there is none/);
    assert.equal(instance.state, "trapped");
  });
}

/** A guest with a resource of its own; `run` takes a string, so that it is passed through `realloc`. */
function maker(parts: { readonly realloc?: string; readonly run?: string; readonly post?: string }): string {
  return `(type $r (resource (rep i32)))
    (core func $new (canon resource.new $r)) (core func $rep (canon resource.rep $r))
    (core func $drop (canon resource.drop $r))
    (core module $M
      (import "" "new" (func $new (param i32) (result i32))) (import "" "rep" (func $rep (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${parts.realloc ?? ""} (i32.const 8))
      (func (export "run") (param i32 i32) (local $h i32) ${parts.run ?? ""})
      (func (export "post") ${parts.post ?? ""}))
    (core instance $m (instantiate $M (with "" (instance
      (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
    (func (export "run") (param "s" string) (canon lift (core func $m "run") (memory (core memory $m "memory"))
      (realloc (core func $m "realloc")) (post-return (core func $m "post"))))`;
}

const NEW = "(drop (call $new (i32.const 5)))";
const DROP = "(call $drop (i32.const 1))";
const FORBIDDEN = [
  {
    name: "making one in realloc",
    parts: { realloc: NEW },
    message: /Cannot make a resource: .*realloc or post-return/,
  },
  { name: "making one in post-return", parts: { post: NEW }, message: /Cannot make a resource/ },
  {
    name: "dropping one in realloc",
    parts: { realloc: DROP },
    message: /Cannot drop a resource: .*realloc or post-return/,
  },
  { name: "dropping one in post-return", parts: { run: NEW, post: DROP }, message: /Cannot drop a resource/ },
  { name: "looking into handle 0", parts: { run: "(drop (call $rep (i32.const 0)))" }, message: /there is none/ },
  {
    name: "looking into a dropped one",
    parts: { run: `${NEW} ${DROP} (drop (call $rep (i32.const 1)))` },
    message: /there is none/,
  },
  { name: "dropping one twice", parts: { run: `${NEW} ${DROP} ${DROP}` }, message: /there is none/ },
];
for (const { name, parts, message } of FORBIDDEN) {
  test(`guest resources: ${name} traps`, async () => {
    const instance = await (await component(maker(parts))).instantiate({});
    await assert.rejects(async () => call(instance, "run", "x"), message);
    assert.equal(instance.state, "trapped");
  });
}

test("guest resources: a representation may be looked at in post-return", async () => {
  const rep = "(drop (call $rep (i32.const 1)))";
  const instance = await (await component(maker({ run: `${NEW} ${rep}`, post: rep }))).instantiate({});
  assert.equal(await call(instance, "run", "x"), undefined);
  assert.equal(instance.handleCount, 1);
});
