/** Settings as flags: how they are read, and what the help says of them. */
import { type Setting, type SettingName, SETTINGS, type Settings, textFaultWords } from "../../config/settings.ts";
import type { CommandName } from "../usage.ts";
import { type Flag, type Flags, usage, type Words } from "./words.ts";

/** The help's first column. */
const INDENT = 23;
/** As wide as a line of the help may be. */
const WIDTH = 120;

/** The flags of `names`; of a switch there are two. */
export function settingFlags(names: readonly SettingName[]): Flags {
  return Object.fromEntries(names.flatMap((name): [string, Flag][] => {
    const { flag, form } = SETTINGS[name];
    const bare = flag.slice(2);
    if (form === "switch") return [[bare, { type: "boolean" }], [`no-${bare}`, { type: "boolean" }]];
    return [[bare, { type: "string", isList: form === "list" }]];
  }));
}

/**
 * Reads the flags of `names`.
 *
 * @throws {LoopgateError} ERR_USAGE
 */
export function settingsOfFlags(flags: Words["flags"], names: readonly SettingName[], command: CommandName): Settings {
  const found = names.flatMap((name): [SettingName, unknown][] => {
    const { flag, form, read }: Setting<unknown> = SETTINGS[name];
    const bare = flag.slice(2);
    if (form === "switch") {
      const [isOn, isOff] = [flags.has(bare), flags.has(`no-${bare}`)];
      if (isOn && isOff) throw usage(`Cannot use ${flag} and --no-${bare} together, expected one of them`, command);
      return isOn || isOff ? [[name, isOn]] : [];
    }
    const texts = flags.get(bare);
    if (texts === undefined) return [];
    const answer = read(texts);
    if (!("value" in answer)) throw usage(`Cannot use ${flag} ${textFaultWords(answer)}`, command, answer.suggestion);
    return [[name, answer.value]];
  });
  return Object.fromEntries(found) as Settings;
}

/** `[--listen host:port]`, in lines: the first follows `start`, the others stand below it. */
export function synopsis(start: string, names: readonly SettingName[]): string {
  const words = names.map((name) => {
    const { flag, form, placeholder }: Setting<unknown> = SETTINGS[name];
    if (form === "switch") return `[--[no-]${flag.slice(2)}]`;
    return `[${flag} ${placeholder}]${form === "list" ? "..." : ""}`;
  });
  return filled(start, words);
}

/** What the help says of `names`, a line or several for each. */
export function settingLines(names: readonly SettingName[]): string {
  return names.map((name) => {
    const { flag, form, placeholder, about, standard }: Setting<unknown> = SETTINGS[name];
    const shown = form === "switch" ? `--[no-]${flag.slice(2)}` : `${flag} ${placeholder}`;
    const more = form === "list" ? "; may come more than once" : "";
    return filled(`  ${shown}`.padEnd(INDENT), `${about}${more} (${standard})`.split(" "));
  }).join("\n");
}

/** Words behind `start`, which ends in a blank, in lines no wider than the help's. */
function filled(start: string, words: readonly string[]): string {
  const indent = " ".repeat(start.length);
  const lines: string[] = [];
  let line = start;
  for (const word of words) {
    const isEmpty = line === start || line === indent;
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line += isEmpty ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
