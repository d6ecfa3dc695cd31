/**
 * How loops are charged. The fuel global is memory: a tight loop that decrements it waits for its own last store each time.
 * So a loop in which nothing else charges (a quiet one) takes all fuel into a local when it is entered, counts that down,
 * and gives back what is left when it is left; whatever happens in between can only lose fuel, never make any. And V8
 * neither unrolls nor peels a loop with a call in it, so the innermost ones (wrapped) leave for a loop around them when
 * their fuel ran out, which asks for more and enters them again: all their state is in locals.
 */
import { type AddedIndices, writeCharge } from "./added_functions.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { type CodeScan, EditKind, LANDS_SEVERAL, LoopField, LoopFlag } from "./code_scan.ts";
import type { FuelCosts } from "./fuel_costs.ts";
import { Op } from "./opcodes.ts";

const EMPTY_BLOCK = 0x40;
const I32_LT_S = 0x48;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;

/** Writes the fuel of the loops of one function. */
export class LoopFuel {
  readonly #out: ByteWriter;
  readonly #bytes: Uint8Array;
  readonly #scan: CodeScan;
  readonly #costs: FuelCosts;
  readonly #indices: AddedIndices;
  /** The local for the fuel of quiet loops, or -1 in a function without such. */
  readonly #credit: number;

  constructor(
    out: ByteWriter,
    source: {
      readonly bytes: Uint8Array;
      readonly scan: CodeScan;
      readonly costs: FuelCosts;
      readonly indices: AddedIndices;
      readonly credit: number;
    },
  ) {
    this.#out = out;
    this.#bytes = source.bytes;
    this.#scan = source.scan;
    this.#costs = source.costs;
    this.#indices = source.indices;
    this.#credit = source.credit;
  }

  #isQuiet(loop: number): boolean {
    return loop >= 0 && this.#costs.isQuiet[loop] === 1;
  }

  /** It is in a loop of its own, so labels in it that point out of it count one more. */
  isWrapped(loop: number): boolean {
    const others = LoopFlag.HAS_INNER | LoopFlag.HAS_CUT | LoopFlag.TYPED;
    return this.#isQuiet(loop) && (this.#field(loop, LoopField.FLAGS) & others) === 0 && this.#cost(loop) > 0;
  }

  /** An edit at `at` that is about fuel. Gives the place of a branch that is seldom taken, or null. */
  edit(kind: number, edit: { readonly payload: number; readonly at: number }): number | null {
    const { payload, at } = edit;
    switch (kind) {
      case EditKind.CHARGE:
        return this.#cut(this.#scan.stretchLoops.at(payload), this.#costs.stretches[payload] ?? 0);
      case EditKind.LOOP_ENTER:
        return this.#enter(payload, at);
      case EditKind.LOOP_PASS:
        return this.#pass(payload);
      case EditKind.LOOP_LEAVE:
        this.#leave(payload);
        return null;
      case EditKind.RETURN:
        if (this.#isQuiet(payload)) this.#giveBack();
        return null;
      case EditKind.LAND:
        this.#land(payload);
        return null;
      default:
        throw new RangeError(`Cannot write the edit ${kind}: it is of no known kind`);
    }
  }

  /** Before the `loop` instruction at `at`. Gives the place of the branch that is seldom taken, or null. */
  #enter(loop: number, at: number): number | null {
    const out = this.#out;
    if (this.#isRoot(loop)) {
      out.u8(Op.GLOBAL_GET).u32(this.#indices.fuel).u8(Op.LOCAL_SET).u32(this.#credit);
      out.bytes(Op.I32_CONST, 0).u8(Op.GLOBAL_SET).u32(this.#indices.fuel);
    }
    if (!this.isWrapped(loop)) return null;
    out.u8(Op.LOOP).u8(this.#bytes[at + 1] ?? EMPTY_BLOCK);
    return this.#writeIfSpent(() => out.u8(Op.LOCAL_GET).u32(this.#credit), this.#cost(loop));
  }

  /** At the begin of each pass. Gives the place of the branch that is seldom taken, or null. */
  #pass(loop: number): number | null {
    const cost = this.#cost(loop);
    if (cost === 0) return null;
    const out = this.#out;
    const subtract = (): void => {
      out.u8(Op.LOCAL_GET).u32(this.#credit).u8(Op.I32_CONST).s32(cost).u8(I32_SUB).u8(Op.LOCAL_TEE).u32(this.#credit);
    };
    if (this.isWrapped(loop)) {
      subtract();
      out.bytes(Op.I32_CONST, 0, I32_LT_S);
      const branch = out.length;
      out.bytes(Op.BR_IF, 1);
      return branch;
    }
    if (this.#isQuiet(loop)) return this.#writeIfSpent(subtract, 0);
    if ((this.#field(loop, LoopField.FLAGS) & LoopFlag.CONTINUED) !== 0) this.#giveBack();
    return writeCharge(out, this.#indices, () => out.u8(Op.I32_CONST).s32(cost));
  }

  /** At a cut within `loop` (or -1). */
  #cut(loop: number, cost: number): number | null {
    // Only ends of blocks: nothing runs.
    if (cost === 0) return null;
    const out = this.#out;
    if (!this.#isQuiet(loop)) return writeCharge(out, this.#indices, () => out.u8(Op.I32_CONST).s32(cost));
    return this.#writeIfSpent(() => {
      out.u8(Op.LOCAL_GET).u32(this.#credit).u8(Op.I32_CONST).s32(cost).u8(I32_SUB).u8(Op.LOCAL_TEE).u32(this.#credit);
    }, 0);
  }

  /** Behind the loop's `end`. */
  #leave(loop: number): void {
    if (this.isWrapped(loop)) this.#out.u8(Op.END);
    if (this.#isRoot(loop)) this.#giveBack();
  }

  /** Where branches land. */
  #land(landing: number): void {
    const from = this.#scan.landings.at(landing + 1);
    if (this.#isQuiet(this.#scan.landings.at(landing))) return;
    if (from === LANDS_SEVERAL || this.#isQuiet(from)) this.#giveBack();
  }

  /** The outermost of quiet loops, if anything in it costs anything. */
  #isRoot(loop: number): boolean {
    if (!this.#isQuiet(loop) || this.#isQuiet(this.#field(loop, LoopField.PARENT))) return false;
    const others = LoopFlag.HAS_INNER | LoopFlag.HAS_CUT;
    return this.#cost(loop) > 0 || (this.#field(loop, LoopField.FLAGS) & others) !== 0;
  }

  #field(loop: number, field: number): number {
    return this.#scan.loops.at(loop + field);
  }

  #cost(loop: number): number {
    return this.#costs.stretches[this.#field(loop, LoopField.STRETCH)] ?? 0;
  }

  /** `fuel += credit; credit = 0`: nothing happens where there is none. */
  #giveBack(): void {
    if (this.#credit < 0) return;
    this.#out.u8(Op.GLOBAL_GET).u32(this.#indices.fuel).u8(Op.LOCAL_GET).u32(this.#credit).u8(I32_ADD);
    this.#out.u8(Op.GLOBAL_SET).u32(this.#indices.fuel).bytes(Op.I32_CONST, 0).u8(Op.LOCAL_SET).u32(this.#credit);
  }

  /** `if (credit < 0) credit = refill(cost)`, of the credit that `pushCredit` leaves on the stack. Gives the place of the `if`. */
  #writeIfSpent(pushCredit: () => void, cost: number): number {
    const out = this.#out;
    pushCredit();
    out.bytes(Op.I32_CONST, 0, I32_LT_S);
    const branch = out.length;
    out.bytes(Op.IF, EMPTY_BLOCK, Op.I32_CONST).s32(cost).u8(Op.CALL).u32(this.#indices.refill);
    out.u8(Op.LOCAL_SET).u32(this.#credit).u8(Op.END);
    return branch;
  }
}
