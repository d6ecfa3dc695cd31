/**
 * The instructions that V8 accepts by default, by the shape of their immediates. What is not here is refused: a byte
 * that is taken for an instruction without immediates could hide one that nobody looked at.
 */

/** The shape of what follows an opcode. */
export const Immediate = {
  /** No such instruction. */
  UNKNOWN: 0,
  NONE: 1,
  /** One LEB128 integer that no check of ours is about (constants, branch depths, tags). */
  LEB: 2,
  BYTES_1: 3,
  BYTES_4: 4,
  BYTES_8: 5,
  BYTES_16: 6,
  MEMARG: 7,
  MEMARG_LANE: 8,
  LOCAL: 9,
  GLOBAL: 10,
  /** As MEMARG and MEMARG_LANE, of an instruction that writes. */
  STORE: 12,
  STORE_LANE: 13,
  /** Needs a look of its own: control, calls, tables, memories, prefixes. */
  OWN: 14,
} as const;

/** Opcodes that the rewriting names. */
export const Op = {
  UNREACHABLE: 0x00,
  NOP: 0x01,
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  ELSE: 0x05,
  TRY: 0x06,
  CATCH: 0x07,
  THROW: 0x08,
  RETHROW: 0x09,
  THROW_REF: 0x0a,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  BR_TABLE: 0x0e,
  RETURN: 0x0f,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  RETURN_CALL: 0x12,
  RETURN_CALL_INDIRECT: 0x13,
  CALL_REF: 0x14,
  RETURN_CALL_REF: 0x15,
  DELEGATE: 0x18,
  CATCH_ALL: 0x19,
  SELECT_TYPED: 0x1c,
  TRY_TABLE: 0x1f,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  GLOBAL_GET: 0x23,
  GLOBAL_SET: 0x24,
  TABLE_GET: 0x25,
  TABLE_SET: 0x26,
  I32_STORE: 0x36,
  MEMORY_SIZE: 0x3f,
  MEMORY_GROW: 0x40,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  I32_ADD: 0x6a,
  REF_NULL: 0xd0,
  REF_FUNC: 0xd2,
  BR_ON_NULL: 0xd5,
  BR_ON_NON_NULL: 0xd6,
  PREFIX_GC: 0xfb,
  PREFIX_BULK: 0xfc,
  PREFIX_SIMD: 0xfd,
  PREFIX_ATOMIC: 0xfe,
} as const;

/** Calls that leave the function. */
export const TAIL_CALLS: readonly number[] = [Op.RETURN_CALL, Op.RETURN_CALL_INDIRECT, Op.RETURN_CALL_REF];

/** Opcodes after 0xFC. */
export const BulkOp = {
  MEMORY_INIT: 8,
  DATA_DROP: 9,
  MEMORY_COPY: 10,
  MEMORY_FILL: 11,
  TABLE_INIT: 12,
  ELEM_DROP: 13,
  TABLE_COPY: 14,
  TABLE_GROW: 15,
  TABLE_SIZE: 16,
  TABLE_FILL: 17,
} as const;

/** Opcodes after 0xFE: those that wait for another thread, and the first of each kind that writes. */
export const AtomicOp = { WAIT32: 1, WAIT64: 2, FIRST_STORE: 0x17, FIRST_RMW: 0x1e, FIRST_CMPXCHG: 0x48 } as const;

function table(size: number, rows: readonly (readonly [first: number, last: number, shape: number])[]): Uint8Array {
  const shapes = new Uint8Array(size);
  for (const [first, last, shape] of rows) shapes.fill(shape, first, last + 1);
  return shapes;
}

/** One-byte opcodes. */
export const PLAIN: Uint8Array = table(256, [
  [0x00, 0x01, Immediate.NONE],
  [0x02, 0x04, Immediate.OWN],
  [0x05, 0x07, Immediate.OWN],
  [0x08, 0x08, Immediate.LEB],
  [0x09, 0x09, Immediate.OWN],
  [0x0a, 0x0a, Immediate.NONE],
  [0x0b, 0x0b, Immediate.OWN],
  [0x0c, 0x0f, Immediate.OWN],
  [0x10, 0x15, Immediate.OWN],
  [0x18, 0x19, Immediate.OWN],
  [0x1a, 0x1b, Immediate.NONE],
  [0x1c, 0x1c, Immediate.OWN],
  [0x1f, 0x1f, Immediate.OWN],
  [0x20, 0x22, Immediate.LOCAL],
  [0x23, 0x24, Immediate.GLOBAL],
  [0x25, 0x26, Immediate.OWN],
  [0x28, 0x35, Immediate.MEMARG],
  [0x36, 0x3e, Immediate.STORE],
  [0x3f, 0x40, Immediate.OWN],
  [0x41, 0x42, Immediate.LEB],
  [0x43, 0x43, Immediate.BYTES_4],
  [0x44, 0x44, Immediate.BYTES_8],
  [0x45, 0xc4, Immediate.NONE],
  [0xd0, 0xd0, Immediate.OWN],
  [0xd1, 0xd1, Immediate.NONE],
  [0xd2, 0xd2, Immediate.OWN],
  [0xd4, 0xd4, Immediate.NONE],
  [0xd5, 0xd6, Immediate.OWN],
  [0xfc, 0xfe, Immediate.OWN],
]);

/** Operands and results of an instruction, where nothing else is to be known: 4 bits each. */
export const ARITY_UNKNOWN = 0xff;

/** Arities of the one-byte opcodes that neither branch nor call: operands << 4 | results. */
export const PLAIN_ARITY: Uint8Array = table(256, [
  [0x00, 0xff, ARITY_UNKNOWN],
  [0x01, 0x01, 0x00],
  [0x1a, 0x1a, 0x10],
  [0x1b, 0x1b, 0x31],
  [0x23, 0x23, 0x01],
  [0x24, 0x24, 0x10],
  [0x28, 0x35, 0x11],
  // Stores are followed where they are marked.
  [0x36, 0x3e, 0x00],
  [0x3f, 0x3f, 0x01],
  [0x40, 0x40, 0x11],
  [0x41, 0x44, 0x01],
  [0x45, 0x45, 0x11],
  [0x46, 0x4f, 0x21],
  [0x50, 0x50, 0x11],
  [0x51, 0x66, 0x21],
  [0x67, 0x69, 0x11],
  [0x6a, 0x78, 0x21],
  [0x79, 0x7b, 0x11],
  [0x7c, 0x8a, 0x21],
  [0x8b, 0x91, 0x11],
  [0x92, 0x98, 0x21],
  [0x99, 0x9f, 0x11],
  [0xa0, 0xa6, 0x21],
  [0xa7, 0xc4, 0x11],
]);

/** Opcodes after 0xFC: saturating conversions, then bulk operations. */
export const BULK: Uint8Array = table(18, [
  [0, 7, Immediate.NONE],
  [8, 17, Immediate.OWN],
]);

const SIMD_HOLES = [
  0x9a,
  0xa2,
  0xa5,
  0xa6,
  0xaf,
  0xb0,
  0xb2,
  0xb3,
  0xb4,
  0xbb,
  0xc2,
  0xc5,
  0xc6,
  0xcf,
  0xd0,
  0xd2,
  0xd3,
]
  .concat([0xd4, 0xe2, 0xee]);

/** Opcodes after 0xFD, the relaxed ones from 0x100. */
export const SIMD: Uint8Array = table(0x114, [
  [0x00, 0x0a, Immediate.MEMARG],
  [0x0b, 0x0b, Immediate.STORE],
  [0x0c, 0x0d, Immediate.BYTES_16],
  [0x0e, 0x14, Immediate.NONE],
  [0x15, 0x22, Immediate.BYTES_1],
  [0x23, 0x53, Immediate.NONE],
  [0x54, 0x57, Immediate.MEMARG_LANE],
  [0x58, 0x5b, Immediate.STORE_LANE],
  [0x5c, 0x5d, Immediate.MEMARG],
  [0x5e, 0x113, Immediate.NONE],
  ...SIMD_HOLES.map((hole) => [hole, hole, Immediate.UNKNOWN] as const),
]);

/** Opcodes after 0xFE, on memories that are not shared. */
export const ATOMIC: Uint8Array = table(0x4f, [
  [0x00, 0x00, Immediate.MEMARG],
  [0x01, 0x02, Immediate.OWN],
  [0x03, 0x03, Immediate.BYTES_1],
  [0x10, 0x16, Immediate.MEMARG],
  [0x17, 0x4e, Immediate.STORE],
]);
