/** The program itself, as a process, with what it writes and a folder to serve. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The clone. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The program. */
export const MAIN = join(ROOT, "src/cli/main.ts");
/** The launcher's last step. */
export const BECOME = new URL("../../scripts/become.mjs", import.meta.url).href;
const IS_DENO = process.versions["deno"] !== undefined;
/** How this runtime runs a file. */
export const RUN = IS_DENO ? ["run", "-A", "-q"] : ["--disable-warning=ExperimentalWarning"];
/** How this runtime runs a text. */
export const EVALUATE = IS_DENO ? ["eval", "-q"] : ["--input-type=module", "-e"];

/** Where it runs, and where its stdout goes. */
export interface ProgramOptions {
  /** Default: it is read into `out`. */
  readonly stdout?: "pipe" | number;
  /** Default: the clone. */
  readonly cwd?: string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is run. Default: this runtime. */
  readonly file?: string;
}

/** The program with what it has written. */
export class Program {
  out = "";
  err = "";
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(
    args: readonly string[],
    { stdout = "pipe", cwd = ROOT, env = {}, file = process.execPath }: ProgramOptions = {},
  ) {
    this.#child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", stdout, "pipe"],
    });
    this.#child.stdout?.on("data", (bytes: Uint8Array) => void (this.out += new TextDecoder().decode(bytes)));
    this.#child.stderr?.on("data", (bytes: Uint8Array) => void (this.err += new TextDecoder().decode(bytes)));
    this.ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  signal(name: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL"): void {
    // Not `child.kill`: after it, Deno reports the signal that was sent in place of the exit code.
    if (this.#child.pid !== undefined) process.kill(this.#child.pid, name);
  }

  /** The first group of a pattern, as soon as stdout and stderr have it. */
  async untilWritten(pattern: RegExp): Promise<string> {
    let isOver = false;
    void this.ended.then(() => isOver = true);
    for (;;) {
      const match = pattern.exec(this.out + this.err);
      if (match !== null) return match[1] ?? "";
      assert.ok(!isOver, `it ended without ${pattern}: ${this.out}${this.err}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Starts the program. */
export function loopgate(...words: readonly string[]): Program {
  return new Program([...RUN, MAIN, ...words]);
}

/** A folder with the sample `hello`, which is gone afterwards. */
export async function withHello(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-"));
  try {
    await cp(join(ROOT, "workloads/hello"), join(folder, "hello"), { recursive: true });
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
