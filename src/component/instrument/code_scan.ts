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
  /** A function's index, which may have moved. */
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
  /** A branch's label, which points out of the loop `payload`. */
  LABEL: 9,
  /** Just before an instruction that leaves the function from within the loop `payload`. */
  RETURN: 10,
  /** Where branches land that leave loops: the landing `payload`. */
  LAND: 11,
  /** Keeps the address of the store that follows, for the mark `payload` behind it. */
  KEEP_ADDRESS: 12,
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
  COUNT: 5,
} as const;

/** What was seen of a loop. */
export const LoopFlag = {
  /** It, or a loop in it, has what may run code that charges, or leaves it in a way that is not followed. */
  NOISY: 1,
  HAS_INNER: 2,
  HAS_CUT: 4,
  /** An inner loop branches to its header. */
  CONTINUED: 8,
  /** Its block type is longer than a byte. */
  TYPED: 16,
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

/** Branches of several loops land at one place. */
export const LANDS_SEVERAL = -2;

/** Numbers of an edit in `edits`: from, to, kind, payload. */
export const EDIT_FIELDS = 4;

/** All that was found in the bodies so far. The lists `functionFirst...` have an entry per function of the module's own. */
export class CodeScan {
  readonly edits: IntList = new IntList();
  /** Units of each stretch, without what it calls. */
  readonly stretches: IntList = new IntList();
  /** The loop that each stretch is part of, or -1. */
  readonly stretchLoops: IntList = new IntList();
  /** `LoopField.COUNT` numbers for each loop, outer loops before inner ones. */
  readonly loops: IntList = new IntList();
  /** Pairs: the loop that a landing is in (or -1), and the one that branches come from (or `LANDS_SEVERAL`). */
  readonly landings: IntList = new IntList();
  readonly functionFirstLoop: IntList = new IntList();
  /** Pairs: the function called (of the module's own, from 0), the stretch that calls it. */
  readonly calls: IntList = new IntList();
  readonly functionFirstEdit: IntList = new IntList();
  readonly functionFirstStretch: IntList = new IntList();
  readonly functionFirstCall: IntList = new IntList();
  /** Where a body begins (its locals) and where its first instruction is. */
  readonly bodyStart: IntList = new IntList();
  readonly codeStart: IntList = new IntList();
  readonly bodyEnd: IntList = new IntList();
  /** 1: it consists of several stretches outside of its loops. */
  readonly isCut: IntList = new IntList();
  /** 1: it has a call that this module cannot see into; 2: something in it charges, whatever it calls. */
  readonly callFlags: IntList = new IntList();
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
