/** One reading of the gateway's folder, part by part: what a reload holds against what is served. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { sortDiagnostics } from "../base/diagnostics_text.ts";
import type { ComponentCache } from "../component/cache.ts";
import { type FileReader, joinPath } from "../config/file_reader.ts";
import { GATEWAY_NAME, type LoadedGateway, loadGatewayFile, NO_GATEWAY_FILE } from "../config/gateway_file.ts";
import { readSubFolder } from "../config/sub_folder.ts";
import type { RouteClaims } from "../config/route_claims.ts";
import { type RoutesBeside, tieFaults } from "../config/route_ties.ts";
import { hasGatewayFile, listFolder, subFolderNames, topFaults } from "../config/sub_folders.ts";
import { DigestingFiles } from "./digesting_files.ts";
import { loadComponents } from "./load_components.ts";
import type { WorkloadVersion } from "./workload_version.ts";

/** The operator's file, and which sub-folders there are. */
export type SharedReading =
  /** The folder itself cannot be read; nothing is known of what is in it. */
  | { readonly kind: "unreadable"; readonly diagnostics: readonly Diagnostic[]; readonly fingerprint: string }
  | {
    readonly kind: "read";
    /** Sub-folders that may be workloads, in order. */
    readonly names: readonly string[];
    readonly operator: LoadedGateway;
    readonly fingerprint: string;
    /** The same without what only the listener is made of: two readings that are equal in this are one for workloads. */
    readonly workloadsFingerprint: string;
    readonly diagnostics: readonly Diagnostic[];
    /** What it was made of besides the folder. */
    readonly files: readonly string[];
  };

/** A sub-folder. */
export type WorkloadReading =
  & (
    /** It is not there, or has no file that makes it a workload. */
    | { readonly kind: "absent"; readonly isGone: boolean }
    | {
      readonly kind: "faulty";
      readonly diagnostics: readonly Diagnostic[];
      readonly claims: RouteClaims;
      readonly isTied: boolean;
    }
    | { readonly kind: "sound"; readonly version: WorkloadVersion }
  )
  & {
    /** Equal for two readings of the same bytes that came to the same. */
    readonly fingerprint: string;
    /** What it was made of besides its folder. */
    readonly files: readonly string[];
  };

/** Where and how is read. */
export interface FolderReadingOptions {
  /** As the user named it. */
  readonly folder: string;
  readonly files: FileReader;
  readonly cache: ComponentCache;
}

/** Reads the folder's names and the operator's file. It throws nothing but faults of the gateway. */
export async function readShared({ folder, files }: FolderReadingOptions): Promise<SharedReading> {
  const digesting = new DigestingFiles(files);
  const listed = await listFolder(folder, { files: digesting });
  if ("fault" in listed) {
    return { kind: "unreadable", diagnostics: [listed.fault], fingerprint: `unreadable ${listed.fault.message}` };
  }
  const { entries } = listed;
  const operator = hasGatewayFile(entries) ? await loadGatewayFile(folder, digesting) : NO_GATEWAY_FILE;
  const diagnostics = sortDiagnostics([...topFaults(folder, entries), ...operator.diagnostics]);
  const made = [joinPath(folder, GATEWAY_NAME), ...operator.dependencies];
  const fingerprint = sharedFingerprint(digesting, made, diagnostics);
  return {
    kind: "read",
    names: subFolderNames(entries),
    operator,
    fingerprint,
    workloadsFingerprint: workloadsFingerprint(digesting, made, operator),
    diagnostics,
    files: made,
  };
}

/** Equal for two readings of the shared part that came to the same. */
export function sharedFingerprint(
  digesting: DigestingFiles,
  files: readonly string[],
  diagnostics: readonly Diagnostic[],
): string {
  return JSON.stringify([digesting.fingerprint(files), diagnostics]);
}

/** Equal for two sound readings of the shared part that came to the same for workloads. */
export function workloadsFingerprint(
  digesting: DigestingFiles,
  files: readonly string[],
  { listenerFiles }: Pick<LoadedGateway, "listenerFiles">,
): string {
  return digesting.fingerprint(files.filter((file) => !listenerFiles.includes(file)));
}

/** Equal for two readings of a sub-folder that came to the same faults. */
export function faultyFingerprint(bytes: string, diagnostics: readonly Diagnostic[]): string {
  return JSON.stringify([bytes, diagnostics]);
}

/** Reads a sub-folder, compiles its components, and holds its routes against those of `others`. */
export async function readWorkload(
  name: string,
  { folder, files, cache, operator, others }: FolderReadingOptions & {
    readonly operator: LoadedGateway;
    /** Routes that stay beside it. */
    readonly others: readonly RoutesBeside[];
  },
): Promise<WorkloadReading> {
  const gone = { kind: "absent", isGone: true, fingerprint: "absent", files: [] } as const;
  if (!(await mayBeFolder(joinPath(folder, name), files))) return gone;
  const digesting = new DigestingFiles(files);
  const read = await readSubFolder(name, { folder, files: digesting, ceiling: operator.ceiling });
  const made = read.dependencies.filter((path) => path !== joinPath(folder, name));
  if (!read.isWorkload && read.diagnostics.length === 0) return { ...gone, isGone: false, files: made };
  const ties = tieFaults(read.routes, others);
  const diagnostics = [...read.diagnostics, ...ties];
  const guests = read.workload ?? read.draft;
  const loaded = guests === undefined ? undefined : await loadComponents([guests], { cache, files: digesting });
  diagnostics.push(...loaded?.diagnostics ?? []);
  const bytes = digesting.fingerprint(made);
  if (read.workload === undefined || loaded === undefined || diagnostics.length > 0) {
    const sorted = sortDiagnostics(diagnostics);
    const fingerprint = faultyFingerprint(bytes, sorted);
    return {
      kind: "faulty",
      diagnostics: sorted,
      claims: read.claims,
      isTied: ties.length > 0,
      fingerprint,
      files: made,
    };
  }
  const version = { spec: read.workload, components: loaded.components, fingerprint: bytes };
  return { kind: "sound", version, fingerprint: bytes, files: made };
}

async function mayBeFolder(path: string, files: FileReader): Promise<boolean> {
  try {
    return (await files.inspect(path))?.kind === "folder";
  } catch {
    // Links in a circle, or a folder above that may not be entered: it is there, and whoever lists it tells why it cannot be read.
    return true;
  }
}
