import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { folderFiles } from "./folder_files.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("folderFiles.list: kinds, links followed", async () => {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "a"), "");
    await mkdir(join(folder, "b"));
    await symlink("b", join(folder, "c"));
    await symlink("nothing", join(folder, "d"));
    await symlink("e", join(folder, "e"));
    const entries = (await folderFiles.list(folder)).map(({ name, kind }) => `${name} ${kind}`).toSorted();
    assert.deepEqual(entries, ["a file", "b folder", "c folder", "d other", "e unknown"]);
    await assert.rejects(folderFiles.list(join(folder, "nothing")), { code: "ENOENT" });
    await assert.rejects(folderFiles.list(join(folder, "a")), { code: "ENOTDIR" });
  });
});

test("folderFiles.inspect: the real path, and nothing where nothing is", async () => {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "a"), "");
    await symlink("a", join(folder, "b"));
    const [a, b] = [await folderFiles.inspect(join(folder, "a")), await folderFiles.inspect(join(folder, "b"))];
    assert.deepEqual(a, b);
    assert.equal(a?.kind, "file");
    assert.equal(a.isReadable, true);
    assert.equal(await folderFiles.inspect(join(folder, "c")), undefined);
    assert.equal(await folderFiles.inspect(join(folder, "a", "c")), undefined);
    await chmod(join(folder, "a"), 0o600);
  });
});

test("folderFiles.read: the whole file, up to the bound", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "a");
    await writeFile(file, "12345");
    assert.equal(new TextDecoder().decode(await folderFiles.read(file, 5)), "12345");
    await assert.rejects(folderFiles.read(file, 4), /it has 5 bytes, expected at most 4/);
    await assert.rejects(folderFiles.read(folder, 5), /it is no file|EISDIR/);
    await assert.rejects(folderFiles.read(join(folder, "b"), 5), { code: "ENOENT" });
  });
});

test("folderFiles.read: never a mixture of two writes", async () => {
  await inFolder(async (folder) => {
    const [file, next] = [join(folder, "a"), join(folder, "next")];
    const sizes = [200_000, 100_000];
    await writeFile(file, "a".repeat(200_000));
    const progress = { isDone: false };
    const writing = (async () => {
      for (let turn = 0; turn < 30; turn++) {
        const letter = turn % 2 === 0 ? "b" : "a";
        await writeFile(next, letter.repeat(sizes[turn % 2] ?? 0));
        await rename(next, file);
      }
      progress.isDone = true;
    })();
    let reads = 0;
    while (!progress.isDone) {
      const bytes = await folderFiles.read(file, 1_000_000);
      assert.ok(bytes.every((byte) => byte === bytes[0]), "one letter only");
      reads++;
    }
    await writing;
    assert.ok(reads > 0);
  });
});
