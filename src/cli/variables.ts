/** Settings from the environment. */
import {
  type SettingName,
  type Settings,
  settingsOfVariables,
  textFaultWords,
  unknownVariables,
} from "../config/settings.ts";
import { LoopgateError } from "../base/errors.ts";
import { escapeText } from "../base/escape_text.ts";
import { coloursFor } from "./colours.ts";
import type { Terminal } from "./terminal.ts";

/**
 * What the variables say of `names`. Variables that look like the gateway's and are none get a line on stderr, where
 * somebody reads it for the first time (replicas have the same ones as their parent).
 *
 * @throws {LoopgateError} ERR_USAGE
 */
export function readVariables(
  { variables, stderr }: Pick<Terminal, "variables" | "stderr">,
  { names, isTold }: { readonly names: readonly SettingName[]; readonly isTold: boolean },
): Settings {
  const settings = settingsOfVariables(variables, names, (variable, fault) => {
    const hint = fault.suggestion === undefined ? "" : `\nDid you mean: ${fault.suggestion}`;
    throw new LoopgateError(
      "LG4005",
      `Cannot use ${variable}=${textFaultWords(fault)}${hint}\nSee: loopgate help serve`,
    );
  });
  const colours = coloursFor(stderr.isColoured);
  if (isTold) {
    for (const line of unknownVariables(variables)) stderr.write(`${colours.warn("warning")}: ${escapeText(line)}\n`);
  }
  return settings;
}
