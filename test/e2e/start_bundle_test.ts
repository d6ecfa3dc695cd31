/** The program as one file: used when it was made of what the sources are now, and never otherwise. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { makeStartBundle } from "../../scripts/start_bundle.ts";
import { BUNDLES, digestOf, freshBundle, MAIN, MANIFEST, versionOf } from "../../src/cli/start_bundle.mjs";
import { ROOT, RUN } from "../support/program.ts";

const SOURCES: readonly string[] = ["src/a.ts", "src/b.ts"];

/** A clone with a bundle. */
function withClone(body: (root: string, bundle: string) => void): void {
  const root = fs.mkdtempSync(join(tmpdir(), "loopgate-clone-"));
  try {
    fs.mkdirSync(join(root, "src"));
    for (const name of [...SOURCES, "package.json", "package-lock.json"]) {
      fs.writeFileSync(join(root, name), `of ${name}`);
    }
    const version = versionOf(SOURCES, (name: string) => fs.readFileSync(join(root, name)));
    const bundle = join(root, BUNDLES, version, MAIN);
    fs.mkdirSync(join(root, BUNDLES, version), { recursive: true });
    fs.writeFileSync(bundle, "of both");
    const manifest = { version, sources: SOURCES, digest: digestOf(bundle) };
    fs.writeFileSync(join(root, BUNDLES, MANIFEST), JSON.stringify(manifest));
    body(root, bundle);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

test("freshBundle: sources as they were, whatever their times", () => {
  withClone((root, bundle) => {
    assert.equal(freshBundle(root), bundle);
    fs.utimesSync(join(root, "src/a.ts"), 1, 1);
    assert.equal(freshBundle(root), bundle);
  });
});

/** Changes `file`, keeping its length and its times. */
function edit(file: string): void {
  const { atime, mtime } = fs.statSync(file);
  const bytes = fs.readFileSync(file);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
  fs.utimesSync(file, atime, mtime);
}

const REFUSED: readonly { readonly name: string; readonly change: (root: string, bundle: string) => void }[] = [
  { name: "a source that was edited", change: (root) => edit(join(root, "src/b.ts")) },
  { name: "a source that has gone", change: (root) => fs.rmSync(join(root, "src/a.ts")) },
  { name: "another manifest of the package", change: (root) => edit(join(root, "package.json")) },
  { name: "another lock file", change: (root) => edit(join(root, "package-lock.json")) },
  { name: "a bundle that is not as it was made", change: (_root, bundle) => edit(bundle) },
  { name: "a bundle that was cut", change: (_root, bundle) => fs.truncateSync(bundle, 3) },
  { name: "no bundle", change: (_root, bundle) => fs.rmSync(bundle) },
  { name: "no manifest", change: (root) => fs.rmSync(join(root, BUNDLES, MANIFEST)) },
  { name: "half a manifest", change: (root) => fs.truncateSync(join(root, BUNDLES, MANIFEST), 40) },
  { name: "a manifest of something else", change: (root) => fs.writeFileSync(join(root, BUNDLES, MANIFEST), "[]") },
];

for (const { name, change } of REFUSED) {
  test(`freshBundle: there is none with ${name}`, () => {
    withClone((root, bundle) => {
      change(root, bundle);
      assert.equal(freshBundle(root), undefined);
    });
  });
}

test("the bundle of this clone says what its sources say, also what it loads late", async () => {
  await makeStartBundle();
  const bundle = freshBundle(ROOT);
  assert.ok(bundle !== undefined);
  const [fromBundle, fromSources] = [{}, { LOOPGATE_CACHE: "off" }].map((env) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...RUN, join(ROOT, "src/cli/loopgate.mjs"), "help", "LG1000"],
      { encoding: "utf8", env: { ...process.env, ...env } },
    );
    assert.equal(status, 0, stderr);
    return stdout;
  });
  assert.match(fromBundle ?? "", /LG1000/);
  assert.equal(fromBundle, fromSources);
});
