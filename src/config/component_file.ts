/** The file of a component: it has to be there, readable, and within its workload's folder. */
import { nearestWord } from "../base/nearest_word.ts";
import { fileFault, type FileReader, isBelow, joinPath } from "./file_reader.ts";

/** Why a component's file cannot be used. */
export interface ComponentFileFault {
  /** The rest of the sentence after `Cannot use "component": `. */
  readonly is: string;
  readonly fix?: string;
}

/** Undefined when all is well. `folder` is the workload's, `realFolder` the same without links. */
export async function checkComponentFile(
  path: string,
  workload: { readonly folder: string; readonly realFolder: string; readonly files: FileReader },
): Promise<ComponentFileFault | undefined> {
  const { folder, realFolder, files } = workload;
  const file = joinPath(folder, path);
  let facts;
  try {
    facts = await files.inspect(file);
  } catch (error) {
    return { is: `${fileFault(error)}, expected a component in "${file}"` };
  }
  if (facts === undefined) {
    const near = await nearestFile(path, folder, files);
    const fix = near === undefined ? "build the component, or correct the path" : `did you mean "${near}"?`;
    return { is: `there is no file "${file}", expected a component`, fix };
  }
  if (!isBelow(facts.realPath, realFolder)) {
    const fix = "copy the component into the folder: a workload is what its folder holds";
    return { is: `"${path}" is a link that leaves the workload's folder, expected a file within it`, fix };
  }
  if (facts.kind !== "file") return { is: `"${file}" is no file, expected a component` };
  if (!facts.isReadable) return { is: `this user may not read "${file}", expected a component` };
  return undefined;
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
