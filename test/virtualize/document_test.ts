/** docs/virtualize.md: its commands are commands, and its table has every word of `--deny`. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseCommand } from "../../src/cli/args.ts";
import { DENY_WORDS } from "../../src/virtualize/denials.ts";
import { virtualize } from "../../src/virtualize/virtualize.ts";
import { componentBytes } from "../support/gateway_harness.ts";

const TEXT = await readFile(new URL("../../docs/virtualize.md", import.meta.url), "utf8");

test("docs/virtualize.md: its commands work on a sample", async () => {
  const lines = [...TEXT.matchAll(/^loopgate (virtualize .*)$/gm)].map(([, words = ""]) => words);
  assert.equal(lines.length, 2);
  for (const words of lines) {
    const command = parseCommand(words.split(" "));
    assert.ok(command.kind === "virtualize");
    const { deny, randomSeed } = command;
    const { unused } = virtualize(await componentBytes("http_api"), {
      deny,
      ...(randomSeed !== undefined && { randomSeed }),
    });
    assert.deepEqual(unused, [], words);
  }
});

test("docs/virtualize.md: a row for each word", () => {
  const rows = [...TEXT.matchAll(/^\| `([a-z]+)` +\|/gm)].map(([, word = ""]) => word);
  assert.deepEqual(rows.toSorted(), DENY_WORDS.toSorted());
});
