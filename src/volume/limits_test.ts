/** What volumes may hold, and what guests may have open: each limit is met, told, and given back. */
import assert from "node:assert/strict";
import { linkSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  answerOf,
  get,
  KINDS,
  openVolumeHost,
  put,
  READ,
  type VolumeHost,
  WRITE,
} from "../../test/support/volume_host.ts";
import type { Descriptor } from "../host/filesystem/descriptor.ts";
import { MemoryVolume } from "./memory_volume.ts";

const KIB = 1024;
/** A volume in memory counts 1 KiB for each name, two bytes for each of its characters, and whole pieces of 4 KiB. */
const SIZE = 64 * KIB;

async function write(host: VolumeHost, path: string, bytes: number): Promise<unknown> {
  return await answerOf(() => put(host.root, path, "x".repeat(bytes)));
}

/** After each of these there is room for `SIZE / 2` again. */
const GIVEN_BACK: readonly (readonly [name: string, act: (host: VolumeHost) => unknown])[] = [
  ["unlinked", ({ root }) => root.unlinkFileAt("full")],
  ["cut by opening it", (host) => write(host, "full", 0)],
  ["cut by set-size", async ({ root }) => {
    const file = await root.openAt({}, "full", {}, WRITE);
    await file.setSize(0n);
    file[Symbol.dispose]();
  }],
  ["overwritten by a rename", async (host) => {
    await write(host, "small", 0);
    await host.root.renameAt("small", host.root, "full");
  }],
  ["unlinked under its last of two names", async ({ root }) => {
    await root.linkAt({}, "full", root, "second");
    await root.unlinkFileAt("full");
    assert.equal(root.statAt({}, "second").size, BigInt(SIZE / 2));
    await root.unlinkFileAt("second");
  }],
  ["unlinked while it was open, and closed", async ({ root }) => {
    const file = await root.openAt({}, "full", {}, WRITE);
    await root.unlinkFileAt("full");
    file[Symbol.dispose]();
  }],
];

for (const kind of KINDS) {
  for (const [name, act] of GIVEN_BACK) {
    test(`volume in ${kind}: the bytes of a file that is ${name} can be had again`, async () => {
      const host = openVolumeHost(kind, { bytesMax: SIZE });
      assert.equal(await write(host, "full", SIZE / 2), undefined);
      assert.equal(await write(host, "more", SIZE / 2 + 1), "insufficient-space");
      assert.deepEqual(host.limits, ["volumeSize"]);
      await host.root.unlinkFileAt("more");
      await act(host);
      assert.equal(await write(host, "again", SIZE / 2), undefined);
      await host.close();
    });
  }

  test(`volume in ${kind}: a file that was unlinked while it is open counts until it is closed`, async () => {
    const host = openVolumeHost(kind, { bytesMax: SIZE });
    const file = await host.root.openAt({}, "hidden", { create: true }, WRITE);
    await host.root.unlinkFileAt("hidden");
    await file.setSize(BigInt(SIZE / 2));
    assert.equal(await write(host, "more", SIZE / 2 + 1), "insufficient-space");
    file[Symbol.dispose]();
    await host.close();
  });

  test(`volume in ${kind}: a hole counts like what is written`, async () => {
    const host = openVolumeHost(kind, { bytesMax: SIZE });
    const file = await host.root.openAt({}, "sparse", { create: true }, WRITE);
    for (const size of [BigInt(SIZE + 1), 1n << 40n, (1n << 53n) - 1n]) {
      assert.equal(await answerOf(() => file.setSize(size)), "insufficient-space");
      assert.equal(
        await answerOf(() => file.write(Uint8Array.of(1), size)),
        size === (1n << 53n) - 1n ? "file-too-large" : "insufficient-space",
      );
    }
    assert.equal(file.stat().size, 0n);
    file[Symbol.dispose]();
    await host.close();
  });

  test(`volume in ${kind}: names are counted, of files, directories and links, and given back`, async () => {
    const host = openVolumeHost(kind, { filesMax: 3 });
    await host.root.createDirectoryAt("d");
    await host.root.symlinkAt("d", "l");
    await put(host.root, "f", "");
    const more = [
      () => put(host.root, "g", ""),
      () => host.root.createDirectoryAt("e"),
      () => host.root.symlinkAt("d", "m"),
      () => host.root.linkAt({}, "f", host.root, "h"),
    ];
    for (const act of more) assert.equal(await answerOf(act), "insufficient-space");
    assert.deepEqual(host.limits, Array<string>(4).fill("volumeFiles"));
    await host.root.removeDirectoryAt("d");
    assert.equal(await answerOf(() => host.root.linkAt({}, "f", host.root, "h")), undefined);
    await host.root.unlinkFileAt("l");
    await host.root.renameAt("f", host.root, "h");
    await put(host.root, "i", "");
    await host.close();
  });

  test(`volume in ${kind}: many writers of one file at once take no more than there is`, async () => {
    const host = openVolumeHost(kind, { bytesMax: SIZE });
    const files: Descriptor[] = [];
    for (let index = 0; index < 8; index++) files.push(await host.root.openAt({}, "f", { create: true }, WRITE));
    const answers = await Promise.all(
      files.map((file, index) => answerOf(() => file.write(new Uint8Array(SIZE / 4), BigInt(index * SIZE / 4)))),
    );
    assert.equal(answers.filter((answer) => answer === "insufficient-space").length, kind === "memory" ? 5 : 4);
    for (const file of files) file[Symbol.dispose]();
    await host.close();
  });

  test(`volume in ${kind}: open files and streams have a limit for each instance, and give their places back`, async () => {
    const host = openVolumeHost(kind, { limits: { descriptorsMax: 4 } });
    await put(host.root, "f", "x");
    const file = await host.root.openAt({}, "f", {}, WRITE);
    const streams = [file.readViaStream(0n), file.appendViaStream()];
    const more = [
      () => host.root.openAt({}, "f", {}, READ),
      () => host.root.openAt({}, ".", {}, READ),
      () => host.root.readDirectory(),
      () => file.readViaStream(0n),
      () => file.writeViaStream(0n),
    ];
    for (const act of more) assert.equal(await answerOf(act), "insufficient-memory");
    assert.deepEqual(host.limits, Array<string>(5).fill("descriptors"));
    // The file stays open for its streams.
    file[Symbol.dispose]();
    assert.equal(host.counters.get("openFiles"), 4);
    for (const stream of streams) stream[Symbol.dispose]();
    assert.equal(host.counters.get("openFiles"), 1);
    assert.equal(await host.close(), 0);
  });

  test(`volume in ${kind}: all instances of a workload have a limit together`, async () => {
    const host = openVolumeHost(kind, { openFilesMax: 3, isShared: true });
    await put(host.root, "f", "x");
    const other = host.other();
    const held = await other.openAt({}, ".", {}, READ);
    assert.equal(await answerOf(() => host.root.openAt({}, "f", {}, READ)), "insufficient-memory");
    assert.deepEqual(host.limits, ["openFiles"]);
    held[Symbol.dispose]();
    assert.equal(await get(host.root, "f"), "x");
    assert.equal(await host.close(), 0);
  });

  test(`volume in ${kind}: a directory with too many entries is not listed, nor are many at a time`, async () => {
    const host = openVolumeHost(kind, { limits: { directoryEntriesMax: 5 } });
    for (let index = 0; index < 3; index++) await put(host.root, `f${index}`, "");
    const first = await host.root.readDirectory();
    assert.equal(await answerOf(() => host.root.readDirectory()), "insufficient-memory");
    first[Symbol.dispose]();
    const second = await host.root.readDirectory();
    second[Symbol.dispose]();
    for (let index = 3; index < 6; index++) await put(host.root, `f${index}`, "");
    assert.equal(await answerOf(() => host.root.readDirectory()), "insufficient-memory");
    assert.deepEqual(host.limits, ["directoryEntries", "directoryEntries"]);
    await host.close();
  });
}

test("volume in a folder: what is in it when it is opened counts, a file with two names once", async () => {
  const host = openVolumeHost("folder", {
    bytesMax: SIZE,
    filesMax: 6,
    prepare: (path) => {
      mkdirSync(join(path, "d/e"), { recursive: true });
      writeFileSync(join(path, "d/e/f"), "x".repeat(SIZE / 2));
      linkSync(join(path, "d/e/f"), join(path, "g"));
    },
  });
  // The first change waits for the count.
  assert.equal(await write(host, "a", SIZE / 2), undefined);
  assert.equal(await write(host, "b", 1), "insufficient-space");
  assert.equal(await write(host, "c", 0), "insufficient-space");
  assert.deepEqual(host.limits, ["volumeSize", "volumeFiles"]);
  await host.close();
});

test("volume in a folder: one that holds more than it may can be read and emptied, not filled", async () => {
  const host = openVolumeHost("folder", {
    bytesMax: SIZE,
    prepare: (path) => writeFileSync(join(path, "f"), "x".repeat(2 * SIZE)),
  });
  assert.equal(await write(host, "a", 1), "insufficient-space");
  assert.equal(String(await get(host.root, "f")).length, 2 * SIZE);
  await host.root.unlinkFileAt("f");
  assert.equal(await write(host, "a", SIZE), undefined);
  await host.close();
});

test("volume in a folder: one with too many files, or too deep, is full", async () => {
  for (
    const make of [
      (path: string) => {
        for (let index = 0; index < 11; index++) writeFileSync(join(path, `f${index}`), "");
      },
      (path: string) => void mkdirSync(join(path, "d/".repeat(300)), { recursive: true }),
    ]
  ) {
    const host = openVolumeHost("folder", { filesMax: 10, prepare: make });
    assert.equal(await write(host, "a", 1), "insufficient-space");
    await host.close();
  }
});

test("volume in a folder: room that the operator makes is found when somebody misses it", async () => {
  const host = openVolumeHost("folder", {
    bytesMax: SIZE,
    prepare: (path) => writeFileSync(join(path, "f"), "x".repeat(SIZE)),
  });
  assert.equal(await write(host, "a", 1), "insufficient-space");
  rmSync(join(host.path, "f"));
  await host.clock.advanceMs(10_000);
  assert.equal(await write(host, "a", 1), "insufficient-space");
  assert.equal(await write(host, "a", 1), undefined);
  await host.close();
});

test("volume in a folder: what others do to an open file is counted with the next append", async () => {
  const host = openVolumeHost("folder", { bytesMax: SIZE });
  await put(host.root, "f", "x");
  const file = await host.root.openAt({}, "f", {}, WRITE);
  truncateSync(join(host.path, "f"), 3 * SIZE);
  const stream = file.appendViaStream();
  stream.checkWrite();
  stream.write(Uint8Array.of(1));
  await assert.rejects(async () => {
    await stream.blockingFlush();
  });
  assert.deepEqual(host.limits, ["volumeSize"]);
  stream[Symbol.dispose]();
  file[Symbol.dispose]();
  await host.close();
});

test("volume in memory: an instance's own is nobody else's, a shared one is everybody's", async () => {
  for (const isShared of [false, true]) {
    const host = openVolumeHost("memory", { isShared });
    await put(host.root, "f", "mine");
    assert.equal(await get(host.other(), "f"), isShared ? "mine" : "no-entry");
    await host.close();
  }
});

test("volume in memory: what it takes from its instance's memory goes back", async () => {
  let taken = 0;
  const memory = {
    take: (bytes: number) => taken + bytes <= SIZE && ((taken += bytes), true),
    give: (bytes: number) => void (taken -= bytes),
  };
  const volume = new MemoryVolume({ bytesMax: 10 * SIZE, filesMax: 100, wallMs: () => 0, memory });
  const root = volume.root();
  const file = root.createFile("f", { isReadable: true, isWritable: true });
  assert.throws(() => file.setSize(SIZE), (error) => (error as { payload?: unknown }).payload === "insufficient-space");
  file.setSize(SIZE / 2);
  file.close();
  assert.equal(taken, SIZE / 2 + KIB + 2);
  root.removeFile("f");
  assert.equal(taken, 0);
  root.createDirectory("d");
  volume.close();
  assert.equal(taken, 0);
});

test("volume in folder: counting anew forgets neither what was unlinked while it is open nor what is being written", async () => {
  const host = openVolumeHost("folder", { bytesMax: SIZE });
  const hidden = await host.root.openAt({}, "hidden", { create: true }, WRITE);
  await hidden.setSize(BigInt(SIZE));
  await host.root.unlinkFileAt("hidden");
  for (let round = 0; round < 3; round++) {
    await host.clock.advanceMs(10_000);
    assert.equal(await write(host, "more", SIZE), "insufficient-space", `round ${round}`);
    await host.root.unlinkFileAt("more");
  }
  hidden[Symbol.dispose]();
  assert.equal(await write(host, "more", SIZE), undefined);
  await host.close();
});

test("volume in memory: directories below each other, however many, can be moved", () => {
  const volume = new MemoryVolume({ bytesMax: 1 << 30, filesMax: 100_000, wallMs: () => 0 });
  const root = volume.root();
  root.createDirectory("other");
  let deepest = root;
  for (let depth = 0; depth < 50_000; depth++) {
    deepest.createDirectory("d");
    deepest = deepest.openDirectory("d");
  }
  root.rename("other", deepest, "moved");
  assert.throws(() => root.rename("d", deepest, "loop"), { payload: "invalid" });
});
