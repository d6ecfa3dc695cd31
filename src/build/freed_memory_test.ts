import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { clearFreed } from "./freed_memory.ts";

const HEAP_AT = 1024;
const CHUNK_BYTES = 96;
const CHUNKS = 80;
const FREE_CHUNK = 40;
const GARBAGE = 0xa5a5a5a5;

const [ARENA_CHUNK, ARENA_BYTES] = [20, 4080];
/** Places of 352 bytes, eleven in an arena; the first and the third are free. */
const [SIZE_INDEX, SIZE, PLACES] = [25, 352, 11];
const LIST_AT = 512;

/** A memory with a heap of full chunks, but one that is free, and one that is an arena. */
class Heap {
  readonly memory = Buffer.alloc(32 * 1024);
  readonly #at: number[] = [];

  constructor() {
    let at = HEAP_AT;
    for (let index = 0; index < CHUNKS; index++) {
      const bytes = index === ARENA_CHUNK ? ARENA_BYTES : CHUNK_BYTES;
      this.memory.fill(0xa5, at + 8, at + bytes);
      this.set(at + 4, bytes | (index === FREE_CHUNK ? 0 : 2) | (index === FREE_CHUNK + 1 ? 0 : 1));
      if (index === FREE_CHUNK + 1) this.set(at, CHUNK_BYTES);
      this.#at.push(at);
      at += bytes;
    }
    const arena = this.at(ARENA_CHUNK);
    this.set(LIST_AT, arena + 16);
    this.set(LIST_AT + 4, arena + 16);
    this.set(arena + 16, LIST_AT);
    this.set(arena + 20, LIST_AT);
    this.set(arena + 24, SIZE_INDEX | ((PLACES - 2) << 16));
    this.set(arena + 28, PLACES | (0 << 16));
    this.set(this.place(0), 2 | (SIZE_INDEX << 16));
    this.set(this.place(2), 0xffff | (SIZE_INDEX << 16));
  }

  set(at: number, word: number): void {
    this.memory.writeUInt32LE(word >>> 0, at);
  }

  at(chunk: number): number {
    return this.#at[chunk] ?? 0;
  }

  place(index: number): number {
    return this.at(ARENA_CHUNK) + 32 + index * SIZE;
  }

  /** Whether what is there was cleared. */
  isClear(at: number, end: number): boolean {
    return this.memory.subarray(at, end).every((byte) => byte === 0);
  }
}

test("clearFreed, a free chunk loses what it had and keeps its books", () => {
  const heap = new Heap();
  const before = Buffer.from(heap.memory);
  clearFreed(heap.memory);
  const [at, next] = [heap.at(FREE_CHUNK), heap.at(FREE_CHUNK + 1)];
  assert.ok(heap.isClear(at + 32, next));
  assert.deepEqual(heap.memory.subarray(heap.place(PLACES), at + 32), before.subarray(heap.place(PLACES), at + 32));
  assert.deepEqual(heap.memory.subarray(next), before.subarray(next));
});

test("clearFreed, free places of an arena lose what they had, and nothing else does", () => {
  const heap = new Heap();
  const before = Buffer.from(heap.memory);
  clearFreed(heap.memory);
  for (let index = 0; index < PLACES; index++) {
    const [at, end] = [heap.place(index), heap.place(index) + SIZE];
    if (index === 0 || index === 2) assert.ok(heap.isClear(at + 8, end));
    else assert.deepEqual(heap.memory.subarray(at, end), before.subarray(at, end));
    assert.deepEqual(heap.memory.subarray(at, at + 8), before.subarray(at, at + 8));
  }
  assert.deepEqual(heap.memory.subarray(0, heap.place(0)), before.subarray(0, heap.place(0)));
});

const OTHER_BOOKS: readonly {
  readonly name: string;
  readonly change: (heap: Heap) => void;
  readonly kept: "all" | "arena";
}[] = [
  {
    name: "a chunk that does not know the size before it",
    change: (heap) => heap.set(heap.at(FREE_CHUNK + 1), 88),
    kept: "all",
  },
  {
    name: "a chunk that takes a free one for used",
    change: (heap) => heap.set(heap.at(FREE_CHUNK + 1) + 4, CHUNK_BYTES | 3),
    kept: "all",
  },
  { name: "a heap of few chunks", change: (heap) => heap.set(heap.at(60) + 4, 0), kept: "all" },
  { name: "an arena in no list", change: (heap) => heap.set(LIST_AT, GARBAGE), kept: "arena" },
  {
    name: "an arena of another number of places",
    change: (heap) => heap.set(heap.at(ARENA_CHUNK) + 28, PLACES + 1),
    kept: "arena",
  },
  {
    name: "an arena of no known size",
    change: (heap) => heap.set(heap.at(ARENA_CHUNK) + 24, 31 | (9 << 16)),
    kept: "arena",
  },
  {
    name: "a free place of another size",
    change: (heap) => heap.set(heap.place(2), 0xffff | (3 << 16)),
    kept: "arena",
  },
  {
    name: "a free place past the last",
    change: (heap) => heap.set(heap.place(0), PLACES | (SIZE_INDEX << 16)),
    kept: "arena",
  },
  { name: "a circle of free places", change: (heap) => heap.set(heap.place(2), SIZE_INDEX << 16), kept: "arena" },
  {
    name: "fewer free places than counted",
    change: (heap) => heap.set(heap.place(0), 0xffff | (SIZE_INDEX << 16)),
    kept: "arena",
  },
];

for (const { name, change, kept } of OTHER_BOOKS) {
  test(`clearFreed, ${name}: ${kept === "all" ? "nothing" : "nothing of the arena"} is cleared`, () => {
    const heap = new Heap();
    change(heap);
    const before = Buffer.from(heap.memory);
    clearFreed(heap.memory);
    const range = kept === "all" ? [] : [heap.at(ARENA_CHUNK), heap.at(ARENA_CHUNK + 1)];
    assert.deepEqual(heap.memory.subarray(...range), before.subarray(...range));
  });
}
