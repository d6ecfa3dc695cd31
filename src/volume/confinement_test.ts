/** Attacks on a folder volume: what lies outside of it stays unread and unchanged, whoever prepared the folder, and whoever changes it meanwhile. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import {
  answerOf,
  FOLLOW,
  get,
  list,
  openVolumeHost,
  put,
  READ,
  type VolumeHost,
  type VolumeHostOptions,
  WRITE,
} from "../../test/support/volume_host.ts";
import { fileError } from "./entry.ts";
import { FolderVolume } from "./folder_volume.ts";

const SECRET = "secret";

/** A folder beside "outside", which has `secret` and `d/inner`. */
function open(options: VolumeHostOptions = {}): VolumeHost {
  return openVolumeHost("folder", {
    ...options,
    prepare: (path) => {
      const outside = join(path, "../outside");
      writeFileSync(join(outside, "secret"), SECRET);
      mkdirSync(join(outside, "d"));
      writeFileSync(join(outside, "d/inner"), SECRET);
      mkdirSync(join(path, "d"));
      writeFileSync(join(path, "d/f"), "own");
      options.prepare?.(path);
    },
  });
}

/** Links that somebody else put into the folder, and what every way of using them answers. */
const LINKS:
  readonly (readonly [name: string, target: (host: { readonly outside: string }) => string, code: string])[] = [
    ["an absolute link to a file", ({ outside }) => join(outside, "secret"), "not-permitted"],
    ["a relative link to a file", () => "../outside/secret", "not-permitted"],
    ["a link up through itself", () => "d/../../outside/secret", "not-permitted"],
    ["a link to the machine's root", () => "/", "not-permitted"],
    ["a link to what the process has open", () => "/proc/self/fd/0", "not-permitted"],
    ["a link to what the process is in", () => "/proc/self/cwd", "not-permitted"],
    ["a link to its parent", () => "..", "not-permitted"],
    ["a link to a link that leads out", () => "d/second", "not-permitted"],
  ];
const USES: readonly (readonly [name: string, use: (host: VolumeHost) => unknown])[] = [
  ["open", ({ root }) => get(root, "l")],
  ["open for writing", async ({ root }) => put(root, "l", "overwritten")],
  ["stat", ({ root }) => root.statAt(FOLLOW, "l")],
  ["hash", ({ root }) => root.metadataHashAt(FOLLOW, "l")],
  ["set times", ({ root }) => root.setTimesAt(FOLLOW, "l", { tag: "now" }, { tag: "now" })],
  ["go through it", ({ root }) => get(root, "l/x")],
  ["create through it", ({ root }) => put(root, "l/x", "new")],
  ["make a directory through it", ({ root }) => root.createDirectoryAt("l/x")],
  ["remove through it", ({ root }) => root.unlinkFileAt("l/secret")],
  ["rename into it", ({ root }) => root.renameAt("d/f", root, "l/x")],
  ["rename out of it", ({ root }) => root.renameAt("l/secret", root, "mine")],
  ["link out of it", ({ root }) => root.linkAt({}, "l/secret", root, "mine")],
];

for (const [name, target, code] of LINKS) {
  for (const [verb, use] of USES) {
    test(`folder volume: ${verb}: ${name}`, async () => {
      const host = open();
      symlinkSync(target(host), join(host.path, "l"));
      symlinkSync("../../outside", join(host.path, "d/second"));
      assert.equal(await answerOf(() => use(host)), code);
      assert.equal(readFileSync(join(host.outside, "secret"), "utf8"), SECRET);
      assert.ok(statSync(join(host.outside, "secret")).mtimeMs > 1_000_000_000_000, "its times are as they were");
      assert.equal(await host.close(), 0);
    });
  }
}

test("folder volume: a link that leads out can be looked at, moved and removed, as itself", async () => {
  const host = open();
  symlinkSync("/etc/passwd", join(host.path, "l"));
  assert.equal(host.root.statAt({}, "l").type, "symbolic-link");
  assert.equal(await answerOf(() => host.root.readlinkAt("l")), "not-permitted");
  await host.root.renameAt("l", host.root, "d/l");
  await host.root.unlinkFileAt("d/l");
  assert.deepEqual(await list(host.root, "d"), ["f"]);
  await host.close();
});

test("folder volume: a second name of a file outside is that file, and only who made it can have wanted that", async () => {
  const host = open();
  linkSync(join(host.outside, "secret"), join(host.path, "hard"));
  assert.equal(await get(host.root, "hard"), SECRET);
  await host.close();
});

/** What stands in the folder and is neither file nor directory. */
const SPECIALS: readonly (readonly [name: string, type: string, make: (path: string) => void | Promise<void>])[] = [
  ["a pipe", "fifo", (path) => void execFileSync("mkfifo", [path])],
  ["a device", "character-device", (path) => void execFileSync("mknod", [path, "c", "1", "3"])],
];
for (const [name, type, make] of SPECIALS) {
  test(`folder volume: ${name} can be seen and not opened`, async (t) => {
    const host = open();
    try {
      await make(join(host.path, "s"));
    } catch {
      await host.close();
      t.skip("this user may not make one");
      return;
    }
    assert.equal(host.root.statAt({}, "s").type, type);
    for (const flags of [READ, WRITE]) {
      assert.equal(await answerOf(() => host.root.openAt({}, "s", {}, flags)), "not-permitted");
    }
    await host.root.unlinkFileAt("s");
    await host.close();
  });
}

test("folder volume: a socket can be seen and not opened", async () => {
  const host = open();
  const server = createServer().listen(join(host.path, "s"));
  await new Promise((resolve) => server.once("listening", resolve));
  assert.equal(host.root.statAt({}, "s").type, "socket");
  assert.equal(await answerOf(() => host.root.openAt({}, "s", {}, READ)), "not-permitted");
  await new Promise((resolve) => server.close(resolve));
  await host.close();
});

/**
 * Races: between the look at a name and its use somebody else puts something else there. The look is made here, and the
 * use then meets what was put there.
 */
const RACES:
  readonly (readonly [name: string, kind: "file" | "directory", swap: (path: string, outside: string) => void])[] = [
    ["a file becomes a link", "file", (path, outside) => {
      unlinkSync(path);
      symlinkSync(join(outside, "secret"), path);
    }],
    ["a file becomes another file", "file", (path, outside) => renameSync(join(outside, "secret"), path)],
    ["a file becomes a pipe", "file", (path) => {
      unlinkSync(path);
      execFileSync("mkfifo", [path]);
    }],
    ["a directory becomes a link", "directory", (path, outside) => {
      rmSync(path, { recursive: true });
      symlinkSync(join(outside, "d"), path);
    }],
    ["a directory becomes another directory", "directory", (path, outside) => {
      rmSync(path, { recursive: true });
      renameSync(join(outside, "d"), path);
    }],
  ];
for (const [name, kind, swap] of RACES) {
  test(`folder volume: ${name} between look and use`, async () => {
    const host = open();
    const volume = new FolderVolume({ realPath: host.path, monotonicMs: () => 0 });
    const root = volume.root();
    const directory = root.openDirectory("d", root.lookup("d") ?? assert.fail());
    const [within, at] = kind === "file" ? [directory, "f"] : [root, "d"];
    const entry = within.lookup(at) ?? assert.fail();
    swap(join(host.path, kind === "file" ? "d/f" : "d"), host.outside);
    assert.throws(
      () =>
        kind === "file"
          ? within.openFile(at, entry, { isReadable: true, isWritable: false })
          : within.openDirectory(at, entry),
      (error) => ["loop", "no-entry", "not-directory", "not-permitted"].some((code) => isDeepEqualCode(error, code)),
    );
    directory.close();
    root.close();
    await volume.close();
    await host.close();
  });
}

function isDeepEqualCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "payload" in error &&
    error.payload === fileError(code as "io").payload;
}

test("folder volume: a directory that is moved out while it is open takes nobody to where it went", async () => {
  const host = open();
  const directory = await host.root.openAt({}, "d", { directory: true }, READ);
  renameSync(join(host.path, "d"), join(host.outside, "moved"));
  // What was opened is still that directory, as for every process of the machine, and nothing above it.
  assert.equal(await answerOf(() => directory.statAt({}, "../secret")), "not-permitted");
  if (process.platform === "linux") assert.equal(await get(directory, "f"), "own");
  assert.equal(await get(host.root, "d/f"), "no-entry");
  directory[Symbol.dispose]();
  await host.close();
});

test("folder volume: walks while somebody swaps a directory and a link never read what is outside", async () => {
  const host = open();
  mkdirSync(join(host.path, "real"));
  writeFileSync(join(host.path, "real/inner"), "own");
  symlinkSync(join(host.outside, "d"), join(host.path, "evil"));
  // Another process, as a second replica would be.
  const script =
    "i=0; while [ $i -lt 400 ]; do mv -T real x; mv -T evil real; mv -T real evil; mv -T x real; i=$((i+1)); done";
  const swapper = spawn("sh", ["-c", script], { cwd: host.path, stdio: "ignore" });
  const seen = new Set<unknown>();
  while (swapper.exitCode === null) {
    for (let index = 0; index < 50; index++) seen.add(await get(host.root, "real/inner"));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(!seen.has(SECRET), [...seen].join());
  assert.ok(seen.has("own"));
  await host.close();
});

test("folder volume: a guest that can write above another mount leads it nowhere else", async () => {
  const host = open({
    prepare: (path) => {
      mkdirSync(join(path, "a/d"), { recursive: true });
      writeFileSync(join(path, "a/d/f"), "own");
      // Somebody's sources may well have one.
      symlinkSync("../outside", join(path, "evil"));
    },
  });
  const [opened, untouched] = [0, 1].map(() =>
    new FolderVolume({ realPath: join(host.path, "a/d"), monotonicMs: () => 0 })
  ) as [FolderVolume, FolderVolume];
  opened.root().close();
  await host.root.renameAt("a", host.root, "z");
  await host.root.renameAt("evil", host.root, "a");
  assert.equal(readFileSync(join(host.path, "a/d/inner"), "utf8"), SECRET, "the path leads out now");
  for (const volume of [opened, untouched]) {
    assert.throws(() => volume.root(), (error) => isDeepEqualCode(error, "no-entry"));
  }
  // What is back is found again.
  await host.root.unlinkFileAt("a");
  await host.root.renameAt("z", host.root, "a");
  for (const volume of [opened, untouched]) {
    const root = volume.root();
    assert.equal(root.lookup("f")?.size, 3n);
    root.close();
    await volume.close();
  }
  assert.equal(await host.close(), 0);
});

/** With a read-only mount nothing changes, by no function. */
const CHANGES: readonly (readonly [name: string, change: (host: VolumeHost) => unknown])[] = [
  ["open-at with write", ({ root }) => root.openAt({}, "d/f", {}, WRITE)],
  ["open-at with create", ({ root }) => root.openAt({}, "n", { create: true }, READ)],
  ["open-at with truncate", ({ root }) => root.openAt({}, "d/f", { truncate: true }, READ)],
  ["open-at with mutate-directory", ({ root }) => root.openAt({}, "d", { directory: true }, { mutateDirectory: true })],
  ["create-directory-at", ({ root }) => root.createDirectoryAt("n")],
  ["remove-directory-at", ({ root }) => root.removeDirectoryAt("d")],
  ["unlink-file-at", ({ root }) => root.unlinkFileAt("d/f")],
  ["rename-at", ({ root }) => root.renameAt("d/f", root, "n")],
  ["link-at", ({ root }) => root.linkAt({}, "d/f", root, "n")],
  ["symlink-at", ({ root }) => root.symlinkAt("d/f", "n")],
  ["set-times", ({ root }) => root.setTimes({ tag: "now" }, { tag: "now" })],
  ["set-times-at", ({ root }) => root.setTimesAt({}, "d/f", { tag: "now" }, { tag: "now" })],
  ["set-times of a file", async ({ root }) => {
    const file = await root.openAt({}, "d/f", {}, READ);
    try {
      file.setTimes({ tag: "now" }, { tag: "now" });
    } finally {
      file[Symbol.dispose]();
    }
  }],
];
for (const [name, change] of CHANGES) {
  test(`read-only folder: ${name}`, async () => {
    const host = open({ isWritable: false });
    const before = lstatSync(join(host.path, "d/f"));
    assert.equal(await answerOf(() => change(host)), "read-only");
    const after = lstatSync(join(host.path, "d/f"));
    assert.deepEqual([after.size, after.mtimeMs, after.nlink], [before.size, before.mtimeMs, before.nlink]);
    assert.deepEqual(await list(host.root), ["d/"]);
    assert.equal(await host.close(), 0);
  });
}

test("read-only folder: its files get no second name in a mount that can be written, nor move there", async () => {
  const host = open({
    isWritable: false,
    more: (path) => {
      const limits = { bytesMax: 1e6, filesMax: 100 };
      const folder = {
        kind: "folder",
        folder: "volume",
        realPath: path,
        isOwn: true,
        isWritable: true,
        limits,
      } as const;
      return [{ ...folder, path: "/rw" }, { kind: "memory", path: "/tmp", isShared: false, limits }];
    },
  });
  const [readOnly, writable, memory] = host.roots;
  assert.ok(readOnly !== undefined && writable !== undefined && memory !== undefined);
  for (const [from, to] of [[writable, readOnly], [writable, memory], [memory, writable]] as const) {
    await put(memory, "m", "x");
    const path: string = from === memory ? "m" : "d/f";
    assert.equal(await answerOf(() => from.linkAt({}, path, to, "n")), "cross-device");
    assert.equal(await answerOf(() => from.renameAt(path, to, "n")), "cross-device");
  }
  assert.equal(await answerOf(() => readOnly.linkAt({}, "d/f", writable, "n")), "read-only");
  assert.equal(await answerOf(() => readOnly.renameAt("d/f", writable, "n")), "read-only");
  await host.close();
});
