/**
 * What every volume is made of: directories and files behind handles, whatever keeps them. Names here are single: paths,
 * links and `..` are resolved in one place for all kinds of volumes (`walk.ts`), so that none of them can get it wrong.
 */
import { WitError } from "../base/errors.ts";

/** What stands under a name; WIT `descriptor-type`. */
export type EntryKind =
  | "unknown"
  | "block-device"
  | "character-device"
  | "directory"
  | "fifo"
  | "symbolic-link"
  | "regular-file"
  | "socket";

/** The codes of WIT `error-code` that volumes answer with. */
export type FileErrorCode =
  | "access"
  | "bad-descriptor"
  | "busy"
  | "cross-device"
  | "exist"
  | "file-too-large"
  | "illegal-byte-sequence"
  | "insufficient-memory"
  | "insufficient-space"
  | "interrupted"
  | "invalid"
  | "io"
  | "is-directory"
  | "loop"
  | "name-too-long"
  | "no-device"
  | "no-entry"
  | "not-directory"
  | "not-empty"
  | "not-permitted"
  | "overflow"
  | "quota"
  | "read-only"
  | "text-file-busy"
  | "too-many-links"
  | "unsupported";

/** What is known of a file, a directory or a link. Times are nanoseconds since 1970. */
export interface EntryStat {
  readonly kind: EntryKind;
  /** Of a link: the length of its target. */
  readonly size: bigint;
  readonly linkCount: bigint;
  /** With `inode`, what makes two names the same object. */
  readonly device: bigint;
  readonly inode: bigint;
  readonly accessedNs: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

/** Times to set, in nanoseconds since 1970; what is missing stays. */
export interface NewTimes {
  readonly accessedNs?: bigint | undefined;
  readonly modifiedNs?: bigint | undefined;
}

/** A name in a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

/** Is shown one entry of a directory; what it throws ends the listing. */
export type VisitEntry = (entry: DirectoryEntry) => void;

/** How a file is opened. */
export interface FileAccess {
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** What is on the disk when a write has answered: its data, or all that is known of the file. Default: whatever the system likes. */
  readonly sync?: "data" | "all" | undefined;
}

/** A value now, or when the disk has answered. */
export type Late<T> = T | Promise<T>;

/** An open directory. No function follows a link: a name stands for what is in the directory itself. They throw `WitError<FileErrorCode>`. */
export interface VolumeDirectory {
  /** The volume; links and renames stay within one. */
  readonly volume: object;
  /** Undefined when changes may begin; else who wants to change something waits first. */
  untilCounted(): Promise<void> | undefined;
  stat(): EntryStat;
  /** Undefined when nothing has the name. */
  lookup(name: string): EntryStat | undefined;
  /** `entry` is what `lookup` said. */
  openFile(name: string, entry: EntryStat, access: FileAccess): VolumeFile;
  openDirectory(name: string, entry: EntryStat): VolumeDirectory;
  /** The same directory once more. */
  reopen(): VolumeDirectory;
  readLink(name: string): string;
  /** Shows `visit` all names but `.` and `..`, in no order, until it throws. */
  list(visit: VisitEntry): Late<void>;
  /** The name must be free. */
  createFile(name: string, access: FileAccess): VolumeFile;
  createDirectory(name: string): void;
  createLink(name: string, target: string): void;
  removeFile(name: string): void;
  removeDirectory(name: string): void;
  rename(name: string, to: VolumeDirectory, toName: string): void;
  /** One more name for a file. */
  link(name: string, to: VolumeDirectory, toName: string): void;
  setTimes(times: NewTimes): void;
  setTimesOf(name: string, times: NewTimes): void;
  sync(): Late<void>;
  /** Once. */
  close(): void;
}

/** An open file. Whoever calls one of the late functions keeps it open until it has answered. */
export interface VolumeFile {
  readonly volume: object;
  stat(): EntryStat;
  /** Up to `length` bytes, which nobody else changes any more; none at the end of the file. */
  read(length: number, offset: number): Late<Uint8Array>;
  /** Writes all of `bytes`, which are the file's from now on, and resolves to where they end. */
  write(bytes: Uint8Array, at: number | "end"): Late<number>;
  setSize(size: number): Late<void>;
  setTimes(times: NewTimes): void;
  /** Resolves when the data (and with "all" what is known of it) is on the disk. */
  sync(what: "data" | "all"): Late<void>;
  /** Once. */
  close(): void;
}

/** An error for the guest. */
export function fileError(code: FileErrorCode): WitError<FileErrorCode> {
  return new WitError(code);
}

/** The limits of volumes, as they are counted. */
export type VolumeLimit =
  | "descriptors"
  | "openFiles"
  | "processOpenFiles"
  | "volumeSize"
  | "volumeFiles"
  | "directoryEntries";

/** A limit was met; the guest gets `payload`, the operator `detail`. */
export class VolumeLimitError extends WitError<FileErrorCode> {
  readonly limit: VolumeLimit;
  readonly detail: string;
  constructor(code: FileErrorCode, limit: VolumeLimit, detail: string) {
    super(code);
    this.limit = limit;
    this.detail = detail;
  }
}
