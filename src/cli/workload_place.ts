/** Where a workload is when its own folder is named in the place of the one above. */
import { basename, join, normalize, resolve } from "node:path";
import type { Diagnostic } from "../base/diagnostics.ts";
import { isWorkloadFolder } from "../build/workload_guests.ts";
import { type FileReader, joinPath } from "../config/file_reader.ts";
import { subFolderNames } from "../config/sub_folders.ts";

/** A folder of workloads. */
export interface WorkloadPlace {
  readonly folder: string;
  /** Lists what is meant of it. */
  readonly files: FileReader;
  /** A text with the workload's paths as they are from here: those of the folder above would be `../shop/src`. */
  readonly shown: (text: string) => string;
}

/**
 * The folder itself; or the one above a workload, with `gateway.jsonc` and of the workloads this one alone. A folder that has
 * workloads in it and a file of one beside them is no workload: the file stands in a wrong place. Fails as the reader does.
 */
export async function workloadPlace(folder: string, files: FileReader): Promise<WorkloadPlace> {
  if (!await isWorkloadFolder(folder, files)) return { folder, files, shown: asItIs };
  for (const name of subFolderNames(await files.list(folder))) {
    if (await isWorkloadFolder(joinPath(folder, name), files)) return { folder, files, shown: asItIs };
  }
  const [above, name] = [join(folder, ".."), basename(resolve(folder))];
  return {
    folder: above,
    files: {
      ...files,
      async list(path) {
        const entries = await files.list(path);
        return path === above ? entries.filter((entry) => entry.kind !== "folder" || entry.name === name) : entries;
      },
    },
    shown: shownFrom(joinPath(above, name), folder),
  };
}

/** Of a folder that is none of a workload. */
export function asItIs(text: string): string {
  return text;
}

function shownFrom(path: string, folder: string): (text: string) => string {
  const inner = joinPath(normalize(folder), "");
  const outer = new RegExp(`(?<![\\w./-])${RegExp.escape(path)}/`, "g");
  return (text) => text.replace(outer, () => inner);
}

/** A fault with its paths as they are from here. */
export function shownDiagnostic(fault: Diagnostic, shown: WorkloadPlace["shown"]): Diagnostic {
  return { ...fault, file: shown(fault.file), message: shown(fault.message) };
}
