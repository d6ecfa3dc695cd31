// tidy: long because it is one decoder: every instruction is taken apart in one place, so that none is looked at by two rules
/**
 * Walks the code of a module, every instruction of it, and writes into `CodeScan` what has to be edited.
 *
 * Charging. Code is cut into stretches; a stretch is charged when it begins, for all its instructions. It begins at a
 * function's entry, at each pass of a loop, and, within either, where more than `STRETCH_MAX` instructions were counted.
 * Inside a function body or one loop (inner loops excluded) control only goes forward, so a jump can leave a stretch only
 * for a later one: where a jump over such a cut may land (`end`, `else`, `catch`), a new stretch begins. A place that can
 * only be reached from within its own stretch needs none.
 */
import { hex, malformed, unsupported } from "../parse_faults.ts";
import { CHANGED_SEGMENT, CHANGED_TABLE } from "./instrumented_module.ts";
import { type CodeScan, EditKind, FunctionFlag, LoopField, LoopFlag } from "./code_scan.ts";
import { CompileEffort } from "./compile_effort.ts";
import { UNPAID_LOOPS_MAX } from "./fuel_costs.ts";
import { bodiesAdded, FORKED_BYTES_MAX, forkedCopies } from "./loop_copies.ts";
import type { ModuleShape, SectionRange } from "./module_shape.ts";
import {
  ARITY_UNKNOWN,
  ATOMIC,
  AtomicOp,
  BULK,
  BulkOp,
  Immediate,
  Op,
  PLAIN,
  PLAIN_ARITY,
  SIMD,
  TAIL_CALLS,
} from "./opcodes.ts";
import { Scratch } from "./scratch_locals.ts";
import { STEP_BYTES, type Steps } from "./steps.ts";

/** A function that costs no more is not charged itself but where it is called. Most small functions are below. */
export const UNCHARGED_COST_MAX = 64;
/**
 * Instructions after which a stretch ends. A stretch is paid in full also when a jump leaves it early: with one stretch
 * for an interpreter's whole loop each of its steps would pay for all its instructions. It also bounds what runs between two charges.
 */
const STRETCH_MAX = 512;
/**
 * What runs in a call that this module cannot see into (of an import, of a table's function), at most, before somebody
 * charges. It also puts every function with such a call past `UNCHARGED_COST_MAX`: it is charged itself, and so is each
 * pass through a cycle of calls that no module sees as one.
 */
const UNSEEN_CALL_COST = UNCHARGED_COST_MAX;

/**
 * A load that misses all caches takes 200 to 300 ns (measured, in 64 MiB and more), 1000 times what an addition takes: a
 * tick of nothing but these, each at the address that the one before gave, took 130 ms when each cost a unit.
 */
const LOAD_COST = 8;
/** A store does not wait, but the first one to a page may take a microsecond. */
const STORE_COST = 4;

/** Throwing and catching takes some microseconds: a loop over it would have 20 to 50 ms in a tick. */
const THROW_COST = 128;

/** A call into the runtime. */
const TABLE_SET_COST = 8;

/**
 * Four of those that only move and combine integers cost as much as one other: the optimising compiler leaves little of locals and
 * constants. In the quick one's code a tick of nothing else takes 1.5 to 8 ms (measured), which is less than one of loads.
 */
const CHEAP_COST = 0.25;
/** Opcodes, first and last: `drop`, `select`; constants and comparison; arithmetic of 32 bits, then of 64; conversion. */
const CHEAP_RANGES: readonly (readonly [number, number])[] = [
  [0x1a, 0x1b],
  [0x41, 0x5a],
  [0x67, 0x6c],
  [0x71, 0x7e],
  [0x83, 0x8a],
  [0xa7, 0xa7],
  [0xac, 0xad],
  [0xc0, 0xc4],
];
/** By opcode, before what an instruction adds for itself. */
const COSTS: Float64Array = Float64Array.from({ length: 256 }, (_, opcode) => isCheap(opcode) ? CHEAP_COST : 1);

/** Locals, constants, `drop`, `select`, and on integers: comparison, arithmetic without division, conversion. */
function isCheap(opcode: number): boolean {
  if (PLAIN[opcode] === Immediate.LOCAL) return true;
  return CHEAP_RANGES.some(([first, last]) => opcode >= first && opcode <= last);
}

/** Data up to this length is copied in one go. */
export const INIT_BYTES_MAX = 1024 * 1024;
/** Table elements up to this number are copied in one go. */
export const INIT_ELEMENTS_MAX = 64 * 1024;

/** The scratch local for the value of each plain store, from 0x36. */
const VALUE_OF_STORE: readonly number[] = [
  Scratch.I32,
  Scratch.I64,
  Scratch.F32,
  Scratch.F64,
  Scratch.I32,
  Scratch.I32,
  Scratch.I64,
  Scratch.I64,
  Scratch.I64,
];
/** The widths of each atomic operation, in the order of its opcodes: i32, i64, i32 of 8 and 16 bits, i64 of 8, 16 and 32. */
const ATOMIC_IS_64: readonly boolean[] = [false, true, false, false, true, true, true];
const SIMD_CONST = 12;

/** At most, of blocks and branches that `LoopFuel` puts around a loop. */
const LOOP_BLOCKS_ADDED = 6;

/** Of what charges behind a call. */
const RETURN_BLOCKS_ADDED = 3;

const EMPTY_BLOCK = 0x40;
/** Begins the types of references that are never null. */
const TYPE_REF = 0x64;
const FRAME_BLOCK = 0;
const FRAME_LOOP = 1;
/** Numbers of an open frame. */
const Frame = {
  KIND: 0,
  /** What `#cuts` was at its begin. */
  CUTS: 1,
  /** The stretch that it began in, and the costs there. Behind a loop that stretch goes on. */
  STRETCH: 2,
  COST: 3,
  PEAK: 4,
  /** Of a loop itself, else the one around it, or -1. */
  LOOP: 5,
  /** Of a block: what it has cost where a branch leads to its end, at most. */
  LANDS: 6,
  /** Of a loop: what compiling took up to it. */
  EFFORT: 7,
  COUNT: 8,
} as const;

/** Scans the bodies of one module, in order. */
export class CodeScanner {
  readonly #bytes: Uint8Array;
  readonly #shape: ModuleShape;
  readonly #scan: CodeScan;
  /** Functions of the module's own up to this one may be moved (`FunctionMap`). */
  readonly #movableMax: number;
  readonly #tracksWrites: boolean;
  readonly #effort = new CompileEffort();
  /** Most that a `catch` brings along. */
  readonly #paramsMax: number;
  #at = 0;
  #end = 0;
  /** Where the next step begins. */
  #stepEnd = 0;
  #locals = 0;
  /** Some of them hold nothing until they are set, which validation follows by blocks. */
  #hasUnsetLocals = false;
  /** The stretch that is open. */
  #stretch = 0;
  /** Of the dearest way through the stretch to here; 0 where none leads. */
  #cost = 0;
  /** Of the dearest way that ended before. */
  #peak = 0;
  /** Of the memarg that was read last: the lower 28 bits of its offset, and whether it has more. */
  #offset = 0;
  #isFarOffset = false;
  /** Cuts of the current function body or loop so far. */
  #cuts = 0;
  /** The innermost loop that is open, or -1. */
  #loop = -1;
  /** Loops that are open. */
  #loopDepth = 0;
  /** Behind the loop that ended last. */
  #loopEnd = 0;
  /** Bits of `FunctionFlag` of the current function. */
  #functionFlags = 0;
  /** Counts what control does not just go through, calls included. */
  #turns = 0;
  /** What it was behind the last call, and where the innermost loop began. */
  #turnsAtCall = -1;
  #turnsAtLoop = -1;
  /** Open frames, `Frame.COUNT` numbers each. */
  #frames: number[] = [];

  constructor(shape: ModuleShape, scan: CodeScan, options: { readonly tracksWrites: boolean }) {
    this.#bytes = shape.bytes;
    this.#shape = shape;
    this.#scan = scan;
    this.#movableMax = shape.importedFunctions + 3 + 2 * shape.memories.length;
    this.#tracksWrites = options.tracksWrites;
    this.#paramsMax = shape.types.reduce((most, { params }) => Math.max(most, params.length), 0);
  }

  /** Scans all bodies of a code section. */
  *scanAll(section: SectionRange): Steps<void> {
    this.#at = section.start;
    this.#stepEnd = section.start + STEP_BYTES;
    this.#end = section.end;
    const own = this.#shape.functions.length - this.#shape.importedFunctions;
    const count = this.#u32();
    if (count !== own) throw malformed(section.start, `a core module has ${count} bodies`, `${own}, one per function`);
    for (let index = 0; index < count; index += 1) {
      const size = this.#u32();
      const start = this.#at;
      if (size > section.end - start) throw malformed(start, "a function body is cut off", `${size} bytes`);
      yield* this.#scanBody(index, start, start + size);
      this.#at = start + size;
      this.#end = section.end;
    }
    if (this.#at !== section.end) throw malformed(this.#at, "bytes follow the last body", "the end of the section");
  }

  *#scanBody(index: number, start: number, end: number): Steps<void> {
    const scan = this.#scan;
    this.#at = start;
    this.#end = end;
    scan.functionFirstEdit.push(scan.edits.length);
    scan.functionFirstCall.push(scan.calls.length);
    scan.functionFirstReturn.push(scan.returns.length);
    scan.functionFirstStretch.push(scan.stretches.length);
    scan.bodyStart.push(start);
    scan.bodyEnd.push(end);
    this.#readLocals(index);
    scan.localCount.push(this.#locals);
    scan.codeStart.push(this.#at);
    scan.marks.beginFunction();
    this.#effort.beginFunction(this.#locals);
    scan.functionFirstLoop.push(scan.loops.length);
    this.#loop = -1;
    this.#loopDepth = 0;
    this.#beginStretch();
    this.#cost = 0;
    this.#peak = 0;
    this.#cuts = 0;
    this.#functionFlags = 0;
    this.#turnsAtCall = -1;
    this.#frames.length = 0;
    this.#open(FRAME_BLOCK);
    while (!this.#scanStep(end)) {
      this.#stepEnd = this.#at + STEP_BYTES;
      yield;
    }
    if (this.#effort.isTooMuch) {
      throw unsupported(start, "a function of so many locals, operands and branches that it takes long to compile");
    }
    if (this.#at !== end) {
      throw malformed(Math.min(this.#at, end), "bytes follow a function's `end`", "the end of the body");
    }
    this.#endStretch();
    scan.scratch.push(scan.marks.scratch);
    scan.isCut.push(this.#cuts > 0 ? 1 : 0);
    scan.functionFlags.push(this.#functionFlags);
  }

  /** Up to the end of the function (true) or of the step. Apart from its caller: V8 does not optimise loops of generators. */
  #scanStep(end: number): boolean {
    while (this.#frames.length > 0) {
      if (this.#at >= end) throw malformed(end, "a function body is cut off", "`end`");
      if (this.#at >= this.#stepEnd) return false;
      if (this.#cost > STRETCH_MAX) this.#cut(this.#at);
      this.#instruction();
    }
    return true;
  }

  #beginStretch(): void {
    this.#stretch = this.#scan.stretches.length;
    this.#scan.stretches.push(0);
  }

  #open(kind: number): void {
    this.#scan.marks.beginBlock(kind === FRAME_LOOP);
    this.#frames.push(kind, this.#cuts, this.#stretch, this.#cost, this.#peak, this.#loop, 0, this.#effort.spent);
  }

  #flagLoop(loop: number, flag: number): void {
    if (loop >= 0) this.#scan.loops.set(loop + LoopField.FLAGS, this.#scan.loops.at(loop + LoopField.FLAGS) | flag);
  }

  /** What comes charges by itself, or may: a call that this module cannot see into, a helper. */
  #noise(flags: number): void {
    this.#functionFlags |= flags;
    this.#flagLoop(this.#loop, LoopFlag.NOISY);
  }

  #readLocals(index: number): void {
    const shape = this.#shape;
    const type = shape.types[shape.functions[shape.importedFunctions + index] ?? -1];
    let locals = type?.params.length ?? 0;
    this.#hasUnsetLocals = false;
    for (let groups = this.#u32(); groups > 0; groups -= 1) {
      locals += this.#u32();
      if (this.#bytes[this.#at] === TYPE_REF) this.#hasUnsetLocals = true;
      this.#valueType();
      if (this.#at > this.#end) throw malformed(this.#end, "a function's locals are cut off", "more bytes");
    }
    this.#locals = locals;
  }

  /** Begins a new stretch at `at`, within the current function body or loop. */
  #cut(at: number): void {
    this.#endStretch();
    this.#beginStretch();
    this.#scan.edit(at, at, EditKind.CHARGE, this.#stretch);
    this.#flagLoop(this.#loop, LoopFlag.HAS_CUT);
    this.#cost = 0;
    this.#peak = 0;
    this.#cuts += 1;
  }

  #endStretch(): void {
    this.#endWay();
    this.#scan.stretches.add(this.#stretch, Math.ceil(this.#peak));
  }

  /** What follows is not reached from here. */
  #endWay(): void {
    this.#peak = Math.max(this.#peak, this.#cost);
    this.#cost = 0;
  }

  /** A place that jumps land on which may come from where there were `cuts`, and had cost so much. */
  #land(cuts: number, cost: number): void {
    if (this.#cuts !== cuts) return this.#cut(this.#at);
    // What is thrown comes from anywhere.
    const most = (this.#functionFlags & FunctionFlag.UNFOLLOWED) === 0 ? cost : Infinity;
    this.#cost = Math.max(this.#cost, Math.min(most, this.#peak));
  }

  #instruction(): void {
    const start = this.#at;
    const opcode = this.#bytes[start] ?? 0;
    this.#at = start + 1;
    this.#cost += COSTS[opcode] ?? 1;
    const shape = PLAIN[opcode] ?? Immediate.UNKNOWN;
    this.#effort.instruction(opcode);
    if (this.#tracksWrites && shape < Immediate.OWN && shape !== Immediate.LOCAL) {
      if (opcode === Op.I32_CONST) this.#scan.marks.constant(this.#signed(start + 1));
      else if (opcode === Op.I32_ADD) this.#scan.marks.add();
      else this.#follow(PLAIN_ARITY[opcode] ?? ARITY_UNKNOWN);
    }
    switch (shape) {
      case Immediate.NONE:
        if (opcode === Op.THROW_REF) this.#throw();
        if (opcode === Op.UNREACHABLE) this.#endWay();
        return;
      case Immediate.LOCAL: {
        const local = this.#u32();
        if (local >= this.#locals) {
          throw malformed(start, `a function refers to its local ${local}`, `one of its ${this.#locals}`);
        }
        if (this.#tracksWrites) this.#followLocal(opcode, local);
        return;
      }
      case Immediate.LEB:
        if (opcode === Op.THROW) this.#throw();
        return this.#skipLeb();
      case Immediate.MEMARG:
        this.#memarg();
        return;
      case Immediate.STORE:
        return this.#store(start, [VALUE_OF_STORE[opcode - Op.I32_STORE] ?? Scratch.I64]);
      case Immediate.GLOBAL:
        return this.#bound(this.#u32(), this.#shape.globals.length, "global", start);
      case Immediate.BYTES_4:
        this.#at += 4;
        return;
      case Immediate.BYTES_8:
        this.#at += 8;
        return;
      case Immediate.OWN:
        return opcode >= 0xd0 ? this.#prefixed(start, opcode) : this.#control(start, opcode);
      default:
        throw this.#unknown(start, opcode);
    }
  }

  #throw(): void {
    this.#effort.look();
    this.#cost += THROW_COST;
    this.#endWay();
    this.#turns += 1;
    this.#functionFlags |= FunctionFlag.UNFOLLOWED;
  }

  /** Follows an instruction that pops and pushes what is not a local. */
  #follow(arity: number): void {
    const { marks } = this.#scan;
    if (arity === ARITY_UNKNOWN) return marks.forget();
    marks.pop(arity >> 4);
    for (let results = arity & 0x0f; results > 0; results -= 1) marks.push();
  }

  #followLocal(opcode: number, local: number): void {
    const { marks } = this.#scan;
    if (opcode !== Op.LOCAL_GET) {
      marks.pop(1);
      marks.setLocal(local);
    }
    if (opcode !== Op.LOCAL_SET) marks.push(local);
  }

  #unknown(start: number, ...opcode: readonly number[]): Error {
    if (opcode[0] === Op.PREFIX_GC || opcode[0] === 0xd3) {
      return unsupported(start, "instructions of the garbage collection proposal");
    }
    if (opcode.length === 1 && opcode[0] !== undefined && opcode[0] >= 0xe0 && opcode[0] <= 0xe6) {
      return unsupported(start, "instructions of the stack switching proposal");
    }
    return unsupported(start, `the unknown instruction ${opcode.map(hex).join(" ")}`);
  }

  #control(start: number, opcode: number): void {
    this.#effort.look();
    if (opcode !== Op.BLOCK) this.#turns += 1;
    // What it leaves on the stack is not followed.
    if (opcode !== Op.CALL && opcode !== Op.MEMORY_SIZE) this.#scan.marks.forget();
    switch (opcode) {
      case Op.BLOCK:
      case Op.IF:
      case Op.TRY:
      case Op.TRY_TABLE:
        return this.#beginBlock(opcode);
      case Op.LOOP:
        return this.#beginLoop(start);
      case Op.ELSE:
      case Op.CATCH:
      case Op.CATCH_ALL:
        return this.#beginBranch(opcode);
      case Op.DELEGATE:
        this.#skipLeb();
        this.#functionFlags |= FunctionFlag.UNFOLLOWED;
        return this.#endFrame();
      case Op.END:
        this.#cost -= 1;
        return this.#endFrame();
      case Op.BR:
      case Op.BR_IF:
        this.#branch();
        if (opcode === Op.BR) this.#endWay();
        return;
      case Op.RETHROW:
        this.#functionFlags |= FunctionFlag.UNFOLLOWED;
        this.#cost += THROW_COST;
        this.#endWay();
        return this.#skipLeb();
      case Op.BR_TABLE:
        return this.#branchTable(start);
      case Op.RETURN:
        this.#endWay();
        return this.#scan.edit(start, start, EditKind.LEAVE, this.#fromCall());
      case Op.CALL:
      case Op.RETURN_CALL:
        return this.#call(start, opcode);
      case Op.CALL_INDIRECT:
      case Op.RETURN_CALL_INDIRECT:
        this.#callOf(this.#typeIndex(), 1);
        this.#table(start);
        return this.#hiddenCall(start, opcode);
      case Op.CALL_REF:
      case Op.RETURN_CALL_REF:
        this.#callOf(this.#typeIndex(), 1);
        return this.#hiddenCall(start, opcode);
      case Op.SELECT_TYPED:
        for (let left = this.#u32(); left > 0; left -= 1) {
          this.#valueType();
          if (this.#at > this.#end) throw malformed(start, "a select is cut off", "more bytes");
        }
        return;
      case Op.TABLE_GET:
        this.#table(start);
        return;
      case Op.TABLE_SET:
        this.#cost += TABLE_SET_COST;
        this.#table(start);
        return this.#changes(start, CHANGED_TABLE);
      case Op.MEMORY_SIZE:
      case Op.MEMORY_GROW:
        return this.#memorySize(start, opcode);
      default:
        throw this.#unknown(start, opcode);
    }
  }

  #beginBlock(opcode: number): void {
    this.#blockType();
    if (opcode === Op.TRY_TABLE) this.#catches();
    if (opcode === Op.TRY || opcode === Op.TRY_TABLE) this.#functionFlags |= FunctionFlag.UNFOLLOWED;
    if (opcode === Op.BLOCK || opcode === Op.TRY) this.#cost -= 1;
    this.#open(FRAME_BLOCK);
  }

  #beginBranch(opcode: number): void {
    if (opcode === Op.CATCH) this.#skipLeb();
    this.#effort.again(opcode === Op.CATCH ? this.#paramsMax : 0, opcode === Op.ELSE);
    // A stray one (in a loop, in the function's own frame) is V8's to refuse; nothing lands on it.
    if (this.#frame(Frame.KIND) !== FRAME_BLOCK) return;
    this.#scan.marks.beginBranch();
    const end = this.#frames.length - Frame.COUNT + Frame.LANDS;
    this.#frames[end] = Math.max(this.#frame(Frame.LANDS), this.#cost);
    this.#endWay();
    // Handlers pay where they run: thousands of calls may be unwound, each into its own.
    if (opcode !== Op.ELSE) this.#cut(this.#at);
    else this.#land(this.#frame(Frame.CUTS), this.#frame(Frame.COST));
  }

  #reenters(): void {
    this.#functionFlags |= FunctionFlag.REENTERS;
    this.#flagLoop(this.#loop, LoopFlag.REENTERS);
  }

  #unseenCall(): void {
    this.#cost += UNSEEN_CALL_COST;
    this.#noise(FunctionFlag.CALLS_UNSEEN | FunctionFlag.CHARGES);
  }

  /** A call through a table or a reference. */
  #hiddenCall(start: number, opcode: number): void {
    this.#scan.edit(start, this.#at, EditKind.UNSEEN_CALL, this.#fromCall());
    this.#turnsAtCall = this.#turns;
    this.#reenters();
    this.#unseenCall();
    this.#return(opcode);
  }

  /** A call comes back here, if it is no tail call. */
  #return(opcode: number): void {
    const { returns } = this.#scan;
    returns.push(TAIL_CALLS.includes(opcode) ? -1 : this.#stretch);
    returns.push(Math.floor(this.#cost));
    returns.push(this.#loop);
    returns.push(this.#scan.calls.length);
    this.#effort.look(RETURN_BLOCKS_ADDED);
  }

  /** 1 when control goes straight from the last call to here. */
  #fromCall(): number {
    return this.#turns === this.#turnsAtCall + 1 ? 1 : 0;
  }

  #branchTable(start: number): void {
    const targets = this.#u32();
    if (targets > this.#end - this.#at) throw malformed(start, "a br_table is cut off", "more bytes");
    this.#effort.look(Math.min(targets, this.#frames.length / Frame.COUNT));
    for (let left = targets; left >= 0; left -= 1) this.#branch();
    this.#endWay();
  }

  /** Follows one label: whether it leads out of the innermost loop. */
  #branch(): void {
    const at = this.#at;
    const depth = this.#u32();
    const target = this.#frames.length - (depth + 1) * Frame.COUNT;
    // A label that points to nothing is V8's to refuse.
    if (target < 0) return;
    if (target === 0) this.#functionFlags |= FunctionFlag.BRANCHES_TO_END;
    const loop = this.#loop;
    const isOut = this.#frames[target + Frame.LOOP] !== loop;
    // What it had cost around the loop is not looked up.
    const cost = isOut ? Infinity : this.#cost;
    this.#frames[target + Frame.LANDS] = Math.max(this.#frames[target + Frame.LANDS] ?? 0, cost);
    if (!isOut) return;
    const around = this.#scan.loops.at(loop + LoopField.PARENT);
    const isAround = this.#frames[target + Frame.KIND] === FRAME_LOOP && this.#frames[target + Frame.LOOP] === around;
    if (isAround) this.#flagLoop(loop, LoopFlag.LEADS_BACK);
    this.#scan.edit(at, this.#at, isAround ? EditKind.LABEL_AROUND : EditKind.LABEL, loop);
  }

  #memorySize(start: number, opcode: number): void {
    const memory = this.#memory(start);
    const kind = opcode === Op.MEMORY_SIZE ? "size" : "grow";
    if (kind === "size") this.#scan.marks.push();
    this.#unseenCall();
    this.#scan.edit(start, this.#at, EditKind.IMPORT, this.#scan.imports.index({ kind, memory }));
  }

  #beginLoop(start: number): void {
    const scan = this.#scan;
    this.#cost -= 1;
    const type = this.#at;
    this.#blockType();
    const parent = this.#loop;
    const loop = scan.loops.length;
    // The blocks that are put around it.
    this.#effort.look(LOOP_BLOCKS_ADDED);
    let flags = this.#at - type > 1 || (this.#bytes[type] ?? 0) < 0x40 ? LoopFlag.TYPED : 0;
    if (parent >= 0 && this.#turns === this.#turnsAtLoop + 1) flags |= LoopFlag.LED_TO;
    this.#turnsAtLoop = this.#turns;
    this.#flagLoop(parent, LoopFlag.HAS_INNER);
    this.#loop = loop;
    this.#functionFlags |= FunctionFlag.CHARGES;
    for (const field of [scan.stretches.length, parent, scan.calls.length, 0, flags]) scan.loops.push(field);
    scan.loops.push(this.#stretch);
    scan.loops.push(Math.floor(this.#cost));
    scan.loops.push(this.#at);
    this.#loopDepth += 1;
    scan.edit(start, start, EditKind.LOOP_ENTER, loop);
    this.#open(FRAME_LOOP);
    this.#beginStretch();
    scan.edit(this.#at, this.#at, EditKind.LOOP_PASS, loop);
    this.#cost = 0;
    this.#peak = 0;
    this.#cuts = 0;
  }

  /** A number of the innermost frame. */
  #frame(field: number): number {
    return this.#frames[this.#frames.length - Frame.COUNT + field] ?? 0;
  }

  #endFrame(): void {
    this.#effort.endBlock();
    const scan = this.#scan;
    const kind = this.#frame(Frame.KIND);
    const cuts = this.#frame(Frame.CUTS);
    let isReentered = false;
    // An `if` may be left where it began.
    const lands = Math.max(this.#frame(Frame.LANDS), this.#frame(Frame.COST));
    if (kind === FRAME_LOOP) {
      const loop = this.#loop;
      const parent = scan.loops.at(loop + LoopField.PARENT);
      scan.loops.set(loop + LoopField.CALL_END, scan.calls.length);
      isReentered = (scan.loops.at(loop + LoopField.FLAGS) & LoopFlag.REENTERS) !== 0;
      this.#flagLoop(parent, scan.loops.at(loop + LoopField.FLAGS) & (LoopFlag.NOISY | LoopFlag.REENTERS));
      const bodyStart = scan.loops.at(loop + LoopField.BODY_BYTES);
      const bodyBytes = this.#at - 1 - bodyStart;
      scan.loops.set(loop + LoopField.BODY_BYTES, bodyBytes);
      if (this.#isForked(loop, bodyStart)) {
        this.#flagLoop(loop, LoopFlag.FORKED);
        this.#effort.repeat(this.#frame(Frame.EFFORT), forkedCopies(bodyBytes));
      }
      this.#loopEnd = this.#at;
      if ((scan.loops.at(loop + LoopField.FLAGS) & LoopFlag.HAS_INNER) === 0) {
        this.#effort.repeat(this.#frame(Frame.EFFORT), bodiesAdded(bodyBytes));
      }
      scan.edit(this.#at, this.#at, EditKind.LOOP_LEAVE, loop);
      // Back to the stretch around the loop, which goes on: whoever is in the loop has paid for it.
      this.#endStretch();
      this.#stretch = this.#frame(Frame.STRETCH);
      this.#cost = this.#frame(Frame.COST);
      this.#peak = this.#frame(Frame.PEAK);
      this.#cuts = cuts;
      this.#loop = parent;
      this.#loopDepth -= 1;
    }
    this.#frames.length -= Frame.COUNT;
    scan.marks.endBlock();
    // What follows many loops in each other is not paid for in advance, but where it is. Nor what follows a loop whose calls
    // would each have to pay for it.
    if (kind === FRAME_LOOP && (this.#loopDepth >= UNPAID_LOOPS_MAX || isReentered)) this.#cut(this.#at);
    if (this.#frames.length === 0) {
      const isJoined = (this.#functionFlags & FunctionFlag.BRANCHES_TO_END) !== 0;
      scan.edit(this.#at - 1, this.#at - 1, EditKind.LEAVE, isJoined ? 0 : this.#fromCall());
    } else if (kind === FRAME_BLOCK) {
      this.#land(cuts, lands);
    }
  }

  /** The loop, which ends here, is one of `LoopFlag.FORKED`. Then nothing is on its stack where the inner one begins. */
  #isForked(loop: number, bodyStart: number): boolean {
    const { loops } = this.#scan;
    const inner = loop + LoopField.COUNT;
    if (loops.length !== inner + LoopField.COUNT || this.#loopEnd !== this.#at - 1) return false;
    const innerFlags = loops.at(inner + LoopField.FLAGS);
    const needed = LoopFlag.LED_TO | LoopFlag.LEADS_BACK;
    const others = LoopFlag.HAS_INNER | LoopFlag.HAS_CUT | LoopFlag.TYPED;
    if ((innerFlags & needed) !== needed || (innerFlags & others) !== 0) return false;
    if ((loops.at(loop + LoopField.FLAGS) & (LoopFlag.HAS_CUT | LoopFlag.TYPED)) !== 0) return false;
    // What is set before the inner loop would not be for its second writing, which no such block leads to.
    if (this.#hasUnsetLocals) return false;
    return this.#bytes[bodyStart - 1] === EMPTY_BLOCK && this.#at - bodyStart <= FORKED_BYTES_MAX;
  }

  #call(start: number, opcode: number): void {
    const callee = this.#u32();
    const { functions, importedFunctions } = this.#shape;
    this.#bound(callee, functions.length, "function", start);
    const typeIndex = functions[callee] ?? -1;
    const type = this.#shape.types[typeIndex];
    this.#callOf(typeIndex, 0);
    if (opcode === Op.CALL && this.#tracksWrites && type !== undefined) {
      this.#scan.marks.pop(type.params.length);
      for (let left = type.results.length; left > 0; left -= 1) this.#scan.marks.push();
    }
    this.#scan.edit(start, this.#at, EditKind.CALL, 2 * callee + this.#fromCall());
    this.#turnsAtCall = this.#turns;
    if (callee < importedFunctions) {
      this.#reenters();
      this.#unseenCall();
    } else {
      this.#scan.calls.push(callee - importedFunctions);
      this.#scan.calls.push(this.#stretch);
    }
    this.#return(opcode);
  }

  /** What a call does to the operands; `more` are those beside its arguments. */
  #callOf(typeIndex: number, more: number): void {
    const type = this.#shape.types[typeIndex];
    this.#effort.pop((type?.params.length ?? 0) + more);
    this.#effort.push(type?.results.length ?? 0);
  }

  #changes(start: number, bits: number): void {
    this.#scan.hasChanged = true;
    this.#scan.edit(start, start, EditKind.CHANGED, bits);
  }

  #prefixed(start: number, opcode: number): void {
    const at = this.#at;
    if (this.#tracksWrites) this.#follow(this.#prefixedArity(opcode));
    this.#at = at;
    switch (opcode) {
      case Op.REF_NULL:
        return this.#heapType();
      case Op.REF_FUNC: {
        const at = this.#at;
        const index = this.#u32();
        const { functions, importedFunctions } = this.#shape;
        this.#bound(index, functions.length, "function", start);
        if (index >= importedFunctions && index < this.#movableMax) {
          this.#scan.edit(at, this.#at, EditKind.FUNCTION, index);
        }
        return;
      }
      case Op.BR_ON_NULL:
      case Op.BR_ON_NON_NULL:
        this.#effort.look();
        this.#turns += 1;
        this.#functionFlags |= FunctionFlag.UNFOLLOWED;
        return this.#skipLeb();
      case Op.PREFIX_BULK:
        return this.#bulk(start, this.#u32());
      case Op.PREFIX_SIMD:
        return this.#simd(start, this.#u32());
      case Op.PREFIX_ATOMIC:
        return this.#atomic(start, this.#u32());
      default:
        throw this.#unknown(start, opcode);
    }
  }

  /** What a prefixed instruction does to the stack, of the few that are common between an address and its store. */
  #prefixedArity(prefix: number): number {
    if (prefix < Op.PREFIX_BULK) return ARITY_UNKNOWN;
    const opcode = this.#u32();
    if (prefix === Op.PREFIX_BULK) return opcode < BulkOp.MEMORY_INIT ? 0x11 : ARITY_UNKNOWN;
    if (prefix === Op.PREFIX_ATOMIC) return ATOMIC[opcode] === Immediate.STORE ? 0 : ARITY_UNKNOWN;
    switch (SIMD[opcode] ?? Immediate.UNKNOWN) {
      case Immediate.STORE:
      case Immediate.STORE_LANE:
        return 0;
      case Immediate.MEMARG:
        return 0x11;
      default:
        return opcode === SIMD_CONST ? 0x01 : ARITY_UNKNOWN;
    }
  }

  #simd(start: number, opcode: number): void {
    switch (SIMD[opcode] ?? Immediate.UNKNOWN) {
      case Immediate.NONE:
        return;
      case Immediate.MEMARG:
        this.#memarg();
        return;
      case Immediate.STORE:
      case Immediate.STORE_LANE:
        return this.#store(start, [Scratch.V128], SIMD[opcode] === Immediate.STORE_LANE ? 1 : 0);
      case Immediate.MEMARG_LANE:
        this.#memarg();
        this.#at += 1;
        return;
      case Immediate.BYTES_1:
        this.#at += 1;
        return;
      case Immediate.BYTES_16:
        if (opcode === SIMD_CONST) this.#effort.push(1);
        this.#at += 16;
        return;
      default:
        throw this.#unknown(start, Op.PREFIX_SIMD, opcode);
    }
  }

  #atomic(start: number, opcode: number): void {
    switch (ATOMIC[opcode] ?? Immediate.UNKNOWN) {
      case Immediate.MEMARG:
        this.#memarg();
        return;
      case Immediate.STORE:
        return this.#atomicStore(start, opcode);
      case Immediate.BYTES_1:
        this.#at += 1;
        return;
      default:
        if (opcode === AtomicOp.WAIT32 || opcode === AtomicOp.WAIT64) {
          throw unsupported(start, "memory.atomic.wait (threads)");
        }
        throw this.#unknown(start, Op.PREFIX_ATOMIC, opcode);
    }
  }

  #bulk(start: number, opcode: number): void {
    if (opcode >= BulkOp.MEMORY_INIT) this.#effort.look();
    const scan = this.#scan;
    const replace = (helper: number): void => {
      this.#noise(FunctionFlag.CHARGES);
      scan.edit(start, this.#at, EditKind.HELPER, helper);
    };
    const precede = (helper: number): void => {
      this.#noise(FunctionFlag.CHARGES);
      scan.edit(start, start, EditKind.HELPER, helper);
    };
    switch (opcode) {
      case BulkOp.MEMORY_INIT: {
        const segment = this.#u32();
        const memory = this.#writtenMemory(start);
        const isLong = (this.#shape.dataLengths[segment] ?? 0) > INIT_BYTES_MAX;
        const helper = scan.helpers.index({ kind: "memory.init", memory, segment: isLong ? segment : null });
        return isLong ? replace(helper) : precede(helper);
      }
      case BulkOp.DATA_DROP:
      case BulkOp.ELEM_DROP:
        this.#skipLeb();
        return this.#changes(start, CHANGED_SEGMENT);
      case BulkOp.MEMORY_COPY: {
        const target = this.#writtenMemory(start);
        const source = this.#memory(start);
        return replace(scan.helpers.index({ kind: "memory.copy", target, source }));
      }
      case BulkOp.MEMORY_FILL:
        return replace(scan.helpers.index({ kind: "memory.fill", memory: this.#writtenMemory(start) }));
      case BulkOp.TABLE_INIT: {
        const segment = this.#u32();
        const table = this.#table(start);
        const isLong = (this.#shape.elementLengths[segment] ?? 0) > INIT_ELEMENTS_MAX;
        const helper = scan.helpers.index({ kind: "table.init", table, segment: isLong ? segment : null });
        scan.hasChanged = true;
        return isLong ? replace(helper) : precede(helper);
      }
      case BulkOp.TABLE_COPY: {
        const target = this.#table(start);
        const source = this.#table(start);
        scan.hasChanged = true;
        return replace(scan.helpers.index({ kind: "table.copy", target, source }));
      }
      case BulkOp.TABLE_FILL:
        scan.hasChanged = true;
        return replace(scan.helpers.index({ kind: "table.fill", table: this.#table(start) }));
      case BulkOp.TABLE_GROW:
        scan.hasChanged = true;
        scan.imports.index({ kind: "grow-table" });
        this.#unseenCall();
        return replace(scan.helpers.index({ kind: "table.grow", table: this.#table(start) }));
      case BulkOp.TABLE_SIZE:
        this.#effort.push(1);
        this.#table(start);
        return;
      default:
        if (BULK[opcode] === Immediate.NONE) return;
        throw this.#unknown(start, Op.PREFIX_BULK, opcode);
    }
  }

  #atomicStore(start: number, opcode: number): void {
    const is64 = ATOMIC_IS_64[(opcode - AtomicOp.FIRST_STORE) % ATOMIC_IS_64.length] ?? false;
    const values: number[] = [is64 ? Scratch.I64 : Scratch.I32];
    if (opcode >= AtomicOp.FIRST_CMPXCHG) values.push(is64 ? Scratch.I64_SECOND : Scratch.I32_SECOND);
    // Those that read wait as a load does.
    this.#store(start, values, 0, opcode >= AtomicOp.FIRST_RMW ? LOAD_COST : STORE_COST);
    if (this.#tracksWrites && opcode >= AtomicOp.FIRST_RMW) this.#scan.marks.push();
  }

  /** A store of what `values` (scratch locals) stands for, at the address below. `laneBytes` follow its memarg. */
  #store(start: number, values: readonly number[], laneBytes = 0, cost = STORE_COST): void {
    const memory = this.#memarg(cost);
    this.#at += laneBytes;
    if (!this.#tracksWrites) return;
    const scan = this.#scan;
    scan.writtenMemories.add(memory);
    const is64 = this.#shape.memories[memory]?.limits.is64 ?? false;
    const mark = scan.marks.store(memory, { offset: this.#offset, isFar: this.#isFarOffset, is64, values });
    if (mark === null) return;
    scan.edit(start, start, EditKind.KEEP_ADDRESS, mark);
    scan.edit(this.#at, this.#at, EditKind.MARK, mark);
  }

  /** Reads a memarg, of an instruction that costs so much; gives the memory. */
  #memarg(cost = LOAD_COST): number {
    const at = this.#at;
    this.#cost += cost - 1;
    const flags = this.#u32();
    let memory = 0;
    if (flags & 0x40) memory = this.#u32();
    this.#bound(memory, this.#shape.memories.length, "memory", at);
    this.#readOffset();
    return memory;
  }

  /** The offset of a memarg: its lower 28 bits, and whether there are more. */
  #readOffset(): void {
    const start = this.#at;
    this.#skipLeb();
    this.#offset = 0;
    this.#isFarOffset = false;
    for (let at = start; at < this.#at; at += 1) {
      const bits = (this.#bytes[at] ?? 0) & 0x7f;
      if (at < start + 4) this.#offset |= bits << (7 * (at - start));
      else if (bits !== 0) this.#isFarOffset = true;
    }
  }

  #catches(): void {
    const at = this.#at;
    for (let left = this.#u32(); left > 0; left -= 1) {
      const kind = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      if (kind > 3 || this.#at > this.#end) throw malformed(at, "a catch clause is broken", "0x00 to 0x03");
      if (kind < 2) this.#skipLeb();
      const target = this.#frames.length - (this.#u32() + 1) * Frame.COUNT;
      // Where an exception lands it is paid for: thousands of calls may be unwound, each into its own handler.
      if (target > 0 && this.#frames[target + Frame.KIND] === FRAME_BLOCK) this.#frames[target + Frame.CUTS] = -1;
    }
  }

  #blockType(): void {
    const byte = this.#bytes[this.#at] ?? 0;
    if (byte === 0x40) {
      this.#at += 1;
      this.#effort.beginBlock(0, 0);
    } else if (byte >= 0x40 && byte < 0x80) {
      this.#valueType();
      this.#effort.beginBlock(0, 1);
    } else {
      const type = this.#shape.types[this.#typeIndex()];
      this.#effort.beginBlock(type?.params.length ?? 0, type?.results.length ?? 0);
    }
  }

  /** A type index as V8 reads it here: a signed integer of 33 bits. */
  #typeIndex(): number {
    const at = this.#at;
    const index = this.#u32();
    this.#bound(index, this.#shape.types.length, "type", at);
    return index;
  }

  #valueType(): void {
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    if (byte === 0x63 || byte === 0x64) this.#heapType();
  }

  /** A signed integer of 33 bits: negative for the abstract types, else a type's index. */
  #heapType(): void {
    const at = this.#at;
    this.#skipLeb();
    const isNegative = ((this.#bytes[this.#at - 1] ?? 0) & 0x40) !== 0;
    if (isNegative) return;
    this.#at = at;
    this.#typeIndex();
  }

  #memory(start: number): number {
    const memory = this.#u32();
    this.#bound(memory, this.#shape.memories.length, "memory", start);
    return memory;
  }

  #writtenMemory(start: number): number {
    const memory = this.#memory(start);
    if (this.#tracksWrites) this.#scan.writtenMemories.add(memory);
    return memory;
  }

  #table(start: number): number {
    const table = this.#u32();
    this.#bound(table, this.#shape.tables.length, "table", start);
    return table;
  }

  #bound(index: number, count: number, what: string, start: number): void {
    if (index >= count) throw malformed(start, `a core module refers to its ${what} ${index}`, `one of its ${count}`);
  }

  /** The signed LEB128 integer of at most 32 bits at `at`. */
  #signed(at: number): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[at + shift / 7] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return shift < 28 && (byte & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value;
    }
    return value;
  }

  #skipLeb(): void {
    const { length } = this.#bytes;
    while (this.#at < length && (this.#bytes[this.#at] ?? 0) >= 0x80) this.#at += 1;
    this.#at += 1;
  }

  #u32(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    const first = bytes[start] ?? 0;
    if (first < 0x80) {
      this.#at = start + 1;
      return first;
    }
    let value = first & 0x7f;
    for (let count = 1; count < 5; count += 1) {
      const byte = bytes[start + count] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * count);
      if (byte < 0x80) {
        this.#at = start + count + 1;
        return value;
      }
    }
    throw malformed(start, "an integer does not fit 32 bits", "an unsigned LEB128 integer of at most 32 bits");
  }
}
