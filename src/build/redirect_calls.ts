/** Lets direct calls of a function of a module go to another one. */
import { Buffer } from "node:buffer";
import { Immediate, Op, PLAIN } from "../component/instrument/opcodes.ts";
import { leb, WasmReader } from "./wasm_reader.ts";

/** Numbers after the opcode, of those instructions that the tables leave to whoever looks closer. */
const OWN_NUMBERS: ReadonlyMap<number, number> = new Map([
  [Op.BLOCK, 1],
  [Op.LOOP, 1],
  [Op.IF, 1],
  [Op.ELSE, 0],
  [Op.END, 0],
  [Op.BR, 1],
  [Op.BR_IF, 1],
  [Op.RETURN, 0],
  [Op.RETURN_CALL, 1],
  [Op.CALL_INDIRECT, 2],
  [Op.RETURN_CALL_INDIRECT, 2],
  [Op.TABLE_GET, 1],
  [Op.TABLE_SET, 1],
  [Op.MEMORY_SIZE, 1],
  [Op.MEMORY_GROW, 1],
  [Op.REF_NULL, 1],
  [Op.REF_FUNC, 1],
]);
/** Saturating conversions, then bulk operations. */
const BULK_NUMBERS: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
/** A memory's number follows the alignment. */
const HAS_MEMORY = 0x40;

/**
 * The function body, as it stands in the code section, with each call of a key of `targets` made one of its value. Undefined when
 * it has none.
 * @throws {Error} at an instruction that no compiler of C or Rust uses for a module of this kind
 */
export function redirectCalls(body: Buffer, targets: ReadonlyMap<number, number>): Buffer | undefined {
  // Most have no such bytes, and those that do may have them in a constant.
  if (![...targets.keys()].some((index) => body.includes(Uint8Array.of(Op.CALL, ...leb(index))))) return undefined;
  const reader = new WasmReader(body);
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    reader.u8();
  }
  const parts: Uint8Array[] = [];
  let copied = 0;
  while (!reader.isAtEnd()) {
    const opcode = reader.u8();
    if (opcode !== Op.CALL) {
      skipImmediates(reader, opcode);
      continue;
    }
    const at = reader.at;
    const target = targets.get(reader.u32());
    if (target === undefined) continue;
    parts.push(body.subarray(copied, at), Uint8Array.from(leb(target)));
    copied = reader.at;
  }
  return parts.length === 0 ? undefined : Buffer.concat([...parts, body.subarray(copied)]);
}

function skipImmediates(reader: WasmReader, opcode: number): void {
  switch (PLAIN[opcode] ?? Immediate.UNKNOWN) {
    case Immediate.NONE:
      return;
    case Immediate.LEB:
    case Immediate.LOCAL:
    case Immediate.GLOBAL:
      return skipNumbers(reader, 1);
    case Immediate.MEMARG:
    case Immediate.STORE:
      return skipNumbers(reader, (reader.u32() & HAS_MEMORY) === 0 ? 1 : 2);
    case Immediate.BYTES_4:
      return void reader.bytes(4);
    case Immediate.BYTES_8:
      return void reader.bytes(8);
    default:
      return skipNumbers(reader, ownNumbers(reader, opcode));
  }
}

function ownNumbers(reader: WasmReader, opcode: number): number {
  if (opcode === Op.BR_TABLE) return reader.u32() + 1;
  const count = opcode === Op.PREFIX_BULK ? BULK_NUMBERS[reader.u32()] : OWN_NUMBERS.get(opcode);
  if (count === undefined) throw new Error(`Cannot read the code: there is the instruction 0x${opcode.toString(16)}`);
  return count;
}

/** Of any length: only where they end is of interest. */
function skipNumbers(reader: WasmReader, count: number): void {
  for (let left = count; left > 0; left--) while (reader.u8() >= 0x80);
}
