/**
 * From a path to a directory and a name in it. One component at a time, each opened without following links: a link is
 * read and its target walked like the rest of the path, so there is no moment in which the system resolves more than one
 * name for a guest. `..` goes back to a directory that the walk came through, never to what the system has for it, and
 * ends at the directory where the walk began.
 */
import { type EntryStat, fileError, type VolumeDirectory } from "./entry.ts";

/** Of a path, as POSIX's PATH_MAX. Stops paths that only cost time. */
export const PATH_BYTES_MAX = 4096;
/** Of a name, as most file systems have it. */
export const NAME_BYTES_MAX = 255;
/** Components of one walk, those of links included: each is a system call or two, and holds a directory open meanwhile. */
export const PATH_STEPS_MAX = 128;
/** Links of one walk, as Linux has it. Stops links that lead to each other. */
export const PATH_LINKS_MAX = 40;

/** Where a path leads. Whoever got it closes it. */
export interface Place {
  /** Where the name is. */
  readonly directory: VolumeDirectory;
  /** Undefined: the directory itself. */
  readonly name: string | undefined;
  /** What has the name; undefined when nothing has. */
  readonly entry: EntryStat | undefined;
  /** The path ends with a slash, so that only a directory will do. */
  readonly wantsDirectory: boolean;
  /** How far below the start of the walk `directory` is. */
  readonly depth: number;
}

/** How a path is walked. */
export interface WalkOptions {
  /** Whether a link at the end is followed: "slash" when the path has one behind it, as in looking and opening. */
  readonly last: "follow" | "slash" | "keep";
}

/**
 * Walks `path` from `base` and gives what `use` makes of where it leads; what was opened on the way is closed then.
 *
 * @throws {WitError<FileErrorCode>}
 */
export function walk<T>(base: VolumeDirectory, path: string, options: WalkOptions, use: (place: Place) => T): T {
  const walker = new Walker(base);
  try {
    return use(walker.walk(path, options));
  } finally {
    walker.close();
  }
}

const encoder = new TextEncoder();

class Walker {
  readonly #passed: VolumeDirectory[];
  #steps = 0;
  #links = 0;

  constructor(base: VolumeDirectory) {
    this.#passed = [base];
  }

  walk(path: string, { last }: WalkOptions): Place {
    checkPath(path);
    // The next one is the last of the list.
    const left = partsOf(path);
    let wantsDirectory = isDirectoryPath(path);
    for (;;) {
      const part = left.pop();
      if (part === undefined) return this.#place(undefined, undefined, wantsDirectory);
      if (++this.#steps > PATH_STEPS_MAX) throw fileError("name-too-long");
      if (part === "..") {
        this.#leave();
        continue;
      }
      if (encoder.encode(part).length > NAME_BYTES_MAX) throw fileError("name-too-long");
      const isLast = left.length === 0;
      const entry = this.#current.lookup(part);
      if (entry?.kind === "symbolic-link" && (!isLast || last === "follow" || (wantsDirectory && last === "slash"))) {
        const target = this.#readLink(part);
        if (isLast && isDirectoryPath(target)) wantsDirectory = true;
        left.push(...partsOf(target));
      } else if (isLast) {
        if (wantsDirectory && entry !== undefined && entry.kind !== "directory") throw fileError("not-directory");
        return this.#place(part, entry, wantsDirectory);
      } else if (entry === undefined) throw fileError("no-entry");
      else if (entry.kind !== "directory") throw fileError("not-directory");
      else this.#passed.push(this.#current.openDirectory(part, entry));
    }
  }

  /** Closes what the walk opened. */
  close(): void {
    for (const directory of this.#passed.slice(1)) directory.close();
  }

  get #current(): VolumeDirectory {
    const last = this.#passed.at(-1);
    if (last === undefined) throw new TypeError("Cannot walk: no directory is left");
    return last;
  }

  #place(name: string | undefined, entry: EntryStat | undefined, wantsDirectory: boolean): Place {
    return { directory: this.#current, name, entry, wantsDirectory, depth: this.#passed.length - 1 };
  }

  #leave(): void {
    if (this.#passed.length === 1) throw fileError("not-permitted");
    this.#passed.pop()?.close();
  }

  #readLink(name: string): string {
    if (++this.#links > PATH_LINKS_MAX) throw fileError("loop");
    const target = this.#current.readLink(name);
    if (target === "") throw fileError("no-entry");
    if (target.startsWith("/")) throw fileError("not-permitted");
    return target;
  }
}

/** Whether a link with this target, so far below the start of a walk, would lead out of it. */
export function leavesStart(target: string, depth: number): boolean {
  if (target.startsWith("/")) return true;
  let left = depth;
  for (const part of target.split("/")) {
    if (part === "..") left--;
    else if (part !== "" && part !== ".") left++;
    if (left < 0) return true;
  }
  return false;
}

/** What can be said of a path before anything is looked at. */
export function checkPath(path: string): void {
  if (path === "") throw fileError("no-entry");
  if (path.includes("\0")) throw fileError("invalid");
  if (path.startsWith("/")) throw fileError("not-permitted");
  // A string's units are at most three bytes each; most paths are far from the limit.
  if (path.length * 3 > PATH_BYTES_MAX && encoder.encode(path).length > PATH_BYTES_MAX) {
    throw fileError("name-too-long");
  }
}

/** From the last to the first; what says nothing is left out. */
function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".").reverse();
}

/** What ends so is a directory or nothing. */
function isDirectoryPath(path: string): boolean {
  return /(?:^|\/)\.{0,2}$/.test(path);
}
