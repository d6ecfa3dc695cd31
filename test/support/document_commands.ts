/**
 * The commands of a document, as a shell runs them: what a reader would type, with the files that it shows, in an empty
 * folder. Programs that a reader installs stand on the path under their names; those that install something find it there.
 */
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** A fenced block of a document. */
export interface DocumentBlock {
  /** What stands behind the fence; empty: commands. */
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

  /** Runs it to its end. */
  run(script: string, env: Readonly<Record<string, string>> = {}): Promise<ScriptEnd> {
    const path = `${join(this.#scratch, "bin")}:${process.env["PATH"] ?? ""}`;
    const child = spawn("sh", ["-c", script], {
      cwd: this.folder,
      env: { ...process.env, ...env, PATH: path },
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
