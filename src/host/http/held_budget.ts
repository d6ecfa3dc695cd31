/** How many bytes of unsent bodies a guest holds, over all of them. */
import { HostTrap } from "../../base/errors.ts";
import { scopeOf } from "../context.ts";
import type { HttpContext } from "./http_context.ts";

/**
 * Bodies hold one window each until they have a reader, and a guest can make 20,000 messages that it never sends:
 * 1.4 GB of the gateway's memory for a few handles. This is room for 200 full windows; past it the guest traps.
 */
export const GUEST_HELD_BYTES_MAX = 16_777_216;

/** How much of its `GUEST_HELD_BYTES_MAX` a guest uses. */
export class HeldBudget {
  readonly #context: Pick<HttpContext, "memory">;
  #usedBytes = 0;

  constructor(context: Pick<HttpContext, "memory">) {
    this.#context = context;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** @throws {HostTrap} when the guest would hold too much */
  change(bytes: number): void {
    const next = this.#usedBytes + bytes;
    if (next > GUEST_HELD_BYTES_MAX) {
      throw new HostTrap(
        `Cannot hold more of unsent bodies: all of the guest would have ${next} bytes, expected at most ${GUEST_HELD_BYTES_MAX}`,
      );
    }
    const { memory } = this.#context;
    if (bytes < 0) memory?.letGo(-bytes);
    else if (memory?.hold(bytes) === false) {
      throw new HostTrap("Cannot hold more of unsent bodies: the memory of all guests together is used up");
    }
    this.#usedBytes = next;
  }
}

/** The one budget of a guest. */
export function heldBudgetOf(context: HttpContext): HeldBudget {
  return scopeOf(context).held ??= new HeldBudget(context);
}
