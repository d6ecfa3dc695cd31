/** Calls of `wasi:sockets` that say `would-block` until they have an answer. */
import { forget, ready, wake } from "./loop.ts";
import { socketCode, SocketError } from "./socket_error.ts";
import type { Pollable } from "./wasi/io_poll.ts";

/** What can be waited for. */
interface Waitable {
  subscribe(): Pollable;
}

/** One call that may take a while. */
export class SocketCall<T> {
  readonly #action: string;
  readonly #target: Waitable;
  readonly #call: () => T;
  #pollable: Pollable | null = null;
  #isGivenUp = false;

  /** @param call is called until it throws no more `would-block`. */
  constructor(action: string, target: Waitable, call: () => T) {
    this.#action = action;
    this.#target = target;
    this.#call = call;
  }

  /** Lets the guest do other things meanwhile. @throws SocketError */
  async finish(): Promise<T> {
    try {
      for (;;) {
        const answer = this.#try();
        if (answer !== null) return answer.value;
        await ready(this.#pollable ??= this.#target.subscribe());
      }
    } finally {
      this.#drop();
    }
  }

  /** Holds the whole guest: for what takes no time. @throws SocketError */
  block(): T {
    try {
      for (;;) {
        const answer = this.#try();
        if (answer !== null) return answer.value;
        (this.#pollable ??= this.#target.subscribe()).block();
      }
    } finally {
      this.#drop();
    }
  }

  /** Makes `finish` throw `aborted`. */
  giveUp(): void {
    this.#isGivenUp = true;
    if (this.#pollable !== null) wake(this.#pollable);
  }

  #try(): { readonly value: T } | null {
    if (this.#isGivenUp) throw new SocketError(this.#action, "aborted");
    try {
      return { value: this.#call() };
    } catch (error) {
      const code = socketCode(error);
      if (code === "would-block") return null;
      throw new SocketError(this.#action, code);
    }
  }

  #drop(): void {
    const pollable = this.#pollable;
    this.#pollable = null;
    if (pollable !== null) forget(pollable);
  }
}
