import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentCache } from "./cache.ts";
import type { InstrumentedModule } from "./instrument/instrumented_module.ts";
import { decodeModules, encodeModules, type ModuleStore, type RewrittenModules } from "./module_store.ts";

const MODULE: InstrumentedModule = {
  bytes: new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
  importModule: "_loopgate",
  exportPrefix: "loopgate:",
  memories: [{ imported: { module: "m", name: "é" }, is64: true, minPages: 2n ** 40n, maxPages: null }],
  tables: [{ imported: null, is64: false, minElements: 0n, maxElements: 7n }],
  savedGlobals: [{ kind: "value", export: "global:1" }, { kind: "unreadable" }],
  hasStart: false,
  hasFuel: true,
  hasChanged: true,
  tracksWrites: true,
  writtenMaps: [{ memory: 0, kind: "import" }],
};

const LISTS: readonly { readonly name: string; readonly modules: RewrittenModules }[] = [
  { name: "no module", modules: [] },
  { name: "one that no instance needs", modules: [null] },
  { name: "several", modules: [MODULE, null, { ...MODULE, bytes: new Uint8Array([9, 8, 7]), memories: [] }] },
];

for (const { name, modules } of LISTS) {
  test(`decodeModules: what was encoded comes back: ${name}`, async () => {
    assert.deepEqual(await decodeModules(await encodeModules(modules)), modules);
  });
}

test("decodeModules: with any byte changed, or cut anywhere, there is nothing", async () => {
  const whole = await encodeModules([MODULE]);
  for (let at = 0; at < whole.length; at++) {
    const changed = whole.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(await decodeModules(changed), undefined, `byte ${at}`);
    assert.equal(await decodeModules(whole.slice(0, at)), undefined, `cut at ${at}`);
  }
  assert.equal(await decodeModules(new Uint8Array([...whole, 0])), undefined);
});

/** A component with one core module, which has a function, and an instance of it. */
function component(constant: number): Uint8Array {
  const code = [0x0a, 6, 1, 4, 0, 0x41, constant, 0x0b];
  const core = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, ...code];
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 1, core.length, ...core, 2, 4, 1, 0, 0, 0]);
}

/** Keeps in memory, and says what was asked. */
class MemoryStore implements ModuleStore {
  readonly pieces = new Map<string, Uint8Array>();
  readonly found: boolean[] = [];

  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const piece = this.pieces.get(name);
    this.found.push(piece !== undefined);
    return Promise.resolve(piece && new Uint8Array(piece));
  }

  write(name: string, bytes: Uint8Array): Promise<void> {
    this.pieces.set(name, bytes);
    return Promise.resolve();
  }
}

/** Compiles as a new process does, up to what it leaves. */
async function compileAnew(store: ModuleStore, bytes: Uint8Array, tracksWrites = false): Promise<void> {
  const cache = new ComponentCache({ suspending: new Set(), store });
  const compiled = await cache.compile(bytes, { tracksWrites });
  await compiled.instantiate({});
  await cache.settled();
}

test("ComponentCache: what one process rewrote another one finds, for the same bytes and the same tracking alone", async () => {
  const store = new MemoryStore();
  await compileAnew(store, component(1));
  await compileAnew(store, component(1));
  await compileAnew(store, component(1), true);
  await compileAnew(store, component(2));
  assert.deepEqual(store.found, [false, true, false, false]);
  assert.equal(store.pieces.size, 3);
});

test("ComponentCache: what is found is used, and nothing is written again", async () => {
  const store = new MemoryStore();
  await compileAnew(store, component(1));
  const [name = ""] = store.pieces.keys();
  const [module] = await decodeModules(new Uint8Array(store.pieces.get(name) ?? [])) ?? [];
  assert.ok(module !== undefined && module !== null);
  // It would be malformed: so what is compiled is the store's.
  const broken = await encodeModules([{ ...module, bytes: new Uint8Array([1, 2, 3]) }]);
  store.pieces.set(name, broken);
  await assert.rejects(compileAnew(store, component(1)), /Cannot compile a core module/);
  assert.equal(store.pieces.get(name), broken);
});

test("ComponentCache: a damaged piece is made again", async () => {
  const store = new MemoryStore();
  await compileAnew(store, component(1));
  const [[name, whole] = ["", new Uint8Array()]] = store.pieces;
  store.pieces.set(name, whole.slice(0, -1));
  await compileAnew(store, component(1));
  assert.deepEqual(store.pieces.get(name), whole);
});

test("ComponentCache: what cannot be compiled leaves nothing", async () => {
  const store = new MemoryStore();
  await assert.rejects(compileAnew(store, component(1).slice(0, -1)));
  assert.equal(store.pieces.size, 0);
});
