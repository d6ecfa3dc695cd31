/** What a start leaves for the next one: only in a folder that nobody else can write to, and never in the way of a start. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pinned } from "../../scripts/tools.ts";
import { ROOT } from "../support/program.ts";

// Deno keeps what it made of sources by itself: there the tests start the program on Node.
const NODE = process.versions["deno"] === undefined ? process.execPath : pinned("node");
const skip = NODE === undefined ? "there is no Node" : false;

/** Starts the program once, with `LOOPGATE_CACHE`. */
function start(cache: string): string {
  const { status, stdout, stderr } = spawnSync(NODE ?? "", [
    "--disable-warning=ExperimentalWarning",
    join(ROOT, "src/cli/loopgate.mjs"),
    "help",
  ], {
    encoding: "utf8",
    env: { ...process.env, LOOPGATE_CACHE: cache },
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return stdout;
}

function withFolder(body: (folder: string) => void): void {
  const folder = fs.mkdtempSync(join(tmpdir(), "loopgate-cache-"));
  try {
    body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test("a start leaves compiled code in its own folder, for this user alone", { skip }, () => {
  withFolder((folder) => {
    const cache = join(folder, "new/cache");
    const first = start(cache);
    assert.equal(fs.statSync(cache).mode & 0o777, 0o700);
    assert.deepEqual(fs.readdirSync(cache), ["code"]);
    assert.equal(start(cache), first);
  });
});

const REFUSED: readonly { name: string; make: (folder: string) => string }[] = [
  { name: "that is switched off", make: () => "off" },
  { name: "with a relative path", make: () => "relative/cache" },
  {
    name: "that others can write to",
    make: (folder) => {
      fs.chmodSync(folder, 0o777);
      return folder;
    },
  },
  {
    name: "that is a link",
    make: (folder) => {
      fs.mkdirSync(join(folder, "real"), { mode: 0o700 });
      fs.symlinkSync(join(folder, "real"), join(folder, "link"));
      return join(folder, "link");
    },
  },
  {
    name: "that is a file",
    make: (folder) => {
      fs.writeFileSync(join(folder, "file"), "");
      return join(folder, "file");
    },
  },
];

for (const { name, make } of REFUSED) {
  test(`a folder for the cache ${name} is not used`, { skip }, () => {
    withFolder((folder) => {
      const cache = make(folder);
      start(cache);
      assert.ok(!fs.existsSync(join(cache, "code")));
      assert.ok(!fs.existsSync("relative"));
    });
  });
}
