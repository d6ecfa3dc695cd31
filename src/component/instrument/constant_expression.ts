/** Reads constant expressions: the initial values of globals and tables, offsets and elements of segments. */
import type { BinaryReader } from "../binary_reader.ts";
import { hex, malformed, unsupported } from "../parse_faults.ts";

/** Passes over an expression; `onFunction` is called with each function that it refers to. */
export function readConstantExpression(
  section: BinaryReader,
  onFunction: ((index: number, start: number, end: number) => void) | null,
): void {
  for (;;) {
    const offset = section.offset;
    const opcode = section.u8("a constant expression");
    switch (opcode) {
      case 0x0b:
        return;
      case 0x23: // global.get
      case 0x41: // i32.const
      case 0xd0: // ref.null
        section.skipInteger(32, "an immediate");
        break;
      case 0xd2: { // ref.func
        const start = section.offset;
        const index = section.u32("a function index");
        onFunction?.(index, start, section.offset);
        break;
      }
      case 0x42: // i64.const
        section.skipInteger(64, "an immediate");
        break;
      case 0x43: // f32.const
        section.skip(4, "an immediate");
        break;
      case 0x44: // f64.const
        section.skip(8, "an immediate");
        break;
      case 0x6a: // i32.add, sub, mul; i64.add, sub, mul
      case 0x6b:
      case 0x6c:
      case 0x7c:
      case 0x7d:
      case 0x7e:
        break;
      case 0xfd:
        if (section.u32("an opcode") !== 12) {
          throw malformed(offset, "a vector instruction is in a constant expression", "v128.const");
        }
        section.skip(16, "an immediate");
        break;
      case 0xfb:
        throw unsupported(offset, "core types of the garbage collection proposal");
      default:
        throw malformed(offset, `the instruction ${hex(opcode)} is in a constant expression`, "a constant instruction");
    }
  }
}
