/** The first reading of the gateway's folder: all of it, and all of its faults at once. */
import { sortDiagnostics } from "../base/diagnostics_text.ts";
import { LoopgateError } from "../base/errors.ts";
import { joinPath } from "../config/file_reader.ts";
import type { LoadedGateway } from "../config/gateway_file.ts";
import { loadFolder } from "../config/load_folder.ts";
import { DigestingFiles } from "./digesting_files.ts";
import { type FolderReadingOptions, sharedFingerprint, workloadsFingerprint } from "./folder_reading.ts";
import { loadComponents } from "./load_components.ts";
import { canServeFolders } from "../volume/folder_volume.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import type { WorkloadVersion } from "./workload_version.ts";

/** What a gateway starts with, in the form in which later readings are compared with it. */
export interface FirstReading {
  readonly operator: LoadedGateway;
  readonly fingerprint: string;
  /** `SharedReading.workloadsFingerprint`. */
  readonly workloadsFingerprint: string;
  readonly files: readonly string[];
  /** By sub-folder, those that are no workload included. */
  readonly parts: ReadonlyMap<string, FirstPart>;
}

/** A sub-folder; without a version it is no workload. */
export interface FirstPart {
  readonly version: WorkloadVersion | undefined;
  readonly fingerprint: string;
  readonly files: readonly string[];
}

/** @throws {LoopgateError} ERR_CONFIG with all diagnostics */
export async function readFolder({ folder, files, cache }: FolderReadingOptions): Promise<FirstReading> {
  const digesting = new DigestingFiles(files);
  const read = await loadFolder(folder, digesting);
  const loaded = await loadComponents([...read.workloads, ...read.drafts], { cache, files: digesting });
  const all = sortDiagnostics([...read.diagnostics, ...loaded.diagnostics]);
  if (all.length > 0) {
    const faults = all.length === 1 ? "a fault" : `${all.length} faults`;
    const message = `Cannot serve "${folder}": its files have ${faults}, expected none`;
    throw new LoopgateError("LG1000", message, { diagnostics: all });
  }
  checkFolders(folder, read.workloads);
  const parts = new Map<string, FirstPart>();
  for (const [name, dependencies] of read.dependencies) {
    const made = dependencies.filter((path) => path !== joinPath(folder, name));
    const spec = read.workloads.find((workload) => workload.name === name);
    const fingerprint = spec === undefined ? "absent" : digesting.fingerprint(made);
    const components = new Map([...loaded.components].filter(([path]) => made.includes(path)));
    parts.set(name, { version: spec && { spec, components, fingerprint }, fingerprint, files: made });
  }
  const shared = read.sharedDependencies.filter((path) => path !== folder);
  const [, ...dependencies] = shared;
  const { gateway, ceiling, listenerFiles } = read;
  const operator = { gateway, ceiling, diagnostics: [], dependencies, listenerFiles };
  const fingerprint = sharedFingerprint(digesting, shared, []);
  const forWorkloads = workloadsFingerprint(digesting, shared, operator);
  return { operator, fingerprint, workloadsFingerprint: forWorkloads, files: shared, parts };
}

/** A gateway whose guests find no file of theirs must not look as if all were well. */
function checkFolders(folder: string, workloads: readonly WorkloadSpec[]): void {
  const named = workloads.find(({ service, routes }) =>
    [service, ...routes].some((guest) => guest?.volumes?.some(({ kind }) => kind === "folder"))
  );
  if (named === undefined || canServeFolders()) return;
  throw new LoopgateError(
    "LG1601",
    `Cannot serve "${folder}": "${named.name}" has a volume that is a folder, which Deno opens to programs with all ` +
      "permissions alone, expected `deno run -A`",
  );
}
