/** What the scripts of the clone share: where things are, and running a program to its end. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The clone's root folder. */
export const ROOT: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** A tool installed by npm. */
export function tool(name: string): string {
  return join(ROOT, "node_modules/.bin", name);
}

/** The pinned runtimes, as `run.mjs` found them; undefined where the platform has none. */
export function pinned(name: "node" | "deno"): string | undefined {
  const path = process.env[name === "node" ? "LOOPGATE_NODE" : "LOOPGATE_DENO"];
  return path === undefined || path === "" ? undefined : path;
}

export interface RunResult {
  readonly code: number;
  /** stdout and stderr in the order they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Also show the output while it runs. */
  readonly isShown?: boolean;
  /** After this it is ended, so that something that hangs fails instead of holding everything up. */
  readonly deadlineMs?: number;
}

/** Runs a program in the clone's root and collects its output. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: ROOT,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      if (options.isShown === true) process.stdout.write(chunk);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", reject);
    const deadline = options.deadlineMs === undefined ? undefined : setTimeout(() => {
      output += `\nFAILED: it took longer than ${options.deadlineMs} ms and was ended\n`;
      child.kill("SIGKILL");
    }, options.deadlineMs);
    child.on("close", () => clearTimeout(deadline));
    child.on(
      "close",
      (code, signal) =>
        resolve({ code: code ?? 1, output: signal === null ? output : `${output}\nended by ${signal}\n` }),
    );
  });
}
