/** How many bytes of fields a guest holds, over all of its lists. */
import { HostTrap } from "../../base/errors.ts";
import { scopeOf } from "../context.ts";
import type { HttpContext } from "./http_context.ts";

/** All lists that one guest holds at a time, so that thousands of handles cannot hold 128 KiB each. */
export const GUEST_FIELDS_BYTES_MAX = 4_194_304;

/** How much of its `GUEST_FIELDS_BYTES_MAX` a guest uses. */
export class FieldBudget {
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
    if (next > GUEST_FIELDS_BYTES_MAX) {
      throw new HostTrap(
        `Cannot keep more fields: all lists of the guest would have ${next} bytes, expected at most ${GUEST_FIELDS_BYTES_MAX}`,
      );
    }
    const { memory } = this.#context;
    if (bytes < 0) memory?.letGo(-bytes);
    else if (memory?.hold(bytes) === false) {
      throw new HostTrap("Cannot keep more fields: the memory of all guests together is used up");
    }
    this.#usedBytes = next;
  }
}

/** The one budget of a guest: its lists come to life in its constructors and with its requests. */
export function fieldBudgetOf(context: HttpContext): FieldBudget {
  return scopeOf(context).fields ??= new FieldBudget(context);
}
