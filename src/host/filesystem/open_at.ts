/** `open-at`: which flags go together, and what is opened or made. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types";
import { type FileAccess, fileError, type VolumeDirectory, type VolumeFile } from "../../volume/entry.ts";
import { OpenHandle } from "../../volume/open_files.ts";
import { type Place, walk } from "../../volume/walk.ts";
import type { Maybe } from "../types.ts";

/** What a descriptor stands for. */
export type Opened =
  | { readonly kind: "directory"; readonly handle: OpenHandle<VolumeDirectory> }
  | { readonly kind: "file"; readonly handle: OpenHandle<VolumeFile>; readonly access: FileAccess };

/** What a guest asks `open-at` for. */
export interface OpenRequest {
  readonly path: string;
  readonly pathFlags: Declared.PathFlags;
  readonly openFlags: Declared.OpenFlags;
  readonly flags: Declared.DescriptorFlags;
  /** Whether anything below the directory may change. */
  readonly isWritable: boolean;
}

/** Opens what the path leads to from `base`. */
export function openAt(base: OpenHandle<VolumeDirectory>, request: OpenRequest): Maybe<Opened> {
  const { path, pathFlags, openFlags, flags, isWritable } = request;
  const { create = false, directory = false, exclusive = false, truncate = false } = openFlags;
  if (directory && (create || exclusive || truncate)) throw fileError("invalid");
  if (!isWritable && (create || truncate || flags.write === true || flags.mutateDirectory === true)) {
    throw fileError("read-only");
  }
  const followsLast = pathFlags.symlinkFollow === true && !(create && exclusive);
  return walk(base.target, path, { last: followsLast ? "follow" : "slash" }, (place) => {
    const opened = openPlace(base, place, request);
    if (opened.kind === "directory" || !truncate) return opened;
    return truncated(opened);
  });
}

function openPlace(base: OpenHandle<VolumeDirectory>, place: Place, { openFlags, flags }: OpenRequest): Opened {
  const { directory: within, name, entry, wantsDirectory } = place;
  const { create = false, directory = false, exclusive = false, truncate = false } = openFlags;
  const isChange = flags.write === true || truncate || create;
  if (name === undefined) {
    if (create && exclusive) throw fileError("exist");
    if (isChange) throw fileError("is-directory");
    return { kind: "directory", handle: new OpenHandle(base.slots, () => within.reopen()) };
  }
  const access = accessOf(flags, truncate);
  if (entry === undefined) {
    if (!create) throw fileError("no-entry");
    if (wantsDirectory) throw fileError("is-directory");
    return { kind: "file", handle: new OpenHandle(base.slots, () => within.createFile(name, access)), access };
  }
  if (create && exclusive) throw fileError("exist");
  if (entry.kind === "symbolic-link") throw fileError("loop");
  if (entry.kind === "directory") {
    if (isChange) throw fileError("is-directory");
    return { kind: "directory", handle: new OpenHandle(base.slots, () => within.openDirectory(name, entry)) };
  }
  if (directory) throw fileError("not-directory");
  return { kind: "file", handle: new OpenHandle(base.slots, () => within.openFile(name, entry, access)), access };
}

function truncated(opened: Extract<Opened, { kind: "file" }>): Maybe<Opened> {
  const { handle } = opened;
  const failed = (error: unknown): never => {
    handle.release();
    throw error;
  };
  try {
    const done = handle.target.setSize(0);
    return done instanceof Promise ? done.then(() => opened, failed) : opened;
  } catch (error) {
    return failed(error);
  }
}

/** The file is opened for what the guest may do with it, and to be cut. Without a flag nothing can be read or written. */
function accessOf(flags: Declared.DescriptorFlags, truncate: boolean): FileAccess {
  const { read = false, write = false, fileIntegritySync = false, dataIntegritySync = false } = flags;
  const sync = fileIntegritySync ? "all" : dataIntegritySync ? "data" : undefined;
  return { isReadable: read, isWritable: write || truncate, sync };
}
