/** Every `loopgate ...` that a document shows, in a block or in a sentence, is one that the command line takes. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseCommand } from "../../src/cli/args.ts";
import { COMMANDS } from "../../src/cli/usage.ts";
import { ROOT } from "../support/program.ts";

const FILES = [
  "README.md",
  "ARCHITECTURE.md",
  ...["docs", "docs/errors"].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".md")).map((name) => `${folder}/${name}`)
  ),
];
/** A start of a line (behind a prompt and variables), or of a code span. */
const COMMAND = /(?:^(?:\$ )?(?:[A-Z_]+=\S+ )*|`)loopgate(?=[ `]|$)( [^`\n]*)?/gm;

/** Words that stand for others, where any word would not do. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  "<target>": "https://example.com",
  "<command>": "serve",
  "[command|code]": "serve",
};

/** The words of a command as a shell has them, up to what ends it. */
function wordsOf(line: string): readonly string[] {
  const [own = ""] = line.split(/ (?:&&|\||>|2>|#|&$)/);
  return [...own.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) =>
    double ?? single ?? PLACEHOLDERS[plain ?? ""] ?? plain ?? ""
  );
}

/** What it is read as, or why not. */
function readAs(words: readonly string[]): string {
  try {
    return parseCommand(words).kind;
  } catch (error) {
    return String(error);
  }
}

for (const file of FILES) {
  test(`${file}: its commands are commands`, () => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const refused = [...text.matchAll(COMMAND)].flatMap(([shown, line = ""]) => {
      const words = wordsOf(line);
      // The name of the program or of a command, as a sentence speaks of it; or a synopsis.
      const isName = words.length === 0 || (words.length === 1 && COMMANDS.some((name) => name === words[0]));
      if ((shown.startsWith("`") && isName) || /\.\.\.|\[--/.test(line)) return [];
      const read = readAs(words);
      // A sentence.
      return read.includes(" ") ? [`${shown}: ${read}`] : [];
    });
    assert.deepEqual(refused, []);
  });
}

test("the documents have commands of every kind", () => {
  const all = FILES.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
  const kinds = new Set([...all.matchAll(COMMAND)].map(([, line = ""]) => readAs(wordsOf(line))));
  for (
    const kind of ["serve", "explain", "run", "new", "build", "dev", "check", "inspect", "virtualize", "help-code"]
  ) {
    assert.ok(kinds.has(kind), kind);
  }
});
