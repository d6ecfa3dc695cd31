import assert from "node:assert/strict";
import { test } from "node:test";
import { DenialCounts } from "./denial_counts.ts";

test("DenialCounts: by workload, route, role, operation and decision, and by nothing else", () => {
  const counts = new DenialCounts();
  const component = { workload: "a", route: "main", role: "component" } as const;
  const service = { workload: "a", role: "service" } as const;
  const connect = { operation: "tcp-connect", decision: "no-rule" } as const;
  for (let round = 0; round < 3; round++) counts.add(component, connect);
  counts.add(component, { operation: "http-request", decision: "no-rule" });
  counts.add(component, { ...connect, decision: "deny-rule" });
  counts.add({ ...component, route: "other" }, connect);
  counts.add(service, connect);
  const before = counts.snapshot();
  assert.deepEqual(before, [
    { ...component, ...connect, total: 3 },
    { ...component, operation: "http-request", decision: "no-rule", total: 1 },
    { ...component, operation: "tcp-connect", decision: "deny-rule", total: 1 },
    { ...component, route: "other", ...connect, total: 1 },
    { ...service, ...connect, total: 1 },
  ]);
  counts.add(service, connect);
  assert.equal(before[4]?.total, 1, "a copy");
});
