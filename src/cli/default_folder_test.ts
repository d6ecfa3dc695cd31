import assert from "node:assert/strict";
import { test } from "node:test";
import { type Content, memoryFiles } from "../../test/support/memory_files.ts";
import { defaultFolder } from "./default_folder.ts";

const ROWS: readonly (readonly [name: string, files: Readonly<Record<string, Content>>, folder: string])[] = [
  ["a folder of that name", { "workloads/shop/a.route.jsonc": "" }, "workloads"],
  ["none", { "shop/a.route.jsonc": "" }, "."],
  ["a file of that name", { "workloads": "" }, "."],
];

for (const [name, files, folder] of ROWS) {
  test(`defaultFolder: ${name}`, async () => assert.equal(await defaultFolder(memoryFiles(files)), folder));
}
