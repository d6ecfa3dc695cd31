import assert from "node:assert/strict";
import { basename, resolve } from "node:path";
import { test } from "node:test";
import type { FileReader } from "../config/file_reader.ts";
import { workloadPlace } from "./workload_place.ts";

/** Every folder of `workloads` has the file of a workload, all others nothing. */
function readerOf(...workloads: readonly string[]): FileReader {
  return {
    list: (folder) =>
      Promise.resolve(workloads.includes(folder) ? [{ name: "workload.jsonc", kind: "file", isLink: false }] : []),
    read: () => Promise.reject(new Error("nothing is read")),
    inspect: () => Promise.resolve(undefined),
    variable: () => undefined,
  };
}

const HERE = basename(resolve("."));
const SHOWN = [
  ["of the current folder", ".", `../${HERE}/src/a.ts:1:1`, "src/a.ts:1:1"],
  ["twice in a sentence", ".", `there is no file "../${HERE}/a", no ../${HERE}/b`, 'there is no file "a", no b'],
  ["the end of another path", ".", `../../${HERE}/../${HERE}/a`, `../../${HERE}/../${HERE}/a`],
  ["of a folder below", "apps/shop", "apps/shop/src/a.ts", "apps/shop/src/a.ts"],
  ["of the folder of workloads itself", "apps", "apps/shop/src/a.ts", "apps/shop/src/a.ts"],
] as const;

for (const [name, folder, text, expected] of SHOWN) {
  test(`workloadPlace: a path is shown from here: ${name}`, async () => {
    const { shown } = await workloadPlace(folder, readerOf(".", "apps/shop"));
    assert.equal(shown(text), expected);
  });
}
