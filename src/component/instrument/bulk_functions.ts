/**
 * The functions that stand for bulk operations, one for each that the code uses. They charge by the length and work in
 * chunks, with a look at the clock between two. As without that they write all or nothing: what would go out of bounds
 * is left to the one original instruction, which traps.
 */
import {
  type AddedFunction,
  type AddedIndices,
  numberType,
  typeBytes,
  writeChanged,
  writeCharge,
} from "./added_functions.ts";
import { ByteWriter } from "./byte_writer.ts";
import type { HelperSpec } from "./code_scan.ts";
import { INIT_BYTES_MAX, INIT_ELEMENTS_MAX } from "./code_scanner.ts";
import { CHANGED_TABLE } from "./instrumented_module.ts";
import { writeRangeMark } from "./mark_code.ts";
import type { ModuleShape } from "./module_shape.ts";
import { BulkOp, Op } from "./opcodes.ts";

const I32_EQZ = 0x45;
const SELECT = 0x1b;
const EMPTY_BLOCK = 0x40;
const I64_GT_U = 0x56;
const I64_LE_U = 0x58;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_OR = 0x72;
const I64_ADD = 0x7c;
const I64_SUB = 0x7d;
const I64_SHL = 0x86;
const I64_SHR_U = 0x88;
const I32_WRAP_I64 = 0xa7;
const I64_EXTEND_I32_U = 0xad;

/** What one call of a bulk operation costs beside its length. */
const BULK_COST = 24;
/** Bytes per unit of fuel, as a power of two: about what a machine moves in the time of one instruction. */
const BYTES_PER_UNIT_LOG2 = 4;
/** The same of table elements, each of which the runtime writes by a call of its own: 30 ns (measured), 8 units. */
const ELEMENTS_PER_UNIT_LOG2 = -3;
/** Where a table grows, its elements are moved in one go. */
const MOVED_ELEMENTS_PER_UNIT_LOG2 = 1;

const i32 = numberType(false);

/** Where a bulk operation works: how its operands are typed, how its size is asked for. */
interface Space {
  readonly is64: boolean;
  readonly size: () => void;
}

/** What a bulk operation is made of. */
interface Bulk {
  readonly out: ByteWriter;
  readonly charge: (pushCost: () => void) => void;
  /** Elements per chunk and per unit of fuel (log2). */
  readonly chunk: number;
  readonly unitLog2: number;
  /** Whether the length is a 64-bit number. */
  readonly length64: boolean;
  readonly operation: () => void;
}

/** Makes the function that stands for one bulk operation. */
export function helperFunction(
  spec: HelperSpec,
  module: { readonly shape: ModuleShape; readonly indices: AddedIndices },
): AddedFunction {
  const { shape, indices } = module;
  const out = new ByteWriter(256);
  const isTable = spec.kind.startsWith("table.");
  const space = (index: number): Space => spaceOf(out, shape, { isTable, index });
  const bulk = (length64: boolean, operation: readonly number[]): Bulk => ({
    out,
    charge: (pushCost) => writeCharge(out, indices, pushCost),
    chunk: isTable ? INIT_ELEMENTS_MAX : INIT_BYTES_MAX,
    unitLog2: isTable ? ELEMENTS_PER_UNIT_LOG2 : BYTES_PER_UNIT_LOG2,
    length64,
    operation: () => {
      out.u8(Op.PREFIX_BULK);
      for (const value of operation) out.u32(value);
    },
  });
  out.u8(0);
  if (isTable && spec.kind !== "table.grow") writeChanged(out, indices, CHANGED_TABLE);
  const done = (params: readonly Uint8Array[], results: readonly Uint8Array[]): AddedFunction => {
    out.u8(Op.END);
    return { type: typeBytes(params, results), body: out.written().slice() };
  };
  switch (spec.kind) {
    case "memory.fill": {
      const at = space(spec.memory);
      writeRangeMark(out, indices.map(spec.memory), { address64: at.is64, length64: at.is64 });
      writeFill(bulk(at.is64, [BulkOp.MEMORY_FILL, spec.memory]), at);
      return done([numberType(at.is64), i32, numberType(at.is64)], []);
    }
    case "table.fill": {
      const at = space(spec.table);
      writeFill(bulk(at.is64, [BulkOp.TABLE_FILL, spec.table]), at);
      return done([numberType(at.is64), elementType(shape, spec.table), numberType(at.is64)], []);
    }
    case "memory.copy":
    case "table.copy": {
      const [target, source] = [space(spec.target), space(spec.source)];
      const operation = spec.kind === "memory.copy" ? BulkOp.MEMORY_COPY : BulkOp.TABLE_COPY;
      const length64 = target.is64 && source.is64;
      if (!isTable) writeRangeMark(out, indices.map(spec.target), { address64: target.is64, length64 });
      writeCopy(bulk(length64, [operation, spec.target, spec.source]), target, source);
      return done([numberType(target.is64), numberType(source.is64), numberType(length64)], []);
    }
    case "memory.init":
    case "table.init": {
      const at = space(spec.kind === "memory.init" ? spec.memory : spec.table);
      const params = [numberType(at.is64), i32, i32];
      if (spec.kind === "memory.init") {
        writeRangeMark(out, indices.map(spec.memory), { address64: at.is64, length64: false });
      }
      const { segment } = spec;
      if (segment !== null) {
        writeLongInit(shape, { bulk, at, spec: { ...spec, segment } });
        return done(params, []);
      }
      const { charge, unitLog2 } = bulk(false, []);
      charge(() => pushLengthCost(out, { is64: false, unitLog2 }));
      out.bytes(Op.LOCAL_GET, 0, Op.LOCAL_GET, 1, Op.LOCAL_GET, 2);
      return done(params, params);
    }
    case "table.grow": {
      const at = space(spec.table);
      writeGrow(out, { indices, at, table: spec.table });
      return done([elementType(shape, spec.table), numberType(at.is64)], [numberType(at.is64)]);
    }
  }
}

/** Copies from a segment that is longer than a chunk. */
function writeLongInit(
  shape: ModuleShape,
  options: {
    readonly bulk: (length64: boolean, operation: readonly number[]) => Bulk;
    readonly at: Space;
    readonly spec: Extract<HelperSpec, { readonly kind: "memory.init" | "table.init" }> & { readonly segment: number };
  },
): void {
  const { bulk, at, spec } = options;
  const [operation, index, lengths] = spec.kind === "memory.init"
    ? [BulkOp.MEMORY_INIT, spec.memory, shape.dataLengths]
    : [BulkOp.TABLE_INIT, spec.table, shape.elementLengths];
  const copy = bulk(false, [operation, spec.segment, index]);
  const length = lengths[spec.segment] ?? 0;
  const source: Space = { is64: false, size: () => copy.out.u8(Op.I64_CONST).s64(length) };
  writeCopy({ ...copy, isForward: true }, at, source);
}

function elementType(shape: ModuleShape, table: number): Uint8Array {
  const element = shape.tables[table]?.element ?? { start: 0, end: 0 };
  return shape.bytes.slice(element.start, element.end);
}

/** `size` pushes the true size as i64, in bytes or elements: a memory may have more pages than the guest was told. */
function spaceOf(
  out: ByteWriter,
  shape: ModuleShape,
  options: { readonly isTable: boolean; readonly index: number },
): Space {
  const { isTable, index } = options;
  const is64 = (isTable ? shape.tables : shape.memories)[index]?.limits.is64 ?? false;
  const size = (): void => {
    if (isTable) out.bytes(Op.PREFIX_BULK, BulkOp.TABLE_SIZE).u32(index);
    else out.u8(Op.MEMORY_SIZE).u32(index);
    if (!is64) out.u8(I64_EXTEND_I32_U);
    if (!isTable) out.bytes(Op.I64_CONST, 16, I64_SHL);
  };
  return { is64, size };
}

function push64(out: ByteWriter, local: number, is64: boolean): void {
  out.bytes(Op.LOCAL_GET, local);
  if (!is64) out.u8(I64_EXTEND_I32_U);
}

function pushConst(out: ByteWriter, value: number, is64: boolean): void {
  if (is64) out.u8(Op.I64_CONST).s64(value);
  else out.u8(Op.I32_CONST).s32(value);
}

/** The cost of the length in local 2, which is at most a chunk, or a 32-bit number that is about to trap. */
function pushLengthCost(out: ByteWriter, options: { readonly is64: boolean; readonly unitLog2: number }): void {
  push64(out, 2, options.is64);
  const { unitLog2 } = options;
  out.bytes(Op.I64_CONST, Math.abs(unitLog2), unitLog2 < 0 ? I64_SHL : I64_SHR_U);
  out.bytes(I32_WRAP_I64, Op.I32_CONST).s32(BULK_COST).u8(I32_ADD);
}

/** `local <op>= chunk` */
function step(bulk: Bulk, local: number, options: { readonly is64: boolean; readonly isBack: boolean }): void {
  const { out } = bulk;
  out.bytes(Op.LOCAL_GET, local);
  pushConst(out, bulk.chunk, options.is64);
  out.u8(options.isBack ? (options.is64 ? I64_SUB : I32_SUB) : (options.is64 ? I64_ADD : I32_ADD));
  out.bytes(Op.LOCAL_SET, local);
}

function pushOperands(out: ByteWriter): void {
  out.bytes(Op.LOCAL_GET, 0, Op.LOCAL_GET, 1, Op.LOCAL_GET, 2);
}

function chargeLength(bulk: Bulk): void {
  bulk.charge(() => pushLengthCost(bulk.out, { is64: bulk.length64, unitLog2: bulk.unitLog2 }));
}

function chargeChunk(bulk: Bulk): void {
  bulk.charge(() => pushConst(bulk.out, bulk.chunk * 2 ** -bulk.unitLog2 + BULK_COST, false));
}

/** If the length is at most a chunk: charge, run the operation, return. */
function writeShortCase(bulk: Bulk): void {
  const { out } = bulk;
  push64(out, 2, bulk.length64);
  pushConst(out, bulk.chunk, true);
  out.bytes(I64_LE_U, Op.IF, EMPTY_BLOCK);
  chargeLength(bulk);
  pushOperands(out);
  bulk.operation();
  out.bytes(Op.RETURN, Op.END);
}

/** Pushes whether `at` (local) + length (local 2) is past the end: `length > size || at > size - length`. */
function pushIsOutside(bulk: Bulk, local: number, space: Space): void {
  const { out } = bulk;
  push64(out, 2, bulk.length64);
  space.size();
  out.u8(I64_GT_U);
  push64(out, local, space.is64);
  space.size();
  push64(out, 2, bulk.length64);
  out.bytes(I64_SUB, I64_GT_U, I32_OR);
}

/** If it is past an end (the condition is on the stack): the operation as it is, which traps. */
function writeOutsideCase(bulk: Bulk): void {
  bulk.out.bytes(Op.IF, EMPTY_BLOCK);
  pushOperands(bulk.out);
  bulk.operation();
  bulk.out.bytes(Op.RETURN, Op.END);
}

/** Closes a loop over chunks: again while more than one is left. */
function writeAgain(bulk: Bulk): void {
  push64(bulk.out, 2, bulk.length64);
  pushConst(bulk.out, bulk.chunk, true);
  bulk.out.bytes(I64_GT_U, Op.BR_IF, 0, Op.END);
}

function writeLastChunk(bulk: Bulk): void {
  chargeLength(bulk);
  pushOperands(bulk.out);
  bulk.operation();
}

/** Parameters: start, value, length. */
function writeFill(bulk: Bulk, at: Space): void {
  const { out } = bulk;
  writeShortCase(bulk);
  pushIsOutside(bulk, 0, at);
  writeOutsideCase(bulk);
  out.bytes(Op.LOOP, EMPTY_BLOCK);
  chargeChunk(bulk);
  out.bytes(Op.LOCAL_GET, 0, Op.LOCAL_GET, 1);
  pushConst(out, bulk.chunk, bulk.length64);
  bulk.operation();
  step(bulk, 0, { is64: at.is64, isBack: false });
  step(bulk, 2, { is64: bulk.length64, isBack: true });
  writeAgain(bulk);
  writeLastChunk(bulk);
}

/**
 * Parameters: target, source, length. Chunks go from the far end when the target is behind the source, whatever the
 * indices: two memories of a module may be the same one.
 */
function writeCopy(bulk: Bulk & { readonly isForward?: boolean }, target: Space, source: Space): void {
  const { out, length64 } = bulk;
  writeShortCase(bulk);
  pushIsOutside(bulk, 0, target);
  pushIsOutside(bulk, 1, source);
  out.u8(I32_OR);
  writeOutsideCase(bulk);
  if (bulk.isForward !== true) {
    push64(out, 0, target.is64);
    push64(out, 1, source.is64);
    out.bytes(I64_GT_U, Op.IF, EMPTY_BLOCK, Op.LOOP, EMPTY_BLOCK);
    chargeChunk(bulk);
    step(bulk, 2, { is64: length64, isBack: true });
    for (const [local, space] of [[0, target], [1, source]] as const) {
      out.bytes(Op.LOCAL_GET, local, Op.LOCAL_GET, 2);
      if (space.is64 && !length64) out.u8(I64_EXTEND_I32_U);
      out.u8(space.is64 ? I64_ADD : I32_ADD);
    }
    pushConst(out, bulk.chunk, length64);
    bulk.operation();
    writeAgain(bulk);
    out.u8(Op.ELSE);
  }
  out.bytes(Op.LOOP, EMPTY_BLOCK);
  chargeChunk(bulk);
  out.bytes(Op.LOCAL_GET, 0, Op.LOCAL_GET, 1);
  pushConst(out, bulk.chunk, length64);
  bulk.operation();
  step(bulk, 0, { is64: target.is64, isBack: false });
  step(bulk, 1, { is64: source.is64, isBack: false });
  step(bulk, 2, { is64: length64, isBack: true });
  writeAgain(bulk);
  if (bulk.isForward !== true) out.u8(Op.END);
  writeLastChunk(bulk);
}

/** Parameters: value, delta. Growing copies the table: it costs what the table has and what it gets. */
function writeGrow(
  out: ByteWriter,
  options: { readonly indices: AddedIndices; readonly at: Space; readonly table: number },
): void {
  const { indices, at, table } = options;
  const deltaCharged = 2 ** 30;
  writeCharge(out, indices, () => {
    push64(out, 1, at.is64);
    out.u8(Op.I64_CONST).s64(deltaCharged);
    push64(out, 1, at.is64);
    out.u8(Op.I64_CONST).s64(deltaCharged).bytes(I64_LE_U, SELECT);
    at.size();
    out.bytes(I64_ADD, Op.I64_CONST, MOVED_ELEMENTS_PER_UNIT_LOG2, I64_SHR_U, I32_WRAP_I64);
  });
  pushConst(out, table, false);
  at.size();
  push64(out, 1, at.is64);
  out.u8(Op.CALL).u32(indices.import({ kind: "grow-table" })).bytes(I32_EQZ, Op.IF, EMPTY_BLOCK);
  pushConst(out, -1, at.is64);
  out.bytes(Op.RETURN, Op.END);
  writeChanged(out, indices, CHANGED_TABLE);
  out.bytes(Op.LOCAL_GET, 0, Op.LOCAL_GET, 1, Op.PREFIX_BULK, BulkOp.TABLE_GROW).u32(table);
}
