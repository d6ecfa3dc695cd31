/** A folder of workloads, read and checked: specs, and every fault of every file at once. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { sortDiagnostics } from "../base/diagnostics_text.ts";
import type { GatewaySpec, WorkloadSpec } from "../workload/spec.ts";
import { type FileReader, joinPath } from "./file_reader.ts";
import { type Ceiling, GATEWAY_NAME, loadGatewayFile, NO_GATEWAY_FILE } from "./gateway_file.ts";
import type { RouteClaims } from "./route_claims.ts";
import { type PlacedRoute, tiesOf } from "./route_ties.ts";
import { readSubFolder } from "./sub_folder.ts";
import { hasGatewayFile, listFolder, subFolderNames, topFaults } from "./sub_folders.ts";
import { ROUTE_ENDING, WORKLOAD_NAME } from "./workload_folder.ts";

/** What a folder came to. */
export interface LoadedFolder {
  /** The workloads without a fault, by name. */
  readonly workloads: readonly WorkloadSpec[];
  /**
   * What could be read of the workloads with faults: their components are looked at with all others, so that every
   * fault is told at once. Not to be served.
   */
  readonly drafts: readonly WorkloadSpec[];
  readonly gateway: GatewaySpec;
  /** By file and place; the gateway starts when there are none. */
  readonly diagnostics: readonly Diagnostic[];
  /** Those among them that are of no single workload: of the operator's files, of the folder, of two workloads with one route. */
  readonly shared: readonly Diagnostic[];
  /** By sub-folder. */
  readonly claims: ReadonlyMap<string, RouteClaims>;
  /** What the operator cuts; `readSubFolder` needs it. */
  readonly ceiling: Ceiling;
  /** By sub-folder, those with faults and those that are no workload yet included: what to read it again for. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** What to read everything again for: the folder itself, `gateway.jsonc` (there or not) and the file of its `ca`. */
  readonly sharedDependencies: readonly string[];
  /** Those among them that no workload is made of. */
  readonly listenerFiles: readonly string[];
}

/**
 * Reads a folder. Each sub-folder with a `workload.jsonc` or a `*.route.jsonc` is a workload; others, `dist`,
 * `node_modules` and folders that start with a dot are not.
 *
 * @param folder as the user named it; diagnostics name files below it in the same way
 * @example
 * const { workloads, diagnostics } = await loadFolder("workloads", folderFiles);
 */
export async function loadFolder(folder: string, files: FileReader): Promise<LoadedFolder> {
  const listed = await listFolder(folder, { files });
  if ("fault" in listed) {
    const { gateway, ceiling } = NO_GATEWAY_FILE;
    const nothing = { workloads: [], drafts: [], gateway, ceiling, dependencies: new Map(), claims: new Map() };
    const faults = { diagnostics: [listed.fault], shared: [listed.fault] };
    return { ...nothing, ...faults, sharedDependencies: [folder], listenerFiles: [] };
  }
  const { entries } = listed;
  const operator = hasGatewayFile(entries) ? await loadGatewayFile(folder, files) : NO_GATEWAY_FILE;
  const { ceiling } = operator;
  const shared: Diagnostic[] = [...topFaults(folder, entries), ...operator.diagnostics];
  const own: Diagnostic[] = [];
  const workloads: WorkloadSpec[] = [];
  const drafts: WorkloadSpec[] = [];
  const routes: PlacedRoute[] = [];
  const dependencies = new Map<string, readonly string[]>();
  const claims = new Map<string, RouteClaims>();
  let isEmpty = true;
  for (const name of subFolderNames(entries)) {
    const read = await readSubFolder(name, { folder, files, ceiling });
    if (read.isWorkload) isEmpty = false;
    dependencies.set(name, read.dependencies);
    claims.set(name, read.claims);
    own.push(...read.diagnostics);
    routes.push(...read.routes);
    if (read.workload !== undefined) workloads.push(read.workload);
    else if (read.draft !== undefined) drafts.push(read.draft);
  }
  if (isEmpty && shared.length + own.length === 0) {
    const message = `Cannot serve "${folder}": it has no workload, ` +
      `expected a sub-folder with ${WORKLOAD_NAME} or <name>${ROUTE_ENDING}`;
    shared.push({ code: "LG1301", file: folder, line: 1, column: 1, message });
  }
  const ties = tiesOf(routes);
  const tied = new Set(ties.map(({ fault }) => fault.file));
  const isTied = (workload: WorkloadSpec): boolean => workload.routes.some((route) => tied.has(route.file));
  return {
    workloads: workloads.filter((workload) => !isTied(workload)),
    drafts: [...drafts, ...workloads.filter(isTied)],
    gateway: operator.gateway,
    diagnostics: sortDiagnostics([...shared, ...own, ...ties.map(({ fault }) => fault)]),
    shared: sortDiagnostics([...shared, ...ties.filter(({ isOwn }) => !isOwn).map(({ fault }) => fault)]),
    claims,
    ceiling,
    dependencies,
    sharedDependencies: [folder, joinPath(folder, GATEWAY_NAME), ...operator.dependencies],
    listenerFiles: operator.listenerFiles,
  };
}
