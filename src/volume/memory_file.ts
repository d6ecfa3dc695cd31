/** A file in memory: pieces of one size, and holes where nothing was written. */
import type { EntryStat, FileAccess, NewTimes, VolumeFile } from "./entry.ts";
import { fileError } from "./entry.ts";
import { type MemoryTools, type NodeTimes, setTimes } from "./memory_node.ts";

/** Bytes of a piece; a file of one byte takes one. */
const PIECE_BYTES = 4096;

/** What a file of a volume in memory is, however many names and handles it has. */
export class MemoryFileNode {
  readonly kind = "regular-file";
  readonly inode: bigint;
  readonly times: NodeTimes;
  readonly #tools: MemoryTools;
  readonly #pieces: (Uint8Array | undefined)[] = [];
  #size = 0;
  /** Names. */
  links = 0;
  /** Handles. */
  #users = 0;

  constructor(tools: MemoryTools) {
    this.#tools = tools;
    this.inode = tools.nextInode();
    this.times = tools.newTimes();
  }

  get size(): number {
    return this.#size;
  }

  open(): void {
    this.#users++;
  }

  close(): void {
    this.#users--;
    this.#freeIfUnused();
  }

  /** A name has gone. */
  unlink(): void {
    this.links--;
    this.times.changedNs = this.#tools.nowNs();
    this.#freeIfUnused();
  }

  read(length: number, offset: number): Uint8Array {
    const end = Math.min(this.#size, offset + length);
    if (offset >= end) return new Uint8Array(0);
    const bytes = new Uint8Array(end - offset);
    for (let at = offset; at < end;) {
      const start = at % PIECE_BYTES;
      const next = Math.min(end, at - start + PIECE_BYTES);
      const piece = this.#pieces[(at - start) / PIECE_BYTES];
      if (piece !== undefined) bytes.set(piece.subarray(start, start + next - at), at - offset);
      at = next;
    }
    this.times.accessedNs = this.#tools.nowNs();
    return bytes;
  }

  write(bytes: Uint8Array, offset: number): number {
    const end = offset + bytes.length;
    if (!Number.isSafeInteger(end)) throw fileError("file-too-large");
    if (end > this.#size) this.setSize(end);
    for (let at = offset; at < end;) {
      const start = at % PIECE_BYTES;
      const next = Math.min(end, at - start + PIECE_BYTES);
      const piece = this.#pieces[(at - start) / PIECE_BYTES] ??= new Uint8Array(PIECE_BYTES);
      piece.set(bytes.subarray(at - offset, next - offset), start);
      at = next;
    }
    this.#touch();
    return end;
  }

  /** Holes count like what is written: a size is a promise of room. */
  setSize(size: number): void {
    const change = wholePieces(size) - wholePieces(this.#size);
    if (change > 0) this.#tools.quota.takeBytes(change);
    else this.#tools.quota.giveBytes(-change);
    if (size < this.#size) {
      this.#pieces.length = Math.min(this.#pieces.length, Math.ceil(size / PIECE_BYTES));
      // What a later growth must not bring back.
      if (size % PIECE_BYTES > 0) this.#pieces[Math.floor(size / PIECE_BYTES)]?.fill(0, size % PIECE_BYTES);
    }
    this.#size = size;
    this.#touch();
  }

  #touch(): void {
    this.times.modifiedNs = this.times.changedNs = this.#tools.nowNs();
  }

  #freeIfUnused(): void {
    if (this.links > 0 || this.#users > 0) return;
    this.#tools.quota.giveBytes(wholePieces(this.#size));
    this.#size = 0;
    this.#pieces.length = 0;
  }
}

/** A handle on a file in memory. */
export class MemoryFile implements VolumeFile {
  readonly volume: object;
  readonly #opened: MemoryFileNode;
  readonly #tools: MemoryTools;
  readonly #access: FileAccess;

  constructor(node: MemoryFileNode, access: FileAccess, tools: MemoryTools) {
    this.volume = tools.volume;
    this.#opened = node;
    this.#tools = tools;
    this.#access = access;
    node.open();
  }

  stat(): EntryStat {
    return this.#tools.statOf(this.#node);
  }

  read(length: number, offset: number): Uint8Array {
    if (!this.#access.isReadable) throw fileError("bad-descriptor");
    return this.#node.read(length, offset);
  }

  write(bytes: Uint8Array, at: number | "end"): number {
    this.#assertWritable();
    return this.#node.write(bytes, at === "end" ? this.#node.size : at);
  }

  setSize(size: number): void {
    this.#assertWritable();
    this.#node.setSize(size);
  }

  setTimes(times: NewTimes): void {
    setTimes(this.#node.times, times, this.#tools.nowNs());
  }

  sync(): void {
    this.#tools.assertGiven();
  }

  close(): void {
    this.#opened.close();
  }

  /** As long as the volume is given. */
  get #node(): MemoryFileNode {
    this.#tools.assertGiven();
    return this.#opened;
  }

  #assertWritable(): void {
    if (!this.#access.isWritable) throw fileError("bad-descriptor");
  }
}

function wholePieces(bytes: number): number {
  return Math.ceil(bytes / PIECE_BYTES) * PIECE_BYTES;
}
