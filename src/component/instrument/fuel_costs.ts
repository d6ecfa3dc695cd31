/**
 * Who pays for a function: itself at its entry, or its callers. A function is charged itself when it is part of a cycle
 * of calls, when its body is cut, or when it costs more than `UNCHARGED_COST_MAX` with all the uncharged functions that
 * it calls. So nothing runs for long between two charges, neither in a chain of calls nor in a tree of them.
 */
import type { CodeScan } from "./code_scan.ts";

/** What each stretch costs and which functions begin with a charge. */
export interface FuelCosts {
  readonly stretches: Int32Array;
  /** 1: the first stretch of the function is charged at its entry. */
  readonly isCharged: Uint8Array;
}

/** No single charge may come near the ends of an i32. The stretches' bound keeps them far below. */
const CHARGE_MAX = 2 ** 30;

/** Computes the costs of a whole module from its call graph. `uncharged` is the most that an uncharged function may cost. */
export function fuelCosts(scan: CodeScan, unchargedCostMax: number): FuelCosts {
  const functions = scan.functionCount;
  const stretches = new Int32Array(scan.stretches.length);
  for (let index = 0; index < stretches.length; index += 1) stretches[index] = scan.stretches.at(index);
  const isCharged = new Uint8Array(functions);
  const firstCall = (index: number): number => index < functions ? scan.functionFirstCall.at(index) : scan.calls.length;

  const settle = (index: number, isCyclic: boolean): void => {
    const entry = scan.functionFirstStretch.at(index);
    for (let call = firstCall(index); call < firstCall(index + 1); call += 2) {
      const callee = scan.calls.at(call);
      // A function of the same cycle is charged: known before any of them is settled.
      if (isCharged[callee] === 1) continue;
      const stretch = scan.calls.at(call + 1);
      const cost = stretches[scan.functionFirstStretch.at(callee)] ?? 0;
      stretches[stretch] = Math.min(CHARGE_MAX, (stretches[stretch] ?? 0) + cost);
    }
    const isLong = (stretches[entry] ?? 0) > unchargedCostMax;
    if (isCyclic || isLong || scan.isCut.at(index) === 1) isCharged[index] = 1;
  };
  forEachComponent(functions, { firstCall, callee: (call) => scan.calls.at(call) }, (members) => {
    const [first = 0] = members;
    let isCyclic = members.length > 1;
    if (!isCyclic) {
      for (let call = firstCall(first); call < firstCall(first + 1); call += 2) {
        isCyclic ||= scan.calls.at(call) === first;
      }
    }
    if (isCyclic) { for (const member of members) isCharged[member] = 1; }
    for (const member of members) settle(member, isCyclic);
  });
  return { stretches, isCharged };
}

interface CallGraph {
  /** Position of a function's first call; calls are two apart, up to the first one of the next function. */
  readonly firstCall: (index: number) => number;
  readonly callee: (call: number) => number;
}

/**
 * Tarjan's strongly connected components, callees before callers. Without recursion of our own: a guest may have a
 * chain of a million calls.
 */
function forEachComponent(count: number, graph: CallGraph, visit: (members: readonly number[]) => void): void {
  const number = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const isOpen = new Uint8Array(count);
  const open: number[] = [];
  const path: number[] = [];
  const next = new Int32Array(count);
  let numbered = 0;
  const enter = (index: number): void => {
    number[index] = numbered;
    low[index] = numbered;
    numbered += 1;
    isOpen[index] = 1;
    next[index] = graph.firstCall(index);
    open.push(index);
    path.push(index);
  };
  const lower = (index: number, to: number): void => {
    low[index] = Math.min(low[index] ?? 0, to);
  };
  for (let root = 0; root < count; root += 1) {
    if (number[root] !== -1) continue;
    enter(root);
    for (let index = path.at(-1); index !== undefined; index = path.at(-1)) {
      const call = next[index] ?? 0;
      if (call < graph.firstCall(index + 1)) {
        next[index] = call + 2;
        const callee = graph.callee(call);
        if (number[callee] === -1) enter(callee);
        else if (isOpen[callee] === 1) lower(index, number[callee] ?? 0);
        continue;
      }
      path.pop();
      const caller = path.at(-1);
      if (caller !== undefined) lower(caller, low[index] ?? 0);
      if (low[index] !== number[index]) continue;
      const members = open.splice(open.lastIndexOf(index));
      for (const member of members) isOpen[member] = 0;
      visit(members);
    }
  }
}
