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
const I32_LE_U = 0x4d;
const I32_GE_S = 0x4e;
const I32_SHL = 0x74;
const SELECT = 0x1b;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_OR = 0x72;

/** Fuel that loops take in advance: first and most. Each time twice as much, so that little of it is lost. */
const GRANT_FIRST = 32;
const GRANT_MAX = 8192;

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

/** Called below zero: asks for more fuel, waits for the guest's turn, or ends the guest by a trap that nothing can catch. */
export function exhaustedFunction(indices: AddedIndices): AddedFunction {
  const out = new ByteWriter(48).bytes(1, 1, I32);
  out.u8(Op.CALL).u32(indices.import({ kind: "tick" })).bytes(Op.LOCAL_TEE, 0, I32_EQZ, Op.IF, EMPTY_BLOCK);
  out.u8(Op.CALL).u32(indices.import({ kind: "yield" })).bytes(Op.LOCAL_SET, 0, Op.END);
  out.bytes(Op.LOCAL_GET, 0, Op.I32_CONST, 0, I32_LE_S, Op.IF, EMPTY_BLOCK, Op.UNREACHABLE, Op.END);
  out.bytes(Op.LOCAL_GET, 0, Op.GLOBAL_SET).u32(indices.fuel).u8(Op.END);
  return { type: typeBytes([], []), body: out.written().slice() };
}

/**
 * `(credit, wanted) -> credit`: takes fuel for a function's loops, `wanted` units up to `GRANT_MAX`, or more if the
 * credit is still below zero with them.
 */
export function refillFunction(indices: AddedIndices): AddedFunction {
  const out = new ByteWriter(64).u8(0);
  // wanted = min(wanted, GRANT_MAX)
  out.bytes(Op.LOCAL_GET, 1, Op.I32_CONST).s32(GRANT_MAX).bytes(Op.LOCAL_GET, 1, Op.I32_CONST).s32(GRANT_MAX);
  out.bytes(I32_LE_U, SELECT, Op.LOCAL_SET, 1);
  writeSelectEnough(out);
  writeCharge(out, indices, () => out.bytes(Op.LOCAL_GET, 1));
  out.bytes(Op.LOCAL_GET, 0, Op.LOCAL_GET, 1, I32_ADD, Op.END);
  return { type: typeBytes([i32, i32], [i32]), body: out.written().slice() };
}

/** `if (credit + wanted < 0) wanted = -credit` */
function writeSelectEnough(out: ByteWriter): void {
  out.bytes(Op.LOCAL_GET, 1, Op.I32_CONST, 0, Op.LOCAL_GET, 0, I32_SUB);
  out.bytes(Op.LOCAL_GET, 0, Op.LOCAL_GET, 1, I32_ADD, Op.I32_CONST, 0, I32_GE_S, SELECT, Op.LOCAL_SET, 1);
}

/**
 * A charge inside of a loop: `credit -= cost; if (credit < 0) credit = refill(credit, grant = grant * 2 + GRANT_FIRST)`.
 * The fuel global is memory: a tight loop that decrements it waits for its own last store each time (80 % on such
 * loops, measured); a local is a register. What a function takes in advance is at most what it has used already,
 * so that one with a short loop does not pay for a long one.
 */
export function writeCreditCharge(
  out: ByteWriter,
  indices: AddedIndices,
  charge: { readonly cost: number; readonly credit: number; readonly grant: number },
): number {
  const { cost, credit, grant } = charge;
  out.u8(Op.LOCAL_GET).u32(credit).u8(Op.I32_CONST).s32(cost).u8(I32_SUB).u8(Op.LOCAL_TEE).u32(credit);
  out.bytes(Op.I32_CONST, 0, I32_LT_S);
  const branch = out.length;
  out.bytes(Op.IF, EMPTY_BLOCK, Op.LOCAL_GET).u32(credit);
  out.u8(Op.LOCAL_GET).u32(grant).bytes(Op.I32_CONST, 1, I32_SHL, Op.I32_CONST).s32(GRANT_FIRST).u8(I32_OR);
  out.u8(Op.LOCAL_TEE).u32(grant).u8(Op.CALL).u32(indices.refill).u8(Op.LOCAL_SET).u32(credit).u8(Op.END);
  return branch;
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
