/** Builds as processes: a guest's tools and first lines in a process of this program's, or a program that the user's file names. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type BuildJob, type BuildReport, type FinishedJob, parseReport, type RunJob } from "../build/build_job.ts";
import type { RunProgram } from "../build/command_build.ts";

const CHILD = fileURLToPath(new URL("./build_child.ts", import.meta.url));
/** A guest whose first lines never end would hold up its build for ever. StarlingMonkey takes a tenth of it. */
const JOB_MS_MAX = 120_000;
/** What is kept of what a build prints: its end has the reason. */
const PRINTED_MAX = 64 * 1024;

/** Runs jobs in processes of their own, each for so long. */
export function jobRunner(deadlineMs: number = JOB_MS_MAX): RunJob {
  return (job) => runJob(job, deadlineMs);
}

async function runJob(job: BuildJob, deadlineMs: number): Promise<FinishedJob> {
  const child = fork(CHILD, [job.kind, JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // What it prints is shown as text.
    env: { ...process.env, NO_COLOR: "1" },
  });
  let report: BuildReport | undefined;
  child.on("message", (message) => void (report ??= parseReport(message)));
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, deadlineMs);
  const { ended, printed } = await followed(child);
  clearTimeout(deadline);
  if (report !== undefined) return { report, printed };
  const message = isLate
    ? `Cannot build: its first lines did not end within ${deadlineMs / 1000} s, expected a module that can be loaded`
    : `Cannot build: the build process ${ended}, expected a component`;
  return { report: { kind: "faulty", faults: [{ code: "LG6004", message }], inputs: [] }, printed };
}

/** Runs a program of the user's. What it prints is held until it ends: several may run. */
export const runProgram: RunProgram = async ([file = "", ...args], folder) => {
  const child = spawn(file, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const { exitCode, ended, printed, isMissing } = await followed(child);
  return { exitCode, printed: exitCode === null ? `${printed}${ended}\n` : printed, isMissing };
};

interface Followed {
  readonly exitCode: number | null;
  /** As the end of a sentence. */
  readonly ended: string;
  readonly printed: string;
  /** There is no such program. */
  readonly isMissing: boolean;
}

function followed(child: ChildProcess): Promise<Followed> {
  return new Promise((resolve) => {
    const decoder = new TextDecoder();
    let printed = "";
    const collect = (bytes: Uint8Array): void => {
      printed = (printed + decoder.decode(bytes, { stream: true })).slice(-PRINTED_MAX);
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.on("error", (error) => {
      // Also for a message that could not be sent: then the end is on its way.
      if (child.pid === undefined) {
        const isMissing = "code" in error && error.code === "ENOENT";
        resolve({ exitCode: null, ended: `could not be started: ${error.message}`, printed, isMissing });
      }
    });
    child.on("close", (exitCode, signal) => {
      const ended = exitCode === null ? `was ended by ${signal ?? "a signal"}` : `ended with ${exitCode}`;
      resolve({ exitCode, ended, printed, isMissing: false });
    });
  });
}
