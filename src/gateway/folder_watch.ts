/**
 * Says which parts of the gateway's folder may have changed. A part is a sub-folder, by its name, or `SHARED`: the
 * folder itself and the operator's files. What a part is made of its reader says (`follow`), after each reading.
 *
 * Two sources, one pipe. Events of the file system are quick but get lost, and some file systems have none; so every path
 * is looked at now and then and compared with its last stamp. Either marks parts; marks are held for a moment without
 * another one (an editor writes in several steps), then handed to `onChanged` together. While it works on them, new marks
 * wait: nothing is lost, and the last state wins. A mark is no proof of a change: whoever reads compares contents.
 */
import type { Clock } from "../base/clock.ts";
import type { FolderEvents, FolderProbe, PathStamp } from "./folder_probe.ts";

/** The name of the part that is not a sub-folder. */
export const SHARED = "";

/** Without a mark for so long, what was marked is handed on. Atomic renames need none; it gathers the steps of an editor. */
const QUIET_MS = 5;
/** The first mark waits no longer than this: a file that is written to all the time must not keep the others from being read. */
const QUIET_MS_MAX = 200;
/** Between two looks at all paths, at least; it stands in for events that got lost. */
const LOOK_MS_MIN = 1_000;
/** And so long for each path: with thousands of files the looks take less than a percent of a core. */
const LOOK_MS_PER_PATH = 12;
/** Paths that are looked at side by side: one at a time, each would cost a turn of the event loop of its own. */
const LOOK_PATHS_MAX = 16;
/** A stamp so soon after a change says nothing about a second one: the clocks of file systems are coarse. It is read once more. */
const FRESH_MS = 2_000;

/** What a watch needs. */
export interface FolderWatchOptions {
  /** As the user named it; paths below it start with it. */
  readonly folder: string;
  readonly probe: FolderProbe;
  readonly clock: Clock;
  /** Reads the parts again and calls `follow` for each. It must not reject. */
  readonly onChanged: (parts: ReadonlySet<string>) => Promise<void>;
}

/** What is known of a part. */
interface Part {
  readonly paths: readonly string[];
  readonly folders: ReadonlySet<string>;
}

/** Watches from its making to `close`. */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #events: FolderEvents;
  readonly #parts = new Map<string, Part>();
  readonly #stamps = new Map<string, PathStamp | undefined>();
  /** How many parts need a folder's events. */
  readonly #folderUses = new Map<string, number>();
  #marked = new Set<string>();
  #firstMarkNs = 0n;
  #cancelQuiet: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #working: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#events = options.probe.open(options.folder, (path) => this.#onEvent(path));
    this.#lookLater();
  }

  /** Of what a part is made now: the folder whose names matter, and files, where nothing is yet too. Undefined: it is gone. */
  async follow(
    part: string,
    made: { readonly folder: string; readonly files: readonly string[] } | undefined,
  ): Promise<void> {
    const before = this.#parts.get(part);
    const paths = made === undefined ? [] : [made.folder, ...made.files];
    const folders = new Set(
      made === undefined ? [] : [made.folder, ...made.files.map(folderOf).filter((each) => this.#isWithin(each))],
    );
    if (made === undefined) this.#parts.delete(part);
    else this.#parts.set(part, { paths, folders });
    for (const folder of folders) if (before?.folders.has(folder) !== true) this.#use(folder, 1);
    for (const folder of before?.folders ?? []) if (!folders.has(folder)) this.#use(folder, -1);
    for (const path of before?.paths ?? []) if (!this.#isFollowed(path)) this.#stamps.delete(path);
    await Promise.all([...folders].map((folder) => this.#events.watch(folder)));
    await Promise.all(paths.map(async (path) => {
      if (!this.#stamps.has(path)) this.#stamps.set(path, await this.#stamp(path));
    }));
  }

  /** Ends it; resolves when nothing of it runs any more. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelQuiet?.();
    this.#cancelLook?.();
    this.#events.close();
    await Promise.all([this.#working, this.#looking]);
  }

  #onEvent(path: string | undefined): void {
    if (path === undefined) return this.#mark(this.#parts.keys());
    const name = path.split("/")[0] ?? "";
    // A name of the folder itself comes and goes with it, so it is of both.
    this.#mark(path === name || !this.#parts.has(name) ? [SHARED, name] : [name]);
  }

  #mark(parts: Iterable<string>): void {
    if (this.#isClosed) return;
    if (this.#marked.size === 0) this.#firstMarkNs = this.#options.clock.monotonicNs();
    for (const part of parts) if (part === SHARED || this.#parts.has(part)) this.#marked.add(part);
    if (this.#marked.size > 0 && this.#working === undefined) this.#waitForQuiet();
  }

  #waitForQuiet(): void {
    const { clock } = this.#options;
    const waitedMs = Number(clock.monotonicNs() - this.#firstMarkNs) / 1e6;
    this.#cancelQuiet?.();
    this.#cancelQuiet = clock.startTimer(Math.max(0, Math.min(QUIET_MS, QUIET_MS_MAX - waitedMs)), () => {
      this.#cancelQuiet = undefined;
      const parts = this.#marked;
      this.#marked = new Set();
      this.#working = this.#options.onChanged(parts).then(() => {
        this.#working = undefined;
        this.#mark([]);
      });
    });
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    const delayMs = Math.max(LOOK_MS_MIN, this.#stamps.size * LOOK_MS_PER_PATH);
    this.#cancelLook = this.#options.clock.startTimer(delayMs, () => {
      this.#looking = this.#look().then(() => {
        this.#looking = undefined;
        this.#lookLater();
      });
    });
  }

  /** A few paths at a time: requests come first. */
  async #look(): Promise<void> {
    const changed = new Set<string>();
    // One list for all of a look. What is added meanwhile is looked at too, what is taken out is not.
    const left = this.#stamps.entries();
    for (;;) {
      const some = [...left.take(LOOK_PATHS_MAX)];
      if (some.length === 0) break;
      if (this.#isClosed) return;
      const stamps = await Promise.all(some.map(([path]) => this.#stamp(path)));
      for (const [index, [path, before]] of some.entries()) {
        const now = stamps[index];
        // It was not followed any more, or anew.
        if (!this.#stamps.has(path) || this.#stamps.get(path) !== before) continue;
        if (now?.text === before?.text) continue;
        this.#stamps.set(path, now);
        changed.add(path);
      }
    }
    if (changed.size === 0) return;
    this.#mark(
      [...this.#parts].filter(([, { paths }]) => paths.some((path) => changed.has(path))).map(([part]) => part),
    );
  }

  async #stamp(path: string): Promise<PathStamp | undefined> {
    const stamp = await this.#options.probe.stamp(path);
    if (stamp === undefined || this.#options.clock.wallMs() - stamp.changedMs >= FRESH_MS) return stamp;
    // Differs from what comes when it has settled.
    return { ...stamp, text: `${stamp.text} fresh` };
  }

  #use(folder: string, change: 1 | -1): void {
    const uses = (this.#folderUses.get(folder) ?? 0) + change;
    if (uses > 0) this.#folderUses.set(folder, uses);
    else {
      this.#folderUses.delete(folder);
      this.#events.unwatch(folder);
    }
  }

  #isFollowed(path: string): boolean {
    return [...this.#parts.values()].some(({ paths }) => paths.includes(path));
  }

  /** Elsewhere (the operator's `ca`) the looks have to do: who knows how much happens there. */
  #isWithin(path: string): boolean {
    const { folder } = this.#options;
    if (folder === "" || folder === ".") return !path.startsWith("/");
    return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, Math.max(1, slash));
}
