/** Texts that only a guest gets to see. */

/** What is shown in place of one. */
const HIDDEN = "***";

/**
 * A text that is shown to nobody: whoever prints, logs or serialises it, or something that holds it, gets stars. The one
 * way to it is `reveal`, so that its uses can be counted.
 *
 * @example
 * const textOf = (value: string | Secret): string => typeof value === "string" ? value : value.reveal();
 */
export class Secret {
  readonly #text: string;

  /** Keeps `text`, which is not looked at. */
  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  /** Stars. */
  toString(): string {
    return HIDDEN;
  }

  /** Stars. */
  toJSON(): string {
    return HIDDEN;
  }

  /** Stars, for `console` and `util.inspect`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

/** Names and values of an environment; in their order. */
export type Environment = readonly (readonly [name: string, value: string | Secret])[];

/** Of a guest, in their order. */
export type Arguments = readonly (string | Secret)[];

/** What a guest gets. */
export function revealArguments(args: Arguments): readonly string[] {
  return args.map((value) => value instanceof Secret ? value.reveal() : value);
}

/** What a guest gets. */
export function revealEnvironment(environment: Environment): readonly (readonly [string, string])[] {
  return environment.map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value] as const);
}
