/** The sentences of every refusal by the parser and the linker; each carries the offset in the component's bytes. */
import { ComponentError } from "./errors.ts";

/** How much of a guest's name is repeated in a message. */
const QUOTED_CHARS_MAX = 100;

/** Broken format or a broken rule of the component model. */
export function malformed(offset: number, found: string, expected: string): ComponentError {
  return new ComponentError("malformed", `Cannot use the component: ${found} at byte ${offset}, expected ${expected}`, {
    offset,
  });
}

/** Well-formed, but needs `feature`, which this host does not run. */
export function unsupported(offset: number, feature: string): ComponentError {
  return new ComponentError(
    "unsupported",
    `Cannot run the component: it uses ${feature} at byte ${offset}, expected only what WASI 0.2 uses`,
    { offset },
  );
}

/** Past one of the engine's own bounds; `what` is plural. */
export function pastLimit(offset: number, what: string, countMax: number): ComponentError {
  return new ComponentError(
    "limit",
    `Cannot use the component: it has too many ${what} at byte ${offset}, expected at most ${countMax}`,
    { offset },
  );
}

/** A guest's string for a message: escaped and cut. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > QUOTED_CHARS_MAX ? `${name.slice(0, QUOTED_CHARS_MAX)}...` : name);
}

/** A byte for a message. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
