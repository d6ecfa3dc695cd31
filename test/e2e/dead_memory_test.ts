/** What ended instances had is given back to the machine, however fast instances with much memory follow each other. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { handlerOf } from "../support/counting_handler.ts";
import { closeToNothing, startTestGateway } from "../support/gateway_harness.ts";

/** Takes all the memory that it may have, writes to each page, and traps. */
const TAKE_ALL = `(func $take-all (local $at i32)
  (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
  (local.set $at (i32.mul (memory.size) (i32.const 65536)))
  (loop $touch
    (local.set $at (i32.sub (local.get $at) (i32.const 4096)))
    (if (i32.gt_s (local.get $at) (i32.const 65536)) (then (i32.store (local.get $at) (i32.const 1)) (br $touch))))
  (unreachable))`;

test("instances that take 128 MiB and trap, one after the other, leave nothing behind", async () => {
  const harness = await startTestGateway({
    "gateway.jsonc": { process: { memory: "512MiB" } },
    "w/a.route.jsonc": { match: { path: "/*" }, component: "a.wasm", limits: { memory: "128MiB" } },
    "w/a.wasm": await handlerOf("(call $take-all) (i32.const 0)", { module: TAKE_ALL }),
  });
  const before = process.memoryUsage().rss;
  // 5 GB together; the process's own limit is for those that live, and V8 is late by some of them.
  for (let request = 0; request < 40; request++) {
    const response = await fetch(harness.url);
    await response.arrayBuffer();
    assert.equal(response.status, 500);
    const growth = process.memoryUsage().rss - before;
    assert.ok(growth < 2.5 * 1024 ** 3, `${growth} bytes after ${request + 1} requests`);
  }
  assert.deepEqual(await closeToNothing(harness), {});
});
