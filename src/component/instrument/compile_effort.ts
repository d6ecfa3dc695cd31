/**
 * What a function costs the runtime when it is first called: V8 compiles it then, on the thread of everybody, and no fuel is
 * counted there. At each branch, block and call its quick compiler looks at every local and every operand on the stack, so
 * that 30 kB of code with 40,000 locals hold the loop for 12 seconds (measured). Functions past a bound are refused.
 */
import { ARITY_UNKNOWN, Op, PLAIN_ARITY } from "./opcodes.ts";

/**
 * Values looked at, over all branches, blocks and calls of a function: 80 ms at most. Of CPython, SpiderMonkey and Go the
 * function that takes most has 1,240,000, with what charges in it.
 */
export const COMPILE_EFFORT_MAX = 4_000_000;

/** Numbers of a frame: operands below it, its parameters, operands after its end. */
const FRAME_FIELDS = 3;

/** Operands that an instruction adds, by its opcode; where it may take more than is said here, the height is too high. */
const HEIGHT_CHANGES: Int8Array = Int8Array.from({ length: 256 }, (_, opcode) => {
  const arity = PLAIN_ARITY[opcode] ?? ARITY_UNKNOWN;
  if (opcode >= Op.I32_STORE && opcode < Op.MEMORY_SIZE) return -2;
  if (arity !== ARITY_UNKNOWN) return (arity & 0x0f) - (arity >> 4);
  switch (opcode) {
    case Op.LOCAL_GET:
    case Op.REF_NULL:
    case Op.REF_FUNC:
      return 1;
    case Op.LOCAL_SET:
    case Op.BR_IF:
    case Op.IF:
      return -1;
    case Op.TABLE_SET:
    case Op.SELECT_TYPED:
      return -2;
    default:
      return 0;
  }
});

/** Follows the height of one function's operand stack at a time; never too low in code that is valid. */
export class CompileEffort {
  #locals = 0;
  #height = 0;
  #effort = 0;
  readonly #frames: number[] = [];

  beginFunction(locals: number): void {
    this.#locals = locals;
    this.#height = 0;
    this.#effort = 0;
    this.#frames.length = 0;
  }

  get isTooMuch(): boolean {
    return this.#effort > COMPILE_EFFORT_MAX;
  }

  /** So far. */
  get spent(): number {
    return this.#effort;
  }

  /** What came since it was `before` is compiled so many times more. */
  repeat(before: number, times: number): void {
    this.#effort += times * (this.#effort - before);
  }

  /** Any instruction, before what it may say of itself below. */
  instruction(opcode: number): void {
    this.#height += HEIGHT_CHANGES[opcode] ?? 0;
  }

  push(count: number): void {
    this.#height += count;
  }

  pop(count: number): void {
    this.#height -= count;
  }

  /** The compiler looks at all values, so many times. */
  look(times = 1): void {
    this.#floor();
    this.#effort += times * (this.#locals + this.#height);
  }

  beginBlock(params: number, results: number): void {
    this.#floor();
    const base = Math.max(0, this.#height - params);
    this.#frames.push(base, params, base + results);
    this.#height = base + params;
  }

  /** `else` and `catch`: what is below the block, and what they bring along. */
  again(caught: number, isElse: boolean): void {
    const base = this.#frames.at(-FRAME_FIELDS) ?? 0;
    this.#height = base + (isElse ? this.#frames.at(1 - FRAME_FIELDS) ?? 0 : caught);
  }

  endBlock(): void {
    this.#height = this.#frames.at(-1) ?? 0;
    this.#frames.length = Math.max(0, this.#frames.length - FRAME_FIELDS);
  }

  /** In code that is never reached operands come from nowhere. */
  #floor(): void {
    this.#height = Math.max(this.#height, this.#frames.at(-FRAME_FIELDS) ?? 0);
  }
}
