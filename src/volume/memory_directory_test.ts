import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryVolume } from "./memory_volume.ts";

const KIB = 1024;

test("volume in memory: names and targets of links count as long as they are there, whatever they are renamed to", () => {
  const volume = new MemoryVolume({ bytesMax: 1 << 20, filesMax: 100, wallMs: () => 0 });
  const root = volume.root();
  const steps: readonly (readonly [what: string, act: () => unknown, bytes: number])[] = [
    ["a link", () => root.createLink("l", "t".repeat(4_000)), KIB + 2 + 8_000],
    ["its second name", () => root.link("l", root, "second"), 2 * KIB + 2 + 12 + 8_000],
    ["one name less", () => root.removeFile("l"), KIB + 12 + 8_000],
    ["a longer name", () => root.rename("second", root, "n".repeat(255)), KIB + 510 + 8_000],
    ["a shorter one", () => root.rename("n".repeat(255), root, "s"), KIB + 2 + 8_000],
    ["a directory", () => root.createDirectory("d"), 2 * KIB + 4 + 8_000],
    ["another one over it", () => {
      root.createDirectory("other");
      root.rename("other", root, "d");
    }, 2 * KIB + 4 + 8_000],
    [
      "a link where something is",
      () => assert.throws(() => root.createLink("s", "x".repeat(100))),
      2 * KIB + 4 + 8_000,
    ],
    ["a file over the link", () => {
      root.createFile("f", { isReadable: true, isWritable: true }).close();
      root.rename("f", root, "s");
    }, 2 * KIB + 4],
    ["nothing", () => {
      root.removeFile("s");
      root.removeDirectory("d");
    }, 0],
  ];
  for (const [what, act, bytes] of steps) {
    act();
    assert.equal(volume.quota.bytes, bytes, what);
  }
});

test("volume in memory: a link whose target, or a name whose length, is more than there is left is refused, and takes nothing", () => {
  const volume = new MemoryVolume({ bytesMax: 3 * KIB, filesMax: 100, wallMs: () => 0 });
  const root = volume.root();
  root.createDirectory("d");
  const full = { payload: "insufficient-space" };
  assert.throws(() => root.createLink("l", "t".repeat(600)), full);
  root.createLink("l", "t".repeat(400));
  assert.throws(() => root.rename("l", root, "n".repeat(200)), full);
  assert.deepEqual([volume.quota.bytes, volume.quota.files], [2 * KIB + 4 + 800, 2]);
  assert.equal(root.readLink("l").length, 400);
});
