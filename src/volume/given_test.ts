/** What the operator takes away: nothing of it can be used any more, whoever has it open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, get, KINDS, openVolumeHost, put, READ, WRITE } from "../../test/support/volume_host.ts";

for (const kind of KINDS) {
  for (const isShared of kind === "memory" ? [false, true] : [true]) {
    const which = kind === "folder" ? "a folder" : isShared ? "shared memory" : "an instance's own memory";
    test(`volume in ${which}: what the operator takes away is gone at once, also where it is open, until it is given again`, async () => {
      const host = openVolumeHost(kind, { isShared });
      const { root } = host;
      await put(root, "f", "x");
      const file = await root.openAt({}, "f", {}, WRITE);
      const reading = file.readViaStream(0n);
      const writing = file.writeViaStream(0n);
      host.give(false);
      const calls: readonly (readonly [name: string, call: () => unknown])[] = [
        ["open", () => root.openAt({}, "f", {}, READ)],
        ["open itself", () => root.openAt({}, ".", {}, READ)],
        ["create", () => root.openAt({}, "g", { create: true }, WRITE)],
        ["make", () => root.createDirectoryAt("d")],
        ["link", () => root.symlinkAt("f", "l")],
        ["rename", () => root.renameAt("f", root, "g")],
        ["remove", () => root.unlinkFileAt("f")],
        ["list", () => root.readDirectory()],
        ["stat", () => root.stat()],
        ["stat a name", () => root.statAt({}, "f")],
        ["times", () => root.setTimes({ tag: "now" }, { tag: "now" })],
        ["sync", () => root.sync()],
        ["hash", () => root.metadataHash()],
        ["read", () => file.read(1n, 0n)],
        ["write", () => file.write(Uint8Array.of(1), 0n)],
        ["size", () => file.setSize(0n)],
        ["stat a file", () => file.stat()],
        ["sync a file", () => file.sync()],
      ];
      for (const [name, call] of calls) assert.equal(await answerOf(call), "not-permitted", name);
      for (const stream of [() => reading.blockingRead(1n), () => writing.blockingWriteAndFlush(Uint8Array.of(1))]) {
        await assert.rejects(async () => {
          await stream();
        }, ({ payload }: { payload?: { tag?: string } }) => payload?.tag === "last-operation-failed");
      }
      assert.deepEqual([file.isSameObject(root), file.isSameObject(file)], [false, true], "it has no error to give");
      host.give(true);
      assert.equal(await get(root, "f"), "x");
      for (const each of [reading, writing, file]) each[Symbol.dispose]();
      assert.equal(await host.close(), 0);
    });
  }
}
