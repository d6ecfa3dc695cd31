/** Run with `node --test` or `deno test`, after a build: nothing is opened on the machine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testComponent } from "loopgate/testing";

const HELLO = new URL("./dist/hello.wasm", import.meta.url);

test("hello: greets at every path, and reaches for nothing", async () => {
  await using hello = await testComponent(HELLO);
  for (const path of ["/hello", "/hello/there"]) {
    const response = await hello.fetch(path);
    assert.equal(response.status, 200);
    assert.match(await response.text(), new RegExp(`at ${path}\n$`));
  }
  assert.deepEqual(hello.attempts(), []);
});
