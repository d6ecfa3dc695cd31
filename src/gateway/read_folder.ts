/** The first reading of the gateway's folder: all of it, and all of its faults at once. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { sortDiagnostics } from "../base/diagnostics_text.ts";
import { LoopgateError } from "../base/errors.ts";
import { joinPath } from "../config/file_reader.ts";
import type { LoadedGateway } from "../config/gateway_file.ts";
import { loadFolder } from "../config/load_folder.ts";
import { DigestingFiles } from "./digesting_files.ts";
import {
  faultyFingerprint,
  type FolderReadingOptions,
  sharedFingerprint,
  workloadsFingerprint,
} from "./folder_reading.ts";
import type { LeftOutWorkload } from "./left_out.ts";
import { loadComponents } from "./load_components.ts";
import { canServeFolders } from "../volume/folder_volume.ts";
import type { StartWith, WorkloadSpec } from "../workload/spec.ts";
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

/** A sub-folder; without a version it is no workload, or one that is left out. */
export interface FirstPart {
  readonly version: WorkloadVersion | undefined;
  readonly leftOut?: LeftOutWorkload;
  readonly fingerprint: string;
  readonly files: readonly string[];
}

/** How a first reading is done. */
export interface FirstReadingOptions extends FolderReadingOptions {
  /** Whether workloads with faults may be left out; what the operator's file says comes in. Default: none may. */
  readonly startWith?: (said: StartWith | undefined) => StartWith;
}

/** @throws {LoopgateError} ERR_CONFIG with all diagnostics, or with those that no workload can be left out for */
export async function readFolder(
  { folder, files, cache, startWith = () => "all" }: FirstReadingOptions,
): Promise<FirstReading> {
  const digesting = new DigestingFiles(files);
  const read = await loadFolder(folder, digesting);
  const loaded = await loadComponents([...read.workloads, ...read.drafts], { cache, files: digesting });
  const all = sortDiagnostics([...read.diagnostics, ...loaded.diagnostics]);
  if (all.length > 0 && startWith(read.gateway.startWith) === "all") throw cannotServe(folder, all);
  if (read.shared.length > 0) throw cannotServe(folder, read.shared);
  const faults = faultsByWorkload(all, { folder, names: read.dependencies.keys() });
  const sound = read.workloads.filter(({ name }) => !faults.has(name));
  if (sound.length === 0) throw cannotServe(folder, all);
  checkFolders(folder, sound);
  const parts = new Map<string, FirstPart>();
  for (const [name, dependencies] of read.dependencies) {
    const files = dependencies.filter((path) => path !== joinPath(folder, name));
    const bytes = digesting.fingerprint(files);
    const diagnostics = faults.get(name);
    const spec = sound.find((workload) => workload.name === name);
    if (diagnostics !== undefined) {
      const leftOut = { diagnostics, claims: read.claims.get(name) ?? { routes: [], isPartial: true } };
      parts.set(name, { version: undefined, leftOut, fingerprint: faultyFingerprint(bytes, diagnostics), files });
    } else if (spec === undefined) parts.set(name, { version: undefined, fingerprint: "absent", files });
    else {
      const components = new Map([...loaded.components].filter(([path]) => files.includes(path)));
      parts.set(name, { version: { spec, components, fingerprint: bytes }, fingerprint: bytes, files });
    }
  }
  const shared = read.sharedDependencies.filter((path) => path !== folder);
  const [, ...dependencies] = shared;
  const { gateway, ceiling, listenerFiles } = read;
  const operator = { gateway, ceiling, diagnostics: [], dependencies, listenerFiles };
  const fingerprint = sharedFingerprint(digesting, shared, []);
  const forWorkloads = workloadsFingerprint(digesting, shared, operator);
  return { operator, fingerprint, workloadsFingerprint: forWorkloads, files: shared, parts };
}

function cannotServe(folder: string, diagnostics: readonly Diagnostic[]): LoopgateError {
  const faults = diagnostics.length === 1 ? "a fault" : `${diagnostics.length} faults`;
  const message = `Cannot serve "${folder}": its files have ${faults}, expected none`;
  return new LoopgateError("LG1000", message, { diagnostics });
}

/** Whose file each is. */
function faultsByWorkload(
  diagnostics: readonly Diagnostic[],
  { folder, names }: { readonly folder: string; readonly names: Iterable<string> },
): ReadonlyMap<string, readonly Diagnostic[]> {
  const byName = new Map<string, readonly Diagnostic[]>();
  for (const name of names) {
    const own = joinPath(folder, name);
    const faults = diagnostics.filter(({ file }) => file === own || file.startsWith(`${own}/`));
    if (faults.length > 0) byName.set(name, faults);
  }
  return byName;
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
