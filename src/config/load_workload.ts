/** One workload of a gateway's folder, read by itself: what a reload needs. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { sortDiagnostics } from "../base/diagnostics_text.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import { type FileReader, joinPath } from "./file_reader.ts";
import type { Ceiling } from "./gateway_file.ts";
import { type PlacedRoute, tieFaults } from "./route_ties.ts";
import { isWorkloadName, listFolder, misnamedFiles } from "./sub_folders.ts";
import { isWorkloadFile, readWorkloadFolder } from "./workload_folder.ts";

/** What a sub-folder came to. */
export interface LoadedWorkload {
  /** False: there is no such folder, or it has no file that makes it a workload. */
  readonly isThere: boolean;
  /** Undefined when it is not there or one of its files has a fault. */
  readonly workload: WorkloadSpec | undefined;
  /** By file and place. */
  readonly diagnostics: readonly Diagnostic[];
  /** What it was made of: the folder itself (names that come and go), its files, and the components that they name. */
  readonly dependencies: readonly string[];
}

/** What a workload is read with. */
export interface LoadWorkloadOptions {
  /** The gateway's folder, as the user named it. */
  readonly folder: string;
  readonly files: FileReader;
  /** `LoadedFolder.ceiling`. */
  readonly ceiling: Ceiling;
  /** The workloads that stay beside it; a route that ties with one of theirs is a fault here. */
  readonly others: readonly WorkloadSpec[];
}

/**
 * Reads the sub-folder `name`. It throws nothing: what cannot be read is a fault.
 *
 * @example
 * const { ceiling, workloads } = await loadFolder("workloads", folderFiles);
 * const others = workloads.filter((workload) => workload.name !== "shop");
 * const { workload, diagnostics } = await loadWorkload("shop", { folder: "workloads", files: folderFiles, ceiling, others });
 */
export async function loadWorkload(name: string, options: LoadWorkloadOptions): Promise<LoadedWorkload> {
  const { folder, files, ceiling, others } = options;
  const top = isWorkloadName(name) ? await listFolder(folder, files) : { entries: [] };
  if ("fault" in top) {
    return { isThere: false, workload: undefined, diagnostics: [top.fault], dependencies: [joinPath(folder, name)] };
  }
  const isThere = top.entries.some((entry) => entry.name === name && entry.kind === "folder");
  const read = isThere ? await readSubFolder(name, { folder, files, ceiling }) : undefined;
  if (read === undefined) {
    return { isThere: false, workload: undefined, diagnostics: [], dependencies: [joinPath(folder, name)] };
  }
  const diagnostics = sortDiagnostics([...read.diagnostics, ...tieFaults(read.routes, others)]);
  return {
    isThere: read.isWorkload,
    workload: diagnostics.length === 0 ? read.workload : undefined,
    diagnostics,
    dependencies: read.dependencies,
  };
}

/** A sub-folder by itself, before its routes are held against those of others. */
export interface ReadSubFolder {
  /** Whether it has a file that makes it a workload. */
  readonly isWorkload: boolean;
  readonly workload: WorkloadSpec | undefined;
  /** All routes that could be read, those of a faulty workload too. */
  readonly routes: readonly PlacedRoute[];
  readonly diagnostics: readonly Diagnostic[];
  readonly dependencies: readonly string[];
}

/** Reads the sub-folder, which is there. */
export async function readSubFolder(
  name: string,
  { folder, files, ceiling }: Omit<LoadWorkloadOptions, "others">,
): Promise<ReadSubFolder> {
  const subFolder = joinPath(folder, name);
  const listed = await listFolder(subFolder, files);
  const nothing = { isWorkload: false, workload: undefined, routes: [], dependencies: [subFolder] };
  if ("fault" in listed) return { ...nothing, diagnostics: [listed.fault] };
  const { entries } = listed;
  const misnamed = misnamedFiles(subFolder, entries);
  if (!entries.some((entry) => isWorkloadFile(entry.name))) return { ...nothing, diagnostics: misnamed };
  const read = await readWorkloadFolder({ folder: subFolder, name, entries, ceiling }, files);
  return {
    isWorkload: true,
    workload: misnamed.length === 0 ? read.workload : undefined,
    routes: read.routes,
    diagnostics: [...misnamed, ...read.diagnostics],
    dependencies: [subFolder, ...read.dependencies],
  };
}
