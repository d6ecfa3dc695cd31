/** What a start leaves for the next one: only in a folder that nobody else can write to, and never in the way of a start. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { makeStartBundle } from "../../scripts/start_bundle.ts";
import { pinned } from "../../scripts/tools.ts";
import { keptModules } from "../../src/cli/kept_modules.ts";
import { Program, ROOT, RUN, withHello } from "../support/program.ts";

const MIB = 1024 * 1024;
const LOOPGATE = join(ROOT, "src/cli/loopgate.mjs");

// Deno keeps what it made of sources by itself: there the tests start the program on Node.
const NODE = process.versions["deno"] === undefined ? process.execPath : pinned("node");
const skip = NODE === undefined ? "there is no Node" : false;

/** Starts the program once, with `LOOPGATE_CACHE`. */
function start(cache: string): string {
  const { status, stdout, stderr } = spawnSync(NODE ?? "", [
    "--disable-warning=ExperimentalWarning",
    LOOPGATE,
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

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(join(tmpdir(), "loopgate-cache-"));
  try {
    await body(folder);
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

const VERSION = "of-this";

/** All files of the folder, oldest first. */
function filesOf(folder: string): string[] {
  return fs.readdirSync(folder).toSorted((a, b) =>
    fs.statSync(join(folder, a)).mtimeMs - fs.statSync(join(folder, b)).mtimeMs
  );
}

test("kept modules: found by the version that left them, for this user alone", async () => {
  await inFolder(async (folder) => {
    const modules = join(folder, "new/modules");
    const bytes = new Uint8Array([1, 2, 3]);
    const store = keptModules({ folder: modules, version: VERSION });
    assert.equal(await store.read("a"), undefined);
    await store.write("a", bytes);
    assert.deepEqual(await store.read("a"), bytes);
    assert.equal(await store.read("b"), undefined);
    assert.equal(await keptModules({ folder: modules, version: "of-another" }).read("a"), undefined);
    assert.deepEqual(await keptModules({ folder: modules, version: VERSION }).read("a"), bytes);
    assert.equal(fs.statSync(modules).mode & 0o777, 0o700);
  });
});

test("kept modules: a place that cannot be read or written keeps nothing, and harms nobody", async () => {
  await inFolder(async (folder) => {
    fs.writeFileSync(join(folder, "file"), "");
    const store = keptModules({ folder: join(folder, "file"), version: VERSION });
    await store.write("a", new Uint8Array(3));
    assert.equal(await store.read("a"), undefined);
  });
});

test("kept modules: past 256 MiB those go that were used the longest ago, and none is larger than 64", async () => {
  await inFolder(async (folder) => {
    const store = keptModules({ folder, version: VERSION });
    await store.write("large", new Uint8Array(64 * MIB + 1));
    assert.deepEqual(fs.readdirSync(folder), []);
    for (const [at, name] of ["a", "b", "c", "d"].entries()) {
      // Sparse: only their lengths are counted.
      fs.writeFileSync(join(folder, `${VERSION}-${name}`), "");
      fs.truncateSync(join(folder, `${VERSION}-${name}`), 60 * MIB);
      fs.utimesSync(join(folder, `${VERSION}-${name}`), at + 1, at + 1);
    }
    assert.equal((await store.read("a"))?.length, 60 * MIB);
    await store.write("e", new Uint8Array(17 * MIB));
    assert.deepEqual(filesOf(folder), ["c", "d", "a", "e"].map((name) => `${VERSION}-${name}`));
  });
});

test("serve: a start with what the former one left serves the same, and one with damaged pieces too", async () => {
  await makeStartBundle();
  await withHello(async (folder) => {
    const env = { LOOPGATE_CACHE: join(folder, "hello/.cache") };
    const modules = join(env.LOOPGATE_CACHE, "modules");
    for (const change of [undefined, undefined, damage]) {
      change?.(modules);
      const program = new Program([...RUN, LOOPGATE, "serve", folder, "--listen", "127.0.0.1:0"], { env });
      try {
        const url = await program.untilWritten(/Listening on (http:\S+)/);
        assert.match(await (await fetch(`${url}/hello/you`)).text(), /\/hello\/you/);
      } finally {
        program.signal("SIGINT");
      }
      assert.equal(await program.ended, 0, program.err);
      assert.deepEqual(fs.readdirSync(modules).map((name) => fs.statSync(join(modules, name)).size > 100_000), [true]);
    }
  });
});

function damage(modules: string): void {
  for (const name of fs.readdirSync(modules)) fs.truncateSync(join(modules, name), 1_000);
}
