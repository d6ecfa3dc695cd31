/**
 * Keeps the guests of a folder as their sources are: watches what they were made of, and builds a workload anew when something
 * of it has changed. A source with a fault is tried again only when something has changed since.
 */
import { isAbsolute, join, relative, resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import { type FileReader, joinPath } from "../config/file_reader.ts";
import { subFolderNames } from "../config/sub_folders.ts";
import type { FolderProbe } from "../gateway/folder_probe.ts";
import { FolderWatch, SHARED } from "../gateway/folder_watch.ts";
import { changedMs, filesBelow, hashOf } from "./build_files.ts";
import { type BuildTools, buildWorkload, type GuestOutcome, sourcesOf } from "./build_workload.ts";
import { commandSources } from "./command_build.ts";
import { planWorkload, type WorkloadPlan } from "./workload_guests.ts";

/** What a rebuilder needs. */
export interface RebuilderOptions {
  /** The folder of workloads. */
  readonly folder: string;
  /** Lists the workloads that are looked after. */
  readonly files: FileReader;
  readonly probe: FolderProbe;
  readonly clock: Clock;
  readonly tools: BuildTools;
  /** A build could not even begin: a tool has gone, a folder cannot be read. It must not throw. */
  readonly onFault: (error: unknown) => void;
}

/** Folders of other people's sources; what guests take from there their builds name. */
const SKIPPED: ReadonlySet<string> = new Set(["dist", "target", "node_modules"]);

/** A guest that could not be built. */
type Failed = Extract<GuestOutcome, { readonly kind: "faulty" }>;

/** From `open` to `close`. */
export class Rebuilder {
  readonly #options: RebuilderOptions;
  readonly #watch: FolderWatch;
  /** Of workloads with a faulty guest: what could not be built, and the state of the sources then. */
  readonly #faulty = new Map<string, { readonly failed: readonly Failed[]; readonly state: string }>();
  readonly #known = new Set<string>();
  /** One change after the other: the first build may still be under way when the watch has news. */
  #working: Promise<void> = Promise.resolve();
  #dealtWith = Promise.withResolvers<void>();

  private constructor(options: RebuilderOptions) {
    const { folder, probe, clock, onFault } = options;
    this.#options = options;
    this.#watch = new FolderWatch({
      folder,
      probe,
      clock,
      onChanged: (parts) => this.#changed(parts).catch(onFault),
    });
  }

  /**
   * Builds what is stale, and watches from then on.
   *
   * @throws {LoopgateError} ERR_BUILD when a tool is not installed
   */
  static async open(options: RebuilderOptions): Promise<Rebuilder> {
    const rebuilder = new Rebuilder(options);
    try {
      await rebuilder.#changed(new Set([SHARED]));
      return rebuilder;
    } catch (error) {
      await rebuilder.close();
      throw error;
    }
  }

  /** Whether every guest is as its source is. */
  get isSound(): boolean {
    return this.#faulty.size === 0;
  }

  /**
   * Resolves when the guests of a workload are as their sources are now, or cannot be: for whoever needs one before the
   * watch has seen that it is missing. It rejects as a build does that cannot begin.
   */
  async bringUpToDate(name: string): Promise<void> {
    await this.#queue(new Set([name]));
  }

  /** Resolves after the next change has been dealt with. */
  untilChanged(): Promise<void> {
    return this.#dealtWith.promise;
  }

  /** Ends it; resolves when nothing of it runs any more. Idempotent. */
  close(): Promise<void> {
    return this.#watch.close();
  }

  #changed(parts: ReadonlySet<string>): Promise<void> {
    return this.#queue(parts).finally(() => {
      this.#dealtWith.resolve();
      this.#dealtWith = Promise.withResolvers();
    });
  }

  #queue(parts: ReadonlySet<string>): Promise<void> {
    const done = this.#working.then(() => this.#rebuildAll(parts));
    // What went wrong is the caller's; the next change begins anew.
    this.#working = done.catch(() => {});
    return done;
  }

  async #rebuildAll(parts: ReadonlySet<string>): Promise<void> {
    const { folder, files } = this.#options;
    const names = new Set(parts);
    if (names.delete(SHARED)) {
      for (const name of subFolderNames(await files.list(folder))) if (!this.#known.has(name)) names.add(name);
      await this.#watch.follow(SHARED, { folder, files: [] });
    }
    for (const name of names) await this.#rebuild(name);
  }

  async #rebuild(name: string): Promise<void> {
    const { files, tools } = this.#options;
    const folder = joinPath(this.#options.folder, name);
    if (await files.inspect(folder) === undefined) {
      this.#known.delete(name);
      this.#faulty.delete(name);
      await this.#watch.follow(name, undefined);
      return;
    }
    this.#known.add(name);
    const plan = await planWorkload(folder, name, files);
    const before = this.#faulty.get(name);
    const watched = plan === undefined ? [] : await this.#watchedFiles(plan, before?.failed ?? []);
    // Followed before it is built: what changes meanwhile is built again.
    await this.#watch.follow(name, { folder, files: watched });
    const startedMs = this.#options.clock.wallMs();
    const times = await timesOf(watched);
    if (plan === undefined || before?.state === stateOf(times)) return;
    const failed = (await buildWorkload(plan, tools)).filter((outcome) => outcome.kind === "faulty");
    const read = await this.#watchedFiles(plan, failed);
    await this.#watch.follow(name, { folder, files: read });
    if (failed.length === 0) this.#faulty.delete(name);
    else this.#faulty.set(name, { failed, state: stateOf(await timesBefore(startedMs, read, times)) });
  }

  /** The files of the workload, its sources, and what its guests were or were to be made of. */
  async #watchedFiles(plan: WorkloadPlan, failed: readonly Failed[]): Promise<readonly string[]> {
    const own = plan.command === undefined
      ? await filesBelow(join(plan.folder, "src"), (name) => SKIPPED.has(name) || name.startsWith("."))
      : await commandSources(plan.folder);
    const read = [...await sourcesOf(plan), ...failed.flatMap((outcome) => outcome.inputs)];
    return [...new Set([...plan.files, ...own, ...read].map((file) => this.#spelled(file)))].toSorted();
  }

  /** As the watch wants it: from the folder on for what lies in it. */
  #spelled(file: string): string {
    const { folder } = this.#options;
    const path = relative(folder, file);
    return path.startsWith("..") || isAbsolute(path) ? resolve(file) : joinPath(folder, path);
  }
}

/** When each file was written to last; undefined where there is none. */
type Times = ReadonlyMap<string, number | "unread" | undefined>;

/** Clocks of file systems are coarse. */
const CLOCK_STEP_MS = 100;

async function timesOf(files: readonly string[]): Promise<Times> {
  return new Map(await Promise.all(files.map(async (file) => [file, await changedMs(file)] as const)));
}

/**
 * The times as they were at the start of a build, also of what is only known since its end. Who is told of a fault mends it at once,
 * and what was written to since is not what could not be built.
 */
async function timesBefore(startedMs: number, files: readonly string[], known: Times): Promise<Times> {
  const later = await timesOf(files.filter((file) => !known.has(file)));
  return new Map(files.map((file) => {
    if (known.has(file)) return [file, known.get(file)];
    const time = later.get(file);
    return [file, typeof time === "number" && time >= startedMs - CLOCK_STEP_MS ? "unread" : time];
  }));
}

/** Differs when a file was written to, came or went. */
function stateOf(times: Times): string {
  return hashOf([...times].map(([file, time]) => `${file}:${time ?? "none"}`).join("\n"));
}
