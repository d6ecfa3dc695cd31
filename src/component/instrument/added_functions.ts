/** The functions that are appended to a module for its fuel and its state, and the code that charges. */
import { ByteWriter } from "./byte_writer.ts";
import type { ImportSpec } from "./code_scan.ts";
import { Op } from "./opcodes.ts";

const I32 = 0x7f;
const I64 = 0x7e;
const EMPTY_BLOCK = 0x40;
const I32_EQZ = 0x45;
const I32_LT_S = 0x48;
const I32_LE_S = 0x4c;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_OR = 0x72;

/** Indices of what is added, as the code refers to it. */
export interface AddedIndices {
  readonly fuel: number;
  readonly changed: number;
  readonly exhausted: number;
  readonly refill: number;
  readonly import: (spec: ImportSpec) => number;
  readonly helper: (index: number) => number;
  /** The map of a memory; undefined when its writes are not tracked. */
  readonly map: (memory: number) => number | undefined;
  readonly is64: (memory: number) => boolean;
}

/** An added function: its type and its body (locals and code), both as bytes. */
export interface AddedFunction {
  readonly type: Uint8Array;
  readonly body: Uint8Array;
}

/** The bytes of a function type. */
export function typeBytes(params: readonly Uint8Array[], results: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter(16).u8(0x60).u32(params.length);
  for (const type of params) out.copy(type, 0, type.length);
  out.u32(results.length);
  for (const type of results) out.copy(type, 0, type.length);
  return out.written().slice();
}

/** The bytes of a number type. */
export function numberType(is64: boolean): Uint8Array {
  return Uint8Array.of(is64 ? I64 : I32);
}

const i32 = numberType(false);
const i64 = numberType(true);

/** `fuel -= cost; if (fuel < 0) exhausted()`, of a cost that `pushCost` leaves on the stack. Gives the place of the `if`. */
export function writeCharge(out: ByteWriter, indices: AddedIndices, pushCost: () => void): number {
  out.u8(Op.GLOBAL_GET).u32(indices.fuel);
  pushCost();
  out.u8(I32_SUB).u8(Op.GLOBAL_SET).u32(indices.fuel);
  out.u8(Op.GLOBAL_GET).u32(indices.fuel).bytes(Op.I32_CONST, 0, I32_LT_S);
  const branch = out.length;
  out.bytes(Op.IF, EMPTY_BLOCK, Op.CALL).u32(indices.exhausted).u8(Op.END);
  return branch;
}

/** `changed |= bits`. */
export function writeChanged(out: ByteWriter, indices: AddedIndices, bits: number): void {
  out.u8(Op.GLOBAL_GET).u32(indices.changed).u8(Op.I32_CONST).s32(bits);
  out.u8(I32_OR).u8(Op.GLOBAL_SET).u32(indices.changed);
}

/**
 * V8 never inlines a function of more than 500 bytes. It would inline what a loop calls when its fuel ran out (it ran out while
 * V8 was counting calls), and with its imports' code and values in the way the loop itself keeps values in memory.
 */
const NEVER_INLINED_BYTES = 512;

/** Called below zero: asks for more fuel, waits for the guest's turn, or ends the guest by a trap that nothing can catch. */
export function exhaustedFunction(indices: AddedIndices): AddedFunction {
  const out = new ByteWriter(48).bytes(1, 1, I32);
  out.u8(Op.CALL).u32(indices.import({ kind: "tick" })).bytes(Op.LOCAL_TEE, 0, I32_EQZ, Op.IF, EMPTY_BLOCK);
  out.u8(Op.CALL).u32(indices.import({ kind: "yield" })).bytes(Op.LOCAL_SET, 0, Op.END);
  out.bytes(Op.LOCAL_GET, 0, Op.I32_CONST, 0, I32_LE_S, Op.IF, EMPTY_BLOCK, Op.UNREACHABLE, Op.END);
  out.bytes(Op.LOCAL_GET, 0, Op.GLOBAL_SET).u32(indices.fuel);
  return { type: typeBytes([], []), body: endedUninlined(out) };
}

/** `(cost) -> credit`: the fuel in a function's local ran out. Asks for more, and gives that and `cost`, which is charged once more. */
export function refillFunction(indices: AddedIndices): AddedFunction {
  const out = new ByteWriter(32).u8(0).u8(Op.CALL).u32(indices.exhausted);
  out.u8(Op.GLOBAL_GET).u32(indices.fuel).bytes(Op.LOCAL_GET, 0, I32_ADD);
  out.bytes(Op.I32_CONST, 0).u8(Op.GLOBAL_SET).u32(indices.fuel);
  return { type: typeBytes([i32], [i32]), body: endedUninlined(out) };
}

/** A body with its `end`, and as many instructions that do nothing as keep it from being inlined. */
function endedUninlined(out: ByteWriter): Uint8Array {
  while (out.length < NEVER_INLINED_BYTES) out.u8(Op.NOP);
  return out.u8(Op.END).written().slice();
}

/** `() -> i64` twice and `(i64, i64) -> ()`: a vector global in halves, the low one first. */
export function vectorAccessors(global: number): readonly [AddedFunction, AddedFunction, AddedFunction] {
  const get = (lane: number): AddedFunction => ({
    type: typeBytes([], [i64]),
    body: new ByteWriter(16).u8(0).u8(Op.GLOBAL_GET).u32(global).bytes(0xfd, 0x1d, lane, Op.END).written().slice(),
  });
  const set = new ByteWriter(24).bytes(0, Op.LOCAL_GET, 0, 0xfd, 0x12, Op.LOCAL_GET, 1, 0xfd, 0x1e, 1);
  set.u8(Op.GLOBAL_SET).u32(global).u8(Op.END);
  return [get(0), get(1), { type: typeBytes([i64, i64], []), body: set.written().slice() }];
}
