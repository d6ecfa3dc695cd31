/**
 * Who pays for a function: itself at its entry, or its callers. A function is charged itself when a cycle of calls comes
 * back to it, when it has a call that this module cannot see into, when its body is cut, or when it costs more than
 * `unchargedCostMax` with all the uncharged functions that it calls. So nothing runs for long between two charges,
 * neither in a chain of calls nor in a tree of them.
 */
import { PEELED_BYTES_MAX } from "./loop_copies.ts";
import { type CodeScan, FunctionFlag, LoopField, LoopFlag, ReturnField } from "./code_scan.ts";

/** What each stretch costs, and where it is charged. */
export interface FuelCosts {
  readonly stretches: Int32Array;
  /** 1: the first stretch of the function is charged at its entry. */
  readonly isCharged: Uint8Array;
  /** 1: something in the function charges, whatever it calls included. */
  readonly charges: Uint8Array;
  /** 1: nothing that runs in the loop (by its number in `CodeScan.loops`) charges, apart from its own headers and cuts. */
  readonly isQuiet: Uint8Array;
  /** 1: the stretch around the loop (by its number in `CodeScan.loops`) pays for its first pass, if the loop is quiet. */
  readonly isPeeled: Uint8Array;
  /** For each call (by its number in `CodeScan.returns`): what is charged behind it. */
  readonly returns: Int32Array;
}

/**
 * Units that may follow a call of a deep function without being charged there: each open call adds so much to what runs
 * between two ticks, and a stack holds some 20,000.
 */
export const UNPAID_RETURN_MAX = 8;
/** Units that may follow in the callers of a function and are charged in it, behind its calls. */
export const UNPAID_CHAIN_MAX = 1024;
/** Units of a function and a chain of functions that it calls, none of which is deep, before it counts as deep. */
export const UNPAID_STRAIGHT_MAX = 16_384;
/** Loops around a loop whose end does not begin a stretch: what follows each of these is paid for before the innermost begins. */
export const UNPAID_LOOPS_MAX = 3;

/**
 * Units of a stretch that pays for the first passes of loops as well. Loops do not end it, and there may be thousands in a row: from so
 * many on they pay for themselves.
 */
export const PAID_AHEAD_MAX = 4096;

/** No single charge may come near the ends of an i32. The stretches' bound keeps them far below. */
const CHARGE_MAX = 2 ** 30;

/** Computes the costs of a whole module from its call graph. `unchargedCostMax` is the most that an uncharged function may cost. */
export function fuelCosts(scan: CodeScan, unchargedCostMax: number): FuelCosts {
  const functions = scan.functionCount;
  const stretches = new Int32Array(scan.stretches.length);
  for (let index = 0; index < stretches.length; index += 1) stretches[index] = scan.stretches.at(index);
  const isCharged = new Uint8Array(functions);
  const charges = new Uint8Array(functions);
  const isDeep = new Uint8Array(functions);
  const isBack = new Uint8Array(scan.calls.length / 2);
  const order: number[] = [];
  const owed = new Int32Array(functions);
  const firstCall = (index: number): number => index < functions ? scan.functionFirstCall.at(index) : scan.calls.length;

  const isPeeled = new Uint8Array(scan.loops.length);
  const peel = (index: number): void => {
    const endLoop = index + 1 < functions ? scan.functionFirstLoop.at(index + 1) : scan.loops.length;
    for (let loop = scan.functionFirstLoop.at(index); loop < endLoop; loop += LoopField.COUNT) {
      if (!mayPeel(scan, loop)) continue;
      const around = scan.loops.at(loop + LoopField.AROUND_STRETCH);
      const cost = (stretches[around] ?? 0) + (stretches[scan.loops.at(loop + LoopField.STRETCH)] ?? 0);
      if (cost > PAID_AHEAD_MAX) continue;
      isPeeled[loop] = 1;
      stretches[around] = cost;
    }
  };
  const settle = (index: number): void => {
    const entry = scan.functionFirstStretch.at(index);
    const flags = scan.functionFlags.at(index);
    let isOpen = (flags & FunctionFlag.REENTERS) !== 0;
    let owedBelow = 0;
    let hasCharge = (flags & FunctionFlag.CHARGES) !== 0;
    for (let call = firstCall(index); call < firstCall(index + 1); call += 2) {
      const callee = scan.calls.at(call);
      isOpen ||= isDeep[callee] === 1;
      owedBelow = Math.max(owedBelow, owed[callee] ?? 0);
      hasCharge ||= charges[callee] === 1 || isCharged[callee] === 1;
      if (isCharged[callee] === 1) continue;
      const stretch = scan.calls.at(call + 1);
      const cost = stretches[scan.functionFirstStretch.at(callee)] ?? 0;
      stretches[stretch] = Math.min(CHARGE_MAX, (stretches[stretch] ?? 0) + cost);
    }
    peel(index);
    const isLong = (stretches[entry] ?? 0) > unchargedCostMax;
    if (isLong || (flags & FunctionFlag.CALLS_UNSEEN) !== 0 || scan.isCut.at(index) === 1) isCharged[index] = 1;
    if (hasCharge || isCharged[index] === 1) charges[index] = 1;
    const end = index + 1 < functions ? scan.functionFirstStretch.at(index + 1) : stretches.length;
    for (let stretch = entry; stretch < end; stretch += 1) owedBelow += stretches[stretch] ?? 0;
    owed[index] = Math.min(CHARGE_MAX, owedBelow);
    if (isOpen || owedBelow > UNPAID_STRAIGHT_MAX) isDeep[index] = 1;
    order.push(index);
  };
  const cycle = (call: number): void => {
    const callee = scan.calls.at(call);
    isCharged[callee] = 1;
    isDeep[callee] = 1;
    isBack[call / 2] = 1;
  };
  walkCalls(functions, { firstCall, callee: (call) => scan.calls.at(call), cycle, settle });
  const costOf = (callee: number): number =>
    isCharged[callee] === 1 ? 0 : stretches[scan.functionFirstStretch.at(callee)] ?? 0;
  const unpaid = unpaidReturns(scan, stretches, costOf);
  const returns = chargedReturns(scan, { unpaid, isDeep, isBack, order });
  const isQuiet = quietLoops(scan, charges);
  chargeInner(scan, { stretches, isQuiet });
  return { stretches, isCharged, charges, isQuiet, isPeeled, returns };
}

/**
 * What follows each call, at most, in its own stretch and in those around the loops that it is in. What uncharged functions
 * cost counts where they are called: only a call that is written behind another can follow it in a stretch.
 */
function unpaidReturns(scan: CodeScan, stretches: Int32Array, costOf: (callee: number) => number): Int32Array {
  const unpaid = new Int32Array(scan.returns.length / ReturnField.COUNT);
  /** Of each stretch: what the calls in it have cost so far. */
  const called = new Int32Array(stretches.length);
  const left = (stretch: number, cost: number): number =>
    Math.max(0, (stretches[stretch] ?? 0) - (called[stretch] ?? 0) - cost);
  /** Of each loop: what follows it, and the loops that it is in. Nothing in it changes that. */
  const around = new Int32Array(scan.loops.length).fill(-1);
  const open: number[] = [];
  const aroundLoop = (innermost: number): number => {
    for (let loop = innermost; loop >= 0 && around[loop] === -1; loop = scan.loops.at(loop + LoopField.PARENT)) {
      open.push(loop);
    }
    for (let loop = open.pop(); loop !== undefined; loop = open.pop()) {
      const parent = scan.loops.at(loop + LoopField.PARENT);
      const own = left(scan.loops.at(loop + LoopField.AROUND_STRETCH), scan.loops.at(loop + LoopField.AROUND_COST));
      around[loop] = Math.min(CHARGE_MAX, own + (parent < 0 ? 0 : around[parent] ?? 0));
    }
    return innermost < 0 ? 0 : around[innermost] ?? 0;
  };
  let call = 0;
  for (let index = 0; index < unpaid.length; index += 1) {
    const from = index * ReturnField.COUNT;
    for (; call < scan.returns.at(from + ReturnField.CALLS); call += 2) {
      const stretch = scan.calls.at(call + 1);
      called[stretch] = Math.min(CHARGE_MAX, (called[stretch] ?? 0) + costOf(scan.calls.at(call)));
    }
    if (scan.returns.at(from + ReturnField.STRETCH) < 0) continue;
    const own = left(scan.returns.at(from + ReturnField.STRETCH), scan.returns.at(from + ReturnField.COST));
    unpaid[index] = Math.min(CHARGE_MAX, own + aroundLoop(scan.returns.at(from + ReturnField.LOOP)));
  }
  return unpaid;
}

/** Not where its passes pay for what is around it as well. */
function mayPeel(scan: CodeScan, loop: number): boolean {
  const flags = scan.loops.at(loop + LoopField.FLAGS);
  const others = LoopFlag.NOISY | LoopFlag.HAS_INNER | LoopFlag.HAS_CUT | LoopFlag.TYPED | LoopFlag.LED_TO;
  return (flags & others) === 0 && scan.loops.at(loop + LoopField.BODY_BYTES) <= PEELED_BYTES_MAX;
}

interface OpenCalls {
  /** What follows each call. */
  readonly unpaid: Int32Array;
  readonly isDeep: Uint8Array;
  /** By the number of a direct call. */
  readonly isBack: Uint8Array;
  /** All functions, each behind those that it calls, but for the calls of `isBack`. */
  readonly order: readonly number[];
}

/**
 * What is charged behind each call. Chains of direct calls that close no cycle are bounded by the module, so it is enough when
 * the innermost call of such a chain, one that may come back or closes a cycle, pays for what follows in the whole chain: by the
 * dearest way to it. Where that becomes too much, or a call below has nothing to pay for by itself, the chain is cut: a call in
 * it pays too.
 */
function chargedReturns(scan: CodeScan, { unpaid, isDeep, isBack, order }: OpenCalls): Int32Array {
  const charged = new Int32Array(unpaid.length);
  /** 1: its callers may leave what follows their calls to it. */
  const pays = new Uint8Array(scan.functionCount);
  /** What follows in its callers, at most, and is left to it. */
  const left = new Int32Array(scan.functionCount);
  const firstReturn = (index: number): number =>
    (index < scan.functionCount ? scan.functionFirstReturn.at(index) : scan.returns.length) / ReturnField.COUNT;
  const calledBefore = (place: number): number =>
    place < 0 ? 0 : scan.returns.at(place * ReturnField.COUNT + ReturnField.CALLS);
  /** The direct call, by its position in `calls`, or -1. */
  const directCall = (place: number): number =>
    calledBefore(place) > calledBefore(place - 1) ? calledBefore(place) - 2 : -1;
  const isTail = (place: number): boolean => scan.returns.at(place * ReturnField.COUNT + ReturnField.STRETCH) < 0;
  /** What happens at a call: the stack is bounded behind it, or it pays by itself, or its callee does. */
  const payer = (place: number): "nobody" | "itself" | "callee" => {
    const call = directCall(place);
    if (call < 0 || isBack[call / 2] === 1) return "itself";
    const callee = scan.calls.at(call);
    return isDeep[callee] === 0 ? "nobody" : pays[callee] === 1 ? "callee" : "itself";
  };
  for (const index of order) {
    pays[index] = isDeep[index] ?? 0;
    for (let place = firstReturn(index); place < firstReturn(index + 1); place += 1) {
      const isFree = (unpaid[place] ?? 0) <= UNPAID_RETURN_MAX && payer(place) === "itself";
      if (isFree || isTail(place)) pays[index] = 0;
    }
  }
  for (const index of order.toReversed()) {
    const above = left[index] ?? 0;
    for (let place = firstReturn(index); place < firstReturn(index + 1); place += 1) {
      const own = unpaid[place] ?? 0;
      const who = payer(place);
      if (who === "nobody" || isTail(place)) continue;
      const all = own > UNPAID_RETURN_MAX ? own + above : above;
      const callee = who === "callee" ? scan.calls.at(directCall(place)) : -1;
      if (callee >= 0 && all <= UNPAID_CHAIN_MAX) left[callee] = Math.max(left[callee] ?? 0, all);
      else charged[place] = all;
    }
  }
  return charged;
}

/**
 * Where each pass of a loop leads to an inner one, the inner one's passes pay for both, if that is not far too much. In a forked
 * loop it is the other way: its passes pay for the first of the inner one's, which is written in them.
 */
function chargeInner(scan: CodeScan, costs: Pick<FuelCosts, "stretches" | "isQuiet">): void {
  const { stretches, isQuiet } = costs;
  for (let loop = 0; loop < scan.loops.length; loop += LoopField.COUNT) {
    if ((scan.loops.at(loop + LoopField.FLAGS) & LoopFlag.LED_TO) === 0) continue;
    const inner = scan.loops.at(loop + LoopField.STRETCH);
    const outer = scan.loops.at(scan.loops.at(loop + LoopField.PARENT) + LoopField.STRETCH);
    const [innerCost = 0, outerCost = 0] = [stretches[inner], stretches[outer]];
    if (isForked(scan, isQuiet, scan.loops.at(loop + LoopField.PARENT))) {
      stretches[outer] = innerCost + outerCost;
      continue;
    }
    if (outerCost > innerCost) continue;
    stretches[inner] = innerCost + outerCost;
    stretches[outer] = 0;
  }
}

/** The loop is written as one of `LoopFlag.FORKED`, if its function counts in a local. */
export function isForked(scan: CodeScan, isQuiet: Uint8Array, loop: number): boolean {
  return (scan.loops.at(loop + LoopField.FLAGS) & LoopFlag.FORKED) !== 0 && isQuiet[loop] === 1;
}

function quietLoops(scan: CodeScan, charges: Uint8Array): Uint8Array {
  // Before each call: how many calls there were of functions that charge. Loops nest, so none may look at its calls.
  const before = new Int32Array(scan.calls.length / 2 + 1);
  for (let call = 0; call < scan.calls.length; call += 2) {
    before[call / 2 + 1] = (before[call / 2] ?? 0) + (charges[scan.calls.at(call)] ?? 0);
  }
  const isQuiet = new Uint8Array(scan.loops.length);
  for (let loop = 0; loop < isQuiet.length; loop += LoopField.COUNT) {
    const isNoisy = (scan.loops.at(loop + LoopField.FLAGS) & LoopFlag.NOISY) !== 0;
    const first = before[scan.loops.at(loop + LoopField.CALL_FIRST) / 2];
    const end = before[scan.loops.at(loop + LoopField.CALL_END) / 2];
    isQuiet[loop] = !isNoisy && first === end ? 1 : 0;
  }
  return isQuiet;
}

interface CallWalk {
  /** Position of a function's first call; calls are two apart, up to the first one of the next function. */
  readonly firstCall: (index: number) => number;
  readonly callee: (call: number) => number;
  /** This call closes a cycle. Every cycle has at least one such. */
  readonly cycle: (call: number) => void;
  /** All functions that this one calls are settled, but those that `cycle` was called with. */
  readonly settle: (index: number) => void;
}

/**
 * Walks the call graph in depth. Without recursion of our own: a guest may have a chain of a million calls. A call of a
 * function that is still on the path closes a cycle, and without these calls the graph has none.
 */
function walkCalls(count: number, graph: CallWalk): void {
  const [NEW, ON_PATH, SETTLED] = [0, 1, 2];
  const state = new Uint8Array(count).fill(NEW);
  const path: number[] = [];
  const next = new Int32Array(count);
  const enter = (index: number): void => {
    state[index] = ON_PATH;
    next[index] = graph.firstCall(index);
    path.push(index);
  };
  for (let root = 0; root < count; root += 1) {
    if (state[root] !== NEW) continue;
    enter(root);
    for (let index = path.at(-1); index !== undefined; index = path.at(-1)) {
      const call = next[index] ?? 0;
      if (call < graph.firstCall(index + 1)) {
        next[index] = call + 2;
        const callee = graph.callee(call);
        if (state[callee] === NEW) enter(callee);
        else if (state[callee] === ON_PATH) graph.cycle(call);
        continue;
      }
      path.pop();
      state[index] = SETTLED;
      graph.settle(index);
    }
  }
}
