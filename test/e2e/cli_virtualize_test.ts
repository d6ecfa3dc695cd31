/** `loopgate virtualize` as a process, and what it wrote. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testComponent } from "../../src/testing/mod.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { loopgate } from "../support/program.ts";

test("loopgate virtualize: replaces a file as a whole, and leaves nothing beside it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-virtualize-"));
  try {
    const [input, output] = [join(folder, "in.wasm"), join(folder, "out.wasm")];
    await writeFile(input, await componentBytes("http_api"));
    await writeFile(output, "what was there");
    const refused = loopgate("virtualize", input, "--deny", "socket", "-o", output);
    assert.equal(await refused.ended, 2);
    assert.match(refused.err, /did you mean "sockets"/);
    assert.equal(await readFile(output, "utf8"), "what was there");

    const program = loopgate("virtualize", input, "--deny", "sockets", "-o", output);
    assert.equal(await program.ended, 0, program.err);
    assert.match(program.out, /met inside it:\n(?: {2}wasi:sockets\/.*\n)+\nleft to its host:\n/);
    assert.deepEqual((await readdir(folder)).toSorted(), ["in.wasm", "out.wasm"]);
    await using component = await testComponent(output);
    const response = await component.fetch("/task", { method: "POST", body: '{"payload":"x"}' });
    assert.equal(response.status, 502);

    const lost = loopgate("virtualize", input, "--deny", "sockets", "-o", join(folder, "nowhere", "out.wasm"));
    assert.equal(await lost.ended, 2);
    assert.match(lost.err, /it is not there, expected a file in a folder that is there/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
