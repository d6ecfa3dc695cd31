/** What every volume has in common, in memory and in a folder: each row is what one function answers after some others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answerOf,
  FOLLOW,
  get,
  KINDS,
  list,
  openVolumeHost,
  put,
  READ,
  WRITE,
} from "../../../test/support/volume_host.ts";
import type { Descriptor } from "./descriptor.ts";

type Act = (root: Descriptor) => unknown;

/** `a` (a file with "hello"), `d/`, `d/f`, `link` to it, `up` to `..`, `gone` to nothing, `loop` to itself, `dlink` to `d`. */
async function furnish(root: Descriptor): Promise<void> {
  await put(root, "a", "hello");
  await root.createDirectoryAt("d");
  await put(root, "d/f", "inner");
  await root.symlinkAt("d/f", "link");
  await root.symlinkAt("d", "dlink");
  await root.symlinkAt("nothing", "gone");
  await root.symlinkAt("loop", "loop");
  await root.symlinkAt("../a", "d/back");
}

async function open(root: Descriptor, path: string, flags = {}, openFlags = {}, pathFlags = {}): Promise<string> {
  const opened = await root.openAt(pathFlags, path, openFlags, flags);
  const type = opened.getType();
  opened[Symbol.dispose]();
  return type;
}

const CREATE = { create: true };
const NEW = { create: true, exclusive: true };
const NO_CHANGE = { tag: "no-change" } as const;

const ROWS: readonly (readonly [name: string, act: Act, answer: unknown])[] = [
  // Paths that lead out, or nowhere.
  ["an absolute path", (root) => get(root, "/a"), "not-permitted"],
  ["an absolute path to create", (root) => open(root, "/new", WRITE, CREATE), "not-permitted"],
  ["the parent", (root) => root.statAt({}, ".."), "not-permitted"],
  ["a parent in the middle", (root) => get(root, "d/../../a"), "not-permitted"],
  ["a parent of a subdirectory's descriptor", async (root) => {
    const directory = await root.openAt({}, "d", { directory: true }, READ);
    try {
      return await answerOf(() => directory.statAt({}, "../a"));
    } finally {
      directory[Symbol.dispose]();
    }
  }, "not-permitted"],
  ["a parent that stays within", (root) => get(root, "d/../a"), "hello"],
  ["dots and slashes", (root) => get(root, ".//d/.///f"), "inner"],
  ["a parent of what is not there", (root) => get(root, "no/../a"), "no-entry"],
  ["a parent of a file", (root) => get(root, "a/../a"), "not-directory"],
  ["an empty path", (root) => get(root, ""), "no-entry"],
  ["a NUL", (root) => get(root, "a\0b"), "invalid"],
  ["a name of 256 bytes", (root) => open(root, "x".repeat(256), WRITE, CREATE), "name-too-long"],
  ["a name of 255 bytes", (root) => open(root, "x".repeat(255), WRITE, CREATE), "regular-file"],
  ["a name of 255 characters, 510 bytes", (root) => open(root, "é".repeat(255), WRITE, CREATE), "name-too-long"],
  ["a path of more than 4096 bytes", (root) => root.statAt({}, "./".repeat(2049)), "name-too-long"],
  ["a path of 200 components", (root) => root.statAt({}, "d/../".repeat(100)), "name-too-long"],
  ["a lone surrogate is not UTF-8's to have", (root) => get(root, "\ud800"), "no-entry"],
  // Links.
  ["a link that is followed", (root) => get(root, "link"), "inner"],
  ["a link that is not", (root) => open(root, "link", READ), "loop"],
  ["a link back up within the volume", (root) => get(root, "d/back"), "hello"],
  ["a link to itself", (root) => get(root, "loop"), "loop"],
  ["a link to nothing", (root) => get(root, "gone"), "no-entry"],
  ["a directory behind a link", (root) => get(root, "dlink/f"), "inner"],
  ["a link with a slash behind it", (root) => open(root, "dlink/", READ), "directory"],
  ["a chain of 41 links", async (root) => {
    await root.symlinkAt("a", "c0");
    for (let index = 1; index <= 40; index++) await root.symlinkAt(`c${index - 1}`, `c${index}`);
    return [await get(root, "c39"), await get(root, "c40")];
  }, ["hello", "loop"]],
  ["to make a link to an absolute path", (root) => root.symlinkAt("/etc/passwd", "l"), "not-permitted"],
  ["to make a link that leads out", (root) => root.symlinkAt("../../etc/passwd", "d/l"), "not-permitted"],
  ["to make a link that leads out by the way", (root) => root.symlinkAt("x/../../y", "l"), "not-permitted"],
  ["to make a link with a NUL", (root) => root.symlinkAt("a\0", "l"), "invalid"],
  ["to make a link where something is", (root) => root.symlinkAt("a", "d"), "exist"],
  ["to read a link", (root) => root.readlinkAt("d/back"), "../a"],
  ["to read what is no link", (root) => root.readlinkAt("a"), "invalid"],
  ["to create behind a link to nothing", async (root) => {
    await open(root, "gone", WRITE, CREATE, FOLLOW);
    return await list(root);
  }, ["a", "d/", "dlink@", "gone@", "link@", "loop@", "nothing"]],
  ["to create over a link to nothing", (root) => open(root, "gone", WRITE, NEW, FOLLOW), "exist"],
  ["to create where a link is, unfollowed", (root) => open(root, "gone", WRITE, CREATE), "loop"],
  // Opening.
  ["a directory for writing", (root) => open(root, "d", WRITE), "is-directory"],
  ["the root for writing", (root) => open(root, ".", WRITE), "is-directory"],
  ["a file as a directory", (root) => open(root, "a", READ, { directory: true }), "not-directory"],
  ["a file with a slash behind it", (root) => open(root, "a/", READ), "not-directory"],
  ["a new file with a slash behind it", (root) => open(root, "n/", WRITE, CREATE), "is-directory"],
  ["what is there, exclusively", (root) => open(root, "a", WRITE, NEW), "exist"],
  ["to create a directory by open-at", (root) => open(root, "n", READ, { create: true, directory: true }), "invalid"],
  ["below a file", (root) => open(root, "a/b", WRITE, CREATE), "not-directory"],
  ["the root itself", (root) => open(root, ".", READ), "directory"],
  ["to truncate", async (root) => {
    await open(root, "a", WRITE, { truncate: true });
    return await get(root, "a");
  }, ""],
  // What a descriptor may do.
  ["to read what was opened for writing", async (root) => {
    const file = await root.openAt({}, "a", {}, { write: true });
    try {
      return await answerOf(() => file.read(1n, 0n));
    } finally {
      file[Symbol.dispose]();
    }
  }, "bad-descriptor"],
  ["to write what was opened for reading", async (root) => {
    const file = await root.openAt({}, "a", {}, READ);
    try {
      const calls = [
        () => file.write(new Uint8Array(1), 0n),
        () => file.setSize(0n),
        () => file.writeViaStream(0n),
        () => file.appendViaStream(),
        () => file.readDirectory(),
        () => file.statAt({}, "x"),
        () => file.createDirectoryAt("x"),
        () => file.linkAt({}, "a", root, "b"),
      ];
      return await Promise.all(calls.map(answerOf));
    } finally {
      file[Symbol.dispose]();
    }
  }, [...Array<string>(4).fill("bad-descriptor"), ...Array<string>(4).fill("not-directory")]],
  ["to read, write and size a directory", async (root) => {
    const calls = [
      () => root.read(1n, 0n),
      () => root.write(new Uint8Array(1), 0n),
      () => root.setSize(1n),
      () => root.readViaStream(0n),
      () => root.advise(0n, 0n, "normal"),
    ];
    return await Promise.all(calls.map(answerOf));
  }, Array<string>(5).fill("bad-descriptor")],
  // Names.
  ["to make a directory where something is", (root) => root.createDirectoryAt("gone"), "exist"],
  ["to make the root", (root) => root.createDirectoryAt("."), "exist"],
  ["to make a directory with a slash", async (root) => {
    await root.createDirectoryAt("n/");
    return await list(root, "n");
  }, []],
  ["to remove a directory with something in it", (root) => root.removeDirectoryAt("d"), "not-empty"],
  ["to remove a file as a directory", (root) => root.removeDirectoryAt("a"), "not-directory"],
  ["to remove a link to a directory as one", (root) => root.removeDirectoryAt("dlink/"), "not-directory"],
  ["to remove the root", (root) => root.removeDirectoryAt("."), "invalid"],
  ["to unlink a directory", (root) => root.unlinkFileAt("d"), "is-directory"],
  ["to unlink with a slash", (root) => root.unlinkFileAt("a/"), "not-directory"],
  ["to unlink what is not there", (root) => root.unlinkFileAt("no"), "no-entry"],
  ["to unlink a link", async (root) => {
    await root.unlinkFileAt("link");
    return await get(root, "d/f");
  }, "inner"],
  ["to unlink what is open", async (root) => {
    const file = await root.openAt({}, "a", {}, READ);
    await root.unlinkFileAt("a");
    const [bytes] = await file.read(5n, 0n);
    const links = file.stat().linkCount;
    file[Symbol.dispose]();
    return [new TextDecoder().decode(bytes), links, await get(root, "a")];
  }, ["hello", 0n, "no-entry"]],
  ["to rename over a file", async (root) => {
    await root.renameAt("a", root, "d/f");
    return [await get(root, "a"), await get(root, "d/f")];
  }, ["no-entry", "hello"]],
  ["to rename a link", async (root) => {
    await root.renameAt("link", root, "other");
    return root.readlinkAt("other");
  }, "d/f"],
  ["to rename to itself", (root) => root.renameAt("a", root, "a"), undefined],
  ["to rename a directory into itself", (root) => root.renameAt("d", root, "d/e"), "invalid"],
  ["to rename a directory over a file", (root) => root.renameAt("d", root, "a"), "not-directory"],
  ["to rename a file over a directory", (root) => root.renameAt("a", root, "d"), "is-directory"],
  ["to rename a directory over one with something in it", async (root) => {
    await root.createDirectoryAt("e");
    return await answerOf(() => root.renameAt("e", root, "d"));
  }, "not-empty"],
  ["to rename the root", (root) => root.renameAt(".", root, "n"), "busy"],
  ["to rename what is not there", (root) => root.renameAt("no", root, "n"), "no-entry"],
  ["to rename out", (root) => root.renameAt("a", root, "../a"), "not-permitted"],
  ["to link out", (root) => root.linkAt({}, "a", root, "../a"), "not-permitted"],
  ["to link a directory", (root) => root.linkAt({}, "d", root, "n"), "not-permitted"],
  ["to link over something", (root) => root.linkAt({}, "a", root, "d/f"), "exist"],
  ["to link what a link leads to", (root) => root.linkAt(FOLLOW, "link", root, "n"), "invalid"],
  ["to link", async (root) => {
    await root.linkAt({}, "a", root, "d/b");
    await put(root, "d/b", "both");
    return [await get(root, "a"), root.statAt({}, "a").linkCount];
  }, ["both", 2n]],
  ["what holds a removed directory makes nothing there", async (root) => {
    await root.createDirectoryAt("e");
    const directory = await root.openAt({}, "e", { directory: true }, READ);
    await root.removeDirectoryAt("e");
    const made = await answerOf(() => directory.createDirectoryAt("x"));
    directory[Symbol.dispose]();
    return made;
  }, "no-entry"],
  // What is known of files.
  ["types and sizes", (root) => {
    return ["a", "d", "link"].map((path) => root.statAt({}, path)).map((
      { type, size },
    ) => (type === "directory" ? type : `${type} ${size}`));
  }, ["regular-file 5", "directory", "symbolic-link 3"]],
  ["types behind links", (root) => [root.statAt(FOLLOW, "link").type, root.statAt(FOLLOW, "dlink").type], [
    "regular-file",
    "directory",
  ]],
  ["times", async (root) => {
    root.setTimesAt({}, "a", { tag: "timestamp", val: { seconds: 7n, nanoseconds: 0 } }, {
      tag: "timestamp",
      val: { seconds: 9n, nanoseconds: 500_000_000 },
    });
    root.setTimesAt({}, "a", NO_CHANGE, { tag: "timestamp", val: { seconds: 10n, nanoseconds: 0 } });
    const stat = root.statAt({}, "a");
    return [stat.dataAccessTimestamp, stat.dataModificationTimestamp];
  }, [{ seconds: 7n, nanoseconds: 0 }, { seconds: 10n, nanoseconds: 0 }]],
  ["times of a link, not of what it leads to", (root) => {
    root.setTimesAt({}, "link", NO_CHANGE, { tag: "timestamp", val: { seconds: 3n, nanoseconds: 0 } });
    return [{}, FOLLOW].map((flags) => root.statAt(flags, "link").dataModificationTimestamp?.seconds === 3n);
  }, [true, false]],
  [
    "a time with too many nanoseconds",
    (root) =>
      root.setTimesAt({}, "a", NO_CHANGE, { tag: "timestamp", val: { seconds: 0n, nanoseconds: 1_000_000_000 } }),
    "invalid",
  ],
  [
    "a time past all calendars",
    (root) => root.setTimes(NO_CHANGE, { tag: "timestamp", val: { seconds: 2n ** 64n - 1n, nanoseconds: 0 } }),
    "overflow",
  ],
  ["the same object by two names", async (root) => {
    await root.linkAt({}, "a", root, "b");
    const opened = [
      await root.openAt({}, "a", {}, READ),
      await root.openAt({}, "b", {}, READ),
      await root.openAt({}, "d/f", {}, READ),
    ];
    const [a, b, f] = opened;
    const same = [
      a !== undefined && b !== undefined && a.isSameObject(b),
      a !== undefined && f !== undefined && a.isSameObject(f),
    ];
    const hashes = [root.metadataHashAt({}, "a"), root.metadataHashAt({}, "b"), root.metadataHashAt({}, "d/f")].map((
      { lower, upper },
    ) => `${lower} ${upper}`);
    for (const each of opened) each[Symbol.dispose]();
    return [...same, hashes[0] === hashes[1], hashes[0] === hashes[2]];
  }, [true, false, true, false]],
  ["a listing", (root) => list(root), ["a", "d/", "dlink@", "gone@", "link@", "loop@"]],
  // Bytes.
  ["to read past the end", async (root) => {
    const file = await root.openAt({}, "a", {}, READ);
    const [bytes, isEnd] = await file.read(10n, 2n ** 63n);
    file[Symbol.dispose]();
    return [bytes.length, isEnd];
  }, [0, true]],
  ["to write past every size", async (root) => {
    const file = await root.openAt({}, "a", {}, WRITE);
    const answers = [
      await answerOf(() => file.write(new Uint8Array(1), 2n ** 64n - 1n)),
      await answerOf(() => file.setSize(2n ** 64n - 1n)),
    ];
    file[Symbol.dispose]();
    return answers;
  }, ["file-too-large", "file-too-large"]],
  ["a hole reads as zeros", async (root) => {
    const file = await root.openAt({}, "a", {}, WRITE);
    await file.write(Uint8Array.of(1), 9_000n);
    const [bytes] = await file.read(4n, 4_094n);
    const size = file.stat().size;
    file[Symbol.dispose]();
    return [[...bytes], size];
  }, [[0, 0, 0, 0], 9_001n]],
  ["what was cut off does not come back", async (root) => {
    const file = await root.openAt({}, "a", {}, WRITE);
    await file.setSize(2n);
    await file.setSize(5n);
    const [bytes] = await file.read(10n, 0n);
    file[Symbol.dispose]();
    return [...bytes];
  }, [0x68, 0x65, 0, 0, 0]],
  ["flags of what is open", async (root) => {
    const file = await root.openAt({}, "a", {}, { read: true, dataIntegritySync: true });
    const flags = [root.getFlags(), file.getFlags()].map((each) =>
      Object.entries(each).filter(([, on]) => on === true).map(([name]) => name)
    );
    file[Symbol.dispose]();
    return flags;
  }, [["read", "mutateDirectory"], ["read", "dataIntegritySync"]]],
  ["sync", async (root) => {
    const file = await root.openAt({}, "a", {}, WRITE);
    const answers = [
      await file.sync(),
      await file.syncData(),
      await root.sync(),
      await root.syncData(),
      file.advise(0n, 1n, "will-need"),
    ];
    file[Symbol.dispose]();
    return answers;
  }, Array<undefined>(5).fill(undefined)],
];

for (const kind of KINDS) {
  for (const [name, act, answer] of ROWS) {
    test(`descriptor in ${kind}: ${name}`, async () => {
      const host = openVolumeHost(kind);
      await furnish(host.root);
      assert.deepEqual(await answerOf(() => act(host.root)), answer);
      assert.equal(host.counters.get("openFiles"), 1, "what was opened is closed");
      assert.equal(await host.close(), 0);
    });
  }
}
