/** Directories and links in memory. */
import {
  type EntryStat,
  type FileAccess,
  fileError,
  type NewTimes,
  type VisitEntry,
  type VolumeDirectory,
} from "./entry.ts";
import { MemoryFile, MemoryFileNode } from "./memory_file.ts";
import { type MemoryTools, type NodeTimes, setTimes } from "./memory_node.ts";

/** What an entry takes of the volume's size beside its text: an object of the host with its times, a place in a map. */
export const ENTRY_BYTES = 1024;

/** What a name or a target takes besides: one character past Latin-1 makes all of them two bytes each. */
function textBytes(text: string): number {
  return 2 * text.length;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The same as a string of its own: one that was cut out of another (a name out of a path) would keep all of that. */
function ownText(text: string): string {
  return decoder.decode(encoder.encode(text));
}

/** A link. */
class MemoryLinkNode {
  readonly kind = "symbolic-link";
  readonly inode: bigint;
  readonly times: NodeTimes;
  readonly target: string;
  readonly size: number;
  readonly #tools: MemoryTools;
  links = 1;

  /** Takes the room for its target; when it gets no name, `unlink` gives it back. */
  constructor(target: string, tools: MemoryTools) {
    tools.quota.takeBytes(textBytes(target));
    this.inode = tools.nextInode();
    this.times = tools.newTimes();
    this.target = ownText(target);
    this.size = encoder.encode(target).length;
    this.#tools = tools;
  }

  unlink(): void {
    if (--this.links === 0) this.#tools.quota.giveBytes(textBytes(this.target));
  }
}

type MemoryNode = MemoryFileNode | MemoryLinkNode | MemoryDirectoryNode;

/** What a directory is, whoever has it open. */
export class MemoryDirectoryNode {
  readonly kind = "directory";
  readonly inode: bigint;
  readonly times: NodeTimes;
  readonly size = 0;
  readonly entries = new Map<string, MemoryNode>();
  /** Undefined: the root, or a directory that was removed. */
  parent: MemoryDirectoryNode | undefined;
  isRemoved = false;

  constructor(parent: MemoryDirectoryNode | undefined, tools: MemoryTools) {
    this.parent = parent;
    this.inode = tools.nextInode();
    this.times = tools.newTimes();
  }

  /** Its name, its own `.`, and each `..` below it, as other file systems count. */
  get links(): number {
    let count = this.isRemoved ? 0 : 2;
    for (const node of this.entries.values()) if (node.kind === "directory") count++;
    return count;
  }

  isWithin(other: MemoryDirectoryNode): boolean {
    // A loop: a guest decides how deep it is, and the stack is the host's.
    if (this === other) return true;
    for (let above = this.parent; above !== undefined; above = above.parent) {
      if (above === other) return true;
    }
    return false;
  }
}

/** A handle on a directory in memory. */
export class MemoryDirectory implements VolumeDirectory {
  readonly volume: object;
  readonly #opened: MemoryDirectoryNode;
  readonly #tools: MemoryTools;

  constructor(node: MemoryDirectoryNode, tools: MemoryTools) {
    this.volume = tools.volume;
    this.#opened = node;
    this.#tools = tools;
  }

  untilCounted(): undefined {}

  stat(): EntryStat {
    return this.#tools.statOf(this.#node);
  }

  lookup(name: string): EntryStat | undefined {
    const node = this.#node.entries.get(name);
    return node && this.#tools.statOf(node);
  }

  openFile(name: string, _entry: EntryStat, access: FileAccess): MemoryFile {
    const node = this.#find(name);
    if (node.kind !== "regular-file") throw fileError(node.kind === "directory" ? "is-directory" : "loop");
    return new MemoryFile(node, access, this.#tools);
  }

  openDirectory(name: string): MemoryDirectory {
    return new MemoryDirectory(this.#findDirectory(name), this.#tools);
  }

  reopen(): MemoryDirectory {
    return new MemoryDirectory(this.#node, this.#tools);
  }

  readLink(name: string): string {
    const node = this.#find(name);
    if (node.kind !== "symbolic-link") throw fileError("invalid");
    return node.target;
  }

  list(visit: VisitEntry): void {
    for (const [name, { kind }] of this.#node.entries) visit({ name, kind });
  }

  createFile(name: string, access: FileAccess): MemoryFile {
    const node = new MemoryFileNode(this.#tools);
    this.#add(name, node);
    node.links = 1;
    return new MemoryFile(node, access, this.#tools);
  }

  createDirectory(name: string): void {
    this.#add(name, new MemoryDirectoryNode(this.#node, this.#tools));
  }

  createLink(name: string, target: string): void {
    const node = new MemoryLinkNode(target, this.#tools);
    try {
      this.#add(name, node);
    } catch (error) {
      node.unlink();
      throw error;
    }
  }

  removeFile(name: string): void {
    const node = this.#find(name);
    if (node.kind === "directory") throw fileError("is-directory");
    this.#remove(name);
    node.unlink();
  }

  removeDirectory(name: string): void {
    const node = this.#findDirectory(name);
    if (node.entries.size > 0) throw fileError("not-empty");
    this.#remove(name);
    node.isRemoved = true;
    node.parent = undefined;
  }

  rename(name: string, to: MemoryDirectory, toName: string): void {
    const node = this.#find(name);
    const target = to.#node;
    const there = target.entries.get(toName);
    if (there === node) return;
    if (target.isRemoved) throw fileError("no-entry");
    if (node.kind === "directory" && target.isWithin(node)) throw fileError("invalid");
    if (there !== undefined) {
      if (node.kind === "directory" && there.kind !== "directory") throw fileError("not-directory");
      if (node.kind !== "directory" && there.kind === "directory") throw fileError("is-directory");
      if (there.kind === "directory" && there.entries.size > 0) throw fileError("not-empty");
    }
    const { quota } = this.#tools;
    const moreBytes = textBytes(toName) - textBytes(name);
    // Before anything changes.
    if (moreBytes > 0) quota.takeBytes(moreBytes);
    if (there?.kind === "directory") to.removeDirectory(toName);
    else if (there !== undefined) to.removeFile(toName);
    this.#node.entries.delete(name);
    if (moreBytes < 0) quota.giveBytes(-moreBytes);
    target.entries.set(ownText(toName), node);
    if (node.kind === "directory") node.parent = target;
    this.#touch();
    to.#touch();
  }

  link(name: string, to: MemoryDirectory, toName: string): void {
    const node = this.#find(name);
    // As Linux has it.
    if (node.kind === "directory") throw fileError("not-permitted");
    to.#add(toName, node);
    node.links++;
    node.times.changedNs = this.#tools.nowNs();
  }

  setTimes(times: NewTimes): void {
    setTimes(this.#node.times, times, this.#tools.nowNs());
  }

  setTimesOf(name: string, times: NewTimes): void {
    setTimes(this.#find(name).times, times, this.#tools.nowNs());
  }

  sync(): void {
    this.#tools.assertGiven();
  }

  close(): void {}

  /** As long as the volume is given. */
  get #node(): MemoryDirectoryNode {
    this.#tools.assertGiven();
    return this.#opened;
  }

  #find(name: string): MemoryNode {
    const node = this.#node.entries.get(name);
    if (node === undefined) throw fileError("no-entry");
    return node;
  }

  #findDirectory(name: string): MemoryDirectoryNode {
    const node = this.#find(name);
    if (node.kind !== "directory") throw fileError("not-directory");
    return node;
  }

  #add(name: string, node: MemoryNode): void {
    // Whoever still has it open may not put anything where nobody could find it, and its bytes would never be given back.
    if (this.#node.isRemoved) throw fileError("no-entry");
    if (this.#node.entries.has(name)) throw fileError("exist");
    const { quota } = this.#tools;
    quota.takeFile();
    try {
      quota.takeBytes(ENTRY_BYTES + textBytes(name));
    } catch (error) {
      quota.giveFile();
      throw error;
    }
    this.#node.entries.set(ownText(name), node);
    this.#touch();
  }

  #remove(name: string): void {
    this.#node.entries.delete(name);
    this.#tools.quota.giveFile();
    this.#tools.quota.giveBytes(ENTRY_BYTES + textBytes(name));
    this.#touch();
  }

  #touch(): void {
    this.#node.times.modifiedNs = this.#node.times.changedNs = this.#tools.nowNs();
  }
}
