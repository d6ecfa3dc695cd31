/** What the nodes of a volume in memory have in common. */
import type { EntryKind, EntryStat, NewTimes } from "./entry.ts";
import type { Quota } from "./quota.ts";

/** Nanoseconds since 1970. */
export interface NodeTimes {
  accessedNs: bigint;
  modifiedNs: bigint;
  changedNs: bigint;
}

/** What `stat` needs of a node. */
export interface MemoryNodeFacts {
  readonly kind: EntryKind;
  readonly inode: bigint;
  readonly links: number;
  readonly size: number;
  readonly times: Readonly<NodeTimes>;
}

/** What a volume gives to its nodes. */
export interface MemoryTools {
  readonly volume: object;
  readonly quota: Quota;
  /** @throws {WitError<FileErrorCode>} `not-permitted` when nobody may use the volume any more */
  assertGiven(): void;
  nowNs(): bigint;
  nextInode(): bigint;
  newTimes(): NodeTimes;
  statOf(node: MemoryNodeFacts): EntryStat;
}

/** Sets what is given. */
export function setTimes(times: NodeTimes, { accessedNs, modifiedNs }: NewTimes, nowNs: bigint): void {
  times.accessedNs = accessedNs ?? times.accessedNs;
  times.modifiedNs = modifiedNs ?? times.modifiedNs;
  times.changedNs = nowNs;
}
