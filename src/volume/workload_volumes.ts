/** The volumes of one workload: folders and shared memory that its guests have together, and the files they have open. */
import type { Clock } from "../base/clock.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { FolderVolume } from "./folder_volume.ts";
import { MemoryVolume } from "./memory_volume.ts";
import { GuestMounts, type MountedVolume, type MountLimits, type MountSpec } from "./mount.ts";
import { OpenFileSlots } from "./open_files.ts";
import type { MemoryShare } from "./quota.ts";

/** What a workload's volumes need. */
export interface WorkloadVolumesOptions {
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  readonly counters: LiveCounters;
  /** Files that all its guests together may have open. */
  readonly openFilesMax: number;
  /** Those of all workloads; without it there are no others. */
  readonly openFiles?: OpenFileSlots | undefined;
  /** Where the bytes of shared volumes in memory come from. */
  readonly memoryFor: (bytesMax: number) => MemoryShare;
  /** What stands at a mount in place of what the files say; for tests of guests. */
  readonly substitute?: ((spec: MountSpec) => MountedVolume | undefined) | undefined;
}

/** Makes the mounts of a new instance; `memory` is the instance's. */
export type OpenMounts = (memory: MemoryShare | undefined) => GuestMounts;

/** From the workload's making to its close. Nothing is opened before a guest asks. */
export class WorkloadVolumes {
  readonly #options: WorkloadVolumesOptions;
  readonly #slots: OpenFileSlots;
  readonly #folders = new Map<string, { readonly spec: MountSpec; readonly volume: FolderVolume }>();
  readonly #shared = new Map<string, { readonly spec: MountSpec; readonly volume: MemoryVolume }>();
  /** Of instances that have their own volumes now. */
  readonly #mounts = new Set<GuestMounts>();
  #isAllowed: (spec: MountSpec) => boolean = () => true;

  constructor(options: WorkloadVolumesOptions) {
    const { openFilesMax, openFiles, counters } = options;
    this.#options = options;
    this.#slots = new OpenFileSlots({
      slotsMax: openFilesMax,
      limit: "openFiles",
      counters,
      ...(openFiles !== undefined && { parent: openFiles }),
    });
  }

  /** For a guest of the workload; undefined when it has no volumes. */
  mountsFor(specs: readonly MountSpec[], limits: MountLimits): OpenMounts | undefined {
    if (specs.length === 0) return undefined;
    const { clock, counters } = this.#options;
    return (memory) => {
      const mounts = new GuestMounts(specs.filter((spec) => this.#isAllowed(spec)), {
        limits,
        parent: this.#slots,
        counters,
        wallMs: () => clock.wallMs(),
        memory,
        volumeOf: (spec) => this.#volumeOf(spec),
        onClosed: (closed) => void this.#mounts.delete(closed),
      });
      this.#mounts.add(mounts);
      return mounts;
    };
  }

  /** The operator's word has changed: what is not allowed any more is gone at once, also for those that have it open. */
  cut(isAllowed: (spec: MountSpec) => boolean): void {
    this.#isAllowed = isAllowed;
    for (const { spec, volume } of [...this.#folders.values(), ...this.#shared.values()]) {
      volume.setGiven(isAllowed(spec));
    }
    for (const mounts of this.#mounts) mounts.cut(isAllowed);
  }

  /** Its guests have ended. Resolves when nothing of it is open. */
  async close(): Promise<void> {
    await Promise.all([...this.#folders.values()].map(({ volume }) => volume.close()));
    for (const { volume } of this.#shared.values()) volume.close();
    await this.#slots.untilFree();
  }

  #volumeOf(spec: MountSpec): MountedVolume | undefined {
    const { clock, substitute } = this.#options;
    const substituted = substitute?.(spec);
    if (substituted !== undefined) return substituted;
    if (spec.kind === "folder") {
      // Reading and writing are two volumes, so that nothing gets from one to the other by a link.
      const { realPath, isWritable, limits } = spec;
      return kept(this.#folders, `${isWritable ? "write" : "read"} ${realPath}`, () => {
        const writing = isWritable ? limits : undefined;
        return { spec, volume: new FolderVolume({ realPath, writing, monotonicMs: () => clock.monotonicMs() }) };
      }).volume;
    }
    if (!spec.isShared) return undefined;
    return kept(this.#shared, spec.path, () => ({
      spec,
      volume: new MemoryVolume({
        ...spec.limits,
        wallMs: () => clock.wallMs(),
        memory: this.#options.memoryFor(spec.limits.bytesMax),
      }),
    })).volume;
  }
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}
