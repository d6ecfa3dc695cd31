/** Faults of files and of components are told together, at the start and at a reload. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopgateError } from "../../src/base/errors.ts";
import { ComponentCache } from "../../src/component/cache.ts";
import { NO_GATEWAY_FILE } from "../../src/config/gateway_file.ts";
import { readWorkload } from "../../src/gateway/folder_reading.ts";
import { readFolder } from "../../src/gateway/read_folder.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { wat } from "../engine/wat.ts";
import { memoryFiles } from "../support/gateway_harness.ts";

const route = (path: string, component: string, more: object = {}): object => ({ match: { path }, component, ...more });

/** By file, the start of the message. */
const FAULTS: readonly (readonly [file: string, message: RegExp])[] = [
  ["w/a/absent.route.jsonc", /^Cannot use "component": there is no file "w\/a\/absent\.wasm"/],
  ["w/a/broken.route.jsonc", /^Cannot use the key "lmits" of the file: it is unknown/],
  ["w/a/empty.route.jsonc", /^Cannot use "component" \(w\/a\/empty\.wasm\): it exports nothing/],
  ["w/a/text.route.jsonc", /^Cannot use "component" \(w\/a\/text\.wasm\): /],
];

async function options() {
  const files = memoryFiles({
    "a/absent.route.jsonc": route("/absent", "absent.wasm"),
    "a/broken.route.jsonc": route("/broken", "empty.wasm", { lmits: {} }),
    "a/empty.route.jsonc": route("/empty", "empty.wasm"),
    "a/text.route.jsonc": route("/text", "text.wasm"),
    "a/empty.wasm": await wat(""),
    "a/text.wasm": "no component",
  });
  return { folder: "w", files, cache: new ComponentCache({ suspending: SUSPENDING }) };
}

function assertFaults(diagnostics: readonly { readonly file: string; readonly message: string }[]): void {
  assert.deepEqual(diagnostics.map(({ file }) => file), FAULTS.map(([file]) => file));
  for (const [index, [, message]] of FAULTS.entries()) assert.match(diagnostics[index]?.message ?? "", message);
}

test("readFolder: every fault at once, that of a file and that of a component beside it", async () => {
  await assert.rejects(readFolder(await options()), (error) => {
    assert.ok(error instanceof LoopgateError && error.code === "ERR_CONFIG");
    assertFaults(error.diagnostics);
    return true;
  });
});

test("readWorkload: the same when it is read by itself", async () => {
  const read = await readWorkload("a", { ...(await options()), operator: NO_GATEWAY_FILE, others: [] });
  assert.ok(read.kind === "faulty");
  assertFaults(read.diagnostics);
});
