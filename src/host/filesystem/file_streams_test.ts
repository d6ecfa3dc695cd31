/** Streams of files, in memory and in a folder. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { get, KINDS, openVolumeHost, put, READ, WRITE } from "../../../test/support/volume_host.ts";
import type { InputStream } from "../io/streams.ts";
import { IoError } from "../io/error.ts";
import { poll } from "../io/poll.ts";
import { FILE_OPERATION_BYTES_MAX } from "./file_streams.ts";
import { FILESYSTEM_TYPES_INTERFACE } from "./types.ts";

async function readAll(stream: InputStream, length = 1n << 63n): Promise<string> {
  const parts: Uint8Array[] = [];
  try {
    for (;;) parts.push((await stream.blockingRead(length)).slice());
  } catch (error) {
    assert.deepEqual((error as { payload?: unknown }).payload, { tag: "closed" });
    return Buffer.concat(parts).toString();
  }
}

const TEXT = Array.from({ length: 30_000 }, (_, line) => `line ${line}\n`).join("");

for (const kind of KINDS) {
  test(`file streams in ${kind}: a file is read from an offset to its end, in pieces`, async () => {
    const host = openVolumeHost(kind);
    await put(host.root, "f", TEXT);
    const file = await host.root.openAt({}, "f", {}, READ);
    for (
      const [offset, length] of [[0n, 1n << 63n], [7n, 100_000n], [BigInt(TEXT.length), 10n], [1n << 63n, 1n]] as const
    ) {
      const stream = file.readViaStream(offset);
      assert.equal(await readAll(stream, length), TEXT.slice(Number(offset)));
      stream[Symbol.dispose]();
    }
    file[Symbol.dispose]();
    assert.equal(host.counters.get("streams"), 0);
    assert.equal(await host.close(), 0);
  });

  test(`file streams in ${kind}: who polls is woken, and who does not wait gets nothing yet`, async () => {
    const host = openVolumeHost(kind);
    await put(host.root, "f", "hello");
    const file = await host.root.openAt({}, "f", {}, READ);
    const stream = file.readViaStream(0n);
    const first = stream.read(10n);
    assert.equal(first.length, kind === "memory" ? 5 : 0);
    const pollable = stream.subscribe();
    assert.deepEqual([...await poll([pollable])], [0]);
    if (kind === "folder") assert.equal(new TextDecoder().decode(stream.read(10n)), "hello");
    await pollable.block();
    assert.throws(() => stream.read(10n));
    pollable[Symbol.dispose]();
    stream[Symbol.dispose]();
    file[Symbol.dispose]();
    await host.close();
  });

  test(`file streams in ${kind}: several writes of one permit go behind each other`, async () => {
    const host = openVolumeHost(kind);
    const file = await host.root.openAt({}, "f", { create: true }, WRITE);
    const [stream, end] = [file.writeViaStream(1n), file.appendViaStream()];
    for (const each of [stream, end]) {
      assert.equal(each.checkWrite(), BigInt(FILE_OPERATION_BYTES_MAX));
      each.write(new TextEncoder().encode("abc"));
      each.writeZeroes(10_000n);
      each.write(new TextEncoder().encode("def"));
      await each.blockingFlush();
    }
    const part = `abc${"\0".repeat(10_000)}def`;
    assert.equal(await get(host.root, "f"), `\0${part}${part}`);
    for (const each of [stream, end, file]) each[Symbol.dispose]();
    assert.equal(await host.close(), 0);
  });

  test(`file streams in ${kind}: what is written goes where it was to, in order, also after a drop`, async () => {
    const host = openVolumeHost(kind);
    const file = await host.root.openAt({}, "f", { create: true }, WRITE);
    const stream = file.writeViaStream(2n);
    for (const part of ["abc", "def", "ghi"]) await stream.blockingWriteAndFlush(new TextEncoder().encode(part));
    assert.equal(stream.checkWrite(), BigInt(FILE_OPERATION_BYTES_MAX));
    stream.write(new TextEncoder().encode("!"));
    stream[Symbol.dispose]();
    const end = file.appendViaStream();
    await end.blockingWriteAndFlush(new TextEncoder().encode("end"));
    end[Symbol.dispose]();
    file[Symbol.dispose]();
    assert.equal(await host.close(), 0);
  });

  test(`file streams in ${kind}: bytes written through one handle are read through another`, async () => {
    const host = openVolumeHost(kind);
    const file = await host.root.openAt({}, "f", { create: true }, WRITE);
    const stream = file.appendViaStream();
    for (let part = 0; part < 20; part++) await stream.blockingWriteAndFlush(new Uint8Array(4096).fill(97 + part));
    assert.equal(
      await get(host.root, "f"),
      Array.from({ length: 20 }, (_, part) => String.fromCharCode(97 + part).repeat(4096)).join(""),
    );
    stream[Symbol.dispose]();
    file[Symbol.dispose]();
    await host.close();
  });

  test(`file streams in ${kind}: a full volume fails the stream once, with its code`, async () => {
    const host = openVolumeHost(kind, { bytesMax: 8192 });
    const file = await host.root.openAt({}, "f", { create: true }, WRITE);
    const stream = file.writeViaStream(8192n);
    let failure: unknown;
    try {
      await stream.blockingWriteAndFlush(Uint8Array.of(1));
    } catch (error) {
      failure = (error as { payload?: { val?: unknown } }).payload?.val;
    }
    assert.ok(failure instanceof IoError);
    assert.equal(FILESYSTEM_TYPES_INTERFACE.filesystemErrorCode(failure), "insufficient-space");
    assert.throws(
      () => stream.checkWrite(),
      (error) => (error as { payload?: { tag?: unknown } }).payload?.tag === "closed",
    );
    assert.deepEqual(host.limits, ["volumeSize"]);
    failure[Symbol.dispose]();
    stream[Symbol.dispose]();
    file[Symbol.dispose]();
    await host.close();
  });

  test(`file streams in ${kind}: everything may be dropped while the disk is busy`, async () => {
    const host = openVolumeHost(kind);
    await put(host.root, "f", TEXT);
    const file = await host.root.openAt({}, "f", {}, WRITE);
    const input = file.readViaStream(0n);
    input.read(10n);
    const output = file.writeViaStream(0n);
    output.checkWrite();
    output.write(new Uint8Array(10));
    const late = [file.read(10n, 0n), file.write(new Uint8Array(10), 0n), file.sync()];
    for (const each of [input, output, file]) each[Symbol.dispose]();
    for (const each of late) await each;
    assert.equal(await host.close(), 0);
  });
}

test("filesystem-error-code knows no other error as one of a file", () => {
  const host = openVolumeHost("memory");
  const error = new IoError({ message: "gone", networkCode: "connection-reset" }, { counters: host.counters });
  assert.equal(FILESYSTEM_TYPES_INTERFACE.filesystemErrorCode(error), undefined);
  return host.close().then(() => {});
});
