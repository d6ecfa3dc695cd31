/**
 * Clears what a saved memory has of blocks that were freed. QuickJS compiles a guest before its memory is saved, and most of
 * what that took is free by then, but not zero: nobody can read it, and all of it would be stored in the component.
 *
 * Two allocators keep their books within the memory: the C library's (dlmalloc), and that of QuickJS, which cuts blocks of it,
 * arenas, into places of one size. Everything that is cleared was found by their books, which are checked at each step; a memory
 * whose books are others stays as it is.
 */
import type { Buffer } from "node:buffer";

const WORD_BYTES = 4;

// A chunk of dlmalloc: the size of the chunk before it (if that is free), its own size with flags, then what it holds.
const PREVIOUS_IN_USE = 1;
const IN_USE = 2;
const FOREIGN = 4;
const SIZE_MASK = ~7;
const CHUNK_BYTES_MIN = 16;
/** Sizes, links of lists and of trees: what a free chunk is found by. */
const FREE_CHUNK_BOOKS_BYTES = 32;
/** So many chunks in a row, each telling the next one's place and state, are no accident. */
const CHUNKS_MIN = 64;

// An arena, in words from the chunk that holds it.
const ARENA_LINK = 4;
const ARENA_COUNTS = 6;
const ARENA_FREE = 7;
const ARENA_BLOCKS_BYTES = 32;
const ARENA_BYTES_MAX = 4096;
const ARENA_HEADER_BYTES = 24;
/** What a free place of an arena is found by: the number of the next one, and its size. */
const BLOCK_HEADER_BYTES = 8;
const NO_BLOCK = 0xffff;
/** 16 to 128 bytes in steps of 8, to 256 in steps of 16, to 512 in steps of 32. */
const BLOCK_BYTES: readonly number[] = [[16, 128, 8], [144, 256, 16], [288, 512, 32]].flatMap(
  ([least = 0, most = 0, step = 1]) =>
    Array.from({ length: (most - least) / step + 1 }, (_, index) => least + index * step),
);

/** Clears `memory` in place. Its length is a multiple of 4. */
export function clearFreed(memory: Buffer): void {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / WORD_BYTES);
  for (const chunk of heapOf(words)) {
    const end = chunk.at + chunk.bytes;
    if (!chunk.isInUse) memory.fill(0, Math.min(chunk.at + FREE_CHUNK_BOOKS_BYTES, end), end);
    else for (const { at, end } of freeBlocksOf(memory, words, chunk)) memory.fill(0, at, end);
  }
}

/** What dlmalloc has in its hands. */
interface Chunk {
  readonly at: number;
  readonly bytes: number;
  readonly isInUse: boolean;
}

/** The chunks of the longest chain of them: each begins where the one before it ends. */
function heapOf(words: Uint32Array): readonly Chunk[] {
  let longest: readonly Chunk[] = [];
  const isSeen = new Uint8Array(words.length);
  for (let start = 0; start < words.length; start += 2) {
    // A chain from within another is a part of it, or a shorter one beside it.
    if (isSeen[start] === 1) continue;
    const chain = chainFrom(words, start, isSeen);
    if (chain.length > longest.length) longest = chain;
  }
  return longest.length < CHUNKS_MIN ? [] : longest;
}

function chainFrom(words: Uint32Array, start: number, isSeen: Uint8Array): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let index = start;
  for (let before: Chunk | undefined; index + 1 < words.length;) {
    const head = words[index + 1] ?? 0;
    const bytes = head & SIZE_MASK;
    const isChunk = (head & FOREIGN) === 0 && bytes >= CHUNK_BYTES_MIN && index + bytes / WORD_BYTES <= words.length;
    if (!isChunk) break;
    if (before !== undefined) {
      if (((head & PREVIOUS_IN_USE) !== 0) !== before.isInUse) break;
      if (!before.isInUse && words[index] !== before.bytes) break;
    }
    isSeen[index] = 1;
    before = { at: index * WORD_BYTES, bytes, isInUse: (head & IN_USE) !== 0 };
    chunks.push(before);
    index += bytes / WORD_BYTES;
  }
  return chunks;
}

/** A part of the memory. */
interface Range {
  readonly at: number;
  readonly end: number;
}

/** The free places of the arena that `chunk` holds; none when it holds something else. */
function freeBlocksOf(memory: Buffer, words: Uint32Array, chunk: Chunk): readonly Range[] {
  const first = chunk.at / WORD_BYTES;
  const counts = words[first + ARENA_COUNTS] ?? 0;
  const [sizeIndex, used] = [counts & 0xff, counts >>> 16];
  const size = BLOCK_BYTES[sizeIndex];
  if (size === undefined || !isInList(words, first + ARENA_LINK)) return [];
  const [blocks, firstFree] = [(words[first + ARENA_FREE] ?? 0) & 0xffff, (words[first + ARENA_FREE] ?? 0) >>> 16];
  if (blocks !== Math.floor((ARENA_BYTES_MAX - ARENA_HEADER_BYTES) / size)) return [];
  if (ARENA_BLOCKS_BYTES + blocks * size > chunk.bytes + WORD_BYTES) return [];
  const ranges: Range[] = [];
  for (let block = firstFree; block !== NO_BLOCK;) {
    const at = chunk.at + ARENA_BLOCKS_BYTES + block * size;
    // Each free place is in the list once, and knows its size.
    if (block >= blocks || ranges.length === blocks || memory[at + 2] !== sizeIndex) return [];
    ranges.push({ at: at + BLOCK_HEADER_BYTES, end: at + size });
    block = memory.readUInt16LE(at);
  }
  return ranges.length === blocks - used ? ranges : [];
}

/** Whether two words are a link of a list: its neighbours lead back to it. */
function isInList(words: Uint32Array, index: number): boolean {
  const at = index * WORD_BYTES;
  const [before = 1, after = 1] = words.subarray(index, index + 2);
  return before % WORD_BYTES === 0 && after % WORD_BYTES === 0 &&
    words[before / WORD_BYTES + 1] === at && words[after / WORD_BYTES] === at;
}
