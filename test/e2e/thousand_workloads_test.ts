/** The ceilings of the process hold when a thousand workloads ask for all that they may have, at the same time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countingHandler, handlerOf } from "../support/counting_handler.ts";
import { closeToNothing, startTestGateway } from "../support/gateway_harness.ts";

const WORKLOADS = 1_000;
const PROCESS_MEMORY_BYTES = 512 * 1_048_576;
/** What the host keeps for guests, tables above all, of which each has an instance now. */
const HOST_BYTES = 1_024 * 1_048_576;
/** What a test itself, the gateway and its code take, generously. */
const OTHER_BYTES = 1_500 * 1_048_576;

/** Takes memory page by page, writing to each, then a large table, then handles, and computes on with all of it. */
const GREEDY = `(func $greedy (local $at i32) (local $count i32)
  (loop $more
    (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
  (drop (table.grow $table (ref.null func) (i32.const 20000)))
  (local.set $at (i32.mul (memory.size) (i32.const 65536)))
  (loop $touch
    (local.set $at (i32.sub (local.get $at) (i32.const 4096)))
    (if (i32.gt_s (local.get $at) (i32.const 65536)) (then (i32.store (local.get $at) (i32.const 1)) (br $touch))))
  (loop $handle
    (drop (call $fields))
    (local.set $count (i32.add (local.get $count) (i32.const 1)))
    (br_if $handle (i32.lt_u (local.get $count) (i32.const 1000))))
  (loop $for-ever (br $for-ever)))`;

test("a thousand workloads that all ask for their maximum: the process has its ceilings, a neighbour an answer", async () => {
  const limits = { memory: "128MiB", cpu: "30s", wall: "1500ms" };
  const greedy = await handlerOf("(call $greedy) (i32.const 0)", { module: GREEDY });
  const content: Record<string, unknown> = {
    "gateway.jsonc": { process: { memory: "512MiB" } },
    "modest/a.route.jsonc": { match: { path: "/modest" }, component: "a.wasm" },
    "modest/a.wasm": await countingHandler("memory"),
  };
  for (let at = 0; at < WORKLOADS; at++) {
    content[`w${at}/a.route.jsonc`] = { match: { path: `/w${at}` }, component: "a.wasm", limits };
    content[`w${at}/a.wasm`] = greedy;
  }
  const harness = await startTestGateway(content);
  const ask = async (path: string): Promise<number> => {
    const response = await fetch(harness.url + path);
    await response.arrayBuffer();
    return response.status;
  };
  assert.equal(await ask("/modest"), 201);
  const beforeBytes = process.memoryUsage.rss();
  const asked = Promise.all(Array.from({ length: WORKLOADS }, (_, at) => ask(`/w${at}`)));
  const isOver = asked.then(() => true);
  let rssMax = 0;
  let answered = 0;
  while (!(await Promise.race([isOver, new Promise((resolve) => setTimeout(resolve, 50, false))]))) {
    // Its first instance is paid from what is its own.
    assert.equal(await ask("/modest"), 201);
    answered++;
    rssMax = Math.max(rssMax, process.memoryUsage.rss());
  }
  const statuses = await asked;
  assert.deepEqual([...new Set(statuses)].filter((status) => ![500, 503, 504].includes(status)), []);
  assert.ok(answered > 5, `${answered}`);
  assert.ok(rssMax - beforeBytes < PROCESS_MEMORY_BYTES + HOST_BYTES + OTHER_BYTES, `${rssMax - beforeBytes} bytes`);
  const limited = harness.gateway.metrics().limited.filter(({ limit }) => limit === "processMemory");
  // How many depends on how many of them live at the same time.
  assert.ok(limited.length > 0, "nobody met the ceiling");
  assert.equal(await ask("/modest"), 201);
  await harness.backToIdle();
  assert.deepEqual(await closeToNothing(harness), {});
});
