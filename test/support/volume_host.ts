/** Volumes of both kinds behind the descriptors that a guest would have, and what their functions answer as text. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WitError } from "../../src/base/errors.ts";
import { Descriptor } from "../../src/host/filesystem/descriptor.ts";
import type { DescriptorTools } from "../../src/host/filesystem/descriptor_tools.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import type { ListingMemory } from "../../src/volume/listing.ts";
import { GuestMounts, type MountLimits, type MountSpec } from "../../src/volume/mount.ts";
import type { OpenFileSlots } from "../../src/volume/open_files.ts";
import { WorkloadVolumes } from "../../src/volume/workload_volumes.ts";
import { FakeClock } from "./fake_clock.ts";

export const KINDS = ["memory", "folder"] as const;
export type VolumeKind = (typeof KINDS)[number];

export const LIMITS: MountLimits = { descriptorsMax: 64, directoryEntriesMax: 1_000 };

export interface VolumeHost {
  /** The root of the first mount; `more` for others. */
  readonly root: Descriptor;
  readonly roots: readonly Descriptor[];
  readonly counters: LiveCounters;
  readonly clock: FakeClock;
  /** Limits that were told. */
  readonly limits: string[];
  /** Of the folder volume on the machine; a memory volume has none. */
  readonly path: string;
  /** Beside it, where no guest may come. */
  readonly outside: string;
  /** The root of another instance of the same workload. */
  other(): Descriptor;
  /** The operator gives the volumes, or takes them away. */
  give(isGiven: boolean): void;
  /** Drops what the host has, and says what is left alive. */
  close(): Promise<number>;
}

export interface VolumeHostOptions {
  readonly isWritable?: boolean;
  readonly bytesMax?: number;
  readonly filesMax?: number;
  readonly isShared?: boolean;
  readonly openFilesMax?: number;
  /** Of all workloads. */
  readonly openFiles?: (counters: LiveCounters) => OpenFileSlots;
  readonly limits?: Partial<MountLimits>;
  /** Where the memory of listings comes from. */
  readonly memory?: ListingMemory;
  /** Called with the folder before the volume is opened. */
  readonly prepare?: (path: string) => void;
  /** More mounts, by path. */
  readonly more?: (path: string) => readonly MountSpec[];
}

/** A host with one volume at "/". */
export function openVolumeHost(kind: VolumeKind, options: VolumeHostOptions = {}): VolumeHost {
  const { isWritable = true, bytesMax = 1 << 20, filesMax = 100, isShared = false, openFilesMax = 1_000 } = options;
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "loopgate-volume-")));
  const [path, outside] = [join(scratch, "volume"), join(scratch, "outside")];
  mkdirSync(path);
  mkdirSync(outside);
  options.prepare?.(path);
  const limits = { bytesMax, filesMax };
  const first: MountSpec = kind === "memory"
    ? { kind: "memory", path: "/", isShared, limits }
    : { kind: "folder", path: "/", folder: "volume", realPath: path, isOwn: true, isWritable, limits };
  const counters = new LiveCounters();
  const clock = new FakeClock();
  const told: string[] = [];
  const volumes = new WorkloadVolumes({
    clock,
    counters,
    openFilesMax,
    openFiles: options.openFiles?.(counters),
    memoryFor: () => ({ take: () => true, give() {} }),
  });
  const open = volumes.mountsFor([first, ...options.more?.(path) ?? []], { ...LIMITS, ...options.limits });
  const all: { readonly mounts: GuestMounts; readonly roots: readonly Descriptor[] }[] = [];
  const instance = (): readonly Descriptor[] => {
    const mounts = open?.(undefined) ?? (() => {
      throw new TypeError("no mounts");
    })();
    const roots = mounts.mounts.map((mount) => {
      const tools: DescriptorTools = {
        counters,
        clock,
        onLimit: (limit) => void told.push(limit),
        emit: () => {},
        entries: mounts.entries,
        memory: options.memory,
        isWritable: mount.isWritable,
      };
      const flags = { read: true, mutateDirectory: mount.isWritable };
      return new Descriptor({ kind: "directory", handle: mount.open() }, flags, tools);
    });
    all.push({ mounts, roots });
    return roots;
  };
  const roots = instance();
  const [root] = roots;
  if (root === undefined) throw new TypeError("no root");
  return {
    root,
    roots,
    counters,
    clock,
    limits: told,
    path,
    outside,
    other: () => instance()[0] ?? root,
    give: (isGiven) => volumes.cut(() => isGiven),
    async close() {
      for (const { mounts, roots } of all) {
        for (const each of roots) each[Symbol.dispose]();
        mounts.close();
      }
      await volumes.close();
      rmSync(scratch, { recursive: true });
      return counters.get("openFiles");
    },
  };
}

/** What a function answers: its value, or the code of its error. */
export async function answerOf(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WitError) return error.payload;
    throw error;
  }
}

export const FOLLOW = { symlinkFollow: true } as const;
export const READ = { read: true } as const;
export const WRITE = { read: true, write: true } as const;

/** A new file with a text. */
export async function put(root: Descriptor, path: string, text: string): Promise<void> {
  const file = await root.openAt(FOLLOW, path, { create: true, truncate: true }, WRITE);
  try {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += Number(await file.write(bytes.subarray(at), BigInt(at)));
  } finally {
    file[Symbol.dispose]();
  }
}

/** The text of a file, or the code of what went wrong. */
export async function get(root: Descriptor, path: string): Promise<unknown> {
  return await answerOf(async () => {
    const file = await root.openAt(FOLLOW, path, {}, READ);
    try {
      const parts: Uint8Array[] = [];
      for (let offset = 0n;;) {
        const [bytes, isEnd] = await file.read(65_536n, offset);
        if (isEnd) return Buffer.concat(parts).toString();
        parts.push(bytes);
        offset += BigInt(bytes.length);
      }
    } finally {
      file[Symbol.dispose]();
    }
  });
}

/** Names of a directory, sorted, with a mark for what is no file. */
export async function list(root: Descriptor, path = "."): Promise<readonly string[]> {
  const directory = await root.openAt(FOLLOW, path, { directory: true }, READ);
  const stream = await directory.readDirectory();
  try {
    const names: string[] = [];
    for (let entry = stream.readDirectoryEntry(); entry !== undefined; entry = stream.readDirectoryEntry()) {
      names.push(entry.name + (entry.type === "directory" ? "/" : entry.type === "symbolic-link" ? "@" : ""));
    }
    return names.toSorted();
  } finally {
    stream[Symbol.dispose]();
    directory[Symbol.dispose]();
  }
}
