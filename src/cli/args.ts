/** The command line, read: which command with which settings, or a sentence that says what is wrong. Pure. */
import { LoopgateError } from "../base/errors.ts";
import { FAULT_CODES, type FaultCode, faultCodeOf } from "../base/fault_codes.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { BUILD_FLAGS, type BuildCommand, buildCommand } from "./args/build.ts";
import { CHECK_FLAGS, type CheckCommand, checkCommand } from "./args/check.ts";
import { DEV_FLAGS, type DevCommand, devCommand } from "./args/dev.ts";
import { EXPLAIN_FLAGS, type ExplainCommand, explainCommand } from "./args/explain.ts";
import { INSPECT_FLAGS, type InspectCommand, inspectCommand } from "./args/inspect.ts";
import { NEW_FLAGS, type NewCommand, newCommand } from "./args/new.ts";
import { RUN_FLAGS, type RunCommand, runCommand } from "./args/run.ts";
import { SERVE_FLAGS, type ServeCommand, serveCommand } from "./args/serve.ts";
import { VIRTUALIZE_FLAGS, type VirtualizeCommand, virtualizeCommand } from "./args/virtualize.ts";
import { COMMON_FLAGS, type Flags, readWords, usage, type Words } from "./args/words.ts";
import { type CommandName, COMMANDS } from "./usage.ts";

/** What the user asked for. */
export type Command =
  | { readonly kind: "help"; readonly topic: CommandName | undefined }
  | { readonly kind: "help-code"; readonly code: FaultCode }
  | { readonly kind: "version" }
  | ServeCommand
  | ExplainCommand
  | RunCommand
  | NewCommand
  | BuildCommand
  | CheckCommand
  | InspectCommand
  | VirtualizeCommand
  | DevCommand;

const COMMAND_LIST = `${COMMANDS.slice(0, -1).join(", ")} or ${COMMANDS.at(-1)}`;

/** How a command's words are read. */
interface CommandReader {
  readonly flags: Flags;
  readonly read: (words: Words) => Command;
}

const READERS: Readonly<Record<CommandName, CommandReader>> = {
  serve: { flags: SERVE_FLAGS, read: serveCommand },
  explain: { flags: EXPLAIN_FLAGS, read: explainCommand },
  run: { flags: RUN_FLAGS, read: runCommand },
  new: { flags: NEW_FLAGS, read: newCommand },
  build: { flags: BUILD_FLAGS, read: buildCommand },
  check: { flags: CHECK_FLAGS, read: checkCommand },
  inspect: { flags: INSPECT_FLAGS, read: inspectCommand },
  virtualize: { flags: VIRTUALIZE_FLAGS, read: virtualizeCommand },
  dev: { flags: DEV_FLAGS, read: devCommand },
  help: { flags: COMMON_FLAGS, read: helpCommand },
};

/**
 * Reads the words after the program's name.
 *
 * @throws {LoopgateError} ERR_USAGE
 * @example
 * parseCommand(["serve", "workloads", "--listen", "127.0.0.1:8080"]);
 */
export function parseCommand(argv: readonly string[]): Command {
  const [first, ...others] = argv;
  if (first === undefined) throw usage(`Cannot tell what to do: there is no command, expected ${COMMAND_LIST}`);
  if (first.startsWith("-")) return withoutCommand(argv);
  const name = COMMANDS.find((command) => command === first);
  if (name === undefined) throw unknownCommand(first);
  const { flags, read } = READERS[name];
  const words = readWords(others, name, flags);
  if (words.flags.has("help")) return { kind: "help", topic: name };
  if (words.flags.has("version")) return { kind: "version" };
  return read(words);
}

function withoutCommand(argv: readonly string[]): Command {
  const { flags, positionals } = readWords(argv, "help", COMMON_FLAGS);
  if (flags.has("help")) return { kind: "help", topic: COMMANDS.find((command) => command === positionals[0]) };
  if (flags.has("version")) return { kind: "version" };
  throw usage(`Cannot tell what to do: there is no command, expected ${COMMAND_LIST}`);
}

function helpCommand({ positionals }: Words): Command {
  const [topic, extra] = positionals;
  if (extra !== undefined) throw usage(`Cannot help with "${extra}": one command at a time, expected no more words`);
  if (topic === undefined) return { kind: "help", topic: undefined };
  if (/^lg\d/i.test(topic)) return codeCommand(topic);
  const name = COMMANDS.find((command) => command === topic);
  if (name === undefined) throw unknownCommand(topic);
  return { kind: "help", topic: name };
}

function codeCommand(word: string): Command {
  const code = faultCodeOf(word);
  if (code === undefined) {
    const near = nearestWord(word.toUpperCase(), Object.keys(FAULT_CODES));
    const hint = near === undefined ? "" : `\nDid you mean: ${near}`;
    throw new LoopgateError(
      "LG4007",
      `Cannot help with "${word}": there is no such code, expected that of a fault${hint}\nSee: loopgate help help`,
    );
  }
  return { kind: "help-code", code };
}

function unknownCommand(word: string): LoopgateError {
  const suggestion = word.endsWith(".wasm") ? `loopgate run ${word}` : nearestWord(word, COMMANDS);
  return usage(`Cannot do "${word}": it is no command, expected ${COMMAND_LIST}`, undefined, suggestion);
}
