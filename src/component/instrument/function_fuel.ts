/**
 * How a function is charged. The fuel global is memory: a tight loop that decrements it waits for its own last store each
 * time. So a function with loops takes the fuel into a local when it begins, counts that down, and writes it back where
 * others may charge or ask: before calls and where it is left. Between, the global is stale, and that is why nothing may
 * leave the function unseen: where exceptions are thrown or caught everything is charged in the global, as in functions
 * without loops. (A trap may: it ends the guest.)
 *
 * V8 neither unrolls nor peels a loop with a call in it, so innermost loops that call nobody who charges are wrapped:
 * without fuel they leave for a loop around them, which asks for more and enters them again. All their state is in locals.
 * The bodies of small ones are written several times, one behind the other (`loop_copies.ts`), and paid for together.
 */
import { type AddedIndices, writeCharge } from "./added_functions.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { type CodeScan, EditKind, FunctionFlag, LoopField, ReturnField } from "./code_scan.ts";
import { type FuelCosts, isForked } from "./fuel_costs.ts";
import { blockType, type FuelSource, isPeeled, isWrapped, writesThrough } from "./fuel_place.ts";
import { ForkedPasses } from "./forked_passes.ts";
import { forkedCopies, loopCopies } from "./loop_copies.ts";
import { Op, TAIL_CALLS } from "./opcodes.ts";

const EMPTY_BLOCK = 0x40;
const I32_LT_S = 0x48;
const I32_SUB = 0x6b;

/** Labels that a wrapped loop adds around its body. */
const WRAPPING_LABELS = 3;
/** The block around the whole, as seen from a copy of the body that is not the last, and from its first pass. */
const [EXIT_LABEL, FIRST_EXIT_LABEL] = [4, 1];

/** Writes the fuel of one function. */
export class FunctionFuel {
  readonly #out: ByteWriter;
  readonly #source: FuelSource;
  readonly #scan: CodeScan;
  readonly #costs: FuelCosts;
  readonly #indices: AddedIndices;
  /** The local that it counts in, or -1: in the global. */
  readonly #credit: number;
  /** The local has what is left wherever the function is, and the global does not; else at most in its loops, and the global does too. */
  readonly #isHeld: boolean;
  /** The block type of a block around its body, which branches to its end lead to; or null. */
  readonly #bodyBlock: number | null;
  /** The next call, by its number in `CodeScan.returns`. */
  #return: number;
  /** Where the loop whose body is being copied began. */
  #returnAtPass = 0;
  /** The first pass of a loop is being written, whose block type is `#type`. */
  #isInFirst = false;
  #type = EMPTY_BLOCK;
  /** Copies of the body of the loop that is being written, beside the last one. */
  #copiesLeft = 0;
  readonly #forked: ForkedPasses;
  /** After a call: the local has not been read again. */
  #isInGlobal = false;

  constructor(
    out: ByteWriter,
    source: FuelSource,
    options: { readonly credit: number; readonly index: number; readonly results: readonly string[] },
  ) {
    this.#out = out;
    this.#forked = new ForkedPasses(out);
    this.#source = source;
    this.#scan = source.scan;
    this.#costs = source.costs;
    this.#indices = source.indices;
    this.#credit = options.credit;
    this.#isHeld = options.credit >= 0 && !writesThrough(source, options.index);
    this.#return = source.scan.functionFirstReturn.at(options.index) / ReturnField.COUNT;
    const hasBlock = (source.scan.functionFlags.at(options.index) & FunctionFlag.BRANCHES_TO_END) !== 0;
    this.#bodyBlock = this.#isHeld && hasBlock ? blockType(options.results) : null;
  }

  /** Before the first instruction. Gives the place of a branch that is seldom taken, or null. */
  begin(cost: number | null): number | null {
    const out = this.#out;
    let branch: number | null = null;
    if (!this.#isHeld) {
      if (cost !== null) branch = this.#charge(cost);
    } else if (cost === null) {
      this.#read();
    } else {
      out.u8(Op.GLOBAL_GET).u32(this.#indices.fuel).u8(Op.I32_CONST).s32(cost).u8(I32_SUB);
      branch = this.#ifSpent();
    }
    if (this.#bodyBlock !== null) out.u8(Op.BLOCK).u8(this.#bodyBlock);
    return branch;
  }

  #read(): void {
    this.#out.u8(Op.GLOBAL_GET).u32(this.#indices.fuel).u8(Op.LOCAL_SET).u32(this.#credit);
  }

  /** It is in blocks of its own. */
  #isWrapped(loop: number): boolean {
    return this.#credit >= 0 && loop >= 0 && this.#forked.loop < 0 && isWrapped(this.#source, loop);
  }

  /** Its first pass is to be written before it. */
  isPeeled(loop: number): boolean {
    return this.#forked.isInPasses || (this.#isWrapped(loop) && isPeeled(this.#source, loop));
  }

  /** Before the `loop` instruction at `at` that `isPeeled`, and its first pass. */
  beginFirst(at: number): void {
    if (this.#forked.isInPasses) return;
    this.#type = this.#source.bytes[at + 1] ?? EMPTY_BLOCK;
    this.#out.bytes(Op.BLOCK, this.#type, Op.BLOCK, EMPTY_BLOCK);
    this.#isInFirst = true;
    this.#returnAtPass = this.#return;
  }

  /** Behind the first pass: who comes here leaves the loop, and a branch to the next pass leads behind that. */
  #endFirst(): void {
    this.#out.bytes(Op.BR, FIRST_EXIT_LABEL, Op.END);
    if (!this.#isHeld) this.#read();
    this.#out.bytes(Op.LOOP, this.#type, Op.BLOCK, EMPTY_BLOCK);
    this.#isInFirst = false;
    this.#return = this.#returnAtPass;
  }

  /** Labels around what is written of the loop now, between it and what is around it; `isAround`: and the loop around it. */
  labelsAdded(loop: number, isAround: boolean): number {
    if (this.#forked.loop >= 0) return isAround ? 0 : this.#forked.labelsAdded;
    if (!this.#isWrapped(loop)) return 0;
    if (this.#isInFirst) return 1;
    return this.#copiesLeft > 0 ? WRAPPING_LABELS + 1 : WRAPPING_LABELS;
  }

  /** The body that is being written is to be written again. */
  get isWrittenAgain(): boolean {
    return this.#isInFirst || this.#copiesLeft > 0 || this.#forked.isInPasses;
  }

  /**
   * Behind a copy of a loop's body that is not the last: who comes here leaves the loop. True: it goes on with the `loop`, false: with
   * where its passes begin.
   */
  endCopy(): boolean {
    if (this.#forked.isInPasses) {
      // What leads to the inner loop has no calls.
      this.#return = this.#returnAtPass;
      return this.#forked.endCopy();
    }
    if (this.#isInFirst) {
      this.#endFirst();
      return true;
    }
    this.#out.bytes(Op.BR, EXIT_LABEL, Op.END);
    this.#copiesLeft -= 1;
    this.#beginCopy();
    this.#return = this.#returnAtPass;
    return false;
  }

  /** An edit that is about fuel, of the bytes `at` .. `end`. Gives the place of a branch that is seldom taken, or null. */
  edit(
    kind: number,
    edit: { readonly payload: number; readonly at: number; readonly end: number; readonly next: number },
  ): number | null {
    const { payload, at, end } = edit;
    switch (kind) {
      case EditKind.CHARGE:
        return this.#charge(this.#costs.stretches[payload] ?? 0);
      case EditKind.LOOP_ENTER:
        this.#enter(payload, at);
        return null;
      case EditKind.LOOP_PASS:
        return this.#pass(payload);
      case EditKind.LOOP_LEAVE:
        this.#leaveLoop(payload);
        return null;
      case EditKind.LEAVE:
        this.#leave(this.#source.bytes[at] === Op.END);
        return null;
      case EditKind.CALL:
      case EditKind.UNSEEN_CALL:
        return this.#call(kind, edit);
      default:
        throw new RangeError(`Cannot write the edit ${kind} at ${at} to ${end}: it is of no known kind`);
    }
  }

  /** Before what charges in the global, or may ask. */
  writeBack(): void {
    if (!this.#isHeld || this.#isInGlobal) return;
    this.#out.u8(Op.LOCAL_GET).u32(this.#credit).u8(Op.GLOBAL_SET).u32(this.#indices.fuel);
  }

  /** Behind it. */
  readAgain(): void {
    if (!this.#isHeld) return;
    this.#isInGlobal = false;
    this.#read();
  }

  /** Before the `loop` instruction at `at`. */
  #enter(loop: number, at: number): void {
    if (this.#isHeld && isForked(this.#scan, this.#costs.isQuiet, loop)) return this.#forked.enter(loop);
    if (!this.#isWrapped(loop)) return;
    const type = this.#source.bytes[at + 1] ?? EMPTY_BLOCK;
    this.#out.bytes(Op.BLOCK, type, Op.LOOP, type, Op.BLOCK, EMPTY_BLOCK);
  }

  /** At the begin of each pass. Gives the place of the branch that is seldom taken, or null. */
  #pass(loop: number): number | null {
    if (loop === this.#forked.loop) {
      const bodyBytes = this.#field(loop, LoopField.BODY_BYTES);
      const branch = this.#charge(forkedCopies(bodyBytes) * this.#cost(loop));
      this.#forked.beginPasses(bodyBytes);
      this.#returnAtPass = this.#return;
      return branch;
    }
    if (!this.#isWrapped(loop)) return this.#charge(this.#cost(loop));
    const out = this.#out;
    this.#pushCharged(this.#wrappedCost(loop));
    out.u8(Op.LOCAL_TEE).u32(this.#credit);
    if (!this.#isHeld) out.u8(Op.GLOBAL_SET).u32(this.#indices.fuel).u8(Op.LOCAL_GET).u32(this.#credit);
    out.bytes(Op.I32_CONST, 0, I32_LT_S);
    const branch = out.length;
    out.bytes(Op.BR_IF, 1);
    this.#copiesLeft = this.#copies(loop) - 1;
    this.#returnAtPass = this.#return;
    this.#beginCopy();
    return branch;
  }

  /** A branch to the next pass leads to the end of this block, where the next copy of the body begins. */
  #beginCopy(): void {
    if (this.#copiesLeft > 0) this.#out.bytes(Op.BLOCK, EMPTY_BLOCK);
  }

  /** Behind the loop's `end`. */
  #leaveLoop(loop: number): void {
    if (loop === this.#forked.loop) return this.#forked.leave();
    if (!this.#isWrapped(loop)) return;
    const out = this.#out;
    out.bytes(Op.BR, 2, Op.END, Op.I32_CONST).s32(this.#wrappedCost(loop)).u8(Op.CALL).u32(this.#indices.refill);
    out.u8(Op.LOCAL_SET).u32(this.#credit).bytes(Op.BR, 0, Op.END, Op.END);
  }

  /** Before a `return`, or the function's `end`. */
  #leave(isEnd: boolean): void {
    if (isEnd && this.#bodyBlock !== null) this.#out.u8(Op.END);
    this.writeBack();
    this.#isInGlobal = false;
  }

  /** Gives the place of a branch that is seldom taken, or null. */
  #call(
    kind: number,
    edit: { readonly payload: number; readonly at: number; readonly end: number; readonly next: number },
  ): number | null {
    const { bytes, map } = this.#source;
    const opcode = bytes[edit.at] ?? Op.CALL;
    const callee = kind === EditKind.CALL ? (edit.payload >> 1) : -1;
    const isSynced = this.#isHeld && this.#mayCharge(callee);
    // A tail call leaves the function, whoever it calls.
    if (isSynced || TAIL_CALLS.includes(opcode)) this.writeBack();
    if (callee < 0) this.#out.copy(bytes, edit.at, edit.end);
    else this.#out.u8(opcode).u32(map.at(callee));
    const unpaid = this.#costs.returns[this.#return] ?? 0;
    this.#return += 1;
    if (!isSynced) return this.#charge(unpaid);
    this.#isInGlobal = this.#isNextFromCall(edit.next);
    if (this.#isInGlobal) return unpaid === 0 ? null : this.#chargeGlobal(unpaid);
    this.readAgain();
    return this.#charge(unpaid);
  }

  /** What comes next does not need the local: control goes straight there, and it writes back or is left. */
  #isNextFromCall(edit: number): boolean {
    const { edits } = this.#scan;
    if (edit >= edits.length || (edits.at(edit + 3) & 1) === 0) return false;
    const kind = edits.at(edit + 2);
    if (kind === EditKind.CALL) return this.#mayCharge(edits.at(edit + 3) >> 1);
    return kind === EditKind.LEAVE || kind === EditKind.UNSEEN_CALL;
  }

  #mayCharge(callee: number): boolean {
    const own = callee - this.#source.map.imported;
    return own < 0 || this.#costs.charges[own] === 1 || this.#costs.isCharged[own] === 1;
  }

  #field(loop: number, field: number): number {
    return this.#scan.loops.at(loop + field);
  }

  #cost(loop: number): number {
    return this.#costs.stretches[this.#field(loop, LoopField.STRETCH)] ?? 0;
  }

  /** How often the body of a wrapped loop is written. */
  #copies(loop: number): number {
    return loopCopies(this.#field(loop, LoopField.BODY_BYTES));
  }

  /** Of all copies of its body. */
  #wrappedCost(loop: number): number {
    return this.#copies(loop) * this.#cost(loop);
  }

  /** Gives the place of the branch that is seldom taken, or null where nothing runs. */
  #charge(cost: number): number | null {
    if (cost === 0) return null;
    if (!this.#isHeld) return this.#chargeGlobal(cost);
    this.#pushCharged(cost);
    return this.#ifSpent();
  }

  #chargeGlobal(cost: number): number {
    return writeCharge(this.#out, this.#indices, () => this.#out.u8(Op.I32_CONST).s32(cost));
  }

  #pushCharged(cost: number): void {
    this.#out.u8(Op.LOCAL_GET).u32(this.#credit).u8(Op.I32_CONST).s32(cost).u8(I32_SUB);
  }

  /** Takes the credit from the stack: `if (credit < 0) credit = refill(0)`. Gives the place of the `if`. */
  #ifSpent(): number {
    const out = this.#out.u8(Op.LOCAL_TEE).u32(this.#credit).bytes(Op.I32_CONST, 0, I32_LT_S);
    const branch = out.length;
    out.bytes(Op.IF, EMPTY_BLOCK, Op.I32_CONST, 0, Op.CALL).u32(this.#indices.refill);
    out.u8(Op.LOCAL_SET).u32(this.#credit).u8(Op.END);
    return branch;
  }
}
