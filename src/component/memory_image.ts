/** The contents of a memory at one time, and how they are put back: only what was written since, where that is known. */
import { WRITTEN_MAP_BYTES, WRITTEN_PAGE_BYTES, WRITTEN_SPILL_BYTES } from "./instrument/instrumented_module.ts";
import type { VirtualMemory } from "./virtual_memory.ts";

/** Bytes of the map that are looked at together. */
const STRIDE = 4;

/** What a memory held, by pages of 4 KiB; null for pages of zeros. */
export interface MemoryImage {
  /** Its size in wasm pages. */
  readonly pages: number;
  readonly blocks: readonly (Uint8Array | null)[];
}

/** Copies what `memory` holds. */
export function takeImage(memory: VirtualMemory): MemoryImage {
  const bytes = bytesOf(memory);
  const blocks: (Uint8Array | null)[] = [];
  for (let at = 0; at < bytes.length; at += WRITTEN_PAGE_BYTES) {
    const block = bytes.subarray(at, at + WRITTEN_PAGE_BYTES);
    blocks.push(isZero(block) ? null : block.slice());
  }
  return { pages: memory.pages, blocks };
}

/** Puts `memory` back: its size, its contents, and zeros in whatever the runtime has behind it. */
export function restoreImage(memory: VirtualMemory, image: MemoryImage): void {
  const bytes = bytesOf(memory);
  const { written } = memory;
  if (written === null) restoreAll(bytes, image);
  else for (const map of written) restoreWritten(bytes, image, map);
  memory.shrink(image.pages);
}

/** Forgets what was written. */
export function clearWritten(memory: VirtualMemory): void {
  for (const map of memory.written ?? []) map.fill(0);
}

function restoreWritten(bytes: Uint8Array, image: MemoryImage, written: Uint8Array<ArrayBuffer>): void {
  const blocks = bytes.length / WRITTEN_PAGE_BYTES;
  const bytesUsed = Math.min(WRITTEN_MAP_BYTES, blocks);
  // A wasm page is 16 blocks: nothing is left over.
  const strides = new Int32Array(written.buffer, 0, bytesUsed / STRIDE);
  for (let index = 0; index < strides.length; index++) {
    if (strides[index] === 0) continue;
    for (let mark = index * STRIDE; mark < (index + 1) * STRIDE; mark++) {
      if (written[mark] === 0) continue;
      // Past 256 MiB a mark stands for several blocks.
      for (let block = mark; block < blocks; block += WRITTEN_MAP_BYTES) {
        restoreBlock(bytes, image, block);
        // What began at the end of the block went on in the next one, of 4 GiB also around their end.
        if (block + 1 === blocks) restoreBlock(bytes, image, 0, WRITTEN_SPILL_BYTES);
        else if (written[mark + 1] !== 1) restoreBlock(bytes, image, block + 1, WRITTEN_SPILL_BYTES);
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

function restoreBlock(bytes: Uint8Array, image: MemoryImage, block: number, size = WRITTEN_PAGE_BYTES): void {
  const at = block * WRITTEN_PAGE_BYTES;
  const saved = image.blocks[block];
  if (saved) bytes.set(size === WRITTEN_PAGE_BYTES ? saved : saved.subarray(0, size), at);
  else bytes.fill(0, at, at + size);
}

function isZero(block: Uint8Array): boolean {
  const words = new Int32Array(block.buffer, block.byteOffset, block.byteLength / 4);
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== 0) return false;
  }
  return true;
}

function bytesOf({ memory }: VirtualMemory): Uint8Array<ArrayBuffer> {
  const { buffer } = memory;
  if (!(buffer instanceof ArrayBuffer)) throw new TypeError("Cannot use a memory: it is shared, expected an own one");
  return new Uint8Array(buffer);
}
