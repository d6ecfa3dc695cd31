/** The size that a guest sees, what it draws on its budget, and what its hooks take and give. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_BYTES, VirtualMemory } from "./virtual_memory.ts";

interface Opened {
  readonly memory: VirtualMemory;
  readonly taken: () => number;
}

function open(options: { readonly max?: bigint; readonly budget?: number; readonly is64?: boolean }): Opened {
  let taken = 0;
  const memory = new VirtualMemory({
    is64: options.is64 ?? false,
    minPages: 1n,
    maxPages: options.max ?? null,
    budget: {
      take(pages) {
        if (taken + pages > (options.budget ?? 100)) return false;
        taken += pages;
        return true;
      },
      giveBack(pages) {
        taken -= pages;
      },
    },
    tracksWrites: false,
  });
  const type: WebAssembly.MemoryDescriptor & { address?: string } = { initial: 1 };
  if (options.is64) Object.assign(type, { initial: 1n, address: "i64" });
  memory.attach(new WebAssembly.Memory(type));
  return { memory, taken: () => taken };
}

test("VirtualMemory.grow: past its maximum, its budget or any sense it fails and takes nothing", () => {
  const { memory, taken } = open({ max: 10n, budget: 5 });
  for (const [delta, gives] of [[10, -1], [6, -1], [2 ** 32 - 1, -1], [5, 1], [1, -1], [0, 6]] as const) {
    assert.equal(memory.grow(delta), gives);
  }
  assert.deepEqual([memory.pages, taken(), memory.memory.buffer.byteLength], [6, 5, 6 * PAGE_BYTES]);
});

test("VirtualMemory.grow: what the runtime refuses is given back", () => {
  const { memory, taken } = open({});
  // The runtime knows of a bound that we do not.
  memory.attach(new WebAssembly.Memory({ initial: 1, maximum: 3 }));
  assert.equal(memory.grow(3), -1);
  assert.deepEqual([taken(), memory.hasRefused, memory.pages], [0, true, 1]);
});

test("VirtualMemory.grow: more than 32 bits of pages are no wrap-around", () => {
  const { memory, taken } = open({ budget: 2 ** 50, is64: true });
  for (const delta of [2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 64]) assert.equal(memory.grow(delta), -1);
  assert.deepEqual([taken(), memory.pages], [0, 1]);
});

test("VirtualMemory.shrink: pages that are there are given out again", () => {
  const { memory, taken } = open({ budget: 5 });
  memory.grow(4);
  memory.shrink(1);
  assert.deepEqual([memory.pages, memory.physicalPages, taken()], [1, 5, 4]);
  assert.equal(memory.grow(4), 1);
  assert.equal(taken(), 4);
  assert.equal(memory.grow(1), 5);
  assert.equal(taken(), 5);
});

test("VirtualMemory.hooks: sizes are unsigned, of the width of the memory", () => {
  const narrow = open({}).memory.hooks as { grow: (delta: number) => number; size: () => number };
  assert.deepEqual([narrow.grow(-1), narrow.grow(2), narrow.size()], [-1, 1, 3]);
  const wide = open({ is64: true }).memory.hooks as { grow: (delta: bigint) => bigint; size: () => bigint };
  assert.deepEqual([wide.grow(-1n), wide.grow(2n), wide.size()], [-1n, 1n, 3n]);
});
