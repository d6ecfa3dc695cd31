/** The code that marks written pages: `store_marks.ts` says which, this writes it. */
import type { AddedIndices } from "./added_functions.ts";
import type { ByteWriter } from "./byte_writer.ts";
import type { IntList } from "./int_list.ts";
import { WRITTEN_MAP_BYTES, WRITTEN_SPILL_BYTES } from "./instrumented_module.ts";
import { Op } from "./opcodes.ts";
import { CONSTANT_ADDRESS, UNKNOWN_ADDRESS } from "./store_marks.ts";
import { Scratch } from "./scratch_locals.ts";

const PAGE_LOG2 = 12;
const EMPTY_BLOCK = 0x40;
const I32_STORE8 = 0x3a;
const I32_GT_U = 0x4b;
const I64_LE_U = 0x58;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_AND = 0x71;
const I32_SHR_U = 0x76;
const I64_ADD = 0x7c;
const I64_SUB = 0x7d;
const I64_SHR_U = 0x88;
const I32_WRAP_I64 = 0xa7;
const I64_EXTEND_I32_U = 0xad;

/** A mark of `StoreMarks`, and what its code is written from. */
export interface Mark {
  readonly indices: AddedIndices;
  readonly marks: IntList;
  readonly mark: number;
  /** Indices of the function's scratch locals, by kind. */
  readonly scratch: readonly number[];
}

/** Just before a store: keeps its address, unless that is in a local. */
export function writeKeepAddress(out: ByteWriter, mark: Mark): void {
  const { marks, scratch } = mark;
  if (marks.at(mark.mark + 2) !== UNKNOWN_ADDRESS) return;
  const is64 = mark.indices.is64(marks.at(mark.mark));
  const address = scratch[is64 ? Scratch.ADDRESS_64 : Scratch.ADDRESS_32] ?? 0;
  const values = [3, 4].map((field) => marks.at(mark.mark + field)).filter((value) => value >= 0);
  const locals = values.map((value) => scratch[value] ?? 0);
  for (const local of locals.toReversed()) out.u8(Op.LOCAL_SET).u32(local);
  out.u8(Op.LOCAL_TEE).u32(address);
  for (const local of locals) out.u8(Op.LOCAL_GET).u32(local);
}

/**
 * Just behind the store. Not before it: V8 keeps the place of one memory at hand, the one that a function uses first, and
 * this has to be the guest's. A store that traps ends the guest, and then nobody asks what it has written.
 */
export function writeMark(out: ByteWriter, mark: Mark): void {
  const { marks, scratch } = mark;
  const [memory, base, local] = [0, 1, 2].map((field) => marks.at(mark.mark + field)) as [number, number, number];
  const map = mark.indices.map(memory);
  if (map === undefined) throw new RangeError(`Cannot mark a store: memory ${memory} has no map`);
  const is64 = mark.indices.is64(memory);
  if (local === CONSTANT_ADDRESS) {
    out.u8(Op.I32_CONST).s32((base >>> PAGE_LOG2) & (WRITTEN_MAP_BYTES - 1));
    out.bytes(Op.I32_CONST, 1, I32_STORE8, 0x40).u32(map).u8(0);
    return;
  }
  const address = local >= 0 ? local : scratch[is64 ? Scratch.ADDRESS_64 : Scratch.ADDRESS_32] ?? 0;
  out.u8(Op.LOCAL_GET).u32(address);
  markPage(out, { map, is64, base });
}

/** Marks the page of the address on the stack plus `base`: the number is cut to 16 bits, so that it never traps. */
function markPage(
  out: ByteWriter,
  page: { readonly map: number; readonly is64: boolean; readonly base: number },
): void {
  const { map, is64, base } = page;
  if (base !== 0) out.u8(is64 ? Op.I64_CONST : Op.I32_CONST).s32(base).u8(is64 ? I64_ADD : I32_ADD);
  if (is64) out.bytes(Op.I64_CONST, PAGE_LOG2, I64_SHR_U, I32_WRAP_I64);
  else out.bytes(Op.I32_CONST, PAGE_LOG2, I32_SHR_U);
  out.u8(Op.I32_CONST).s32(WRITTEN_MAP_BYTES - 1).u8(I32_AND);
  out.bytes(Op.I32_CONST, 1, I32_STORE8, 0x40).u32(map).u8(0);
}

/**
 * In a bulk operation: marks from the address in local 0 on as many bytes as local 2 says. Whatever they are, it stays
 * inside the map: what is out of bounds traps afterwards.
 */
export function writeRangeMark(
  out: ByteWriter,
  map: number | undefined,
  types: { readonly address64: boolean; readonly length64: boolean },
): void {
  if (map === undefined) return;
  const push = (local: number, is64: boolean): void => {
    out.bytes(Op.LOCAL_GET, local);
    if (!is64) out.u8(I64_EXTEND_I32_U);
  };
  const pushFirst = (): void => {
    push(0, types.address64);
    out.bytes(Op.I64_CONST, PAGE_LOG2, I64_SHR_U, I32_WRAP_I64, Op.I32_CONST).s32(WRITTEN_MAP_BYTES - 1).u8(I32_AND);
  };
  // Pages from the first to the last: ((start + length - 1) >> 12) - (start >> 12) + 1.
  const pushCount = (): void => {
    push(0, types.address64);
    push(2, types.length64);
    out.bytes(I64_ADD, Op.I64_CONST, 1, I64_SUB, Op.I64_CONST, PAGE_LOG2, I64_SHR_U);
    push(0, types.address64);
    out.bytes(Op.I64_CONST, PAGE_LOG2, I64_SHR_U, I64_SUB, I32_WRAP_I64, Op.I32_CONST, 1, I32_ADD);
  };
  push(2, types.length64);
  out.u8(Op.I64_CONST).s32(WRITTEN_SPILL_BYTES).bytes(I64_LE_U, Op.IF, EMPTY_BLOCK);
  pushFirst();
  out.bytes(Op.I32_CONST, 1, I32_STORE8, 0x40).u32(map).u8(0);
  out.u8(Op.ELSE);
  pushCount();
  out.u8(Op.I32_CONST).s32(WRITTEN_MAP_BYTES);
  pushFirst();
  out.bytes(I32_SUB, I32_GT_U, Op.IF, EMPTY_BLOCK);
  // Past the end of the map: around it, so all of it.
  out.bytes(Op.I32_CONST, 0, Op.I32_CONST, 1, Op.I32_CONST).s32(WRITTEN_MAP_BYTES).bytes(0xfc, 11).u32(map);
  out.u8(Op.ELSE);
  pushFirst();
  out.bytes(Op.I32_CONST, 1);
  pushCount();
  out.bytes(0xfc, 11).u32(map);
  out.bytes(Op.END, Op.END);
}
