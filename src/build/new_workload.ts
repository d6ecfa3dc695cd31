/** `loopgate new`: the files of a workload from a template. Nothing that is there is touched. */
import { join } from "node:path";
import { LoopgateError } from "../base/errors.ts";
import { fileFault, type FileReader, joinPath } from "../config/file_reader.ts";
import { NAME_EXPECTED, WORKLOAD_NAME_PATTERN } from "../config/workload_folder.ts";
import { refreshAuthorFiles } from "./author_files.ts";
import { kindAt, writeNew } from "./build_files.ts";
import { templateFiles, type TemplateName } from "./templates.ts";
import { isWorkloadFolder } from "./workload_guests.ts";

/** What is to be made. */
export interface NewWorkload {
  readonly name: string;
  readonly template: TemplateName;
  /** The folder of workloads. */
  readonly folder: string;
}

/** Names of folders that are never workloads. */
const RESERVED: ReadonlySet<string> = new Set(["dist", "node_modules"]);

/**
 * Writes the files, and gives their paths.
 *
 * @throws {LoopgateError} ERR_USAGE for a bad name, a folder that is there already, or a place that can hold no workload
 */
export async function makeWorkload(
  { name, template, folder }: NewWorkload,
  reader: FileReader,
): Promise<readonly string[]> {
  const refuse = (why: string): LoopgateError =>
    new LoopgateError("LG4004", `Cannot make a workload "${name}": ${why}`);
  if (!WORKLOAD_NAME_PATTERN.test(name)) throw refuse(`its name is no name of a workload, expected ${NAME_EXPECTED}`);
  if (RESERVED.has(name)) throw refuse("a folder of this name is never a workload, expected another name");
  if (await kindAt(folder) === "folder" && await isWorkloadFolder(folder, reader)) {
    throw refuse(`"${folder}" is a workload itself, expected a folder that holds workloads`);
  }
  const target = joinPath(folder, name);
  if (await kindAt(target) !== undefined) throw refuse(`"${target}" is there already, expected a new name`);
  const paths: string[] = [];
  try {
    for (const { path, text } of await templateFiles(template, name)) {
      const file = join(target, path);
      if (!await writeNew(file, text)) throw refuse(`"${file}" is there already, expected a new name`);
      paths.push(joinPath(target, path));
    }
    await refreshAuthorFiles(target, paths);
  } catch (error) {
    if (error instanceof LoopgateError) throw error;
    throw refuse(fileFault(error));
  }
  return paths;
}
