/** Writes the code section anew: runs of bytes as they were, with the edits of `CodeScan` between them. */
import { BinaryReader, ItemBudget } from "../binary_reader.ts";
import { unsupported } from "../parse_faults.ts";
import { type AddedFunction, writeChanged } from "./added_functions.ts";
import { ByteWriter } from "./byte_writer.ts";
import { EDIT_FIELDS, EditKind } from "./code_scan.ts";
import { countsInLocal, type FuelSource } from "./fuel_place.ts";
import { FunctionFuel } from "./function_fuel.ts";
import { writeKeepAddress, writeMark } from "./mark_code.ts";
import { Op } from "./opcodes.ts";
import { Scratch, SCRATCH_TYPES } from "./scratch_locals.ts";
import { STEP_BYTES, type Steps } from "./steps.ts";

/** V8's bounds on the locals of a function, parameters included, and on the bytes of its body. */
const LOCALS_MAX = 50_000;
/** A branch hint. */
const UNLIKELY = 0;
const BODY_BYTES_MAX = 7_654_321;

/** What the code is written from. */
export interface CodeSource extends FuelSource {
  /** The results of a function of the module's own, by its number from 0. */
  readonly results: (index: number) => readonly string[];
}

/**
 * Writes the contents of a code section: the module's own bodies in their new order, then `added`. Into `hints` goes what
 * the custom section `metadata.code.branch_hint` has to say: that fuel seldom runs out. Without it V8 keeps a loop's values
 * in memory because of the call (twice the time of a tight loop, measured).
 */
export function* writeCode(
  out: ByteWriter,
  source: CodeSource,
  options: { readonly added: readonly AddedFunction[]; readonly hints: ByteWriter },
): Steps<void> {
  const { added, hints } = options;
  const { functionCount } = source.scan;
  const moved = source.map.movedCount;
  out.u32(functionCount + added.length);
  let hinted = 0;
  const entries = new ByteWriter();
  const write = (index: number): void => {
    const branches: number[] = [];
    writeBody(out, source, { index, branches });
    if (branches.length === 0) return;
    hinted += 1;
    entries.u32(source.map.at(source.map.imported + index)).u32(branches.length);
    for (const branch of branches) entries.u32(branch).bytes(1, UNLIKELY);
  };
  let stepEnd = STEP_BYTES;
  for (let place = 0; place < functionCount; place += 1) {
    write((place + moved) % functionCount);
    if (out.length < stepEnd) continue;
    stepEnd = out.length + STEP_BYTES;
    yield;
  }
  for (const { body } of added) out.u32(body.length).copy(body, 0, body.length);
  hints.u32(hinted).append(entries);
}

/** Writes one body; `branches` gets the offsets in it of those that are seldom taken. */
function writeBody(
  out: ByteWriter,
  source: CodeSource,
  options: { readonly index: number; readonly branches: number[] },
): void {
  const { index, branches } = options;
  const { bytes, scan, costs } = source;
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
  const results = source.results(index);
  const scratch = writeLocals(out, source, { index, isLocal: countsInLocal(source, index, results) });
  const fuel = new FunctionFuel(out, source, { credit: scratch[Scratch.CREDIT] ?? -1, index, results });
  const first = fuel.begin(isCharged ? costs.stretches[scan.functionFirstStretch.at(index)] ?? 0 : null);
  if (first !== null) branches.push(first - size);
  let [enter, pass] = [firstEdit, firstEdit];
  for (let edit = firstEdit; edit < lastEdit; edit += EDIT_FIELDS) {
    const kind = scan.edits.at(edit + 2);
    const at = scan.edits.at(edit);
    if (kind === EditKind.LOOP_ENTER && fuel.isPeeled(scan.edits.at(edit + 3))) {
      out.copy(bytes, copied, at);
      fuel.beginFirst(at);
      // On with its body, where its passes begin.
      enter = edit;
      edit += EDIT_FIELDS;
      copied = scan.edits.at(edit);
      continue;
    }
    if (kind === EditKind.LOOP_LEAVE && fuel.isWrittenAgain) {
      // Up to the loop's `end`, and once more: from the `loop`, or from where its passes begin.
      out.copy(bytes, copied, at - 1);
      edit = fuel.endCopy() ? enter : pass;
      copied = scan.edits.at(edit);
      continue;
    }
    if (kind === EditKind.LOOP_PASS) pass = edit;
    out.copy(bytes, copied, at);
    copied = scan.edits.at(edit + 1);
    const next = edit + EDIT_FIELDS < lastEdit ? edit + EDIT_FIELDS : Infinity;
    const branch = writeEdit(out, source, { fuel, scratch, edit, next });
    if (branch !== null) branches.push(branch - size);
  }
  out.copy(bytes, copied, end);
  if (out.endSized(size) > BODY_BYTES_MAX) {
    throw unsupported(start, `a function body that is longer than ${BODY_BYTES_MAX} bytes with its fuel`);
  }
}

/** Writes one edit. Gives the place of a branch that is seldom taken, or null. */
function writeEdit(
  out: ByteWriter,
  source: CodeSource,
  options: {
    readonly fuel: FunctionFuel;
    readonly scratch: readonly number[];
    readonly edit: number;
    readonly next: number;
  },
): number | null {
  const { bytes, scan, indices } = source;
  const { fuel, scratch, edit, next } = options;
  const [at, end, kind] = [scan.edits.at(edit), scan.edits.at(edit + 1), scan.edits.at(edit + 2)];
  const payload = scan.edits.at(edit + 3);
  switch (kind) {
    case EditKind.HELPER:
    case EditKind.IMPORT:
      fuel.writeBack();
      out.u8(Op.CALL).u32(kind === EditKind.HELPER ? indices.helper(payload) : source.map.firstAdded + payload);
      fuel.readAgain();
      return null;
    case EditKind.FUNCTION:
      out.u32(source.map.at(payload));
      return null;
    case EditKind.CHANGED:
      writeChanged(out, indices, payload);
      return null;
    case EditKind.KEEP_ADDRESS:
      writeKeepAddress(out, { indices, marks: scan.marks.marks, mark: payload, scratch });
      return null;
    case EditKind.MARK:
      writeMark(out, { indices, marks: scan.marks.marks, mark: payload, scratch });
      return null;
    case EditKind.LABEL:
    case EditKind.LABEL_AROUND: {
      const added = fuel.labelsAdded(payload, kind === EditKind.LABEL_AROUND);
      if (added === 0) out.copy(bytes, at, end);
      else out.u32(readLabel(bytes, at) + added);
      return null;
    }
    default:
      return fuel.edit(kind, { payload, at, end, next });
  }
}

/** Writes the locals of a function and the scratch locals behind them; gives the indices of the latter. */
function writeLocals(
  out: ByteWriter,
  source: CodeSource,
  options: { readonly index: number; readonly isLocal: boolean },
): readonly number[] {
  const { bytes, scan } = source;
  const { index, isLocal } = options;
  const start = scan.bodyStart.at(index);
  const end = scan.codeStart.at(index);
  const needed = scan.scratch.at(index) | (isLocal ? 1 << Scratch.CREDIT : 0);
  if (needed === 0) {
    out.copy(bytes, start, end);
    return [];
  }
  const locals: number[] = [];
  const types: number[] = [];
  for (const [kind, type] of SCRATCH_TYPES.entries()) {
    if ((needed & (1 << kind)) === 0) continue;
    locals[kind] = scan.localCount.at(index) + types.length;
    types.push(type);
  }
  if (scan.localCount.at(index) + types.length > LOCALS_MAX) {
    throw unsupported(start, `a function of more than ${LOCALS_MAX} locals with those that are added`);
  }
  const reader = new BinaryReader(bytes, start, end, new ItemBudget());
  out.u32(reader.u32("the number of groups of locals") + types.length).copy(bytes, reader.offset, end);
  for (const type of types) out.bytes(1, type);
  return locals;
}

/** A label, an unsigned LEB128 integer that was read before. */
function readLabel(bytes: Uint8Array, at: number): number {
  return new BinaryReader(bytes, at, bytes.length, new ItemBudget()).u32("a label");
}
