/** `--env NAME=value`, of every command that has it. */
import { ENV_NAME } from "../../config/definition.ts";
import type { CommandName } from "../usage.ts";
import { usage } from "./words.ts";

/** The last of a name counts. @throws {LoopgateError} ERR_USAGE */
export function readEnv(pairs: readonly string[], topic: CommandName): readonly (readonly [string, string])[] {
  const env = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    // The text is not repeated: without "=" it may well be a secret alone.
    if (equals < 0) throw usage('Cannot use --env: one of them has no "=", expected NAME=value', topic);
    const name = pair.slice(0, equals);
    if (!ENV_NAME.test(name)) {
      throw usage(
        `Cannot use --env: "${name}" is no name of a variable, expected letters, digits, "_", "." and "-"`,
        topic,
      );
    }
    env.set(name, pair.slice(equals + 1));
  }
  return [...env];
}
