/** Components whose every instance would hold the event loop: refused, or made in pieces. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedMeter } from "../engine/scripted_meter.ts";
import { component } from "../engine/wat.ts";

const MANY = Array.from({ length: 10_001 }, (_, index) => index);

const REFUSED: Readonly<Record<string, string>> = {
  exports: `(func) ${MANY.map((index) => `(export "e${index}" (func 0))`).join(" ")}`,
  globals: "(global (mut i32) (i32.const 0)) ".repeat(MANY.length),
  tags: "(tag) ".repeat(MANY.length),
  elements: `(table 100000 funcref) (func $f) ${`(elem (i32.const 0) func ${"$f ".repeat(90_000)})`.repeat(3)}`,
};

for (const [what, fields] of Object.entries(REFUSED)) {
  test(`a core module of too many ${what} is refused`, async () => {
    await assert.rejects(
      component(`(core module $M ${fields}) (core instance (instantiate $M))`),
      /a core module of more than \d+ (exports, imports, globals and tags|elements in its segments)/,
    );
  });
}

/** A component of so many core instances, each with as many exports. */
function wide(instances: number, exports: number): string {
  const names = MANY.slice(0, exports).map((index) => `(export "e${index}" (func 0))`).join(" ");
  return `(core module $M (func) ${names}) ${"(core instance (instantiate $M)) ".repeat(instances)}`;
}

test("a guest of many core instances waits for its turn between them", async () => {
  const compiled = await component(wide(500, 100));
  const meter = new ScriptedMeter();
  const instance = await compiled.instantiate({}, { meter });
  assert.ok(meter.turns >= 20, `it was asked ${meter.turns} times`);
  assert.deepEqual([meter.isRunning, instance.state], [false, "idle"]);
  instance.dispose();
});

test("a guest that is made for too long is given up", async () => {
  const compiled = await component(wide(500, 100));
  const meter = new ScriptedMeter({ endsAt: 3 });
  await assert.rejects(
    compiled.instantiate({}, { meter }),
    (error) => error instanceof WebAssembly.RuntimeError && error.cause === meter.cause,
  );
  assert.deepEqual([meter.checks.length, meter.isRunning], [3, false]);
});

test("a guest that is killed while it waits between its core instances gets no more of them", async () => {
  const compiled = await component(wide(500, 100));
  const meter = new ScriptedMeter({ isHeld: true });
  const cause = new Error("over");
  let kill = (): void => {};
  const making = compiled.instantiate({}, { meter, onMade: (instance) => (kill = () => instance.kill(cause)) });
  kill();
  await assert.rejects(making, (error) => error instanceof WebAssembly.RuntimeError && error.cause === cause);
  assert.deepEqual([meter.turns, meter.isRunning], [1, false]);
});
