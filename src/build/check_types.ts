/** What the TypeScript compiler says of a workload's sources. A build takes types off without a look at them. */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Diagnostic } from "../base/diagnostics.ts";
import { LoopgateError } from "../base/errors.ts";
import { joinPath } from "../config/file_reader.ts";
import { kindAt, readText } from "./build_files.ts";
import type { RunProgram } from "./command_build.ts";
import type { WorkloadPlan } from "./workload_guests.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** `src/hello.ts(7,11): error TS2322: Type 'string' is not assignable to type 'number'.` */
const FAULT = /^(.+)\((\d+),(\d+)\): error (TS\d+): (.*)$/;
/** `error TS2688: Cannot find type definition file for 'x'.`: of the project as a whole. */
const FAULT_OF_PROJECT = /^error (TS\d+): (.*)$/;
const PROJECT = "tsconfig.json";
const TYPED = /\.[cm]?tsx?$/;
const NO_PROJECT = {
  message: `Cannot check the types: there is no ${PROJECT} in the workload or in the folder of workloads`,
  fix: `write one that extends ./.loopgate/${PROJECT}, then build again, which makes that file`,
};

/**
 * The faults of all workloads that have guests of ours, with their lines. A workload has a `tsconfig.json`, or the folder of
 * workloads has one for all; sources in TypeScript that have none are a fault, for nobody would look at them.
 *
 * @throws {LoopgateError} when there is no compiler, or it says what is no fault of a source
 */
export async function checkTypes(
  plans: readonly WorkloadPlan[],
  runProgram: RunProgram,
): Promise<readonly Diagnostic[]> {
  const faults: Diagnostic[] = [];
  const projects = new Set<string>();
  for (const { folder, guests } of plans) {
    const typed = guests.find(({ source }) => TYPED.test(source));
    const project = await projectOf(folder);
    if (project !== undefined && guests.length > 0) projects.add(project);
    else if (typed !== undefined) {
      faults.push({ code: "LG6007", file: typed.source, line: 1, column: 1, ...NO_PROJECT });
    }
  }
  for (const folder of projects) {
    const compiler = await compilerFrom(resolve(folder)) ?? await compilerFrom(ROOT);
    if (compiler === undefined) throw missing(folder);
    // The workload's folder is where it runs, so its paths begin there.
    const { exitCode, printed, isMissing } = await runProgram(
      [compiler, "-p", ".", "--noEmit", "--pretty", "false"],
      folder,
    );
    if (isMissing) throw missing(folder);
    const found = await faultsIn(printed, folder);
    if (exitCode !== 0 && found.length === 0) {
      throw new LoopgateError(
        "LG6007",
        `Cannot check the types of "${folder}": ${printed.trim()}, expected faults with places`,
      );
    }
    faults.push(...found);
  }
  return faults;
}

/** The folder of its project. */
async function projectOf(folder: string): Promise<string | undefined> {
  for (const each of [folder, join(folder, "..")]) if (await kindAt(join(each, PROJECT)) === "file") return each;
  return undefined;
}

async function faultsIn(printed: string, folder: string): Promise<readonly Diagnostic[]> {
  const faults: Diagnostic[] = [];
  for (const text of printed.split(/\r?\n/)) {
    const [, ofProject = "", said = ""] = FAULT_OF_PROJECT.exec(text) ?? [];
    const [, path = "", line = "", column = "", number = "", message = ""] = ofProject === ""
      ? FAULT.exec(text) ?? []
      : ["", PROJECT, "1", "1", ofProject, said];
    if (path === "") continue;
    const file = joinPath(folder, path);
    const source = (await readText(file).catch(() => "")).split(/\r\n?|\n/)[Number(line) - 1];
    faults.push({
      code: "LG6007",
      file,
      line: Number(line),
      column: Number(column),
      message: `The types do not fit: ${message.replace(/\.$/, "")} (${number})`,
      ...(source !== undefined && { source }),
    });
  }
  return faults;
}

/** The one that an author would run there. */
async function compilerFrom(folder: string): Promise<string | undefined> {
  for (let at = folder;; at = dirname(at)) {
    const file = join(at, "node_modules/.bin/tsc");
    if (await kindAt(file) === "file") return file;
    if (at === dirname(at)) return undefined;
  }
}

function missing(folder: string): LoopgateError {
  const what = `Cannot check the types of "${folder}": there is no TypeScript compiler`;
  return new LoopgateError(
    "LG6007",
    `${what}, expected one in a node_modules folder\nInstall with: npm install --save-dev typescript`,
  );
}
