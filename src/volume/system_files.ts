/**
 * The system calls of folder volumes, each on one name in one open directory, with the system's errors as WIT has them.
 *
 * Neither runtime has `openat` and its like. On Linux `/proc/self/fd/N/name` is the same: the system goes to what the
 * descriptor stands for, wherever that was moved to, and looks up one name there. Elsewhere a directory is its path, and
 * before each use the path is compared with what is open (`isStillAt`); another process that is quick enough could still put
 * a link there in between, and docs/volumes.md says so.
 *
 * What is only about names and sizes is done at once: on a local disk that takes 5 to 30 us. What moves data, or may wait
 * for the disk, is done by the runtime's threads.
 */
import * as fs from "node:fs";
import process from "node:process";
import {
  type EntryKind,
  type EntryStat,
  type FileAccess,
  fileError,
  type FileErrorCode,
  type NewTimes,
  type VisitEntry,
} from "./entry.ts";
import { Places } from "./places.ts";

const { O_SYNC, O_DSYNC, O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } =
  fs.constants;

/** Where the system shows what is open. */
const DESCRIPTORS = "/proc/self/fd";

/** For new files and directories: the operator's umask takes from it. */
const FILE_MODE = 0o666;
const DIRECTORY_MODE = 0o777;
/** Entries that a listing takes from the system at a time. */
const LIST_BUFFER = 1024;
/**
 * Directories that are read at a time, as many as Node has threads for it. Deno takes a whole directory from the system
 * before it shows the first entry, so a thousand guests that list one at once would hold it a thousand times, uncounted.
 */
const LISTINGS: Places = new Places(4);

/** An open directory. */
export interface SystemDirectory {
  readonly fd: number;
  /** Where it was when it was opened; used only where the system does not show what is open. */
  readonly path: string;
}

/**
 * The folder of a volume. `path` had no links when it was read; what was opened must be there without any, for a guest that
 * may write above it could have put one in between.
 */
export function openFolder(path: string): SystemDirectory {
  const fd = attempt(() => fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  try {
    if (attempt(() => realPathOf(fd, path)) !== path) throw fileError("no-entry");
    return { fd, path };
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** Where the system says that the open directory is. */
function realPathOf(fd: number, path: string): string {
  return hasDescriptors() ? fs.readlinkSync(`${DESCRIPTORS}/${fd}`) : fs.realpathSync.native(path);
}

/** Opens what `lookup` has found; `name` "." is the directory itself. */
export function openDirectoryAt(directory: SystemDirectory, name: string): SystemDirectory {
  const path = name === "." ? directory.path : `${directory.path}/${name}`;
  return attempt(() => ({ fd: fs.openSync(at(directory, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path }));
}

/** Opens a file that is there. It never creates, cuts or waits for anything. */
export function openFileAt(directory: SystemDirectory, name: string, access: FileAccess): number {
  const { isReadable, isWritable } = access;
  const mode = isWritable ? isReadable ? O_RDWR : O_WRONLY : O_RDONLY;
  return attempt(() => fs.openSync(at(directory, name), mode | syncFlag(access) | O_NOFOLLOW | O_NONBLOCK));
}

/** The name must be free; a link that leads nowhere is not free. */
export function createFileAt(directory: SystemDirectory, name: string, access: FileAccess): number {
  const flags = O_RDWR | O_CREAT | O_EXCL | syncFlag(access) | O_NOFOLLOW | O_NONBLOCK;
  return attempt(() => fs.openSync(at(directory, name), flags, FILE_MODE));
}

/** Undefined when nothing has the name. */
export function statAt(directory: SystemDirectory, name: string): EntryStat | undefined {
  const stats = attempt(() => fs.lstatSync(at(directory, name), { bigint: true, throwIfNoEntry: false }));
  return stats && entryStat(stats);
}

/** Of what is open. */
export function statOf(fd: number): EntryStat {
  return attempt(() => entryStat(fs.fstatSync(fd, { bigint: true })));
}

/** The target of a link. */
export function readLinkAt(directory: SystemDirectory, name: string): string {
  const target = attempt(() => fs.readlinkSync(at(directory, name), { encoding: "utf8" }));
  if (target.includes("\uFFFD")) throw fileError("illegal-byte-sequence");
  return target;
}

/** The name must be free. */
export function makeDirectoryAt(directory: SystemDirectory, name: string): void {
  attempt(() => fs.mkdirSync(at(directory, name), { mode: DIRECTORY_MODE }));
}

/** The name must be free. */
export function makeLinkAt(directory: SystemDirectory, name: string, target: string): void {
  attempt(() => fs.symlinkSync(target, at(directory, name)));
}

/** A link goes, not what it leads to. */
export function removeFileAt(directory: SystemDirectory, name: string): void {
  attempt(() => fs.unlinkSync(at(directory, name)));
}

/** It must be empty. */
export function removeDirectoryAt(directory: SystemDirectory, name: string): void {
  attempt(() => fs.rmdirSync(at(directory, name)));
}

/** What has `toName` is replaced; a link is moved, not what it leads to. */
export function renameAt(directory: SystemDirectory, name: string, to: SystemDirectory, toName: string): void {
  attempt(() => fs.renameSync(at(directory, name), at(to, toName)));
}

/** A link gets one more name, not what it leads to. */
export function linkAt(directory: SystemDirectory, name: string, to: SystemDirectory, toName: string): void {
  attempt(() => fs.linkSync(at(directory, name), at(to, toName)));
}

/** Of the name itself, also when it is a link. */
export function setTimesAt(directory: SystemDirectory, name: string, times: NewTimes): void {
  const before = statAt(directory, name);
  if (before === undefined) throw fileError("no-entry");
  attempt(() => fs.lutimesSync(at(directory, name), ...secondsOf(times, before)));
}

/** Of what is open. */
export function setTimesOf(fd: number, times: NewTimes): void {
  const before = statOf(fd);
  attempt(() => fs.futimesSync(fd, ...secondsOf(times, before)));
}

/** Shows `visit` all names; when it throws, no more are read. */
export async function listDirectory(directory: SystemDirectory, visit: VisitEntry): Promise<void> {
  await LISTINGS.during(() =>
    attemptLater(async () => {
      const opened = await fs.promises.opendir(at(directory, "."), { bufferSize: LIST_BUFFER });
      // It is closed at the end of the loop, however that comes.
      for await (const entry of opened) visit({ name: entry.name, kind: kindOf(entry) });
    })
  );
}

/** As many bytes as there are, up to the length of `bytes`. */
export function readAt(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
  return later((done) => fs.read(fd, bytes, 0, bytes.length, offset, (error, count) => done(error, count)));
}

/** Some of `bytes`: how many. */
export function writeAt(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
  return later((done) => fs.write(fd, bytes, 0, bytes.length, offset, (error, count) => done(error, count)));
}

/** Cuts it, or makes it longer with a hole. */
export function setSizeOf(fd: number, size: number): Promise<void> {
  return later((done) => fs.ftruncate(fd, size, (error) => done(error, undefined)));
}

/** Resolves when it is on the disk. */
export function syncOf(fd: number, what: "data" | "all"): Promise<void> {
  return later((done) => (what === "data" ? fs.fdatasync : fs.fsync)(fd, (error) => done(error, undefined)));
}

/** A disk may say only now that something written before got lost. A guest's drop has no answer; `sync` has one. */
export function closeDescriptor(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch (error) {
    if (asFileError(error) === error) throw error;
  }
}

function syncFlag({ sync }: FileAccess): number {
  if (sync === undefined) return 0;
  // The system that has no O_DSYNC gets more than was asked for.
  return sync === "data" ? O_DSYNC ?? O_SYNC : O_SYNC;
}

let known: boolean | undefined;

/** Asked late: Deno shows that place to programs with all permissions only, and those without volumes need not have them. */
function hasDescriptors(): boolean {
  known ??= process.platform === "linux" && fs.existsSync(DESCRIPTORS);
  return known;
}

/** False on a Deno that may read all files, and these not. */
export function canReachNames(): boolean {
  try {
    hasDescriptors();
    return true;
  } catch {
    return false;
  }
}

/** How the system reaches a name in an open directory. */
function at(directory: SystemDirectory, name: string): string {
  if (hasDescriptors()) return `${DESCRIPTORS}/${directory.fd}/${name}`;
  if (!isStillAt(directory)) throw fileError("no-entry");
  return `${directory.path}/${name}`;
}

/** Whether the path of an open directory still leads to it. */
export function isStillAt({ fd, path }: SystemDirectory): boolean {
  const [open, named] = [
    fs.fstatSync(fd, { bigint: true }),
    fs.lstatSync(path, { bigint: true, throwIfNoEntry: false }),
  ];
  return named !== undefined && named.ino === open.ino && named.dev === open.dev;
}

function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asFileError(error);
  }
}

async function attemptLater<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asFileError(error);
  }
}

function later<T>(start: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null || error === undefined) resolve(value);
      else reject(asFileError(error));
    });
  });
}

/** Times that stay are written as they were: both runtimes can only set both. They are exact to a microsecond on Node, to a millisecond on Deno. */
function secondsOf({ accessedNs, modifiedNs }: NewTimes, before: EntryStat): [accessed: number, modified: number] {
  return [Number(accessedNs ?? before.accessedNs) / 1e9, Number(modifiedNs ?? before.modifiedNs) / 1e9];
}

type Kinds = Pick<
  fs.Dirent,
  "isFile" | "isDirectory" | "isSymbolicLink" | "isFIFO" | "isSocket" | "isBlockDevice" | "isCharacterDevice"
>;

function kindOf(entry: Kinds): EntryKind {
  if (entry.isFile()) return "regular-file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symbolic-link";
  if (entry.isFIFO()) return "fifo";
  if (entry.isSocket()) return "socket";
  if (entry.isBlockDevice()) return "block-device";
  return entry.isCharacterDevice() ? "character-device" : "unknown";
}

function entryStat(stats: fs.BigIntStats): EntryStat {
  return {
    kind: kindOf(stats),
    size: stats.size,
    linkCount: stats.nlink,
    device: stats.dev,
    inode: stats.ino,
    accessedNs: stats.atimeNs,
    modifiedNs: stats.mtimeNs,
    changedNs: stats.ctimeNs,
  };
}

const CODES: Readonly<Record<string, FileErrorCode>> = {
  EACCES: "access",
  EBADF: "bad-descriptor",
  EBUSY: "busy",
  EDQUOT: "quota",
  EEXIST: "exist",
  EFBIG: "file-too-large",
  EILSEQ: "illegal-byte-sequence",
  EINTR: "interrupted",
  EINVAL: "invalid",
  EISDIR: "is-directory",
  ELOOP: "loop",
  EMLINK: "too-many-links",
  ENAMETOOLONG: "name-too-long",
  ENODEV: "no-device",
  ENOENT: "no-entry",
  ENOMEM: "insufficient-memory",
  ENOSPC: "insufficient-space",
  ENOTDIR: "not-directory",
  ENOTEMPTY: "not-empty",
  ENOTSUP: "unsupported",
  EOPNOTSUPP: "unsupported",
  EOVERFLOW: "overflow",
  EPERM: "not-permitted",
  EROFS: "read-only",
  ETXTBSY: "text-file-busy",
  EXDEV: "cross-device",
  // The process has no descriptor left; WIT has no EMFILE.
  EMFILE: "insufficient-memory",
  ENFILE: "insufficient-memory",
};

/** Anything else that the system says is an input or output error; what is no error of the system is a fault of ours. */
function asFileError(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  return error.code.startsWith("ERR_") ? error : fileError(CODES[error.code] ?? "io");
}
