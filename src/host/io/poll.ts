/** `wasi:io/poll`: waiting for one or many things. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-io-poll";
import { HostTrap } from "../../base/errors.ts";
import type { Waitable } from "../../base/waitable.ts";
import type { ResourceOptions } from "../resource.ts";
import type { HostInterface, HostSide, MaybeLate } from "../types.ts";
import { BlockingResource, NOT_YET, ReadyWait } from "./wait.ts";

/**
 * The longest list `poll` takes; a longer one traps. It bounds what one call costs the event loop, and is far above
 * what the largest honest guest needs: 1,024 sockets with two streams each, and as many timers.
 */
export const POLL_LIST_MAX = 16_384;

/** Up to so many are compared with each other. */
const SHORT_LIST = 8;

/** What a look has found so far; one look is over before the next begins. */
const found: number[] = [];

/** The resource `pollable`: a handle on a `Waitable`. Whoever makes one names the resource behind it as its parent. */
export class Pollable extends BlockingResource implements HostSide<Declared.Pollable> {
  readonly #waitable: Waitable;

  constructor(waitable: Waitable, options: ResourceOptions) {
    super(options, "pollables");
    this.#waitable = waitable;
  }

  override get readiness(): Waitable {
    return this.#waitable;
  }

  // WIT ready: func() -> bool
  ready(): boolean {
    return this.#waitable.isReady();
  }

  // WIT block: func()
  block(): MaybeLate<void> {
    if (!this.#waitable.isReady()) return new ReadyWait([this], () => this.ready() ? undefined : NOT_YET);
  }

  protected override onDrop(): void {}
}

// WIT poll: func(in: list<borrow<pollable>>) -> list<u32>
/** The function `poll`: the indices of all that are ready, at least one. */
export function poll(pollables: readonly Pollable[]): MaybeLate<Uint32Array> {
  if (pollables.length === 0) {
    throw new HostTrap("Cannot poll an empty list: it has no pollable, expected at least one");
  }
  if (pollables.length > POLL_LIST_MAX) {
    throw new HostTrap(
      `Cannot poll ${pollables.length} pollables: the list is too long, expected at most ${POLL_LIST_MAX}`,
    );
  }
  return readyIndices(pollables) ?? new ReadyWait(distinct(pollables), () => readyIndices(pollables) ?? NOT_YET);
}

/** The interface `wasi:io/poll`. */
export const POLL_INTERFACE = { Pollable, poll } satisfies HostInterface<typeof Declared>;

/** In the order of the list; a pollable that is in it twice is reported twice. undefined when none is ready. */
function readyIndices(pollables: readonly Pollable[]): Uint32Array | undefined {
  let count = 0;
  for (let index = 0; index < pollables.length; index++) {
    if (pollables[index]?.ready() === true) found[count++] = index;
  }
  if (count === 0) return undefined;
  // From a length and one by one: from an array it is a call out of V8's generated code, on Deno of 300 ns.
  const indices = new Uint32Array(count);
  for (let at = 0; at < count; at++) indices[at] = found[at] ?? 0;
  return indices;
}

/** Nothing is waited for twice. */
function distinct(pollables: readonly Pollable[]): readonly Pollable[] {
  const [first, second] = pollables;
  if (pollables.length === 1 || (pollables.length === 2 && first !== second)) return pollables;
  // For the few of a usual list a set is the dearest thing about the call.
  if (pollables.length > SHORT_LIST) return [...new Set(pollables)];
  return pollables.filter((pollable, index) => pollables.indexOf(pollable) === index);
}
