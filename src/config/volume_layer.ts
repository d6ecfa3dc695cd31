/** From `volumes` of a file to mounts: which folder each one is, whether it may be had, and how much it may hold. */
import { VOLUME_LIMITS } from "../base/limits.ts";
import type { MountSpec } from "../volume/mount.ts";
import { fileFault, type FileReader, isBelow, joinPath } from "./file_reader.ts";
import type { LimitKey } from "./limit_keys.ts";
import { VOLUME_KEYS, VOLUME_MEMORY } from "./limit_keys.ts";
import { limitText, writtenLimit } from "./limit_values.ts";
import type { VolumeCeilingFile, VolumeFile } from "./volume_definition.ts";

/** What the operator allows of volumes. */
export interface VolumeCeiling {
  /** Volumes are off. */
  readonly isOff: boolean;
  readonly mayWrite: boolean;
  /** Outside of the workloads' own; without links. */
  readonly folders: readonly { readonly realPath: string; readonly isWritable: boolean }[];
  readonly bytesMax: number | undefined;
  readonly filesMax: number | undefined;
  readonly memoryBytesMax: number | undefined;
}

/** Where the operator says nothing. */
export const NO_VOLUME_CEILING: VolumeCeiling = {
  isOff: false,
  mayWrite: true,
  folders: [],
  bytesMax: undefined,
  filesMax: undefined,
  memoryBytesMax: undefined,
};

/** What is wrong with a volume: under which of its keys, as the rest of a sentence, and what to do. */
export interface VolumeFault {
  readonly key?: keyof VolumeFile & string;
  readonly is: string;
  readonly fix?: string;
}

/** Where a volume is read. */
export interface VolumePlace {
  /** The workload's folder, and the same without links. */
  readonly folder: string;
  readonly realFolder: string;
  readonly files: FileReader;
  readonly ceiling: VolumeCeiling;
}

/** One volume of a file, or what is wrong with it. */
export async function readVolume(
  path: string,
  volume: VolumeFile,
  place: VolumePlace,
): Promise<{ readonly mount: MountSpec } | { readonly fault: VolumeFault }> {
  const { ceiling } = place;
  if (ceiling.isOff) return { fault: { is: '"volumes" of gateway.jsonc is false, expected none' } };
  if (volume.memory !== undefined) {
    const fault = pastCeiling("memory", volume.memory, { limit: VOLUME_MEMORY, max: ceiling.memoryBytesMax }) ??
      pastCeiling("files", volume.files, { limit: VOLUME_KEYS.files, max: ceiling.filesMax });
    if (fault !== undefined) return { fault };
    const limits = {
      bytesMax: volume.memory,
      filesMax: atMost(volume.files ?? VOLUME_LIMITS.filesMax, ceiling.filesMax),
    };
    return { mount: { kind: "memory", path, isShared: volume.shared === true, limits } };
  }
  const { folder = "", write: isWritable = false, size, files } = volume;
  const found = await findFolder(folder, isWritable, place);
  if ("fault" in found) return found;
  if (isWritable && !ceiling.mayWrite) {
    return {
      fault: { key: "write", is: '"volumes.write" of gateway.jsonc is false, expected a folder that is only read' },
    };
  }
  const fault = pastCeiling("size", size, { limit: VOLUME_KEYS.size, max: ceiling.bytesMax }) ??
    pastCeiling("files", files, { limit: VOLUME_KEYS.files, max: ceiling.filesMax });
  if (fault !== undefined) return { fault };
  const limits = {
    bytesMax: atMost(size ?? VOLUME_LIMITS.bytesMax, ceiling.bytesMax),
    filesMax: atMost(files ?? VOLUME_LIMITS.filesMax, ceiling.filesMax),
  };
  return { mount: { kind: "folder", path, folder, ...found, isWritable, limits } };
}

/** Whether a mount that was read under another ceiling is one under this as well; how much it holds stays. */
export function isMountAllowed(mount: MountSpec, ceiling: VolumeCeiling): boolean {
  if (ceiling.isOff) return false;
  if (mount.kind === "memory") return true;
  const { isWritable, isOwn, realPath } = mount;
  if (isWritable && !ceiling.mayWrite) return false;
  return isOwn || foldersAbove(realPath, ceiling).some((each) => !isWritable || each.isWritable);
}

/** What the operator names that has the folder in it, or is it. */
function foldersAbove(realPath: string, { folders }: VolumeCeiling): VolumeCeiling["folders"] {
  return folders.filter((each) => realPath === each.realPath || isBelow(realPath, each.realPath));
}

/** A mount that cannot be counted, and what is wrong with it. */
interface Uncountable {
  readonly mount: MountSpec;
  readonly is: string;
  readonly fix?: string;
}

/** Volumes of one workload that cannot be counted, because they are one thing with two sizes, or one is a part of the other. */
export function uncountableVolumes(mounts: readonly MountSpec[]): readonly Uncountable[] {
  return [...unequalVolumes(mounts), ...nestedVolumes(mounts)];
}

/** Each would count what is put there through it, so that both together could hold more than the larger one may. */
function nestedVolumes(mounts: readonly MountSpec[]): readonly Uncountable[] {
  const writable = mounts.flatMap((mount) => (mount.kind === "folder" && mount.isWritable ? [mount] : []));
  return writable.flatMap((mount): readonly Uncountable[] => {
    const outer = writable.find((each) => isBelow(mount.realPath, each.realPath));
    if (outer === undefined) return [];
    const is = `the folder is within "${outer.folder}", which guests of this workload write too, ` +
      "expected folders that are counted one by one";
    return [{ mount, is, fix: "put them beside each other, and mount both where both are needed" }];
  });
}

/** Gives the later one. */
function unequalVolumes(mounts: readonly MountSpec[]): readonly Uncountable[] {
  const first = new Map<string, MountSpec>();
  return mounts.flatMap((mount) => {
    if (mount.kind === "memory" ? !mount.isShared : !mount.isWritable) return [];
    const key = mount.kind === "memory" ? `memory ${mount.path}` : `folder ${mount.realPath}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, mount);
      return [];
    }
    const { bytesMax, filesMax } = other.limits;
    if (mount.limits.bytesMax === bytesMax && mount.limits.filesMax === filesMax) return [];
    const name = mount.kind === "memory" ? `the shared volume "${mount.path}"` : `the folder "${mount.folder}"`;
    const limits = `${limitText("size", bytesMax)} and ${filesMax} files`;
    return [{ mount, is: `${name} has ${limits} elsewhere in this workload, expected the same` }];
  });
}

async function findFolder(
  folder: string,
  isWritable: boolean,
  { folder: workload, realFolder, files, ceiling }: VolumePlace,
): Promise<{ readonly realPath: string; readonly isOwn: boolean } | { readonly fault: VolumeFault }> {
  const refuse = (is: string, fix?: string) => ({
    fault: { key: "folder", is, ...(fix !== undefined && { fix }) } as const,
  });
  const shown = folder.startsWith("/") ? folder : joinPath(workload, folder);
  let facts;
  try {
    facts = await files.inspect(shown);
  } catch (error) {
    return refuse(`${fileFault(error)}, expected a folder "${shown}"`);
  }
  if (facts === undefined) return refuse(`there is no folder "${shown}", expected one`, `make it: mkdir -p ${shown}`);
  if (facts.kind !== "folder") return refuse(`"${shown}" is no folder, expected one`);
  const { realPath } = facts;
  if (isBelow(realPath, realFolder)) return { realPath, isOwn: true };
  if (realPath === realFolder) {
    return refuse("it is the workload's folder itself, whose files say what guests may do, expected one within it");
  }
  const allowed = foldersAbove(realPath, ceiling);
  if (allowed.length === 0) {
    const fix = `move it into the workload's folder, or name it in "volumes.folders" of gateway.jsonc`;
    return refuse(`"${folder}" leads out of the workload's folder, expected one within it`, fix);
  }
  if (isWritable && !allowed.some((each) => each.isWritable)) {
    const fix = 'remove "write", or say "write" for it there';
    return refuse(`gateway.jsonc says "read" for it, expected a folder that is only read`, fix);
  }
  return { realPath, isOwn: false };
}

function pastCeiling(
  key: "size" | "files" | "memory",
  asked: number | undefined,
  { limit: { unit }, max }: { readonly limit: LimitKey; readonly max: number | undefined },
): VolumeFault | undefined {
  if (asked === undefined || max === undefined || asked <= max) return undefined;
  const is = `it is ${limitText(unit, asked)}, and "volumes.${key}" of gateway.jsonc is ${limitText(unit, max)}, ` +
    "expected no more than the ceiling";
  return { key, is, fix: `write ${writtenLimit(unit, max)}, or raise "volumes.${key}" in gateway.jsonc` };
}

function atMost(value: number, max: number | undefined): number {
  return max === undefined ? value : Math.min(value, max);
}

/** The operator's `volumes`, whose folders have to be there. */
export async function readVolumeCeiling(
  value: VolumeCeilingFile | undefined,
  { folder, files }: { readonly folder: string; readonly files: FileReader },
): Promise<
  { readonly ceiling: VolumeCeiling; readonly faults: readonly { readonly path: string; readonly is: string }[] }
> {
  if (value === undefined) return { ceiling: NO_VOLUME_CEILING, faults: [] };
  if (value === false) return { ceiling: { ...NO_VOLUME_CEILING, isOff: true }, faults: [] };
  const faults: { path: string; is: string }[] = [];
  const folders: { realPath: string; isWritable: boolean }[] = [];
  for (const [path, access] of Object.entries(value.folders ?? {})) {
    const shown = path.startsWith("/") ? path : joinPath(folder, path);
    try {
      const facts = await files.inspect(shown);
      if (facts?.kind === "folder") folders.push({ realPath: facts.realPath, isWritable: access === "write" });
      else faults.push({ path, is: `there is no folder "${shown}", expected one` });
    } catch (error) {
      faults.push({ path, is: `${fileFault(error)}, expected a folder "${shown}"` });
    }
  }
  const { write = true, size, files: filesMax, memory } = value;
  const ceiling = { isOff: false, mayWrite: write, folders, bytesMax: size, filesMax, memoryBytesMax: memory };
  return { ceiling, faults };
}
