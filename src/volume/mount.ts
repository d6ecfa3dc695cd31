/** Volumes as guests get them: what the files say, and what is made of it for one instance. */
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { VolumeDirectory } from "./entry.ts";
import { EntryAllowance } from "./listing.ts";
import { MemoryVolume } from "./memory_volume.ts";
import { OpenFileSlots, OpenHandle } from "./open_files.ts";
import type { MemoryShare, QuotaLimits } from "./quota.ts";

/** What stands at a path of a guest. */
export type MountSpec =
  | {
    readonly kind: "folder";
    /** Where the guest sees it: absolute, in its shortest form. */
    readonly path: string;
    /** As the file has it; for people. */
    readonly folder: string;
    /** Absolute and without links. */
    readonly realPath: string;
    /** It is within the workload's own folder; else the operator has named it, or one above it. */
    readonly isOwn: boolean;
    readonly isWritable: boolean;
    readonly limits: QuotaLimits;
  }
  | {
    readonly kind: "memory";
    readonly path: string;
    /** One for all guests of the workload; else each instance has one of its own. */
    readonly isShared: boolean;
    readonly limits: QuotaLimits;
  };

/** How many files one instance may have open, and how much of directories it may hold. */
export interface MountLimits {
  readonly descriptorsMax: number;
  readonly directoryEntriesMax: number;
}

/** Something that can be mounted. */
export interface MountedVolume {
  root(): VolumeDirectory;
}

/** One path of one instance. */
export interface GuestMount {
  readonly path: string;
  readonly isWritable: boolean;
  /** A handle on its root, which is the caller's. */
  readonly open: () => OpenHandle<VolumeDirectory>;
}

/** What one instance has of volumes, from its first state to the next. */
export class GuestMounts {
  readonly mounts: readonly GuestMount[];
  readonly entries: EntryAllowance;
  readonly #own: readonly { readonly spec: MountSpec; readonly volume: MemoryVolume }[];
  readonly #onClosed: (mounts: GuestMounts) => void;

  /** Use `WorkloadVolumes`. */
  constructor(specs: readonly MountSpec[], { limits, parent, counters, wallMs, memory, volumeOf, onClosed }: {
    readonly limits: MountLimits;
    readonly parent: OpenFileSlots;
    readonly counters: LiveCounters;
    readonly wallMs: () => number;
    /** Of the instance: its own volumes in memory are a part of it. */
    readonly memory: MemoryShare | undefined;
    /** Those that it has together with others; undefined: it gets its own. */
    readonly volumeOf: (spec: MountSpec) => MountedVolume | undefined;
    readonly onClosed: (mounts: GuestMounts) => void;
  }) {
    const slots = new OpenFileSlots({ slotsMax: limits.descriptorsMax, limit: "descriptors", counters, parent });
    this.entries = new EntryAllowance(limits.directoryEntriesMax);
    const own: { readonly spec: MountSpec; readonly volume: MemoryVolume }[] = [];
    this.mounts = specs.map((spec) => {
      const volume = volumeOf(spec) ?? new MemoryVolume({ ...spec.limits, wallMs, memory });
      if (volume instanceof MemoryVolume && (spec.kind !== "memory" || !spec.isShared)) own.push({ spec, volume });
      return {
        path: spec.path,
        isWritable: spec.kind === "memory" || spec.isWritable,
        open: () => new OpenHandle(slots, () => volume.root()),
      };
    });
    this.#own = own;
    this.#onClosed = onClosed;
  }

  /** What is not allowed of its own volumes is gone at once, also where it is open. */
  cut(isAllowed: (spec: MountSpec) => boolean): void {
    for (const { spec, volume } of this.#own) volume.setGiven(isAllowed(spec));
  }

  /** Gives back the memory of its own volumes. Its handles are gone by then. */
  close(): void {
    for (const { volume } of this.#own) volume.close();
    this.#onClosed(this);
  }
}
