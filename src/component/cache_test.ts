import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentCache } from "./cache.ts";
import { ComponentError } from "./errors.ts";

/** An empty component with a custom section that makes it different from others. */
function emptyComponent(mark: number): Uint8Array {
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 0, 3, 1, 0x6d, mark]);
}
const suspending: ReadonlySet<string> = new Set();

test("ComponentCache: equal bytes are compiled once, also at the same time", async () => {
  const cache = new ComponentCache({ suspending });
  const [a, b] = await Promise.all([cache.compile(emptyComponent(1)), cache.compile(emptyComponent(1))]);
  assert.equal(a, b);
  assert.equal(await cache.compile(emptyComponent(1)), a);
  assert.notEqual(await cache.compile(emptyComponent(2)), a);
  assert.notEqual(await cache.compile(emptyComponent(1), { tracksWrites: true }), a);
  assert.equal(cache.size, 3);
});

test("ComponentCache: what cannot be compiled is not kept", async () => {
  const cache = new ComponentCache({ suspending });
  const bad = new Uint8Array([1, 2, 3]);
  await assert.rejects(cache.compile(bad), ComponentError);
  await assert.rejects(cache.compile(bad), ComponentError);
  assert.equal(cache.size, 0);
});

test("ComponentCache: nothing is kept alive that nobody uses", async () => {
  const cache = new ComponentCache({ suspending });
  const used = await cache.compile(emptyComponent(0));
  // Enough of them that the runtimes collect some by themselves; which ones is theirs to say.
  const countMax = 50_000;
  let count = 0;
  while (count < countMax && cache.size > count / 2) {
    for (const end = count + 500; count < end; count++) {
      await cache.compile(new Uint8Array([...emptyComponent(0), 0, 4, 1, 0x6e, count & 255, count >> 8]));
    }
  }
  assert.ok(cache.size < count, `${cache.size} of ${count}`);
  assert.equal(await cache.compile(emptyComponent(0)), used);
});
