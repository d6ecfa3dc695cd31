/** Settings from the environment. */
import { type SettingName, type Settings, settingsOfVariables, textFaultWords } from "../config/settings.ts";
import { LoopgateError } from "../base/errors.ts";
import type { Terminal } from "./terminal.ts";

/**
 * What the variables say of `names`.
 *
 * @throws {LoopgateError} ERR_USAGE
 */
export function readVariables(
  { variables }: Pick<Terminal, "variables">,
  names: readonly SettingName[],
): Settings {
  return settingsOfVariables(variables, names, (variable, fault) => {
    const hint = fault.suggestion === undefined ? "" : `\nDid you mean: ${fault.suggestion}`;
    throw new LoopgateError(
      "LG4005",
      `Cannot use ${variable}=${textFaultWords(fault)}${hint}\nSee: loopgate help serve`,
    );
  });
}
