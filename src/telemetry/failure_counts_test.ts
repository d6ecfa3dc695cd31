import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "./events.ts";
import { FailureCounts } from "./failure_counts.ts";

function request(
  status: number,
  more: Partial<Extract<GatewayEvent, { readonly kind: "request" }>> = {},
): GatewayEvent {
  const sizes = { requestId: "i", requestBytes: 0, responseBytes: 0 };
  return { kind: "request", ...sizes, method: "GET", path: "/", status, durationMs: 1, ...more };
}

test("FailureCounts: requests with a cause count, by route, status and code; everything goes on", () => {
  const passed: GatewayEvent[] = [];
  const counts = new FailureCounts();
  const emit = counts.counting((event) => void passed.push(event));
  const of = { workload: "shop", route: "task" };
  const events = [
    request(200, of),
    request(500, of),
    request(504, { ...of, cause: "slow", code: "LG7016" }),
    request(504, { ...of, cause: "busy", code: "LG7016" }),
    request(200, { ...of, cause: "cut", code: "LG7018" }),
    request(504, { ...of, cause: "computing", code: "LG7017" }),
    request(200, { ...of, cause: "cut", code: "LG7018" }),
    request(408, { cause: "slow", code: "LG7004" }),
    { kind: "fault", where: "here", error: undefined } as const,
  ];
  for (const event of events) emit(event);
  assert.deepEqual(passed, events);
  assert.deepEqual(counts.snapshot(), [
    { ...of, status: 504, code: "LG7016", total: 2 },
    { ...of, status: 200, code: "LG7018", total: 2 },
    { ...of, status: 504, code: "LG7017", total: 1 },
    { status: 408, code: "LG7004", total: 1 },
  ]);
  assert.deepEqual(counts.lastOf("shop", "task"), { status: 200, code: "LG7018", cause: "cut", requestId: "i" });
  assert.equal(counts.lastOf("shop", "other"), undefined);
});
