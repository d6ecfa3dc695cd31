/**
 * Stacks that are kept between the calls of an instance. V8 keeps four finished stacks (4 MB) and unmaps every other one,
 * so with more guests suspended at a time than that each call would map, fault in and unmap a stack: a quarter of a round
 * trip over the loopback. A small module calls the guest in a loop and waits between the calls, on the same stack:
 *
 *     (func (export "run") (param $f (ref null $handle)) (param $stack externref) (param $a i32) (param $b i32)
 *       (loop (call_ref $handle $a $b $f)  (call $rest $stack)  $a = (call $first $stack)  $b = (call $second $stack)  (br 0)))
 */
import { HostTrap } from "../base/errors.ts";
import { LinkedList, ListEntry } from "../base/linked_list.ts";
import type { CoreSignature } from "./abi_layout.ts";
import type { CoreFunction } from "./core_function.ts";
import { promising, Suspending } from "./jspi.ts";
import { makeTrap } from "./trap.ts";

/**
 * In a process, busy and idle. Each is two of the mappings that a process may have, and some 20 KB that were touched; past
 * this the one that has been idle the longest goes.
 */
const KEPT_STACKS_MAX = 256;

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** $handle (i32 i32), $rest (externref), $argument (externref) -> i32, $run ((ref null $handle) externref i32 i32). */
const TYPES = "1 23 4 0x60 2 0x7f 0x7f 0 0x60 1 0x6f 0 0x60 1 0x6f 1 0x7f 0x60 4 0x63 0 0x6f 0x7f 0x7f 0";
/** "" "rest", "" "first", "" "second". */
const IMPORTS =
  "2 28 3 0 4 0x72 0x65 0x73 0x74 0 1 0 5 0x66 0x69 0x72 0x73 0x74 0 2 0 6 0x73 0x65 0x63 0x6f 0x6e 0x64 0 2";
/** One function, exported as "run". */
const EXPORTS = "3 2 1 3 7 7 1 3 0x72 0x75 0x6e 0 3";
const CODE =
  "10 33 1 31 0 0x03 0x40 0x20 2 0x20 3 0x20 0 0x14 0 0x20 1 0x10 0 0x20 1 0x10 1 0x21 2 0x20 1 0x10 2 0x21 3 0x0c 0 0x0b 0x0b";
const SECTIONS = [TYPES, IMPORTS, EXPORTS, CODE].join(" ").split(" ").map(Number);
const MODULE = new WebAssembly.Module(new Uint8Array([...HEADER, ...SECTIONS]));

type RunArguments = [core: CoreFunction, stack: KeptStack, first: number, second: number];

const { run } = new WebAssembly.Instance(MODULE, {
  "": {
    rest: new Suspending((stack: KeptStack) => stack.rest()),
    first: (stack: KeptStack) => stack.first,
    second: (stack: KeptStack) => stack.second,
  },
}).exports;
if (typeof run !== "function") throw new TypeError("Cannot keep stacks: the module has no run");
const start = promising<RunArguments, void>(run as (...args: RunArguments) => void);

/** How a call is told of its end. */
interface Call {
  resolve(): void;
  reject(error: unknown): void;
}

/** Those that wait for a call, the one that has waited the longest first. */
const idle = new LinkedList<KeptStack>();
let live = 0;

/** True for functions that a kept stack can call: what handles a request takes two handles and returns nothing. */
export function canKeepStack({ params, result }: CoreSignature): boolean {
  return params.length === 2 && params.every((type) => type === "i32") && result === null;
}

/** The stack of one function of one instance. It is there from the first call on, until it is given up or the guest traps. */
export class KeptStack {
  /** Of the call that begins. */
  first = 0;
  second = 0;
  readonly #core: CoreFunction;
  readonly #entry = new ListEntry<KeptStack>(this);
  #isStarted = false;
  /** Nothing is called on it any more. */
  #isOver = false;
  #call: Call | undefined;
  /** While it is idle. */
  #waking: Call | undefined;

  private constructor(core: CoreFunction) {
    this.#core = core;
    live++;
  }

  /** undefined when there are as many as may be and all are busy. */
  static open(core: CoreFunction): KeptStack | undefined {
    if (live >= KEPT_STACKS_MAX) idle.first?.value.close();
    return live < KEPT_STACKS_MAX ? new KeptStack(core) : undefined;
  }

  /** False once it is over: the next call needs another one. */
  get isOpen(): boolean {
    return !this.#isOver;
  }

  /** Calls the function; one call at a time. Rejects with what came out of the guest. */
  call(first: number, second: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#call = { resolve, reject };
      this.first = first;
      this.second = second;
      if (!this.#isStarted) {
        this.#isStarted = true;
        start(this.#core, this, first, second).catch((error: unknown) => this.#ended(error));
        return;
      }
      idle.remove(this.#entry);
      const waking = this.#waking;
      this.#waking = undefined;
      waking?.resolve();
    });
  }

  /** @internal Only for the module: the call has returned. Resolves when there is another one. */
  rest(): Promise<void> {
    const call = this.#call;
    this.#call = undefined;
    call?.resolve();
    if (this.#isOver) throw over();
    idle.append(this.#entry);
    return new Promise((resolve, reject) => {
      this.#waking = { resolve, reject };
    });
  }

  /** Gives it up: now when it is idle, else when its call has ended. Idempotent. */
  close(): void {
    if (this.#isOver) return;
    this.#give();
    this.#waking?.reject(over());
  }

  #ended(error: unknown): void {
    if (!this.#isOver) this.#give();
    const call = this.#call;
    this.#call = undefined;
    call?.reject(error);
  }

  #give(): void {
    this.#isOver = true;
    live--;
    idle.remove(this.#entry);
  }
}

function over(): WebAssembly.RuntimeError {
  const message = "The stack is given up";
  return makeTrap(message, new HostTrap(message));
}

/** Those that are there now. */
export function keptStackCount(): number {
  return live;
}
