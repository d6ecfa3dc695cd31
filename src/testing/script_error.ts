/** What a test got wrong: a script that cannot be read, an attempt that it did not expect, one that never came. */
import { nearestWord } from "../base/nearest_word.ts";

/**
 * Thrown by everything of `loopgate/testing`. Its message names what to change.
 *
 * @example
 * await assert.rejects(component.fetch("/"), ScriptError);
 */
export class ScriptError extends Error {
  /** `message` says what to change in the script. */
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = "ScriptError";
  }
}

/** @throws {ScriptError} when `code` is none of `codes`: WASI has no such code, and lowering it would end the guest */
export function checkCode(code: string, codes: readonly string[]): void {
  if (codes.includes(code)) return;
  const near = nearestWord(code, codes);
  const words = near === undefined ? codes.map((each) => `"${each}"`).join(", ") : `"${near}"`;
  throw new ScriptError(`Cannot fail with "${code}": there is no such code here, expected ${words}`);
}
