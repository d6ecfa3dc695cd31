/** An open directory of a folder volume. */
import {
  type EntryStat,
  type FileAccess,
  fileError,
  type NewTimes,
  type VisitEntry,
  type VolumeDirectory,
} from "./entry.ts";
import { FolderFile } from "./folder_file.ts";
import type { FolderVolume } from "./folder_volume.ts";
import {
  closeDescriptor,
  createFileAt,
  isStillAt,
  linkAt,
  listDirectory,
  makeDirectoryAt,
  makeLinkAt,
  openDirectoryAt,
  openFileAt,
  readLinkAt,
  removeDirectoryAt,
  removeFileAt,
  renameAt,
  setTimesAt,
  setTimesOf,
  statAt,
  statOf,
  syncOf,
  type SystemDirectory,
} from "./system_files.ts";

/** Holds one descriptor of the process. What it opens is what `lookup` has seen, or it is not opened. */
export class FolderDirectory implements VolumeDirectory {
  readonly volume: FolderVolume;
  readonly #opened: SystemDirectory;

  /** `system` is the directory's from now on. */
  constructor(volume: FolderVolume, system: SystemDirectory) {
    this.volume = volume;
    this.#opened = system;
  }

  /** Whether its path still leads to it. */
  get isInPlace(): boolean {
    return isStillAt(this.#opened);
  }

  untilCounted(): Promise<void> | undefined {
    return this.volume.untilCounted();
  }

  stat(): EntryStat {
    return statOf(this.#system.fd);
  }

  lookup(name: string): EntryStat | undefined {
    return statAt(this.#system, name);
  }

  openFile(name: string, entry: EntryStat, access: FileAccess): FolderFile {
    // Opening a device or a pipe is an act of its own: it can wait, rewind, or set something going.
    if (entry.kind !== "regular-file") throw fileError(entry.kind === "symbolic-link" ? "loop" : "not-permitted");
    if (access.isWritable) this.#assertWritable();
    return this.#fileOf(openFileAt(this.#system, name, access), entry);
  }

  openDirectory(name: string, entry: EntryStat): FolderDirectory {
    const opened = openDirectoryAt(this.#system, name);
    try {
      assertSame(statOf(opened.fd), entry);
    } catch (error) {
      closeDescriptor(opened.fd);
      throw error;
    }
    return new FolderDirectory(this.volume, opened);
  }

  reopen(): FolderDirectory {
    return this.openDirectory(".", this.stat());
  }

  readLink(name: string): string {
    return readLinkAt(this.#system, name);
  }

  list(visit: VisitEntry): Promise<void> {
    return listDirectory(this.#system, visit);
  }

  createFile(name: string, access: FileAccess): FolderFile {
    const fd = this.#counted(() => createFileAt(this.#system, name, access));
    return this.#fileOf(fd, undefined);
  }

  createDirectory(name: string): void {
    this.#counted(() => makeDirectoryAt(this.#system, name));
  }

  createLink(name: string, target: string): void {
    this.#counted(() => makeLinkAt(this.#system, name, target));
  }

  removeFile(name: string): void {
    const use = this.#assertWritable();
    const entry = this.#find(name);
    // The system has EISDIR or EPERM for it.
    if (entry.kind === "directory") throw fileError("is-directory");
    removeFileAt(this.#system, name);
    use.unlinked(entry);
  }

  removeDirectory(name: string): void {
    const use = this.#assertWritable();
    const entry = this.#find(name);
    removeDirectoryAt(this.#system, name);
    use.unlinked(entry);
  }

  rename(name: string, to: FolderDirectory, toName: string): void {
    const use = this.#assertWritable();
    const [entry, there] = [this.#find(name), to.lookup(toName)];
    renameAt(this.#system, name, to.#system, toName);
    // Two names of one file: the system does nothing.
    if (there !== undefined && !isSame(entry, there)) use.unlinked(there);
  }

  link(name: string, to: FolderDirectory, toName: string): void {
    // The system has EPERM for directories; for a link it would depend on the file system.
    if (this.#find(name).kind === "directory") throw fileError("not-permitted");
    to.#counted(() => linkAt(this.#system, name, to.#system, toName));
  }

  setTimes(times: NewTimes): void {
    this.#assertWritable();
    setTimesOf(this.#system.fd, times);
  }

  setTimesOf(name: string, times: NewTimes): void {
    this.#assertWritable();
    setTimesAt(this.#system, name, times);
  }

  sync(): Promise<void> {
    return syncOf(this.#system.fd, "all");
  }

  close(): void {
    closeDescriptor(this.#opened.fd);
  }

  /** As long as the volume is given. */
  get #system(): SystemDirectory {
    this.volume.assertGiven();
    return this.#opened;
  }

  #find(name: string): EntryStat {
    const entry = this.lookup(name);
    if (entry === undefined) throw fileError("no-entry");
    return entry;
  }

  /** One more name, if there may be one. */
  #counted<T>(create: () => T): T {
    const { quota } = this.#assertWritable();
    quota.takeFile();
    try {
      return create();
    } catch (error) {
      quota.giveFile();
      throw error;
    }
  }

  /** `fd` as a file, when it is one and, if something was seen before, that. */
  #fileOf(fd: number, entry: EntryStat | undefined): FolderFile {
    try {
      const stat = statOf(fd);
      if (stat.kind !== "regular-file") throw fileError("not-permitted");
      if (entry !== undefined) assertSame(stat, entry);
      const { use } = this.volume;
      const writing = use && { use, untilCounted: () => this.volume.untilCounted() };
      return new FolderFile(this.volume, fd, { stat, writing });
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
  }

  #assertWritable() {
    const { use } = this.volume;
    if (use === undefined) throw fileError("read-only");
    return use;
  }
}

function isSame(one: EntryStat, other: EntryStat): boolean {
  return one.inode === other.inode && one.device === other.device;
}

/** Somebody put something else there between the look and the opening. */
function assertSame(opened: EntryStat, seen: EntryStat): void {
  if (!isSame(opened, seen)) throw fileError("no-entry");
}
