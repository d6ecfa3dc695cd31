import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryFiles } from "../../test/support/memory_files.ts";
import type { FileReader } from "../config/file_reader.ts";
import { DigestingFiles } from "./digesting_files.ts";

/** One reading of a file that has these contents one after the other; null: it cannot be read. */
async function fingerprintOf(contents: readonly (string | null)[]): Promise<string> {
  const left = [...contents];
  const files: FileReader = {
    ...memoryFiles({}),
    read: () => {
      const content = left.shift() ?? null;
      if (content === null) return Promise.reject(new Error("it is not there"));
      return Promise.resolve(new TextEncoder().encode(content));
    },
  };
  const digesting = new DigestingFiles(files);
  for (const content of contents) {
    await digesting.read("db", 100).catch((error: unknown) => assert.equal(content, null, String(error)));
  }
  return digesting.fingerprint(["db", "other"]);
}

const OTHERS: readonly (readonly [name: string, one: readonly (string | null)[], other: readonly (string | null)[]])[] =
  [
    ["other bytes", ["old"], ["new"]],
    ["bytes that changed between two reads, and the new ones", ["old", "new"], ["new"]],
    ["bytes that changed between two reads, and the old ones", ["old", "new"], ["old"]],
    ["bytes, and a file that is gone", ["old"], [null]],
    ["a file that came between two reads", [null, "new"], ["new"]],
    ["a file that went between two reads", ["old", null], [null]],
  ];
for (const [name, one, other] of OTHERS) {
  test(`DigestingFiles: two readings differ: ${name}`, async () => {
    assert.notEqual(await fingerprintOf(one), await fingerprintOf(other));
  });
}

test("DigestingFiles: two readings of the same are equal, however often each file was read", async () => {
  assert.equal(await fingerprintOf(["same"]), await fingerprintOf(["same", "same"]));
  assert.equal(await fingerprintOf([null]), await fingerprintOf([null, null]));
  assert.notEqual(await fingerprintOf([null]), await fingerprintOf([]));
});
