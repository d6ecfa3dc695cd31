/** The file of a component: it has to be there, readable, and within its workload's folder. */
import { nearestWord } from "../base/nearest_word.ts";
import { fileFault, type FileReader, isBelow, joinPath } from "./file_reader.ts";

/** Why a component's file cannot be used. */
export interface ComponentFileFault {
  /** The rest of the sentence after `Cannot use "component": `. */
  readonly is: string;
  readonly fix?: string;
}

/** What was found of a component's file. */
export interface CheckedComponentFile {
  /** Undefined when all is well. */
  readonly fault?: ComponentFileFault;
  /** Of the file, without links, when there is one within the folder. */
  readonly realPath?: string;
}

/** `folder` is the workload's, `realFolder` the same without links. */
export async function checkComponentFile(
  path: string,
  workload: { readonly folder: string; readonly realFolder: string; readonly files: FileReader },
): Promise<CheckedComponentFile> {
  const { folder, realFolder, files } = workload;
  const file = joinPath(folder, path);
  let facts;
  try {
    facts = await files.inspect(file);
  } catch (error) {
    return { fault: { is: `${fileFault(error)}, expected a component in "${file}"` } };
  }
  if (facts === undefined) {
    const near = await nearestFile(path, folder, files);
    const fix = near === undefined ? "build it (loopgate build), or correct the path" : `did you mean "${near}"?`;
    return { fault: { is: `there is no file "${file}", expected a component`, fix } };
  }
  if (!isBelow(facts.realPath, realFolder)) {
    const fix = "copy the component into the folder: a workload is what its folder holds";
    return { fault: { is: `"${path}" is a link that leaves the workload's folder, expected a file within it`, fix } };
  }
  const { realPath } = facts;
  if (facts.kind !== "file") return { fault: { is: `"${file}" is no file, expected a component` }, realPath };
  if (!facts.isReadable) return { fault: { is: `this user may not read "${file}", expected a component` }, realPath };
  return { realPath };
}

/** A file beside the missing one with nearly its name. */
async function nearestFile(path: string, folder: string, files: FileReader): Promise<string | undefined> {
  const slash = path.lastIndexOf("/") + 1;
  const beside = path.slice(0, slash);
  const where = beside === "" ? folder : joinPath(folder, beside.slice(0, -1));
  let names: readonly string[];
  try {
    names = (await files.list(where)).filter((entry) => entry.kind === "file").map((entry) => entry.name);
  } catch {
    // Only a hint is lost: the fault itself is reported by the caller.
    return undefined;
  }
  const name = nearestWord(path.slice(slash), names.filter((each) => !each.endsWith(".jsonc")));
  return name === undefined ? undefined : beside + name;
}
