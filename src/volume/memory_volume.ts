/**
 * A file system in memory. It needs nothing but a clock, so tests and tools can make one and fill it through the same
 * directories and files that a guest would see.
 *
 * @example
 * const volume = new MemoryVolume({ bytesMax: 1_048_576, filesMax: 100, wallMs: () => Date.now() });
 * volume.root().createFile("hello.txt", { isReadable: true, isWritable: true }).write(new TextEncoder().encode("hi"), 0);
 */
import { fileError } from "./entry.ts";
import { MemoryDirectory, MemoryDirectoryNode } from "./memory_directory.ts";
import type { MemoryTools } from "./memory_node.ts";
import { type MemoryShare, Quota, type QuotaLimits } from "./quota.ts";

/** How a volume is made. */
export interface MemoryVolumeOptions extends QuotaLimits {
  /** Milliseconds since 1970, for the times of files. */
  readonly wallMs: () => number;
  /** Where its bytes come from; default: nowhere in particular. */
  readonly memory?: MemoryShare | undefined;
}

/** Guests compare objects: no volume in memory has the number of another, or of a disk. */
let volumes = 1n << 63n;

/** A volume in memory, empty at first. */
export class MemoryVolume {
  readonly quota: Quota;
  readonly #root: MemoryDirectoryNode;
  readonly #tools: MemoryTools;
  #isGiven = true;

  constructor({ bytesMax, filesMax, wallMs, memory }: MemoryVolumeOptions) {
    this.quota = new Quota({ bytesMax, filesMax }, { memory });
    const device = ++volumes;
    let inodes = 0n;
    const nowNs = (): bigint => BigInt(Math.max(0, Math.floor(wallMs() * 1000))) * 1000n;
    this.#tools = {
      volume: this,
      quota: this.quota,
      assertGiven: () => {
        if (!this.#isGiven) throw fileError("not-permitted");
      },
      nowNs,
      nextInode: () => ++inodes,
      newTimes: () => {
        const now = nowNs();
        return { accessedNs: now, modifiedNs: now, changedNs: now };
      },
      statOf: ({ kind, inode, links, size, times }) => ({
        kind,
        size: BigInt(size),
        linkCount: BigInt(links),
        device,
        inode,
        ...times,
      }),
    };
    this.#root = new MemoryDirectoryNode(undefined, this.#tools);
  }

  /** Whether anybody may use it, whatever they have open. */
  setGiven(isGiven: boolean): void {
    this.#isGiven = isGiven;
  }

  /**
   * A new handle on its root.
   *
   * @throws {WitError<FileErrorCode>} `not-permitted` when nobody may use it
   */
  root(): MemoryDirectory {
    this.#tools.assertGiven();
    return new MemoryDirectory(this.#root, this.#tools);
  }

  /** Gives back what it holds. Nobody may use it any more. */
  close(): void {
    this.quota.giveBytes(this.quota.bytes);
  }
}
