/**
 * What no page of memory counts, and yet ends the process or starves everybody when guests of one workload have enough of
 * it: stacks, memories, tables, handles. Its own guests are refused; a neighbour is served as if nothing had happened.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitName } from "../../src/telemetry/limit_counts.ts";
import { countingHandler } from "../support/counting_handler.ts";
import { closeToNothing, startTestGateway } from "../support/gateway_harness.ts";
import { deepHandler, largeTableHandler, manyHandlesHandler, manyMemoriesHandler } from "../support/greedy_handlers.ts";

interface Row {
  readonly name: string;
  readonly component: () => Promise<Uint8Array>;
  /** Requests at once. */
  readonly requests: number;
  /** Of those, how many are refused, and how. */
  readonly refused: { readonly status: number; readonly atLeast: number; readonly cause: RegExp };
  readonly counted: LimitName;
}

const ROWS: readonly Row[] = [
  {
    // 8 times 600 stacks would be more than the 1,024 that a workload has beyond its instances' own.
    name: "components in a row, 600 deep",
    component: () => deepHandler(600),
    requests: 8,
    refused: { status: 503, atLeast: 4, cause: /as many guests are running as the process can suspend/ },
    counted: "stacks",
  },
  {
    // Four in a place, and a workload has 1,024.
    name: "4,100 memories of no page",
    component: () => manyMemoriesHandler(4_100),
    requests: 2,
    refused: { status: 503, atLeast: 2, cause: /the workload has all instances that it may have/ },
    counted: "instances",
  },
  {
    // 24 MB each.
    name: "a million elements of a table",
    component: largeTableHandler,
    requests: 14,
    refused: { status: 500, atLeast: 1, cause: /unreachable/ },
    counted: "processMemory",
  },
  {
    // 64 MiB each.
    name: "65,500 handles",
    component: manyHandlesHandler,
    requests: 6,
    refused: { status: 500, atLeast: 1, cause: /the host has no memory for more/ },
    counted: "processMemory",
  },
];

for (const { name, component, requests, refused, counted } of ROWS) {
  test(`ceilings of the process: ${name}: its workload meets them, and its neighbour does not`, async () => {
    const harness = await startTestGateway({
      // Long enough that all of them hold what they got at the same time.
      "greedy/a.route.jsonc": { match: { path: "/greedy" }, component: "a.wasm", limits: { cpu: "10s", wall: "6s" } },
      "greedy/a.wasm": await component(),
      "modest/a.route.jsonc": { match: { path: "/modest" }, component: "a.wasm" },
      "modest/a.wasm": await countingHandler("memory"),
    });
    const ask = async (path: string): Promise<Response> => await fetch(harness.url + path);
    const answers = Promise.all(Array.from({ length: requests }, () => ask("/greedy")));
    const isOver = answers.then(() => true);
    do assert.equal((await ask("/modest")).status, 201); while (
      !(await Promise.race([isOver, new Promise((resolve) => setTimeout(resolve, 20, false))]))
    );
    const statuses = (await answers).map(({ status }) => status);
    const count = statuses.filter((status) => status === refused.status).length;
    assert.ok(count >= refused.atLeast, statuses.join());
    assert.ok(statuses.every((status) => status === refused.status || status === 504), statuses.join());
    const causes = harness.events.flatMap((event) =>
      event.kind === "request" && event.status === refused.status ? [event.cause ?? ""] : []
    );
    for (const cause of causes) assert.match(cause, refused.cause);
    const limited = harness.gateway.metrics().limited.filter(({ limit }) => limit === counted);
    assert.deepEqual(limited.map(({ workload, total }) => [workload, total >= count]), [["greedy", true]]);
    await harness.backToIdle();
    assert.deepEqual(await closeToNothing(harness), {});
  });
}
