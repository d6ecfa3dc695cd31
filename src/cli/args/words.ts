/** The words of a command line before anybody knows what they mean: flags, positionals, and sentences about wrong ones. Pure. */
import { parseArgs } from "node:util";
import { LoopgateError } from "../../base/errors.ts";
import { nearestWord } from "../../base/nearest_word.ts";
import type { CommandName } from "../usage.ts";

/** A flag that a command takes. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** Whether it may come more than once. */
  readonly isList?: boolean;
}

/** The flags of a command by name, without their dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** What every command takes. */
export const COMMON_FLAGS: Flags = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
};

/** The folder that is meant where it exists and none is named; a clone has its samples there. */
export const FOLDER_DEFAULT = "workloads";

/** Where commands of authors work when no folder is named. */
export const HERE = ".";

/** Flags and other words of a command line, in order. */
export interface Words {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
  /** What stands after `--`. */
  readonly rest: readonly string[];
}

/** A sentence about wrong words, with what was probably meant, and where to read more. */
export function usage(message: string, topic?: CommandName, suggestion?: string): LoopgateError {
  const hint = suggestion === undefined ? "" : `\nDid you mean: ${suggestion}`;
  const help = topic === undefined ? "loopgate help" : `loopgate help ${topic}`;
  return new LoopgateError("LG4001", `${message}${hint}\nSee: ${help}`);
}

/**
 * Sorts the words that follow a command's name.
 *
 * @throws {LoopgateError} ERR_USAGE
 */
export function readWords(argv: readonly string[], name: CommandName, known: Flags): Words {
  const options = Object.fromEntries(
    Object.entries(known).map(([flag, { type, short }]) => [flag, short === undefined ? { type } : { type, short }]),
  );
  // Not strict: the sentences are ours, and `tokens` has all that is needed for them.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const flags = new Map<string, string[]>();
  const [positionals, rest]: [string[], string[]] = [[], []];
  let isPastEnd = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") isPastEnd = true;
    else if (token.kind === "positional") (isPastEnd ? rest : positionals).push(token.value);
    else {
      const flag = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
      if (flag === undefined) throw unknownFlag(token.rawName, name, known);
      const values = flags.get(token.name) ?? [];
      if (values.length > 0 && flag.type === "string" && flag.isList !== true) {
        throw usage(`Cannot use ${token.rawName} twice, expected it once`, name);
      }
      values.push(readValue(flag, token, name));
      flags.set(token.name, values);
    }
  }
  return { flags, positionals, rest };
}

function readValue(
  flag: Flag,
  token: { readonly rawName: string; readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
  name: CommandName,
): string {
  const { rawName, value } = token;
  if (flag.type === "boolean") {
    if (value !== undefined) throw usage(`Cannot use ${rawName} with a value, expected it alone`, name);
    return "";
  }
  if (value === undefined) throw usage(`Cannot use ${rawName}: its value is missing, expected one`, name);
  // As in getopt's worst traps, the next flag would be taken for the value.
  if (token.inlineValue === false && value.startsWith("-")) {
    throw usage(
      `Cannot use ${rawName}: a flag follows it, expected its value`,
      name,
      `${rawName}=<value>, if it starts with "-"`,
    );
  }
  return value;
}

function unknownFlag(rawName: string, name: CommandName, flags: Flags): LoopgateError {
  const known = Object.keys(flags).map((flag) => `--${flag}`);
  const nearest = nearestWord(rawName, known);
  return usage(`Cannot use ${rawName}: it is no flag of \`${name}\`, expected ${known.join(", ")}`, name, nearest);
}
