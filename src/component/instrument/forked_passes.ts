/**
 * How a forked loop (`LoopFlag.FORKED`) is written:
 *
 *     block $exit
 *       loop $outer
 *         ;; pays for all copies
 *         block $stay
 *           block $next
 *             block $again ;; what leads to the inner loop, and its body
 *               br $exit
 *             end
 *             br $stay
 *           end
 *           ;; the last copy: here `$outer` is what `$next` was, and `$stay` what `$again` was
 *           br $exit
 *         end
 *         loop $inner ;; pays for a pass, and its body
 *         end
 *       end
 *     end
 *
 * Nothing is on the stack where the inner loop begins, and nothing follows it. Neither loop leaves for more fuel as other quiet loops
 * do: V8 has little to win in them, and would look at its own limits in one more loop.
 */
import type { ByteWriter } from "./byte_writer.ts";
import { forkedCopies } from "./loop_copies.ts";
import { Op } from "./opcodes.ts";

const EMPTY_BLOCK = 0x40;
/** Labels beside those of the two loops around a copy that is not the last: `$stay`, `$exit`, and the second block of the copy. */
const LABELS = 3;
/** Around the last one, and around the inner loop: `$exit`. */
const LABELS_LAST = 1;

/** The forked loop of a function that is being written, if one is: none has another one in it. */
export class ForkedPasses {
  readonly #out: ByteWriter;
  /** By its number in `CodeScan.loops`, or -1. */
  loop = -1;
  /** Its passes are being written: what there is of the inner loop is its first pass. */
  isInPasses = false;
  #copiesLeft = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  /** Before the `loop` of `loop`. */
  enter(loop: number): void {
    this.loop = loop;
    this.#out.bytes(Op.BLOCK, EMPTY_BLOCK);
  }

  /** Where its passes begin, and have been charged. */
  beginPasses(bodyBytes: number): void {
    this.isInPasses = true;
    this.#copiesLeft = forkedCopies(bodyBytes) - 1;
    this.#out.bytes(Op.BLOCK, EMPTY_BLOCK);
    this.#beginCopy();
  }

  /** Behind a copy; true: it was the last, and the inner loop comes next. */
  endCopy(): boolean {
    const isLast = this.#copiesLeft === 0;
    if (isLast) {
      this.#out.bytes(Op.BR, 2, Op.END);
      this.isInPasses = false;
    } else {
      this.#out.bytes(Op.BR, 4, Op.END, Op.BR, 1, Op.END);
      this.#copiesLeft -= 1;
      this.#beginCopy();
    }
    return isLast;
  }

  #beginCopy(): void {
    if (this.#copiesLeft > 0) this.#out.bytes(Op.BLOCK, EMPTY_BLOCK, Op.BLOCK, EMPTY_BLOCK);
  }

  /** Added to a label in the inner loop's body that leads out of both loops. */
  get labelsAdded(): number {
    return this.isInPasses && this.#copiesLeft > 0 ? LABELS : LABELS_LAST;
  }

  /** Behind the loop's `end`. */
  leave(): void {
    this.loop = -1;
    this.#out.u8(Op.END);
  }
}
