/** A component whose imports cannot be met as asked. */

/** Its message says what to change. */
export class VirtualizeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "VirtualizeError";
  }
}
