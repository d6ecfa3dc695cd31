/** What is known of files, between volumes and WIT. */
import { createHash } from "node:crypto";
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types";
import { type EntryStat, fileError, type NewTimes } from "../../volume/entry.ts";

const NS_PER_S = 1_000_000_000n;
/** Times past the year 9999 are no times that a disk could keep. */
const SECONDS_MAX = 253_402_300_799n;

/** WIT `descriptor-stat`. */
export function descriptorStat(stat: EntryStat): Declared.DescriptorStat {
  return {
    type: stat.kind,
    linkCount: stat.linkCount,
    size: stat.size,
    dataAccessTimestamp: datetime(stat.accessedNs),
    dataModificationTimestamp: datetime(stat.modifiedNs),
    statusChangeTimestamp: datetime(stat.changedNs),
  };
}

/** What two WIT `new-timestamp` ask for. */
export function newTimes(
  accessed: Declared.NewTimestamp,
  modified: Declared.NewTimestamp,
  nowNs: () => bigint,
): NewTimes {
  return { accessedNs: newTime(accessed, nowNs), modifiedNs: newTime(modified, nowNs) };
}

/** Of this process: with something that nobody could try out, no number of a disk can be had from its hash. */
const SECRET = crypto.getRandomValues(new Uint8Array(32));

/** The same for the same object as long as the gateway runs, and telling nothing of its number on the disk. */
export function metadataHash({ device, inode }: EntryStat): Declared.MetadataHashValue {
  const digest = createHash("sha256").update(SECRET).update(new BigUint64Array([device, inode])).digest();
  return { lower: digest.readBigUInt64LE(0), upper: digest.readBigUInt64LE(8) };
}

function newTime(time: Declared.NewTimestamp, nowNs: () => bigint): bigint | undefined {
  switch (time.tag) {
    case "no-change":
      return undefined;
    case "now":
      return nowNs();
    case "timestamp": {
      const { seconds, nanoseconds } = time.val;
      if (BigInt(nanoseconds) >= NS_PER_S) throw fileError("invalid");
      if (seconds > SECONDS_MAX) throw fileError("overflow");
      return seconds * NS_PER_S + BigInt(nanoseconds);
    }
  }
}

/** WIT's `datetime` has no time before 1970. */
function datetime(ns: bigint): Declared.Datetime {
  const time = ns < 0n ? 0n : ns;
  return { seconds: time / NS_PER_S, nanoseconds: Number(time % NS_PER_S) };
}
