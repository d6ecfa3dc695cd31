/** An open file of a folder volume. */
import { keptBytes } from "../base/kept_bytes.ts";
import { type EntryStat, fileError, type NewTimes, type VolumeFile } from "./entry.ts";
import type { FolderUse, SizedFile } from "./folder_use.ts";
import type { FolderVolume } from "./folder_volume.ts";
import { closeDescriptor, readAt, setSizeOf, setTimesOf, statOf, syncOf, writeAt } from "./system_files.ts";

/** Of a file whose folder can be written. */
interface Writing {
  readonly use: FolderUse;
  readonly sized: SizedFile;
  readonly untilCounted: () => Promise<void> | undefined;
}

/** Reads and writes by the runtime's threads: a disk that is slow keeps nobody else waiting. */
export class FolderFile implements VolumeFile {
  readonly volume: FolderVolume;
  readonly #descriptor: number;
  readonly #opened: EntryStat;
  readonly #writing: Writing | undefined;

  /** `stat` is of `fd`, which is the file's from now on. */
  constructor(volume: FolderVolume, fd: number, { stat, writing }: {
    readonly stat: EntryStat;
    readonly writing?: { readonly use: FolderUse; readonly untilCounted: () => Promise<void> | undefined } | undefined;
  }) {
    this.volume = volume;
    this.#descriptor = fd;
    this.#opened = stat;
    this.#writing = writing && { ...writing, sized: writing.use.open(stat) };
  }

  stat(): EntryStat {
    return statOf(this.#fd);
  }

  async read(length: number, offset: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const count = await readAt(this.#fd, bytes, offset);
    return keptBytes(bytes.subarray(0, count));
  }

  async write(bytes: Uint8Array, at: number | "end"): Promise<number> {
    const { use, sized, untilCounted } = this.#assertWritable();
    await untilCounted();
    const start = at === "end" ? this.#endNow() : at;
    const end = start + bytes.length;
    if (!Number.isSafeInteger(end)) throw fileError("file-too-large");
    if (end > sized.size) use.resize(sized, end);
    await this.#change(async () => {
      for (let written = 0; written < bytes.length;) {
        written += await writeAt(this.#fd, bytes.subarray(written), start + written);
      }
    });
    return end;
  }

  async setSize(size: number): Promise<void> {
    const { use, sized, untilCounted } = this.#assertWritable();
    await untilCounted();
    if (size > sized.size) use.resize(sized, size);
    else sized.isUncertain = true;
    await this.#change(() => setSizeOf(this.#fd, size));
  }

  setTimes(times: NewTimes): void {
    this.#assertWritable();
    setTimesOf(this.#fd, times);
  }

  sync(what: "data" | "all"): Promise<void> {
    return syncOf(this.#fd, what);
  }

  close(): void {
    this.#writing?.use.close(this.#writing.sized, this.#opened);
    closeDescriptor(this.#descriptor);
  }

  /** As long as the volume is given. */
  get #fd(): number {
    this.volume.assertGiven();
    return this.#descriptor;
  }

  /** Where the file ends, with what is being written; others may have made it longer. */
  #endNow(): number {
    const { use, sized } = this.#assertWritable();
    if (sized.changes === 0) use.found(sized, Number(statOf(this.#fd).size));
    return sized.size;
  }

  /** The last of several that change the size at once asks the disk what came of them, where that is not plain. */
  async #change(work: () => Promise<void>): Promise<void> {
    const { use, sized } = this.#assertWritable();
    sized.changes++;
    try {
      await work();
    } catch (error) {
      sized.isUncertain = true;
      throw error;
    } finally {
      sized.changes--;
      if (sized.isUncertain && sized.changes === 0) use.found(sized, Number(statOf(this.#descriptor).size));
    }
  }

  #assertWritable(): Writing {
    if (this.#writing === undefined) throw fileError("read-only");
    return this.#writing;
  }
}
