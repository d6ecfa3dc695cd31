/** The functions that every stub's module has besides those of its interface. */
import { ByteWriter } from "../component/instrument/byte_writer.ts";

/** Where the next parameter goes. */
export const NEXT_GLOBAL = 0;
const RANDOM_GLOBAL = 1;

/** A signed LEB128 integer of 64 bits. */
export function signed64(to: ByteWriter, value: bigint): ByteWriter {
  for (let rest = value;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
    to.u8(isLast ? byte : byte | 0x80);
    if (isLast) return to;
  }
}

/** `realloc(old, oldSize, align, size)`: the next room, aligned, with what was at the old place; traps when there is none. */
export function reallocBody(): ByteWriter {
  const [old, oldSize, align, size, at] = [0, 1, 2, 3, 4];
  return new ByteWriter()
    .bytes(0x01, 0x01, 0x7f)
    // at = (next + align - 1) & -align
    .bytes(0x23, NEXT_GLOBAL, 0x20, align, 0x6a, 0x41, 0x01, 0x6b, 0x41, 0x00, 0x20, align, 0x6b, 0x71, 0x22, at)
    // next = at + size
    .bytes(0x20, size, 0x6a, 0x24, NEXT_GLOBAL)
    // Past the end of the addresses it begins again.
    .bytes(0x23, NEXT_GLOBAL, 0x20, at, 0x49, 0x04, 0x40, 0x00, 0x0b)
    .append(growBody())
    .bytes(0x20, at, 0x20, old, 0x20, oldSize, 0x20, size, 0x20, oldSize, 0x20, size, 0x49, 0x1b)
    .bytes(0xfc, 0x0a, 0x00, 0x00, 0x20, at, 0x0b);
}

/** Makes the memory reach to `next`, or traps. */
function growBody(): ByteWriter {
  const pagesNeeded = [0x23, NEXT_GLOBAL, 0x41, 0x10, 0x76, 0x41, 0x01, 0x6a];
  return new ByteWriter()
    .bytes(...pagesNeeded, 0x3f, 0x00, 0x4b, 0x04, 0x40)
    .bytes(...pagesNeeded, 0x3f, 0x00, 0x6b, 0x40, 0x00, 0x41, 0x7f, 0x46, 0x04, 0x40, 0x00, 0x0b, 0x0b);
}

/** The next number of splitmix64 (public domain, Sebastiano Vigna). */
export function randomBody(): ByteWriter {
  const z = 0;
  const to = new ByteWriter().bytes(0x01, 0x01, 0x7e);
  const mix = (shift: number, factor: bigint): void => {
    to.bytes(0x20, z, 0x20, z, 0x42, shift, 0x88, 0x85, 0x42);
    signed64(to, BigInt.asIntN(64, factor)).bytes(0x7e, 0x21, z);
  };
  to.bytes(0x23, RANDOM_GLOBAL, 0x42);
  signed64(to, BigInt.asIntN(64, 0x9e37_79b9_7f4a_7c15n)).bytes(0x7c, 0x24, RANDOM_GLOBAL);
  to.bytes(0x23, RANDOM_GLOBAL, 0x21, z);
  mix(30, 0xbf58_476d_1ce4_e5b9n);
  mix(27, 0x94d0_49bb_1331_11ebn);
  return to.bytes(0x20, z, 0x20, z, 0x42, 31, 0x88, 0x85, 0x0b);
}

/** `(len: u64) -> list<u8>`, whose answer lies at `answer`; `random` is the index of `randomBody`. Fills so many bytes behind the answers; more than the memory can have is a trap. */
export function randomBytesBody(places: {
  readonly answer: number;
  readonly heapStart: number;
  readonly random: number;
}): ByteWriter {
  const [length, at] = [0, 1];
  const { answer, heapStart, random } = places;
  return new ByteWriter()
    .bytes(0x01, 0x01, 0x7f)
    // More than 31 bits of them is a trap; the sum below then stays within 32.
    .bytes(0x20, length, 0x42, 31, 0x88, 0x42, 0x00, 0x52, 0x04, 0x40, 0x00, 0x0b)
    .u8(0x41).s32(heapStart).bytes(0x20, length, 0xa7, 0x6a, 0x24, NEXT_GLOBAL)
    .append(growBody())
    .u8(0x41).s32(heapStart).bytes(0x21, at)
    // while (at != next) *at++ = random() >> 56
    .bytes(0x02, 0x40, 0x03, 0x40, 0x20, at, 0x23, NEXT_GLOBAL, 0x46, 0x0d, 0x01, 0x20, at, 0x10).u32(random)
    .bytes(0x42, 56, 0x88, 0x3c, 0x00, 0x00, 0x20, at, 0x41, 0x01, 0x6a, 0x21, at, 0x0c, 0x00, 0x0b, 0x0b)
    .u8(0x41).s32(answer).u8(0x41).s32(heapStart).bytes(0x36, 0x02, 0x00)
    .u8(0x41).s32(answer).bytes(0x20, length, 0xa7, 0x36, 0x02, 0x04)
    .u8(0x41).s32(heapStart).bytes(0x24, NEXT_GLOBAL)
    .u8(0x41).s32(answer).u8(0x0b);
}
