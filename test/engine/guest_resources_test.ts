/** Resources that a guest defines, as the host and as another component see them: mostly what is forbidden. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { COUNTER, COUNTER_EXPORTS, counterHolder } from "./fixtures.ts";
import { call, component } from "./wat.ts";

interface Counter extends Disposable {
  addTo(n: number): number;
}
type CounterClass = (new (n: number) => Counter) & { join(a: Counter, b: Counter): Counter };

async function counters(): Promise<{ instance: ComponentInstance; Counter: CounterClass; log: number[] }> {
  const log: number[] = [];
  const compiled = await component(COUNTER + COUNTER_EXPORTS);
  const instance = compiled.instantiate({ log: (x: number) => void log.push(x) });
  const found = instance.findInterface("test:guest/counters");
  assert(found !== undefined);
  return { instance, Counter: found["Counter"] as CounterClass, log };
}

test("guest resources: constructor, methods, statics, and the destructor on dispose", async () => {
  const { instance, Counter, log } = await counters();
  const a = new Counter(5);
  assert(a instanceof Counter);
  assert.equal(Counter.name, "Counter");
  assert.equal(a.addTo(3), 8);
  const b = new Counter(100);
  const joined = Counter.join(a, b);
  assert(joined instanceof Counter);
  assert.equal(joined.addTo(0), 108);
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
    (Counter) => {
      const a = new Counter(1);
      Counter.join(a, new Counter(2));
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
    assert.throws(() => row(Counter, other), /expected a resource/);
    assert.equal(instance.state, "trapped");
  }
});

test("guest resources: they die with their instance", async () => {
  const { instance, Counter, log } = await counters();
  const a = new Counter(1);
  instance.dispose();
  assert.throws(() => a.addTo(1), /it was disposed/);
  a[Symbol.dispose]();
  assert.deepEqual(log, []);
});

test("resources between components: owned, lent, joined and dropped", async () => {
  const log: number[] = [];
  const compiled = await component(counterHolder(`
    (local.set $h (call $join (local.get $h) (call $make (i32.const 7))))
    (local.set $r (call $add (local.get $h) (i32.const 1)))
    (call $drop (local.get $h)) (local.get $r)`));
  const instance = compiled.instantiate({ log: (x: number) => void log.push(x) });
  assert.equal(call(instance, "run", 20), 28);
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
    const instance = compiled.instantiate({ log() {} });
    assert.throws(() => call(instance, "run", 1), /there is none/);
    assert.equal(instance.state, "trapped");
  });
}
