/** A folder of workloads, read and checked: specs, and every fault of every file at once. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { sortDiagnostics } from "../base/diagnostics_text.ts";
import { findTies } from "../router/specificity.ts";
import type { GatewaySpec, WorkloadSpec } from "../workload/spec.ts";
import { fileFault, type FileReader, type FolderEntry, joinPath } from "./file_reader.ts";
import { GATEWAY_NAME, loadGatewayFile, NO_GATEWAY_FILE } from "./gateway_file.ts";
import { isWorkloadFile, loadWorkload, type PlacedRoute, ROUTE_ENDING, WORKLOAD_NAME } from "./workload_folder.ts";

/** What a folder came to. */
export interface LoadedFolder {
  /** The workloads without a fault, by name. */
  readonly workloads: readonly WorkloadSpec[];
  readonly gateway: GatewaySpec;
  /** By file and place; the gateway starts when there are none. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Folders of tools and results; they are never workloads. */
const SKIPPED: ReadonlySet<string> = new Set(["dist", "node_modules"]);

/**
 * Reads a folder. Each sub-folder with a `workload.jsonc` or a `*.route.jsonc` is a workload; others, `dist`,
 * `node_modules` and folders that start with a dot are not.
 *
 * @param folder as the user named it; diagnostics name files below it in the same way
 * @example
 * const { workloads, diagnostics } = await loadFolder("workloads", folderFiles);
 */
export async function loadFolder(folder: string, files: FileReader): Promise<LoadedFolder> {
  const diagnostics: Diagnostic[] = [];
  const entries = await listFolder(folder, files, diagnostics);
  if (entries === undefined) return { workloads: [], gateway: NO_GATEWAY_FILE.gateway, diagnostics };
  diagnostics.push(...topFaults(folder, entries));
  const hasGateway = entries.some(({ name, kind }) => name === GATEWAY_NAME && kind !== "folder");
  const operator = hasGateway ? await loadGatewayFile(folder, files) : NO_GATEWAY_FILE;
  diagnostics.push(...operator.diagnostics);
  // Of a faulty file no fault follows for the workloads below it: it is mended first.
  const ceiling = { layer: operator.ceiling, isSound: operator.diagnostics.length === 0 };
  const workloads: WorkloadSpec[] = [];
  const routes: PlacedRoute[] = [];
  let isEmpty = true;
  for (const { name, kind } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (kind !== "folder" || SKIPPED.has(name) || name.startsWith(".")) continue;
    const subFolder = joinPath(folder, name);
    const subEntries = await listFolder(subFolder, files, diagnostics);
    if (subEntries === undefined) continue;
    const misnamed = misnamedFiles(subFolder, subEntries);
    diagnostics.push(...misnamed);
    if (misnamed.length > 0) isEmpty = false;
    if (!subEntries.some((entry) => isWorkloadFile(entry.name))) continue;
    isEmpty = false;
    const loaded = await loadWorkload({ folder: subFolder, name, entries: subEntries, ceiling }, files);
    diagnostics.push(...loaded.diagnostics);
    routes.push(...loaded.routes);
    if (loaded.workload !== undefined && misnamed.length === 0) workloads.push(loaded.workload);
  }
  if (isEmpty && diagnostics.length === 0) {
    const message = `Cannot serve "${folder}": it has no workload, ` +
      `expected a sub-folder with ${WORKLOAD_NAME} or <name>${ROUTE_ENDING}`;
    diagnostics.push({ file: folder, line: 1, column: 1, message });
  }
  const ties = tieFaults(routes);
  diagnostics.push(...ties);
  const tied = new Set(ties.map((tie) => tie.file));
  const sound = workloads.filter((workload) => !workload.routes.some((route) => tied.has(route.file)));
  return { workloads: sound, gateway: operator.gateway, diagnostics: sortDiagnostics(diagnostics) };
}

async function listFolder(
  folder: string,
  files: FileReader,
  diagnostics: Diagnostic[],
): Promise<readonly FolderEntry[] | undefined> {
  try {
    return await files.list(folder === "" ? "." : folder);
  } catch (error) {
    const message = `Cannot read the folder "${folder}": ${fileFault(error)}, expected a folder of workloads`;
    diagnostics.push({ file: folder, line: 1, column: 1, message });
    return undefined;
  }
}

/** Files that stand one level too high, or nearly have the name of the operator's file. */
function topFaults(folder: string, entries: readonly FolderEntry[]): readonly Diagnostic[] {
  return entries.flatMap(({ name, kind }): Diagnostic[] => {
    const place = { file: joinPath(folder, name), line: 1, column: 1 };
    if (kind !== "folder" && isWorkloadFile(name)) {
      const message = `Cannot use the file: it stands beside the workloads, expected it in a sub-folder`;
      return [{ ...place, message, fix: "serve the folder above, or move the file into a folder of its own" }];
    }
    if (kind !== "folder" && name !== GATEWAY_NAME && /^gateways?\.jsonc?$/i.test(name)) {
      const message = `Cannot use the file: its name is "${name}", expected ${GATEWAY_NAME}`;
      return [{ ...place, message, fix: `rename it to ${GATEWAY_NAME}` }];
    }
    return [];
  });
}

/** Names that are nearly those of our files: they would be passed over in silence. */
function misnamedFiles(folder: string, entries: readonly FolderEntry[]): readonly Diagnostic[] {
  return entries.flatMap(({ name, kind }): Diagnostic[] => {
    if (kind !== "folder" && /^gateways?\.jsonc?$/i.test(name)) {
      const message = "Cannot use the file: it stands in a workload, expected it beside the workloads";
      return [{ file: joinPath(folder, name), line: 1, column: 1, message, fix: "move it into the folder above" }];
    }
    const rightName = kind === "folder" || isWorkloadFile(name) ? undefined : rightNameOf(name);
    if (rightName === undefined) return [];
    const message = `Cannot use the file: its name is "${name}", expected ${WORKLOAD_NAME} or <name>${ROUTE_ENDING}`;
    return [{ file: joinPath(folder, name), line: 1, column: 1, message, fix: `rename it to ${rightName}` }];
  });
}

function rightNameOf(name: string): string | undefined {
  if (/^workloads?\.jsonc?$/i.test(name)) return WORKLOAD_NAME;
  if (/^routes?\.jsonc?$/i.test(name)) return `<name>${ROUTE_ENDING}`;
  const route = /^(.+)[._-]routes?\.jsonc?$/i.exec(name);
  return route?.[1] === undefined ? undefined : route[1] + ROUTE_ENDING;
}

/** Routes that answer the same requests; each later one is told, and names the earlier one. */
function tieFaults(routes: readonly PlacedRoute[]): readonly Diagnostic[] {
  return findTies(routes).map(({ first, second }) => {
    const { host, path } = second.match;
    const where = `${first.document.file}:${first.document.lineOf(first.offset)}`;
    const message = `Cannot route "${host}" "${path}": "${where}" answers the same requests, ` +
      "expected two routes to differ in host, path or methods";
    return second.document.fault(second.offset, message);
  });
}
