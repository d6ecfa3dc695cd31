/** The contents of a memory at one time, and how they are put back: only what was written since, where that is known. */
import { WRITTEN_MAP_BYTES, WRITTEN_PAGE_BYTES, WRITTEN_SPILL_BYTES } from "./instrument/instrumented_module.ts";
import type { VirtualMemory, WrittenMap } from "./virtual_memory.ts";

/** Bytes of the map that are looked at together. */
const STRIDE = 4;

/** What a memory held, by pages of 4 KiB; null for pages of zeros. */
export interface MemoryImage {
  /** Its size in wasm pages. */
  readonly pages: number;
  readonly blocks: readonly (Uint8Array | null)[];
  /** The beginning of each, as far as a store that began in the page before can reach. */
  readonly spills: readonly (Uint8Array | null)[];
}

const ZEROS = new Uint8Array(WRITTEN_PAGE_BYTES);
const NO_SPILL = ZEROS.subarray(0, WRITTEN_SPILL_BYTES);

/** Copies what `memory` holds. */
export function takeImage(memory: VirtualMemory): MemoryImage {
  const { bytes } = memory;
  const blocks: (Uint8Array | null)[] = [];
  for (let at = 0; at < bytes.length; at += WRITTEN_PAGE_BYTES) {
    const block = bytes.subarray(at, at + WRITTEN_PAGE_BYTES);
    blocks.push(isZero(block) ? null : block.slice());
  }
  const spills = blocks.map((block) => block?.subarray(0, WRITTEN_SPILL_BYTES) ?? null);
  return { pages: memory.pages, blocks, spills };
}

/** Puts `memory` back: its size, its contents, and zeros in whatever the runtime has behind it. */
export function restoreImage(memory: VirtualMemory, image: MemoryImage): void {
  const { bytes, written } = memory;
  if (written === null) restoreAll(bytes, image);
  else for (const map of written) restoreWritten(bytes, image, map);
  memory.shrink(image.pages);
}

/** Forgets what was written. */
export function clearWritten(memory: VirtualMemory): void {
  for (const { marks } of memory.written ?? []) marks.fill(0);
}

function restoreWritten(bytes: Uint8Array, image: MemoryImage, { marks, strides }: WrittenMap): void {
  const blocks = bytes.length / WRITTEN_PAGE_BYTES;
  // A wasm page is 16 blocks: nothing is left over.
  const stridesUsed = Math.min(WRITTEN_MAP_BYTES, blocks) / STRIDE;
  // A place a little before a store was marked, and an address wraps around.
  if (marks[WRITTEN_MAP_BYTES - 1] === 1) {
    restoreSpill(bytes, image, 0);
    if (blocks < WRITTEN_MAP_BYTES) marks[WRITTEN_MAP_BYTES - 1] = 0;
  }
  for (let index = 0; index < stridesUsed; index++) {
    if (strides[index] === 0) continue;
    for (let mark = index * STRIDE; mark < (index + 1) * STRIDE; mark++) {
      if (marks[mark] === 0) continue;
      // Past 256 MiB a mark stands for several blocks.
      for (let block = mark; block < blocks; block += WRITTEN_MAP_BYTES) {
        restoreBlock(bytes, image, block);
        // What began at the end of the block went on in the next one, of 4 GiB also around their end.
        if (block + 1 === blocks) restoreSpill(bytes, image, 0);
        else if (marks[mark + 1] !== 1) restoreSpill(bytes, image, block + 1);
      }
    }
    strides[index] = 0;
  }
}

function restoreAll(bytes: Uint8Array, image: MemoryImage): void {
  const blocks = bytes.length / WRITTEN_PAGE_BYTES;
  for (let block = 0; block < blocks; block++) {
    const at = block * WRITTEN_PAGE_BYTES;
    // A page that was never touched takes no memory, and would if zeros were written to it.
    if (image.blocks[block] || !isZero(bytes.subarray(at, at + WRITTEN_PAGE_BYTES))) restoreBlock(bytes, image, block);
  }
}

/** Zeros are copied too: `fill` is a call out of V8's generated code, and dearer than reading a page that stays in the cache. */
function restoreBlock(bytes: Uint8Array, { blocks }: MemoryImage, block: number): void {
  bytes.set(blocks[block] ?? ZEROS, block * WRITTEN_PAGE_BYTES);
}

function restoreSpill(bytes: Uint8Array, { spills }: MemoryImage, block: number): void {
  bytes.set(spills[block] ?? NO_SPILL, block * WRITTEN_PAGE_BYTES);
}

function isZero(block: Uint8Array): boolean {
  const words = new Int32Array(block.buffer, block.byteOffset, block.byteLength / 4);
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== 0) return false;
  }
  return true;
}
