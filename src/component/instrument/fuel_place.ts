/** Where a function counts its fuel: in the global, in a local that it keeps for as long as it runs, or in one for each of its loops. */
import type { AddedIndices } from "./added_functions.ts";
import { type CodeScan, FunctionFlag, LoopField, LoopFlag } from "./code_scan.ts";
import type { FuelCosts } from "./fuel_costs.ts";
import type { FunctionMap } from "./function_map.ts";

const EMPTY_BLOCK = 0x40;

/** Bytes of the types that a function's only result can have, if branches lead to its end. */
const RESULT_TYPES: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** What the fuel of a function is written from. */
export interface FuelSource {
  readonly bytes: Uint8Array;
  readonly scan: CodeScan;
  readonly costs: FuelCosts;
  readonly indices: AddedIndices;
  readonly map: FunctionMap;
}

/** The block type of a function's results, or null when that is none of a byte. */
export function blockType(results: readonly string[]): number | null {
  return results.length === 0 ? EMPTY_BLOCK : results.length > 1 ? null : RESULT_TYPES[results[0] ?? ""] ?? null;
}

/** The function counts in a local. */
export function countsInLocal(source: FuelSource, index: number, results: readonly string[]): boolean {
  const { scan, costs } = source;
  const [first, end] = loopsOf(scan, index);
  if (!costs.isQuiet.subarray(first, end).includes(1)) return false;
  const flags = scan.functionFlags.at(index);
  if ((flags & FunctionFlag.UNFOLLOWED) !== 0) return false;
  return (flags & FunctionFlag.BRANCHES_TO_END) === 0 || blockType(results) !== null;
}

/**
 * The global is always right in a function that counts in a local: its callers pay for it, and for the first pass of each of its
 * quiet loops. Most calls of such a function (comparing two strings, copying a few bytes) end without a second pass: they have
 * nothing to read and to write back. A loop that goes on reads the fuel, and writes what is left at each charge.
 */
export function writesThrough({ scan, costs }: FuelSource, index: number): boolean {
  if (costs.isCharged[index] === 1) return false;
  const [first, end] = loopsOf(scan, index);
  for (let loop = first; loop < end; loop += LoopField.COUNT) {
    if (costs.isQuiet[loop] === 1 && !isPeeled({ scan, costs }, loop)) return false;
  }
  return true;
}

/** The loop, of a function that counts in a local, is in blocks of its own if it is in no forked one. */
export function isWrapped({ scan, costs }: Pick<FuelSource, "scan" | "costs">, loop: number): boolean {
  const others = LoopFlag.HAS_INNER | LoopFlag.HAS_CUT | LoopFlag.TYPED;
  return costs.isQuiet[loop] === 1 && (scan.loops.at(loop + LoopField.FLAGS) & others) === 0 &&
    (costs.stretches[scan.loops.at(loop + LoopField.STRETCH)] ?? 0) > 0;
}

/** Its body is written once before it: what surrounds the loop has paid for its first pass. */
export function isPeeled(source: Pick<FuelSource, "scan" | "costs">, loop: number): boolean {
  return isWrapped(source, loop) && source.costs.isPeeled[loop] === 1;
}

/** Positions in `CodeScan.loops`: of the function's first loop, and behind its last. */
function loopsOf(scan: CodeScan, index: number): readonly [number, number] {
  const end = index + 1 < scan.functionCount ? scan.functionFirstLoop.at(index + 1) : scan.loops.length;
  return [scan.functionFirstLoop.at(index), end];
}
