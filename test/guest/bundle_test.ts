/** What a guest's bundle has in it follows from its sources alone. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bundleGuest } from "../../src/build/bundle.ts";

const HELLO = "export default { fetch() { return new Response('hello'); } };\n";

test("bundleGuest: streams come with what the program mentions, not with the name of its folder", async () => {
  const root = await mkdtemp(join(tmpdir(), "loopgate-bundle-"));
  try {
    for (
      const [folder, source, hasStreams] of [
        ["plain", HELLO, false],
        ["clone/stream/body", HELLO, false],
        ["streaming", HELLO.replace("fetch() {", "fetch(request) { request.body;"), true],
      ] as const
    ) {
      const file = join(root, folder, "hello.ts");
      await mkdir(join(root, folder), { recursive: true });
      await writeFile(file, source);
      const { code } = await bundleGuest(file, "quickjs");
      assert.equal(code.includes("ReadableStreamDefaultReader"), hasStreams, folder);
    }
  } finally {
    await rm(root, { recursive: true });
  }
});
