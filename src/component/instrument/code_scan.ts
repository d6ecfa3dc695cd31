/** What a scan of the code finds: places to edit, stretches to charge for, and who calls whom. */
import { IntList } from "./int_list.ts";
import { StoreMarks } from "./store_marks.ts";

/** What happens at a place of the code. Each edit replaces the bytes `from` .. `to` (which may be none). */
export const EditKind = {
  /** Charges for the stretch `payload`, which begins here. */
  CHARGE: 0,
  /** Calls the helper `payload` of `CodeScan.helpers`. */
  HELPER: 1,
  /** Calls the added import `payload` of `CodeScan.imports`. */
  IMPORT: 2,
  /** A function's index that is no call's, and may have moved. */
  FUNCTION: 3,
  /** Sets the bits `payload` of `changed`. */
  CHANGED: 4,
  /** Marks the page of the store before: the mark `payload` of `StoreMarks`. */
  MARK: 5,
  /** Just before the loop `payload`. */
  LOOP_ENTER: 6,
  /** Where each pass of the loop `payload` begins. */
  LOOP_PASS: 7,
  /** Just behind the `end` of the loop `payload`. */
  LOOP_LEAVE: 8,
  /** A branch's label, which points out of the loop `payload`, but not to `LABEL_AROUND`. */
  LABEL: 9,
  /** Just before a `return` and the function's `end`; `payload` as of a call. */
  LEAVE: 10,
  /** A call of the function `payload >> 1`. Bit 0: nothing branches, and nothing can be branched to, since the call before. */
  CALL: 11,
  /** Keeps the address of the store that follows, for the mark `payload` behind it. */
  KEEP_ADDRESS: 12,
  /** A call that this module cannot see into; `payload` as of `CALL`, without a function. */
  UNSEEN_CALL: 13,
  /** A branch's label, from the loop `payload` to the next pass of the loop around it. */
  LABEL_AROUND: 14,
} as const;

/** Numbers of a loop in `loops`. */
export const LoopField = {
  STRETCH: 0,
  /** The loop around it, or -1. */
  PARENT: 1,
  /** Its calls: from, to (positions in `calls`), inner loops included. */
  CALL_FIRST: 2,
  CALL_END: 3,
  /** Bits of `LoopFlag`. */
  FLAGS: 4,
  /** The stretch around it, and what that had cost where it begins. */
  AROUND_STRETCH: 5,
  AROUND_COST: 6,
  /** Its length, without its `loop` and its `end`. */
  BODY_BYTES: 7,
  COUNT: 8,
} as const;

/** Numbers of a call in `returns`. */
export const ReturnField = {
  /** The stretch that goes on behind it (-1: nothing does, it is a tail call), what that has cost there, and the loop around it, or -1. */
  STRETCH: 0,
  COST: 1,
  LOOP: 2,
  /** Position behind it in `calls`. */
  CALLS: 3,
  COUNT: 4,
} as const;

/** What was seen of a loop. */
export const LoopFlag = {
  /** It, or a loop in it, has what may run code that charges. */
  NOISY: 1,
  HAS_INNER: 2,
  HAS_CUT: 4,
  /** Its block type is longer than a byte. */
  TYPED: 8,
  /** Each pass of the loop around it leads to this one, with no way out before. */
  LED_TO: 16,
  /** It, or a loop in it, has a call that may come back to this module. */
  REENTERS: 32,
  /** All it does is to lead to one inner loop, behind which it ends and which has branches to its next pass: a loop with two kinds of passes. */
  FORKED: 64,
  /** It has a branch to the next pass of the loop around it. */
  LEADS_BACK: 128,
} as const;

/** What was seen of a function. */
export const FunctionFlag = {
  /** It has a call that this module cannot see into. */
  CALLS_UNSEEN: 1,
  /** Something in it charges, whatever it calls. */
  CHARGES: 2,
  /** Control can leave it, or go on in it, in ways that are not followed: exceptions. */
  UNFOLLOWED: 4,
  /** A branch leads to its end. */
  BRANCHES_TO_END: 8,
  /** It has a call that may come back to this module: not of an import that is added. */
  REENTERS: 16,
} as const;

/** A function that is added because the code needs it. */
export type HelperSpec =
  | { readonly kind: "memory.fill"; readonly memory: number }
  | { readonly kind: "memory.copy"; readonly target: number; readonly source: number }
  /** Charges, leaves its three operands where they are; the instruction follows. */
  | { readonly kind: "memory.init"; readonly memory: number; readonly segment: number | null }
  | { readonly kind: "table.fill"; readonly table: number }
  | { readonly kind: "table.copy"; readonly target: number; readonly source: number }
  | { readonly kind: "table.init"; readonly table: number; readonly segment: number | null }
  | { readonly kind: "table.grow"; readonly table: number };

/** An import that is added because the code needs it. */
export type ImportSpec =
  | { readonly kind: "tick" }
  | { readonly kind: "yield" }
  | { readonly kind: "grow"; readonly memory: number }
  | { readonly kind: "size"; readonly memory: number }
  | { readonly kind: "grow-table" };

/** Items by a key, in the order of their first use. */
export class Interned<T> {
  readonly items: T[] = [];
  readonly #indices: Map<string, number> = new Map();

  /** The index of `item`, which is added when it is new. */
  index(item: T): number {
    const key = JSON.stringify(item);
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    this.#indices.set(key, this.items.length);
    this.items.push(item);
    return this.items.length - 1;
  }
}

/** Numbers of an edit in `edits`: from, to, kind, payload. */
export const EDIT_FIELDS = 4;

/** All that was found in the bodies so far. The lists `functionFirst...` have an entry per function of the module's own. */
export class CodeScan {
  readonly edits: IntList = new IntList();
  /** Units of each stretch, without what it calls. */
  readonly stretches: IntList = new IntList();
  /** `LoopField.COUNT` numbers for each loop, outer loops before inner ones. */
  readonly loops: IntList = new IntList();
  readonly functionFirstLoop: IntList = new IntList();
  /** Pairs: the function called (of the module's own, from 0), the stretch that calls it. */
  readonly calls: IntList = new IntList();
  /** `ReturnField.COUNT` numbers for each edit that is a call, in their order. */
  readonly returns: IntList = new IntList();
  readonly functionFirstReturn: IntList = new IntList();
  readonly functionFirstEdit: IntList = new IntList();
  readonly functionFirstStretch: IntList = new IntList();
  readonly functionFirstCall: IntList = new IntList();
  /** Where a body begins (its locals) and where its first instruction is. */
  readonly bodyStart: IntList = new IntList();
  readonly codeStart: IntList = new IntList();
  readonly bodyEnd: IntList = new IntList();
  /** 1: it consists of several stretches outside of its loops. */
  readonly isCut: IntList = new IntList();
  /** Bits of `FunctionFlag`. */
  readonly functionFlags: IntList = new IntList();
  /** Parameters and locals of each function, and the bits of the scratch locals it needs. */
  readonly localCount: IntList = new IntList();
  readonly scratch: IntList = new IntList();
  readonly marks: StoreMarks = new StoreMarks();
  /** Memories that the code writes. */
  readonly writtenMemories: Set<number> = new Set();
  readonly helpers: Interned<HelperSpec> = new Interned();
  readonly imports: Interned<ImportSpec> = new Interned();
  hasChanged = false;

  get functionCount(): number {
    return this.bodyStart.length;
  }

  edit(from: number, to: number, kind: number, payload: number): void {
    this.edits.push(from);
    this.edits.push(to);
    this.edits.push(kind);
    this.edits.push(payload);
  }
}
