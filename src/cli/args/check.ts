/** `loopgate check`: its words and its help. */
import { COMMON_FLAGS, type Flags, FOLDER_DEFAULT, usage, type Words } from "./words.ts";

/** What `check` was asked for. */
export interface CheckCommand {
  readonly kind: "check";
  /** Undefined: none was named. */
  readonly folder: string | undefined;
  readonly isJson: boolean;
}

/** Its flags. */
export const CHECK_FLAGS: Flags = { ...COMMON_FLAGS, json: { type: "boolean" } };

/** Its help. */
export const CHECK_USAGE = `Usage: loopgate check [folder] [--json]

Reads a folder of workloads as serve does and says all that is wrong with its files and components, or what would be
served: routes, services, components with sizes and digests, what of the network each may reach, and its volumes.
Nothing runs.

  [folder]             the folder that holds the workloads, or one of them (${FOLDER_DEFAULT} where it exists, else the
                       current folder)
  --json               one JSON object: {"ok": ..., "faults": [...], "workloads": [...]}

Exit codes: 0 it can be served, 2 something to mend.

Example:
  loopgate check workloads --json
`;

/** Reads the words after `check`. */
export function checkCommand({ flags, positionals, rest }: Words): CheckCommand {
  const [folder, extra] = [...positionals, ...rest];
  if (extra !== undefined) throw usage(`Cannot check "${folder}": "${extra}" follows it, expected one folder`, "check");
  return { kind: "check", folder, isJson: flags.has("json") };
}
