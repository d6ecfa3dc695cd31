/**
 * Small innermost loops are written several times one behind the other, and only one pass in so many asks whether there is
 * fuel. V8 unrolls the smallest loops too, but what asks along with them; on Deno, where addresses are compared and registers are
 * scarce, asking each time cost sorting and hashing 10 to 20 %.
 */

/** Behind four there is little left to win. */
const COPIES_MAX = 4;
/** Of all copies of a body: what a module grows by is bounded by its loops that are small. */
const BYTES_MAX = 600;

/** How often the body of an innermost loop is written, if it is of those that are. */
export function loopCopies(bodyBytes: number): number {
  return Math.max(1, Math.min(COPIES_MAX, Math.floor(BYTES_MAX / bodyBytes)));
}

/**
 * Bytes of a body that is also written before its loop, for a first pass that what is around the loop has paid for: many loops
 * over short things end in it.
 */
export const PEELED_BYTES_MAX = 100;

/** How often a body may be written beside the loop's own. */
export function bodiesAdded(bodyBytes: number): number {
  return loopCopies(bodyBytes) - 1 + (bodyBytes <= PEELED_BYTES_MAX ? 1 : 0);
}

/**
 * A loop with two kinds of passes (`LoopFlag.FORKED`) is how compilers write the steps of an interpreter: those that change what
 * others keep at hand go to the outer loop. With a charge and a wrapping for the inner loop alone, and V8's own look at each of
 * the loops, a step took half as long again. So its passes are written in a row, each with the first one of the inner
 * loop, and that is written once more for the steps that stay in it.
 */
export const FORKED_BYTES_MAX = 600;

/** How often the passes of such a loop are written, and the body of the inner loop beside its own. */
export function forkedCopies(bodyBytes: number): number {
  return 2 * bodyBytes <= FORKED_BYTES_MAX ? 2 : 1;
}
