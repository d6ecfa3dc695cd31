/** What `FolderWatch` asks the file system: what stands at a path, and that something has changed below a folder. */
import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";

/** What stands at a path, in a form that differs when it is another file or was written to. */
export interface PathStamp {
  readonly text: string;
  /** Of its last change, by the machine's clock. Times of files are coarse: a second change soon after may leave no trace. */
  readonly changedMs: number;
}

/** The way to the file system; tests have one in memory. */
export interface FolderProbe {
  /** Links followed. Undefined when nothing is there or it cannot be looked at. */
  stamp(path: string): Promise<PathStamp | undefined>;
  /**
   * Calls `onEvent` soon after something may have changed in one of `folders`, with the path from `root` where that is
   * known. Events get lost, and some file systems have none. Returns the function that ends it.
   */
  open(root: string, onEvent: (path: string | undefined) => void): FolderEvents;
}

/** Events of a set of folders. */
export interface FolderEvents {
  /** From now on of this folder too, which need not exist. Asked again, it looks whether another one stands there now. */
  watch(folder: string): Promise<void>;
  unwatch(folder: string): void;
  close(): void;
}

/**
 * On Node each folder has a watch of its own: a recursive one would have one for every file below. On Deno each watch has
 * a thread and one of the few inotify instances that a user gets, so there is one, recursive, for all.
 */
const IS_RECURSIVE = "Deno" in globalThis;

/** The machine's files. */
export const folderProbe: FolderProbe = {
  async stamp(path) {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      const changedNs = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
      return { text: [dev, ino, size, mtimeNs, ctimeNs].join(":"), changedMs: Number(changedNs / 1_000_000n) };
    } catch {
      // Whoever reads it is told why; here it matters only that it is another answer than before.
      return undefined;
    }
  },

  open(root, onEvent) {
    return new NodeEvents(root === "" ? "." : root, onEvent);
  },
};

interface OpenWatch {
  readonly watcher: FSWatcher;
  /** Which folder the path stood for: a watch stays with the folder, not with the name. */
  readonly identity: string;
}

class NodeEvents implements FolderEvents {
  readonly #root: string;
  readonly #onEvent: (path: string | undefined) => void;
  readonly #open = new Map<string, OpenWatch>();
  #isClosed = false;

  constructor(root: string, onEvent: (path: string | undefined) => void) {
    this.#root = root;
    this.#onEvent = onEvent;
  }

  async watch(folder: string): Promise<void> {
    await this.#watch(IS_RECURSIVE ? this.#root : folder);
  }

  unwatch(folder: string): void {
    if (IS_RECURSIVE) return;
    this.#open.get(folder)?.watcher.close();
    this.#open.delete(folder);
  }

  close(): void {
    this.#isClosed = true;
    for (const { watcher } of this.#open.values()) watcher.close();
    this.#open.clear();
  }

  async #watch(folder: string): Promise<void> {
    const identity = await identityOf(folder);
    const open = this.#open.get(folder);
    if (this.#isClosed || open?.identity === identity) return;
    open?.watcher.close();
    this.#open.delete(folder);
    if (identity === undefined) return;
    try {
      const watcher = watch(folder, { persistent: false, recursive: IS_RECURSIVE });
      watcher.on("change", (_, name) => this.#onEvent(name === null ? undefined : this.#pathOf(folder, String(name))));
      watcher.on("error", () => this.#drop(folder, watcher));
      this.#open.set(folder, { watcher, identity });
    } catch {
      // Gone meanwhile, or the system has no more watches: `FolderWatch` looks by itself now and then.
    }
  }

  #drop(folder: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#open.get(folder)?.watcher === watcher) this.#open.delete(folder);
    this.#onEvent(undefined);
  }

  #pathOf(folder: string, name: string): string {
    return relative(resolve(this.#root), resolve(folder, name)).replaceAll("\\", "/");
  }
}

async function identityOf(folder: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(folder, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
