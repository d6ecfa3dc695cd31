import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LoopgateError } from "../base/errors.ts";
import { OWN_FILES, toolsHash } from "./build_tools.ts";

const PLACES: readonly { readonly name: string; readonly manifest?: string; readonly line: RegExp }[] = [
  {
    name: "a project",
    manifest: "package.json",
    line: /^Install with: cd \S+ && npm install --save-dev componentize-qjs@0\.4\.5 rolldown@1\.3\.2$/m,
  },
  { name: "no project", line: /^Install with: npm install --global componentize-qjs@0\.4\.5 rolldown@1\.3\.2$/m },
];

for (const { name, manifest, line } of PLACES) {
  test(`toolsHash: below node_modules of ${name} a missing tool is named with the line that installs it`, async () => {
    const project = await mkdtemp(join(tmpdir(), "loopgate-test-"));
    try {
      const root = join(project, "node_modules/loopgate");
      await mkdir(root, { recursive: true });
      if (manifest !== undefined) await writeFile(join(project, manifest), "{}");
      await assert.rejects(toolsHash("quickjs", root), (error) => {
        assert.ok(error instanceof LoopgateError && error.code === "ERR_BUILD");
        assert.match(error.message, /^Cannot build: componentize-qjs and rolldown are not installed, expected beside/);
        assert.match(error.message, line);
        return true;
      });
      const found = join(project, "node_modules/rolldown");
      await mkdir(found);
      await writeFile(join(found, "package.json"), "{}");
      await assert.rejects(
        toolsHash("quickjs", root),
        /^LoopgateError: Cannot build: componentize-qjs is not installed/,
      );
    } finally {
      await rm(project, { recursive: true });
    }
  });
}

test("toolsHash: differs from engine to engine", async () => {
  const hashes = await Promise.all((["quickjs", "starlingmonkey", "adapt"] as const).map((kind) => toolsHash(kind)));
  assert.equal(new Set(hashes).size, hashes.length);
});

/** What reads and writes files, and tells faults. */
const SHAPES_NOTHING = ["build_files.ts", "guest_fault.ts"];

/** The file and what it imports from beside it, over as many files as it takes. */
async function importsOf(file: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file) || SHAPES_NOTHING.includes(file)) return found;
  found.add(file);
  const source = await readFile(new URL(file, import.meta.url), "utf8");
  for (const [, next = ""] of source.matchAll(/^import (?!type )[^;]*? from "\.\/([^"]+)";$/gm)) {
    await importsOf(next, found);
  }
  return found;
}

for (const kind of ["quickjs", "starlingmonkey", "adapt"] as const) {
  test(`toolsHash: ${kind} knows each of our files that has a part in its components`, async () => {
    const missing = [...await importsOf(`${kind}.ts`)].filter((file) => !OWN_FILES[kind].includes(file));
    assert.deepEqual(missing, []);
  });
}
