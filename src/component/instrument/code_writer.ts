/** Writes the code section anew: runs of bytes as they were, with the edits of `CodeScan` between them. */
import { unsupported } from "../parse_faults.ts";
import { type AddedFunction, type AddedIndices, writeChanged, writeCharge } from "./added_functions.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { type CodeScan, EDIT_FIELDS, EditKind } from "./code_scan.ts";
import type { FuelCosts } from "./fuel_costs.ts";
import type { FunctionMap } from "./function_map.ts";
import { Op } from "./opcodes.ts";

/** V8's bound on the bytes of a function body. */
const BODY_BYTES_MAX = 7_654_321;

/** What the code is written from. */
export interface CodeSource {
  readonly bytes: Uint8Array;
  readonly scan: CodeScan;
  /** Null: nothing is charged. */
  readonly costs: FuelCosts;
  readonly indices: AddedIndices;
  readonly map: FunctionMap;
}

/** Writes the contents of a code section: the module's own bodies in their new order, then `added`. */
export function writeCode(out: ByteWriter, source: CodeSource, added: readonly AddedFunction[]): void {
  const { functionCount } = source.scan;
  const moved = source.map.movedCount;
  out.u32(functionCount + added.length);
  for (let index = moved; index < functionCount; index += 1) writeBody(out, source, index);
  for (let index = 0; index < moved; index += 1) writeBody(out, source, index);
  for (const { body } of added) out.u32(body.length).copy(body, 0, body.length);
}

function writeBody(out: ByteWriter, source: CodeSource, index: number): void {
  const { bytes, scan, costs, indices } = source;
  const start = scan.bodyStart.at(index);
  const end = scan.bodyEnd.at(index);
  const firstEdit = scan.functionFirstEdit.at(index);
  const lastEdit = index + 1 < scan.functionCount ? scan.functionFirstEdit.at(index + 1) : scan.edits.length;
  const isCharged = costs.isCharged[index] === 1;
  if (firstEdit === lastEdit && !isCharged) {
    out.u32(end - start).copy(bytes, start, end);
    return;
  }
  const size = out.beginSized();
  let copied = scan.codeStart.at(index);
  out.copy(bytes, start, copied);
  if (isCharged) charge(out, source, scan.functionFirstStretch.at(index));
  for (let edit = firstEdit; edit < lastEdit; edit += EDIT_FIELDS) {
    out.copy(bytes, copied, scan.edits.at(edit));
    copied = scan.edits.at(edit + 1);
    const payload = scan.edits.at(edit + 3);
    switch (scan.edits.at(edit + 2)) {
      case EditKind.CHARGE:
        charge(out, source, payload);
        break;
      case EditKind.HELPER:
        out.u8(Op.CALL).u32(indices.helper(payload));
        break;
      case EditKind.IMPORT:
        out.u8(Op.CALL).u32(source.map.firstAdded + payload);
        break;
      case EditKind.FUNCTION:
        out.u32(source.map.at(payload));
        break;
      case EditKind.CHANGED:
        writeChanged(out, indices, payload);
        break;
      default:
        throw new RangeError(`Cannot write the edit ${scan.edits.at(edit + 2)}: it is of no known kind`);
    }
  }
  out.copy(bytes, copied, end);
  if (out.endSized(size) > BODY_BYTES_MAX) {
    throw unsupported(start, `a function body that is longer than ${BODY_BYTES_MAX} bytes with its fuel`);
  }
}

function charge(out: ByteWriter, source: CodeSource, stretch: number): void {
  const cost = source.costs.stretches[stretch] ?? 0;
  // Only ends of blocks: nothing runs.
  if (cost === 0) return;
  writeCharge(out, source.indices, () => out.u8(Op.I32_CONST).s32(cost));
}
