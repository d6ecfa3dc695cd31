/** Which sub-folders of the gateway's folder are workloads, and names that are nearly those of our files. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { fileFault, type FileReader, type FolderEntry, joinPath } from "./file_reader.ts";
import { GATEWAY_NAME } from "./gateway_file.ts";
import { isWorkloadFile, ROUTE_ENDING, WORKLOAD_NAME } from "./workload_folder.ts";

/** Folders of tools and results; they are never workloads. */
const SKIPPED: ReadonlySet<string> = new Set(["dist", "node_modules"]);
/** Names that were probably to be the operator's file. */
const NEARLY_GATEWAY = /^gateways?\.jsonc?$/i;

/** The entries, or what keeps them from being read; `expected` says what the folder should be. */
export async function listFolder(
  folder: string,
  { files, expected = "a folder of workloads" }: { readonly files: FileReader; readonly expected?: string },
): Promise<{ readonly entries: readonly FolderEntry[] } | { readonly fault: Diagnostic }> {
  try {
    return { entries: await files.list(folder === "" ? "." : folder) };
  } catch (error) {
    const message = `Cannot read the folder "${folder}": ${fileFault(error)}, expected ${expected}`;
    return { fault: { code: "LG1001", file: folder, line: 1, column: 1, message } };
  }
}

/** Names of the sub-folders that may be workloads, in order; whether they are, their own entries say. */
export function subFolderNames(entries: readonly FolderEntry[]): readonly string[] {
  return entries.filter(mayBeFolder).filter(({ name }) => !SKIPPED.has(name) && !name.startsWith(".")).map(({ name }) =>
    name
  ).toSorted((a, b) => (a < b ? -1 : 1));
}

/** A link that cannot be followed is one, so that its fault is told, and is nobody else's. */
function mayBeFolder({ kind, name }: FolderEntry): boolean {
  if (kind !== "unknown") return kind === "folder";
  return !isWorkloadFile(name) && !NEARLY_GATEWAY.test(name);
}

/** Whether the folder has the operator's file. */
export function hasGatewayFile(entries: readonly FolderEntry[]): boolean {
  return entries.some(({ name, kind }) => name === GATEWAY_NAME && kind !== "folder");
}

/** Files that stand one level too high, or nearly have the name of the operator's file. */
export function topFaults(folder: string, entries: readonly FolderEntry[]): readonly Diagnostic[] {
  return entries.flatMap(({ name, kind }): Diagnostic[] => {
    const place = { file: joinPath(folder, name), line: 1, column: 1 };
    if (kind !== "folder" && isWorkloadFile(name)) {
      const message = `Cannot use the file: it stands beside the workloads, expected it in a sub-folder`;
      return [{
        code: "LG1302",
        ...place,
        message,
        fix: "serve the folder above, or move the file into a folder of its own",
      }];
    }
    if (kind !== "folder" && name !== GATEWAY_NAME && NEARLY_GATEWAY.test(name)) {
      const message = `Cannot use the file: its name is "${name}", expected ${GATEWAY_NAME}`;
      return [{ code: "LG1303", ...place, message, fix: `rename it to ${GATEWAY_NAME}` }];
    }
    return [];
  });
}

/** Names that are nearly those of our files: they would be passed over in silence. */
export function misnamedFiles(folder: string, entries: readonly FolderEntry[]): readonly Diagnostic[] {
  return entries.flatMap(({ name, kind }): Diagnostic[] => {
    if (kind !== "folder" && NEARLY_GATEWAY.test(name)) {
      const message = "Cannot use the file: it stands in a workload, expected it beside the workloads";
      return [{
        code: "LG1302",
        file: joinPath(folder, name),
        line: 1,
        column: 1,
        message,
        fix: "move it into the folder above",
      }];
    }
    const rightName = kind === "folder" || isWorkloadFile(name) ? undefined : rightNameOf(name);
    if (rightName === undefined) return [];
    const message = `Cannot use the file: its name is "${name}", expected ${WORKLOAD_NAME} or <name>${ROUTE_ENDING}`;
    return [{
      code: "LG1303",
      file: joinPath(folder, name),
      line: 1,
      column: 1,
      message,
      fix: `rename it to ${rightName}`,
    }];
  });
}

/** Whether an entry was probably to be the file of a route. */
export function isNearlyRoute({ name, kind }: FolderEntry): boolean {
  return kind !== "folder" && !isWorkloadFile(name) && rightNameOf(name)?.endsWith(ROUTE_ENDING) === true;
}

function rightNameOf(name: string): string | undefined {
  if (/^workloads?\.jsonc?$/i.test(name)) return WORKLOAD_NAME;
  if (/^routes?\.jsonc?$/i.test(name)) return `<name>${ROUTE_ENDING}`;
  const route = /^(.+)[._-]routes?\.jsonc?$/i.exec(name);
  return route?.[1] === undefined ? undefined : route[1] + ROUTE_ENDING;
}
