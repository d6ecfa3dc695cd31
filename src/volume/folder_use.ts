/**
 * What a folder holds, kept while guests change it: counted once when the volume is opened, then by each change. A file has
 * one size however many names and handles it has, and one that was removed while it is open counts until it is closed.
 */
import type { EntryStat } from "./entry.ts";
import type { Quota } from "./quota.ts";

/** An open file that may grow. */
export interface SizedFile {
  /** As far as is known, with what is being written. */
  size: number;
  users: number;
  /** Operations under way that may change its size. */
  changes: number;
  /** One of them failed or cut it: how long it is, only the disk knows. */
  isUncertain: boolean;
  /** Its last name has gone. */
  isUnlinked: boolean;
}

/** The sizes of what is open, over the volume's quota. */
export class FolderUse {
  readonly quota: Quota;
  readonly #open = new Map<string, SizedFile>();

  constructor(quota: Quota) {
    this.quota = quota;
  }

  /** Files that are open now. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Of files that have no name any more: no count of the folder finds them. */
  get unlinkedBytes(): number {
    let bytes = 0;
    for (const { isUnlinked, size } of this.#open.values()) if (isUnlinked) bytes += size;
    return bytes;
  }

  /** The size of what a count finds: of what is open, with what is being written. */
  sizeOf(stat: EntryStat): number {
    return this.#open.get(keyOf(stat))?.size ?? Number(stat.size);
  }

  open(stat: EntryStat): SizedFile {
    const key = keyOf(stat);
    let file = this.#open.get(key);
    if (file === undefined) {
      file = { size: Number(stat.size), users: 0, changes: 0, isUncertain: false, isUnlinked: false };
      this.#open.set(key, file);
    }
    file.users++;
    return file;
  }

  close(file: SizedFile, stat: EntryStat): void {
    if (--file.users > 0) return;
    this.#open.delete(keyOf(stat));
    if (file.isUnlinked) this.quota.giveBytes(file.size);
  }

  /** The file is to have `size` bytes; what it grows by is taken first. */
  resize(file: SizedFile, size: number): void {
    if (size > file.size) this.quota.takeBytes(size - file.size);
    else this.quota.giveBytes(file.size - size);
    file.size = size;
  }

  /** The disk says that the file has `size` bytes: they are there, so they count, even past the limit. */
  found(file: SizedFile, size: number): void {
    const { bytes, files } = this.quota;
    this.quota.reset({ bytes: Math.max(0, bytes + size - file.size), files });
    file.size = size;
    file.isUncertain = false;
  }

  /** A name has gone; `stat` is what it stood for. */
  unlinked(stat: EntryStat): void {
    this.quota.giveFile();
    if (stat.kind !== "regular-file" || stat.linkCount > 1n) return;
    const open = this.#open.get(keyOf(stat));
    if (open === undefined) this.quota.giveBytes(Number(stat.size));
    else open.isUnlinked = true;
  }
}

function keyOf({ device, inode }: EntryStat): string {
  return `${device}:${inode}`;
}
