import assert from "node:assert/strict";
import { test } from "node:test";
import { metadataHash } from "./metadata.ts";

const STAT = {
  kind: "regular-file",
  size: 0n,
  linkCount: 1n,
  accessedNs: 0n,
  modifiedNs: 0n,
  changedNs: 0n,
} as const;

test("metadataHash: neither the number of the device nor of the file can be had from it", () => {
  // SplitMix64's finaliser, backwards: whoever knows how a hash was mixed can undo it, unless something secret is in it.
  const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
  const unshift = (value: bigint, by: bigint): bigint => {
    let undone = value;
    for (let round = 0; round < 6; round++) undone = value ^ (undone >> by);
    return undone;
  };
  const unmixed = (hash: bigint): bigint => {
    const first = unshift(u64(unshift(hash, 31n) * 0x319642b2d24d8ec3n), 27n);
    return u64(unshift(u64(first * 0x96de1b173f119089n), 30n) - 0x9e3779b97f4a7c15n);
  };
  const device = 65_024n;
  const { lower, upper } = metadataHash({ ...STAT, device, inode: 611n });
  assert.notEqual(unmixed(upper) ^ lower, device);
  assert.notEqual(lower, metadataHash({ ...STAT, device, inode: 612n }).lower);
  assert.deepEqual({ lower, upper }, metadataHash({ ...STAT, device, inode: 611n, size: 1n }));
});
