/** What a test got wrong: a script that cannot be read, an attempt that it did not expect, one that never came. */

/**
 * Thrown by everything of `loopgate/testing`. Its message names what to change.
 *
 * @example
 * await assert.rejects(component.fetch("/"), ScriptError);
 */
export class ScriptError extends Error {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = "ScriptError";
  }
}
