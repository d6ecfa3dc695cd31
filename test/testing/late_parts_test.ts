/** What is loaded on the way to a guest's first request is loaded before its time begins: in a file of its own, for a process that has nothing yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadUndici } from "../../src/network/http_wire_undici.ts";
import { tcp, testComponent } from "../../src/testing/mod.ts";
import { componentBytes } from "../support/gateway_harness.ts";

test("testComponent: no part of the gateway is left to be loaded while a guest waits", async () => {
  await using component = await testComponent(await componentBytes("web_app"), {
    network: { "127.0.0.1:9": tcp.refuses() },
  });
  assert.equal(loadUndici(), undefined);
  const response = await component.fetch(`/fetch?url=${encodeURIComponent("http://127.0.0.1:9/")}`);
  assert.match(await response.text(), /connection-refused/);
});
