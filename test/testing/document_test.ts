/** The examples of docs/testing.md are tests that pass. */
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { run } from "../../scripts/tools.ts";
import { componentBytes } from "../support/gateway_harness.ts";

const ROOT = new URL("../../", import.meta.url);
const IS_DENO = "Deno" in globalThis;

test("docs/testing.md: its examples pass as they stand", async () => {
  await componentBytes("http_api");
  const text = await readFile(new URL("docs/testing.md", ROOT), "utf8");
  const blocks = [...text.matchAll(/^```ts\n\/\/ (\w+)_test\.ts\n([^]*?)^```/gm)];
  assert.equal(blocks.length, 2);
  for (const [, name = "", source = ""] of blocks) {
    // Inside the clone, where its own name is known; one for each runtime, since both may be at it.
    const file = fileURLToPath(new URL(`test/testing/.example_${name}_${IS_DENO ? "deno" : "node"}.ts`, ROOT));
    await writeFile(file, source);
    try {
      const args = IS_DENO
        ? ["test", "-A", "--no-check", file]
        : ["--conditions=loopgate-source", "--test", "--test-isolation=none", file];
      const { code, output } = await run(process.execPath, args, { env: { NODE_TEST_CONTEXT: "" } });
      assert.equal(code, 0, output);
      assert.match(output, IS_DENO ? /[12] passed/ : /pass [12]/);
    } finally {
      await rm(file);
    }
  }
});
