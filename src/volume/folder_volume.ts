/** A folder of the machine as a volume. */
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";
import { type DirectoryEntry, type EntryStat, fileError, type VolumeDirectory, VolumeLimitError } from "./entry.ts";
import { FolderDirectory } from "./folder_directory.ts";
import { FolderUse } from "./folder_use.ts";
import { Quota, type QuotaLimits } from "./quota.ts";
import { canReachNames, openFolder } from "./system_files.ts";

/** Whether the runtime lets this process serve folders at all. */
export function canServeFolders(): boolean {
  return canReachNames();
}

/** How a folder is opened. */
export interface FolderVolumeOptions {
  /** Without links: whoever names the folder has followed them. */
  readonly realPath: string;
  /** What guests may put there; undefined: they may only read. */
  readonly writing?: QuotaLimits | undefined;
  readonly monotonicMs: () => number;
}

/** A volume that is full is counted anew, for the operator may have tidied up; but no more often than this. */
const RECOUNT_MS = 5_000;

/** Folders below each other that a count goes into: each is open meanwhile. */
const COUNT_DEPTH_MAX = 256;
/** Names looked at before others get their turn: about a millisecond. */
const COUNT_STEP = 64;

/** Opens the folder when it is first asked for, and counts what is in it when it can be written. */
export class FolderVolume {
  readonly realPath: string;
  /** Undefined: guests may only read. */
  readonly use: FolderUse | undefined;
  readonly #monotonicMs: () => number;
  #root: FolderDirectory | undefined;
  #counting: Promise<void> | undefined;
  #countedMs = 0;
  #isClosed = false;
  #isGiven = true;

  constructor({ realPath, writing, monotonicMs }: FolderVolumeOptions) {
    this.realPath = realPath;
    this.use = writing && new FolderUse(new Quota(writing, { onFull: () => this.#recount() }));
    this.#monotonicMs = monotonicMs;
  }

  /**
   * A new handle on the folder.
   *
   * @throws {WitError<FileErrorCode>} when it is not there any more
   */
  root(): FolderDirectory {
    this.assertGiven();
    // Another folder has taken its place: the one that is open is nobody's any more.
    if (this.#root?.isInPlace === false && this.#counting === undefined) {
      this.#root.close();
      this.#root = undefined;
    }
    if (this.#root === undefined) {
      this.#root = new FolderDirectory(this, openFolder(this.realPath));
      // Without a limit there is nothing to count for.
      if (this.use !== undefined && Number.isFinite(this.use.quota.limits.bytesMax)) {
        this.#counting = this.#count(this.#root, this.use);
      }
    }
    return this.#root.reopen();
  }

  /** Whether anybody may use it, whatever they have open. */
  setGiven(isGiven: boolean): void {
    this.#isGiven = isGiven;
  }

  /** @throws {WitError<FileErrorCode>} `not-permitted` when nobody may */
  assertGiven(): void {
    if (!this.#isGiven) throw fileError("not-permitted");
  }

  /** Before that nothing may change. */
  untilCounted(): Promise<void> | undefined {
    return this.#counting;
  }

  /** Resolves when nothing of it is open but what guests still have. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#counting;
    this.#root?.close();
    this.#root = undefined;
  }

  /** Whoever met the limit is refused; whoever comes after the count is not, if there is room. */
  #recount(): void {
    const [root, use] = [this.#root, this.use];
    if (root === undefined || use === undefined || this.#counting !== undefined || this.#isClosed) return;
    if (this.#monotonicMs() - this.#countedMs < RECOUNT_MS) return;
    this.#counting = this.#count(root, use);
  }

  async #count(root: FolderDirectory, use: FolderUse): Promise<void> {
    const { quota } = use;
    const counter = new Counter(use, () => this.#isClosed);
    try {
      await counter.count(root, 0);
      const { bytes, files } = counter;
      quota.reset({ bytes: bytes + use.unlinkedBytes, files });
    } catch {
      // A folder that cannot be counted, or holds more than it may, is full: it can be read, and emptied.
      quota.reset({ bytes: quota.limits.bytesMax, files: quota.limits.filesMax });
    } finally {
      this.#countedMs = this.#monotonicMs();
      this.#counting = undefined;
    }
  }
}

/** Adds up names and sizes; a file with several names counts once. */
class Counter {
  bytes = 0;
  files = 0;
  readonly #use: FolderUse;
  readonly #filesMax: number;
  readonly #isEnded: () => boolean;
  /** Files with more than one name. */
  readonly #linked = new Set<string>();

  constructor(use: FolderUse, isEnded: () => boolean) {
    this.#use = use;
    this.#filesMax = use.quota.limits.filesMax;
    this.#isEnded = isEnded;
  }

  async count(directory: VolumeDirectory, depth: number): Promise<void> {
    const entries: DirectoryEntry[] = [];
    await directory.list((entry) => {
      if (entries.push(entry) > this.#filesMax) throw tooManyFiles();
    });
    for (const [index, { name }] of entries.entries()) {
      if (this.#isEnded()) return;
      if (index % COUNT_STEP === COUNT_STEP - 1) await new Promise<void>((resolve) => nextEventLoopTurn(resolve));
      const entry = directory.lookup(name);
      if (entry === undefined) continue;
      if (++this.files > this.#filesMax) throw tooManyFiles();
      if (entry.kind === "directory") await this.#countIn(directory, name, { entry, depth });
      else if (entry.kind === "regular-file") this.#add(entry);
    }
  }

  async #countIn(
    directory: VolumeDirectory,
    name: string,
    { entry, depth }: { readonly entry: EntryStat; readonly depth: number },
  ): Promise<void> {
    if (depth >= COUNT_DEPTH_MAX) throw new VolumeLimitError("name-too-long", "volumeFiles", "folders are too deep");
    const inner = directory.openDirectory(name, entry);
    try {
      await this.count(inner, depth + 1);
    } finally {
      inner.close();
    }
  }

  #add(entry: EntryStat): void {
    const { linkCount, device, inode } = entry;
    if (linkCount > 1n) {
      const key = `${device}:${inode}`;
      if (this.#linked.has(key)) return;
      this.#linked.add(key);
    }
    this.bytes += this.#use.sizeOf(entry);
  }
}

function tooManyFiles(): VolumeLimitError {
  return new VolumeLimitError("insufficient-space", "volumeFiles", "too many files");
}
