/** What the words of `--deny` mean. */
import { nearestWord } from "../base/nearest_word.ts";
import { VirtualizeError } from "./virtualize_error.ts";

/** Interfaces without versions; a `*` at the end stands for every interface of the package. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  sockets: ["wasi:sockets/*"],
  names: ["wasi:sockets/ip-name-lookup"],
  http: ["wasi:http/outgoing-handler", "wasi:http/types"],
  filesystem: ["wasi:filesystem/*"],
  environment: ["wasi:cli/environment"],
  random: ["wasi:random/*"],
  exit: ["wasi:cli/exit"],
  terminals: [
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
  ],
};

/** The words, for help texts. */
export const DENY_WORDS: readonly string[] = Object.keys(WORDS);

/** Interfaces that come with resources which only a host can make; without these nothing runs. */
const UNDENIABLE = /^wasi:(?:io\/|clocks\/monotonic-clock$|cli\/(?:stdin|stdout|stderr)$)/;
const INTERFACE = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/;

/**
 * Reads one word: one of `DENY_WORDS`, or an interface by its name without version.
 *
 * @throws {VirtualizeError}
 */
export function interfacesOf(word: string): readonly string[] {
  const known = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (known !== undefined) return known;
  if (UNDENIABLE.test(word)) {
    throw new VirtualizeError(
      `Cannot deny "${word}": every host offers it, and other imports share its resources, expected another`,
    );
  }
  if (INTERFACE.test(word)) return [word];
  const near = nearestWord(word, DENY_WORDS);
  const fix = near === undefined ? "" : ` (did you mean "${near}"?)`;
  const version = word.includes("@") ? ", without its version" : "";
  throw new VirtualizeError(
    `Cannot deny "${word}": expected ${
      DENY_WORDS.join(", ")
    }, or an interface such as "wasi:cli/environment"${version}${fix}`,
  );
}

/** Whether one of `patterns` has an interface. */
export function isDenied(bareName: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? bareName.startsWith(pattern.slice(0, -1)) : bareName === pattern
  );
}

/** A name without its version. */
export function bareNameOf(name: string): string {
  return name.split("@")[0] ?? name;
}
