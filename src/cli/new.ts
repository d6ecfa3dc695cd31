/** `loopgate new`: makes a workload, and says what comes next. */
import { escapeText } from "../base/escape_text.ts";
import { makeWorkload } from "../build/new_workload.ts";
import { TEMPLATES } from "../build/templates.ts";
import type { FileReader } from "../config/file_reader.ts";
import type { NewCommand } from "./args/new.ts";
import { coloursFor } from "./colours.ts";
import { shellWord } from "./served_text.ts";
import type { Terminal } from "./terminal.ts";

/** Where the outside comes in. */
export interface NewTools {
  readonly terminal: Terminal;
  readonly files: FileReader;
}

/** Writes the files; resolves to the exit code. Rejects as `makeWorkload` does. */
export async function makeNew(command: NewCommand, { terminal: { stdout }, files }: NewTools): Promise<number> {
  const paths = await makeWorkload(command, files);
  const colours = coloursFor(stdout.isColoured);
  const { name, template, folder } = command;
  const dev = folder === "." ? "loopgate dev" : `loopgate dev ${shellWord(folder)}`;
  const lines = [
    `made ${colours.strong(name)} from the template ${template}:`,
    ...paths.map((path) => `  ${escapeText(path)}`),
    "",
    "Next:",
    `  ${colours.fix(dev)}`,
    `  ${colours.fix(TEMPLATES[template].curl.replace(":name", name))}`,
  ];
  stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
