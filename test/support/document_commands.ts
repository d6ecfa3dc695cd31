/**
 * The commands of a document, as a shell runs them: what a reader would type, with the files that it shows, in an empty
 * folder. Programs that a reader installs stand on the path under their names; those that install something find it there.
 */
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Program, type ProgramOptions, ROOT } from "./program.ts";

/** A fenced block of a document. */
export interface DocumentBlock {
  /** What stands behind the fence; empty: commands. What programs print is "text". */
  readonly language: string;
  /** Named in the first line, as a comment: a file that is written. */
  readonly file: string | undefined;
  readonly text: string;
}

/** The blocks below a heading (`## Rust`), in their order. */
export function blocksOf(markdown: string, heading: string): readonly DocumentBlock[] {
  const section = markdown.split(/^(?=## )/m).find((each) => each.startsWith(`## ${heading}\n`));
  if (section === undefined) throw new Error(`there is no "## ${heading}"`);
  return [...section.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = "", text = ""]) => {
    const file = /^(?:\/\/|#|\/\*) ([\w./-]+\.\w+)(?: \*\/)?\n/.exec(text)?.[1];
    return { language, file: language === "" ? undefined : file, text };
  });
}

/** A line of a block of commands. */
export interface DocumentCommand {
  /** `docs/tls.md`. */
  readonly file: string;
  /** Without prompt and remark. */
  readonly line: string;
}

/** A command that goes on until Ctrl-C. */
export const SERVING_LINE = /^(?:[A-Z_]+=\S+ )*loopgate (?:serve|dev)\b/;

/** The documents with commands. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).toSorted().map((name) => `docs/${name}`),
];

/** All commands that the documents show in blocks; what stands below a prompt and has none is printed. */
export function commandLines(): readonly DocumentCommand[] {
  return DOCUMENTS.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].flatMap(([, language = "", block = ""]) => {
      if (language !== "") return [];
      const lines = block.trimEnd().split("\n");
      const typed = block.startsWith("$ ")
        ? lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2))
        : lines;
      return typed.map((line) => ({ file, line: line.replace(/ +# .*$/, "") }))
        .filter(({ line }) => line !== "" && !line.startsWith("#"));
    });
  });
}

/** A shell script that writes the files of the blocks and runs their commands, each told before it runs. */
export function scriptOf(blocks: readonly DocumentBlock[]): string {
  const parts = blocks.flatMap(({ language, file, text }) => {
    if (language === "") return [text];
    return file === undefined ? [] : [`cat > ${file} <<'END_OF_FILE'\n${text}END_OF_FILE\n`];
  });
  return `set -eux\n${parts.join("")}`;
}

/** A word of a shell that is the text. */
export function quotedWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What a script did. */
export interface ScriptEnd {
  readonly exitCode: number | null;
  readonly printed: string;
}

/** Runs scripts in one folder of their own. */
export class DocumentShell {
  /** Where the commands run. */
  readonly folder: string;
  readonly #scratch: string;

  private constructor(scratch: string) {
    this.#scratch = scratch;
    this.folder = join(scratch, "work");
  }

  /** `programs` are shell scripts by the names that documents call. */
  static async open(programs: Readonly<Record<string, string>>): Promise<DocumentShell> {
    const shell = new DocumentShell(await mkdtemp(join(tmpdir(), "loopgate-document-")));
    await mkdir(shell.folder);
    await mkdir(join(shell.#scratch, "bin"));
    for (const [name, script] of Object.entries(programs)) {
      const file = join(shell.#scratch, "bin", name);
      await writeFile(file, `#!/bin/sh\n${script}\n`);
      await chmod(file, 0o755);
    }
    return shell;
  }

  /** The programs, and then the machine's. */
  get path(): string {
    return `${join(this.#scratch, "bin")}:${process.env["PATH"] ?? ""}`;
  }

  /** Starts one command that goes on; variables may stand before it. The program is that command, not the shell. */
  start(command: string, { env = {}, cwd = this.folder }: Omit<ProgramOptions, "stdout" | "file"> = {}): Program {
    const [, variables = "", rest = ""] = /^((?:[A-Z_0-9]+=\S+ )*)(.*)$/.exec(command) ?? [];
    const options = { cwd, env: { PATH: this.path, ...env }, file: "/bin/sh" };
    return new Program(["-c", `${variables}exec ${rest}`], options);
  }

  /** Runs it to its end. */
  run(script: string, env: Readonly<Record<string, string>> = {}): Promise<ScriptEnd> {
    const child = spawn("sh", ["-c", script], {
      cwd: this.folder,
      env: { ...process.env, PATH: this.path, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    const decoder = new TextDecoder();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Uint8Array) => void (printed += decoder.decode(bytes, { stream: true })));
    }
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (exitCode) => resolve({ exitCode, printed }));
    });
  }

  /** Removes all that the commands made. */
  close(): Promise<void> {
    return rm(this.#scratch, { recursive: true, force: true });
  }
}
