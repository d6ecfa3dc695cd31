/** The guest of docs/volumes.md is built as the page says, has types, and keeps its notes in a folder. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { startGateway } from "../../src/gateway/gateway.ts";
import { blocksOf, DocumentShell, quotedWord, scriptOf } from "../support/document_commands.ts";
import { MAIN, ROOT, RUN } from "../support/program.ts";

const DOCUMENT = readFileSync(join(ROOT, "docs/volumes.md"), "utf8");

test("docs/volumes.md: files from TypeScript", async () => {
  const loopgate = `exec ${[process.execPath, ...RUN, MAIN].map(quotedWord).join(" ")} "$@"`;
  const shell = await DocumentShell.open({ loopgate });
  try {
    const { exitCode, printed } = await shell.run(scriptOf(blocksOf(DOCUMENT, "From TypeScript")));
    assert.equal(exitCode, 0, printed);
    assert.match(printed, /volume: \/data \(folder data, writable up to 64MiB\)\n[^]*1 workload, no fault/);
    const types = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", join(shell.folder, "notes")], {
      encoding: "utf8",
    });
    assert.equal(types.status, 0, types.stdout);
    const gateway = await startGateway({ folder: shell.folder, listen: { host: "127.0.0.1", port: 0 } });
    try {
      const note = `${gateway.url}/notes/first`;
      assert.equal((await fetch(note)).status, 404);
      const text = "a note\n".repeat(10_000);
      assert.equal((await fetch(note, { method: "PUT", body: text })).status, 204);
      const answer = await fetch(note);
      assert.deepEqual([answer.status, await answer.text()], [200, text.slice(0, 65_536)]);
      assert.equal(readFileSync(join(shell.folder, "notes/data/first"), "utf8"), text);
    } finally {
      await gateway.close();
    }
  } finally {
    await shell.close();
  }
});
