/** `EventTarget` without a tree, and the abort signals on top of it. */
import { toText } from "./convert.ts";
import { setTimeout } from "./timers.ts";
import { reportError } from "./report_error.ts";

/** What happened. */
export class Event {
  readonly type: string;
  readonly cancelable: boolean;
  readonly timeStamp: number = performance.now();
  target: EventTarget | null = null;
  #isPrevented = false;
  #isStopped = false;

  constructor(type: string, init: { readonly cancelable?: boolean } = {}) {
    this.type = toText(type);
    this.cancelable = init.cancelable === true;
  }

  get currentTarget(): EventTarget | null {
    return this.target;
  }

  get defaultPrevented(): boolean {
    return this.#isPrevented;
  }

  get isImmediatelyStopped(): boolean {
    return this.#isStopped;
  }

  preventDefault(): void {
    if (this.cancelable) this.#isPrevented = true;
  }

  stopPropagation(): void {}

  stopImmediatePropagation(): void {
    this.#isStopped = true;
  }
}

type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

interface ListenerOptions {
  readonly once?: boolean;
  readonly signal?: AbortSignal;
}

/** Calls listeners in the order in which they came. */
export class EventTarget {
  readonly #listeners = new Map<string, Map<Listener, boolean>>();

  addEventListener(type: string, listener: Listener | null, options: ListenerOptions | boolean = {}): void {
    if (listener === null) return;
    const { once = false, signal }: ListenerOptions = typeof options === "boolean" ? {} : options;
    if (signal?.aborted === true) return;
    const listeners = this.#listeners.get(type) ?? new Map<Listener, boolean>();
    this.#listeners.set(type, listeners);
    if (!listeners.has(listener)) listeners.set(listener, once);
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener), { once: true });
  }

  removeEventListener(type: string, listener: Listener | null): void {
    if (listener !== null) this.#listeners.get(type)?.delete(listener);
  }

  /** False when a listener prevented what would happen. */
  dispatchEvent(event: Event): boolean {
    event.target = this;
    // A copy: a listener may add or remove others.
    for (const [listener, once] of Array.from(this.#listeners.get(event.type) ?? [])) {
      if (once) this.removeEventListener(event.type, listener);
      try {
        if (typeof listener === "function") listener.call(this, event);
        else listener.handleEvent(event);
      } catch (error) {
        reportError(error);
      }
      if (event.isImmediatelyStopped) break;
    }
    return !event.defaultPrevented;
  }
}

let abortSignal: (signal: AbortSignal, reason: unknown) => void;
let newSignal: () => AbortSignal;
const MADE_HERE = Symbol("made here");

/** Tells whoever has it that the work is no longer wanted. */
export class AbortSignal extends EventTarget {
  onabort: ((event: Event) => void) | null = null;
  #isAborted = false;
  #reason: unknown;

  static {
    newSignal = () => new AbortSignal(MADE_HERE);
    abortSignal = (signal, reason) => {
      if (signal.#isAborted) return;
      signal.#isAborted = true;
      signal.#reason = reason === undefined ? new DOMException("The operation was aborted", "AbortError") : reason;
      const event = new Event("abort");
      signal.onabort?.(event);
      signal.dispatchEvent(event);
    };
  }

  constructor(key?: symbol) {
    super();
    if (key !== MADE_HERE) throw new TypeError("Cannot make an AbortSignal: expected new AbortController().signal");
  }

  get aborted(): boolean {
    return this.#isAborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#isAborted) throw this.#reason;
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = newSignal();
    abortSignal(signal, reason);
    return signal;
  }

  static timeout(delayMs: number): AbortSignal {
    const signal = newSignal();
    setTimeout(() => abortSignal(signal, new DOMException("The operation timed out", "TimeoutError")), delayMs);
    return signal;
  }

  /** Aborted as soon as one of them is. */
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const signal = newSignal();
    for (const source of signals) {
      if (source.aborted) {
        abortSignal(signal, source.reason);
        break;
      }
      source.addEventListener("abort", () => abortSignal(signal, source.reason), { once: true });
    }
    return signal;
  }
}

/** Aborts its signal. */
export class AbortController {
  readonly signal: AbortSignal = newSignal();

  abort(reason?: unknown): void {
    abortSignal(this.signal, reason);
  }
}
