/** A memory that is put back holds what its image says, and zeros behind it, whatever was written and marked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { WRITTEN_MAP_BYTES, WRITTEN_PAGE_BYTES, WRITTEN_SPILL_BYTES } from "./instrument/instrumented_module.ts";
import { clearWritten, restoreImage, takeImage } from "./memory_image.ts";
import { PAGE_BYTES, VirtualMemory } from "./virtual_memory.ts";

function open(pages: number, tracksWrites: boolean): VirtualMemory {
  const virtual = new VirtualMemory({
    is64: false,
    minPages: BigInt(pages),
    maxPages: null,
    budget: { take: () => true, giveBack() {} },
    tracksWrites,
  });
  virtual.attach(new WebAssembly.Memory({ initial: pages }));
  return virtual;
}

function bytes(memory: VirtualMemory): Uint8Array {
  return new Uint8Array(memory.memory.buffer);
}

/** Writes as the host does; or as a guest's store, which marks the page where it begins. */
interface Write {
  readonly at: number;
  readonly size: number;
  readonly isStore: boolean;
}

function write(memory: VirtualMemory, map: Uint8Array, { at, size, isStore }: Write): void {
  const all = bytes(memory);
  const start = at % all.length;
  const end = Math.min(all.length, start + (isStore ? size % WRITTEN_SPILL_BYTES + 1 : size));
  if (isStore) map[Math.floor(start / WRITTEN_PAGE_BYTES) % WRITTEN_MAP_BYTES] = 1;
  else memory.mark(start, end - start);
  all.fill(0xee, start, end);
}

const WRITES = fc.array(
  fc.record({ at: fc.nat(4 * PAGE_BYTES), size: fc.integer({ min: 1, max: 20_000 }), isStore: fc.boolean() }),
  { maxLength: 20 },
);

for (const tracksWrites of [true, false]) {
  test(`memory image: any writes are undone (${tracksWrites ? "map" : "whole"})`, () => {
    fc.assert(
      fc.property(WRITES, WRITES, fc.nat(3), (before, after, growth) => {
        const memory = open(1, tracksWrites);
        const own = new WebAssembly.Memory({ initial: 1, maximum: 1 });
        memory.addMap(own);
        const map = new Uint8Array(own.buffer);
        for (const one of before) write(memory, map, one);
        const image = takeImage(memory);
        const first = bytes(memory).slice();
        clearWritten(memory);
        for (let round = 0; round < 2; round++) {
          assert.equal(memory.grow(growth), 1);
          for (const one of after) write(memory, map, one);
          restoreImage(memory, image);
          assert.equal(memory.pages, 1);
          assert.deepEqual(bytes(memory).slice(0, PAGE_BYTES), first);
          assert.ok(bytes(memory).subarray(PAGE_BYTES).every((byte) => byte === 0));
          assert.ok(map.every((mark) => mark === 0) || !tracksWrites);
        }
      }),
      { numRuns: 60 },
    );
  });
}

test("memory image: the last byte of a map stands for the begin of a memory", () => {
  const memory = open(1, true);
  const own = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  memory.addMap(own);
  const image = takeImage(memory);
  const map = new Uint8Array(own.buffer);
  bytes(memory).fill(1, 0, WRITTEN_SPILL_BYTES);
  map[WRITTEN_MAP_BYTES - 1] = 1;
  restoreImage(memory, image);
  assert.ok(bytes(memory).every((byte) => byte === 0));
  assert.ok(map.every((mark) => mark === 0));
});

test("memory image: every map counts", () => {
  const memory = open(2, true);
  const maps = [memory.sharedMap, new WebAssembly.Memory({ initial: 1, maximum: 1 })];
  if (maps[1] !== undefined) memory.addMap(maps[1]);
  const image = takeImage(memory);
  for (const [index, map] of maps.entries()) {
    bytes(memory)[5000 + index * PAGE_BYTES] = 1;
    new Uint8Array(map.buffer)[1 + index * 16] = 1;
  }
  restoreImage(memory, image);
  assert.ok(bytes(memory).every((byte) => byte === 0));
});

test("memory image: a mark at the end of a memory stands for its begin too", () => {
  const memory = open(1, true);
  const image = takeImage(memory);
  bytes(memory)[3] = 1;
  new Uint8Array(memory.sharedMap.buffer)[PAGE_BYTES / WRITTEN_PAGE_BYTES - 1] = 1;
  restoreImage(memory, image);
  assert.ok(bytes(memory).every((byte) => byte === 0));
});
