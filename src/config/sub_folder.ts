/** One sub-folder of the gateway's folder, read by itself: a part of all, and what a reload needs. */
import type { Diagnostic } from "../base/diagnostics.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import { type FileReader, joinPath } from "./file_reader.ts";
import type { Ceiling } from "./gateway_file.ts";
import type { RouteClaims } from "./route_claims.ts";
import type { PlacedRoute } from "./route_ties.ts";
import { isNearlyRoute, listFolder, misnamedFiles } from "./sub_folders.ts";
import { isWorkloadFile, readWorkloadFolder } from "./workload_folder.ts";

/** What a sub-folder is read with. */
export interface SubFolderOptions {
  /** The gateway's folder, as the user named it. */
  readonly folder: string;
  readonly files: FileReader;
  /** `LoadedFolder.ceiling`. */
  readonly ceiling: Ceiling;
}

/** A sub-folder by itself, before its routes are held against those of others. */
export interface ReadSubFolder {
  /** Whether it has a file that makes it a workload. */
  readonly isWorkload: boolean;
  /** Undefined when it is none, or one of its files has a fault. */
  readonly workload: WorkloadSpec | undefined;
  /** See `LoadedFolder.drafts`; undefined when it is no workload. */
  readonly draft: WorkloadSpec | undefined;
  /** All routes that could be read, those of a faulty workload too. */
  readonly routes: readonly PlacedRoute[];
  /** What is known of the requests that are meant for it. */
  readonly claims: RouteClaims;
  readonly diagnostics: readonly Diagnostic[];
  /** What it was made of: the folder itself (names that come and go), its files, and the components that they name. */
  readonly dependencies: readonly string[];
}

/**
 * Reads the sub-folder, which is there. It throws nothing: what cannot be read is a fault.
 *
 * @example
 * const { ceiling, workloads } = await loadFolder("workloads", folderFiles);
 * const read = await readSubFolder("shop", { folder: "workloads", files: folderFiles, ceiling });
 * const faults = [...read.diagnostics, ...tieFaults(read.routes, workloads.filter(({ name }) => name !== "shop"))];
 */
export async function readSubFolder(
  name: string,
  { folder, files, ceiling }: SubFolderOptions,
): Promise<ReadSubFolder> {
  const subFolder = joinPath(folder, name);
  const listed = await listFolder(subFolder, { files, expected: "a folder of a workload" });
  const nothing = { isWorkload: false, workload: undefined, draft: undefined, routes: [], dependencies: [subFolder] };
  if ("fault" in listed) {
    return { ...nothing, claims: { routes: [], isPartial: true }, diagnostics: [listed.fault] };
  }
  const { entries } = listed;
  const misnamed = misnamedFiles(subFolder, entries);
  const hasMisnamed = entries.some(isNearlyRoute);
  if (!entries.some((entry) => isWorkloadFile(entry.name))) {
    return { ...nothing, claims: { routes: [], isPartial: hasMisnamed }, diagnostics: misnamed };
  }
  const read = await readWorkloadFolder({ folder: subFolder, name, entries, ceiling }, files);
  return {
    isWorkload: true,
    workload: misnamed.length === 0 ? read.workload : undefined,
    draft: read.draft,
    routes: read.routes,
    claims: { ...read.claims, isPartial: read.claims.isPartial || hasMisnamed },
    diagnostics: [...misnamed, ...read.diagnostics],
    dependencies: [subFolder, ...read.dependencies],
  };
}
