/** The examples of docs/guest_sdk.md have the types that an author's editor shows, and its file is one that the gateway takes. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { run, tool } from "../../scripts/tools.ts";
import { WORKLOAD_FILE } from "../../src/config/definition.ts";
import { ConfigDocument } from "../../src/config/document.ts";
import { checkDocument } from "../../src/config/faults.ts";

/** Within the clone, where the types of "hono" are found. */
const SCRATCH = fileURLToPath(new URL("./.types-", import.meta.url));

const PAGE = await readFile(new URL("../../docs/guest_sdk.md", import.meta.url), "utf8");

test("docs/guest_sdk.md: its examples have no type error", async () => {
  const folder = await mkdtemp(SCRATCH);
  try {
    const blocks = [...PAGE.matchAll(/^```ts\n\/\/ (\w+\.ts)\n([^]*?)^```/gm)];
    assert.ok(blocks.length > 0);
    for (const [, name = "", source = ""] of blocks) await writeFile(join(folder, name), source);
    const options = { extends: "../../../workloads/tsconfig.json", include: ["*.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(options));
    const { code, output } = await run(tool("tsc"), ["-p", folder]);
    assert.equal(output.trim(), "");
    assert.equal(code, 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("docs/guest_sdk.md: its workload.jsonc is one", () => {
  const blocks = [...PAGE.matchAll(/^```jsonc\n\/\/ workload\.jsonc\n([^]*?)^```/gm)];
  assert.ok(blocks.length > 0);
  for (const [, text = ""] of blocks) {
    const document = new ConfigDocument("workload.jsonc", text);
    assert.deepEqual(checkDocument(document, WORKLOAD_FILE).diagnostics, []);
  }
});
