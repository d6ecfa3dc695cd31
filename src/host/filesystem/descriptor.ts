// tidy: long because the resource has 27 functions, each with its signature
/**
 * The resource `descriptor`: an open file or directory of a volume. Order of checks: what the descriptor is, whether it may
 * change anything, the arguments, then the path, one name at a time (`volume/walk.ts`).
 *
 * As in wasmtime, a directory that was opened may be changed when its volume may, whatever its flags, for no libc asks for
 * `mutate-directory`; what a file may do, its flags say.
 */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types";
import { HostTrap, WitError } from "../../base/errors.ts";
import { type EntryStat, fileError, type VolumeDirectory, type VolumeFile } from "../../volume/entry.ts";
import { Listing } from "../../volume/listing.ts";
import type { OpenHandle } from "../../volume/open_files.ts";
import { checkPath, leavesStart, type Place, walk, type WalkOptions } from "../../volume/walk.ts";
import { InputStream, OutputStream } from "../io/streams.ts";
import { HostResource } from "../resource.ts";
import type { DescriptorMember, HostSide, Maybe } from "../types.ts";
import { type DescriptorTools, tellFailure, tellingLimits } from "./descriptor_tools.ts";
import { DirectoryEntryStream } from "./directory_entry_stream.ts";
import { FILE_OPERATION_BYTES_MAX, FileSink, FileSource } from "./file_streams.ts";
import { descriptorStat, metadataHash, newTimes } from "./metadata.ts";
import { openAt, type Opened } from "./open_at.ts";

/** An offset that no file has; what is past it is the end of every file. */
const OFFSET_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const LOOK: WalkOptions = { last: "slash" };
const FOLLOW: WalkOptions = { last: "follow" };
/** For what changes a name: the link itself, never what it leads to. */
const KEEP: WalkOptions = { last: "keep" };
const NO_BYTES = new Uint8Array(0);

/** The resource `descriptor`. */
export class Descriptor extends HostResource implements HostSide<Declared.Descriptor, DescriptorMember> {
  readonly #opened: Opened;
  readonly #flags: Declared.DescriptorFlags;
  readonly #tools: DescriptorTools;

  /** `opened` is the descriptor's from now on. */
  constructor(opened: Opened, flags: Declared.DescriptorFlags, tools: DescriptorTools) {
    super(tools);
    this.#opened = opened;
    this.#flags = flags;
    this.#tools = tools;
  }

  // WIT read-via-stream: func(offset: filesize) -> result<input-stream, error-code>
  readViaStream(offset: bigint): InputStream {
    const handle = this.#readable();
    return this.#now(() =>
      new InputStream(new FileSource({ ...this.#streamOptions(handle), offset: place(offset) }), this.#tools)
    );
  }

  // WIT write-via-stream: func(offset: filesize) -> result<output-stream, error-code>
  writeViaStream(offset: bigint): OutputStream {
    const handle = this.#writable();
    return this.#now(() =>
      new OutputStream(new FileSink({ ...this.#streamOptions(handle), offset: place(offset) }), this.#tools)
    );
  }

  // WIT append-via-stream: func() -> result<output-stream, error-code>
  appendViaStream(): OutputStream {
    const handle = this.#writable();
    return this.#now(() =>
      new OutputStream(new FileSink({ ...this.#streamOptions(handle), offset: "end" }), this.#tools)
    );
  }

  // WIT advise: func(offset: filesize, length: filesize, advice: advice) -> result<_, error-code>
  // Neither runtime has posix_fadvise, and an advice may be ignored.
  advise(_offset: bigint, _length: bigint, _advice: Declared.Advice): void {
    this.#file();
  }

  // WIT sync-data: func() -> result<_, error-code>
  syncData(): Maybe<void> {
    return this.#sync("data");
  }

  // WIT get-flags: func() -> result<descriptor-flags, error-code>
  getFlags(): Declared.DescriptorFlags {
    return this.#flags;
  }

  // WIT get-type: func() -> result<descriptor-type, error-code>
  getType(): Declared.DescriptorType {
    return this.#opened.kind === "directory" ? "directory" : "regular-file";
  }

  // WIT set-size: func(size: filesize) -> result<_, error-code>
  setSize(size: bigint): Maybe<void> {
    const handle = this.#writable();
    if (size > OFFSET_MAX) throw fileError("file-too-large");
    return this.#late(() => held(handle, handle.target.setSize(Number(size))));
  }

  // WIT set-times: func(data-access-timestamp: new-timestamp, data-modification-timestamp: new-timestamp) -> result<_, error-code>
  setTimes(accessed: Declared.NewTimestamp, modified: Declared.NewTimestamp): void {
    this.#assertMayChange();
    this.#opened.handle.target.setTimes(newTimes(accessed, modified, () => this.#nowNs()));
  }

  // WIT read: func(length: filesize, offset: filesize) -> result<tuple<list<u8>, bool>, error-code>
  read(length: bigint, offset: bigint): Maybe<[Uint8Array, boolean]> {
    const handle = this.#readable();
    const bytesMax = Number(length > BigInt(FILE_OPERATION_BYTES_MAX) ? FILE_OPERATION_BYTES_MAX : length);
    // Who asks for nothing is told nothing of the end: wasmtime says it is there.
    if (bytesMax === 0) return [NO_BYTES, true];
    const answer = (bytes: Uint8Array): [Uint8Array, boolean] => [bytes, bytes.length === 0];
    const read = held(handle, handle.target.read(bytesMax, place(offset)));
    return read instanceof Promise ? read.then(answer) : answer(read);
  }

  // WIT write: func(buffer: list<u8>, offset: filesize) -> result<filesize, error-code>
  write(buffer: Uint8Array, offset: bigint): Maybe<bigint> {
    const handle = this.#writable();
    // A copy, for the list may be a view of the guest's memory.
    const bytes = buffer.slice(0, FILE_OPERATION_BYTES_MAX);
    const answer = (): bigint => BigInt(bytes.length);
    return this.#late(() => {
      const written = held(handle, handle.target.write(bytes, place(offset)));
      return written instanceof Promise ? written.then(answer) : answer();
    });
  }

  // WIT read-directory: func() -> result<directory-entry-stream, error-code>
  readDirectory(): Maybe<DirectoryEntryStream> {
    const handle = this.#directory();
    const { entries, memory, counters } = this.#tools;
    const listing = new Listing(entries, memory);
    const stream = (): DirectoryEntryStream => new DirectoryEntryStream(listing, { counters, slots: handle.slots });
    const failed = (error: unknown): never => {
      listing.close();
      throw error;
    };
    return this.#late(() => {
      try {
        const listed = held(handle, handle.target.list((entry) => listing.add(entry)));
        return listed instanceof Promise ? listed.then(stream).catch(failed) : stream();
      } catch (error) {
        return failed(error);
      }
    });
  }

  // WIT sync: func() -> result<_, error-code>
  sync(): Maybe<void> {
    return this.#sync("all");
  }

  // WIT create-directory-at: func(path: string) -> result<_, error-code>
  createDirectoryAt(path: string): Maybe<void> {
    return this.#change((base) => {
      walk(base, path, LOOK, ({ directory, name, entry }) => {
        if (name === undefined || entry !== undefined) throw fileError("exist");
        directory.createDirectory(name);
      });
    });
  }

  // WIT stat: func() -> result<descriptor-stat, error-code>
  stat(): Declared.DescriptorStat {
    return descriptorStat(this.#opened.handle.target.stat());
  }

  // WIT stat-at: func(path-flags: path-flags, path: string) -> result<descriptor-stat, error-code>
  statAt(pathFlags: Declared.PathFlags, path: string): Declared.DescriptorStat {
    return walk(this.#directory().target, path, looking(pathFlags), (found) => descriptorStat(statOf(found)));
  }

  // WIT set-times-at: func(path-flags: path-flags, path: string, data-access-timestamp: new-timestamp, data-modification-timestamp: new-timestamp) -> result<_, error-code>
  setTimesAt(
    pathFlags: Declared.PathFlags,
    path: string,
    accessed: Declared.NewTimestamp,
    modified: Declared.NewTimestamp,
  ): void {
    const base = this.#directory().target;
    this.#assertMayChange();
    const times = newTimes(accessed, modified, () => this.#nowNs());
    walk(base, path, looking(pathFlags), (found) => {
      if (found.name === undefined) found.directory.setTimes(times);
      else found.directory.setTimesOf(found.name, times);
    });
  }

  // WIT link-at: func(old-path-flags: path-flags, old-path: string, new-descriptor: borrow<descriptor>, new-path: string) -> result<_, error-code>
  linkAt(
    oldPathFlags: Declared.PathFlags,
    oldPath: string,
    newDescriptor: Descriptor,
    newPath: string,
  ): Maybe<void> {
    return this.#change((base) => {
      const target = newDescriptor.#changeable(base);
      // As in wasmtime: what a link leads to gets no second name.
      if (oldPathFlags.symlinkFollow === true) throw fileError("invalid");
      walk(base, oldPath, KEEP, (from) => {
        const name = nameOf(from);
        walk(target, newPath, KEEP, (to) => {
          if (to.name === undefined || to.entry !== undefined) throw fileError("exist");
          if (to.wantsDirectory) throw fileError("no-entry");
          from.directory.link(name, to.directory, to.name);
        });
      });
    });
  }

  // WIT open-at: func(path-flags: path-flags, path: string, open-flags: open-flags, flags: descriptor-flags) -> result<descriptor, error-code>
  openAt(
    pathFlags: Declared.PathFlags,
    path: string,
    openFlags: Declared.OpenFlags,
    flags: Declared.DescriptorFlags,
  ): Maybe<Descriptor> {
    const handle = this.#directory();
    const { isWritable } = this.#tools;
    const open = (): Maybe<Descriptor> => {
      const opened = openAt(handle, { path, pathFlags, openFlags, flags, isWritable });
      return opened instanceof Promise
        ? opened.then((late) => this.#descriptor(late, flags))
        : this.#descriptor(opened, flags);
    };
    const counting = openFlags.create === true ? handle.target.untilCounted() : undefined;
    return this.#late(() => (counting === undefined ? open() : held(handle, counting.then(open))));
  }

  // WIT readlink-at: func(path: string) -> result<string, error-code>
  readlinkAt(path: string): string {
    return walk(this.#directory().target, path, KEEP, (found) => {
      const { directory, name, entry } = found;
      if (name === undefined) throw fileError("invalid");
      if (entry === undefined) throw fileError("no-entry");
      if (entry.kind !== "symbolic-link") throw fileError("invalid");
      const target = directory.readLink(name);
      // Where it leads to is nothing that a guest can have, and nothing that it should know.
      if (target.startsWith("/")) throw fileError("not-permitted");
      return target;
    });
  }

  // WIT remove-directory-at: func(path: string) -> result<_, error-code>
  removeDirectoryAt(path: string): Maybe<void> {
    return this.#change((base) => {
      walk(base, path, KEEP, (found) => {
        const name = nameOf(found, "invalid");
        if (found.entry?.kind !== "directory") throw fileError("not-directory");
        found.directory.removeDirectory(name);
      });
    });
  }

  // WIT rename-at: func(old-path: string, new-descriptor: borrow<descriptor>, new-path: string) -> result<_, error-code>
  renameAt(oldPath: string, newDescriptor: Descriptor, newPath: string): Maybe<void> {
    return this.#change((base) => {
      const target = newDescriptor.#changeable(base);
      walk(base, oldPath, KEEP, (from) => {
        const name = nameOf(from, "busy");
        walk(target, newPath, KEEP, (to) => {
          if (to.name === undefined) throw fileError("busy");
          if (to.wantsDirectory && from.entry?.kind !== "directory") throw fileError("not-directory");
          from.directory.rename(name, to.directory, to.name);
        });
      });
    });
  }

  // WIT symlink-at: func(old-path: string, new-path: string) -> result<_, error-code>
  symlinkAt(oldPath: string, newPath: string): Maybe<void> {
    return this.#change((base) => {
      checkPath(oldPath);
      walk(base, newPath, KEEP, ({ directory, name, entry, wantsDirectory, depth }) => {
        if (name === undefined || entry !== undefined) throw fileError("exist");
        if (wantsDirectory) throw fileError("no-entry");
        // The guest could not follow it; whoever else looks into the folder might.
        if (leavesStart(oldPath, depth)) throw fileError("not-permitted");
        directory.createLink(name, oldPath);
      });
    });
  }

  // WIT unlink-file-at: func(path: string) -> result<_, error-code>
  unlinkFileAt(path: string): Maybe<void> {
    return this.#change((base) => {
      walk(base, path, KEEP, (found) => found.directory.removeFile(nameOf(found, "is-directory")));
    });
  }

  // WIT is-same-object: func(other: borrow<descriptor>) -> bool
  isSameObject(other: Descriptor): boolean {
    if (other === this) return true;
    const [own, others] = [this, other].map((each) => each.#statNow());
    return own !== undefined && own.device === others?.device && own.inode === others.inode;
  }

  // WIT metadata-hash: func() -> result<metadata-hash-value, error-code>
  metadataHash(): Declared.MetadataHashValue {
    return metadataHash(this.#opened.handle.target.stat());
  }

  // WIT metadata-hash-at: func(path-flags: path-flags, path: string) -> result<metadata-hash-value, error-code>
  metadataHashAt(pathFlags: Declared.PathFlags, path: string): Declared.MetadataHashValue {
    return walk(this.#directory().target, path, looking(pathFlags), (found) => metadataHash(statOf(found)));
  }

  protected override onDrop(): void {
    this.#opened.handle.release();
  }

  #directory(): OpenHandle<VolumeDirectory> {
    if (this.#opened.kind !== "directory") throw fileError("not-directory");
    return this.#opened.handle;
  }

  #file(): Extract<Opened, { kind: "file" }> {
    if (this.#opened.kind !== "file") throw fileError("bad-descriptor");
    return this.#opened;
  }

  #readable(): OpenHandle<VolumeFile> {
    const { handle } = this.#file();
    if (this.#flags.read !== true) throw fileError("bad-descriptor");
    return handle;
  }

  #writable(): OpenHandle<VolumeFile> {
    const { handle } = this.#file();
    if (this.#flags.write !== true) throw fileError("bad-descriptor");
    return handle;
  }

  /** A directory of the volume of `base`, which may be changed too. */
  #changeable(base: VolumeDirectory): VolumeDirectory {
    const { target } = this.#directory();
    if (target.volume !== base.volume) throw fileError("cross-device");
    this.#assertMayChange();
    return target;
  }

  #assertMayChange(): void {
    if (!this.#tools.isWritable) throw fileError("read-only");
  }

  /** Changes something below the directory, once it may be changed. */
  #change(work: (base: VolumeDirectory) => void): Maybe<void> {
    const handle = this.#directory();
    this.#assertMayChange();
    return this.#late(() => {
      const counting = handle.target.untilCounted();
      return counting === undefined ? work(handle.target) : held(handle, counting.then(() => work(handle.target)));
    });
  }

  /** Undefined when it cannot be had: the volume was taken away, the disk fails. */
  #statNow(): EntryStat | undefined {
    try {
      return this.#opened.handle.target.stat();
    } catch (error) {
      if (error instanceof WitError) return undefined;
      throw error;
    }
  }

  #sync(what: "data" | "all"): Maybe<void> {
    const opened = this.#opened;
    if (opened.kind === "file") return held(opened.handle, opened.handle.target.sync(what));
    return held(opened.handle, opened.handle.target.sync());
  }

  #descriptor(opened: Opened, flags: Declared.DescriptorFlags): Descriptor {
    const { isWritable } = this.#tools;
    const shown = opened.kind === "file" ? fileFlags(flags) : { read: true, mutateDirectory: isWritable };
    return new Descriptor(opened, shown, this.#tools);
  }

  #streamOptions(handle: OpenHandle<VolumeFile>) {
    return { handle, onError: (error: unknown) => tellFailure(this.#tools, error) };
  }

  #late<T>(work: () => Maybe<T>): Maybe<T> {
    return tellingLimits(this.#tools, work);
  }

  /** As `#late`, for what is never late. */
  #now<T extends object>(work: () => T): T {
    const done = this.#late(work);
    if (done instanceof Promise) throw new HostTrap("Cannot open a stream: its file is late, expected it open");
    return done;
  }

  #nowNs(): bigint {
    return BigInt(Math.max(0, Math.floor(this.#tools.clock.wallMs() * 1000))) * 1000n;
  }
}

/** A file that is still busy when its guest lets it go stays open until it is not. */
function held<T, R>(handle: OpenHandle<T & { close(): void }>, work: R | Promise<R>): R | Promise<R> {
  return work instanceof Promise ? handle.during(work) : work;
}

function looking({ symlinkFollow }: Declared.PathFlags): WalkOptions {
  return symlinkFollow === true ? FOLLOW : LOOK;
}

function statOf({ directory, name, entry }: Place) {
  if (name === undefined) return directory.stat();
  if (entry === undefined) throw fileError("no-entry");
  return entry;
}

/** The name of something that is there. */
function nameOf(
  { name, entry }: Place,
  ofDirectoryItself: "busy" | "invalid" | "is-directory" | "not-permitted" = "not-permitted",
): string {
  if (name === undefined) throw fileError(ofDirectoryItself);
  if (entry === undefined) throw fileError("no-entry");
  return name;
}

function place(offset: bigint): number {
  return Number(offset > OFFSET_MAX ? OFFSET_MAX : offset);
}

/** What is said of a file is what it was asked for. */
function fileFlags(flags: Declared.DescriptorFlags): Declared.DescriptorFlags {
  return { ...flags, mutateDirectory: false };
}
